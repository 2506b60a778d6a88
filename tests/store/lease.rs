//! Leases: at least once, and whoever lost a lease writes nothing.

use encrata_webhooks_server::model::delivery::{Next, Status};
use encrata_webhooks_server::store::Finished;

use crate::base::{
    Base, LEASE_MS, T, batch, claim, claim_one, deliveries, finish, record, webhook, workspace,
};

pub(crate) async fn nobody_claims_what_is_leased(base: &Base) {
    let (store, other) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    claim_one(&store, hook, T).await;
    for handle in [&store, &other] {
        assert!(claim(handle, hook, 10, T + LEASE_MS - 1).await.is_empty());
    }
    claim_one(&other, hook, T + LEASE_MS).await;
}

pub(crate) async fn who_lost_the_lease_writes_nothing(base: &Base) {
    let (slow, quick) = (base.open().await, base.open().await);
    let acme = workspace(&slow, "acme").await;
    let hook = webhook(&slow, acme).await;
    for next in [Next::Succeeded, Next::Failed, Next::Retry { after_ms: 0 }] {
        record(&slow, batch(acme, 1, T)).await;
        let lost = claim_one(&slow, hook, T).await;
        let taken = claim_one(&quick, hook, T + LEASE_MS).await;
        assert_eq!(lost.delivery_id, taken.delivery_id);
        assert_eq!(finish(&slow, lost, 200, next).await, Finished::LeaseLost);
        let delivery = deliveries(&slow, acme, hook).await.remove(0);
        assert_eq!((delivery.status, delivery.attempts.len()), (Status::Pending, 0));
        // The queue row is still the taker's.
        assert!(claim(&slow, hook, 10, T + LEASE_MS + 1).await.is_empty());
        assert_eq!(finish(&quick, taken, 201, Next::Succeeded).await, Finished::Written);
        let delivery = deliveries(&slow, acme, hook).await.remove(0);
        assert_eq!((delivery.status, delivery.attempts.len()), (Status::Success, 1));
        assert_eq!(delivery.attempts[0].response_status, Some(201));
    }
}

pub(crate) async fn a_lapsed_lease_that_nobody_took_still_writes(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    let lapsed = claim_one(&store, hook, T).await;
    // Its end is long past by the clock of whoever looks now; nothing asks for the time at a finish.
    assert!(store.at(T + 2 * LEASE_MS).lanes().await.unwrap()[0].due_in_ms < 0);
    assert_eq!(finish(&store, lapsed, 200, Next::Succeeded).await, Finished::Written);
    assert!(claim(&store, hook, 10, T + 2 * LEASE_MS).await.is_empty());
}

pub(crate) async fn an_older_claim_of_the_same_owner_writes_nothing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    let older = claim_one(&store, hook, T).await;
    let newer = claim_one(&store, hook, T + LEASE_MS).await;
    assert!(newer.epoch > older.epoch);
    assert_eq!(finish(&store, older, 500, Next::Failed).await, Finished::LeaseLost);
    assert_eq!(finish(&store, newer, 200, Next::Succeeded).await, Finished::Written);
    assert_eq!(deliveries(&store, acme, hook).await[0].attempts.len(), 1);
}

pub(crate) async fn a_release_costs_no_attempt(base: &Base) {
    let (store, other) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 3, T)).await;
    let claims = claim(&store, hook, 3, T).await;
    store.at(T + 1).release(&claims).await.unwrap();
    let mut again = claim(&other, hook, 3, T + 1).await;
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(|claim| claim.attempts == 0 && claim.step == 0));
    for released in claims {
        assert_eq!(finish(&store, released, 200, Next::Succeeded).await, Finished::LeaseLost);
    }
    assert_eq!(finish(&other, again.remove(0), 200, Next::Succeeded).await, Finished::Written);
    let attempts: usize = deliveries(&store, acme, hook).await.iter().map(|one| one.attempts.len()).sum();
    assert_eq!(attempts, 1);
}

pub(crate) async fn who_lost_the_lease_releases_nothing(base: &Base) {
    let (slow, quick) = (base.open().await, base.open().await);
    let acme = workspace(&slow, "acme").await;
    let hook = webhook(&slow, acme).await;
    record(&slow, batch(acme, 1, T)).await;
    let lost = claim(&slow, hook, 1, T).await;
    let taken = claim_one(&quick, hook, T + LEASE_MS).await;
    slow.at(T + LEASE_MS).release(&lost).await.unwrap();
    assert!(claim(&slow, hook, 1, T + LEASE_MS).await.is_empty());
    assert_eq!(finish(&quick, taken, 200, Next::Succeeded).await, Finished::Written);
}

pub(crate) async fn a_start_frees_every_lease_of_a_file(base: &Base) {
    if base.is_postgres() {
        // Others may be at work: leases end by themselves.
        let (store, other) = (base.open().await, base.open().await);
        let acme = workspace(&store, "acme").await;
        let hook = webhook(&store, acme).await;
        record(&store, batch(acme, 1, T)).await;
        claim_one(&store, hook, T).await;
        assert_eq!(other.free_all_leases().await.unwrap(), 0);
        return assert!(claim(&other, hook, 1, T + LEASE_MS - 1).await.is_empty());
    }
    let (before, after) = (base.open().await, base.open().await);
    let acme = workspace(&before, "acme").await;
    let hook = webhook(&before, acme).await;
    record(&before, batch(acme, 3, T)).await;
    let retried = claim(&before, hook, 1, T).await.remove(0);
    finish(&before, retried, 500, Next::Retry { after_ms: 99_000 }).await;
    let mut leased = claim(&before, hook, 2, T).await;
    assert_eq!(after.at(T + 5).free_all_leases().await.unwrap(), 2);
    assert_eq!(after.at(T + 5).free_all_leases().await.unwrap(), 0);
    assert_eq!(finish(&before, leased.remove(0), 200, Next::Succeeded).await, Finished::LeaseLost);
    // Due at once, except what waits for its next attempt.
    assert_eq!(claim(&after, hook, 10, T + 5).await.len(), 2);
}
