//! Erasing deleted webhooks.

use encrata_webhooks_server::model::delivery::{Attempt, Next, Status};
use encrata_webhooks_server::model::ids::DeliveryId;
use encrata_webhooks_server::model::outcome::Outcome;
use encrata_webhooks_server::model::stats::Tally;
use encrata_webhooks_server::store::{Finished, TestSend};

use crate::base::{
    Base, DISABLE_AFTER, Handle, T, batch, claim, deliveries, ended, finish, record, webhook, workspace,
};

async fn erase_all(store: &Handle) -> usize {
    let mut steps = 0;
    // Past the time for which rows may still come.
    while store.at(T + 61_000).erase_deleted().await.unwrap() {
        steps += 1;
        assert!(steps < 1000, "it does not end");
    }
    steps
}

pub(crate) async fn a_deleted_webhook_leaves_no_row_anywhere(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (hook, other) = (webhook(&store, acme).await, webhook(&store, acme).await);
    record(&store, batch(acme, 900, T)).await;
    for lane in [hook, other] {
        for next in [Next::Retry { after_ms: 0 }, Next::Failed] {
            let claims = claim(&store, lane, 700, T).await;
            let ends: Vec<_> = claims.into_iter().map(|claim| ended(claim, 500, next)).collect();
            store.finish(&ends, DISABLE_AFTER).await.unwrap();
        }
    }
    let tally = Tally { delivered: 1, ..Tally::default() };
    let counts =
        [hook, other].into_iter().flat_map(|of| (0..600).map(move |n| ((acme, of, n * 60_000), tally)));
    store.add_stats(&counts.collect::<Vec<_>>()).await.unwrap();
    let rows = async |of: &str| {
        let mut rows = Vec::new();
        for table in ["queue", "deliveries", "attempts", "subscriptions", "stats"] {
            rows.push(base.number(&format!("select count(*) from {table} where webhook_id = '{of}'")).await);
        }
        rows.push(base.number(&format!("select count(*) from webhooks where id = '{of}'")).await);
        rows
    };
    let of_other = rows(&other.to_string()).await;
    assert!(of_other.iter().all(|rows| *rows > 0), "each table is tried: {of_other:?}");
    assert!(store.delete_webhook(acme, hook).await.unwrap());
    assert!(!store.delete_webhook(acme, hook).await.unwrap());
    assert!(store.webhook(acme, hook).await.unwrap().is_none());
    assert!(erase_all(&store).await > 2, "in steps");
    assert_eq!(rows(&hook.to_string()).await, [0; 6]);
    assert_eq!(rows(&other.to_string()).await, of_other);
    assert_eq!(deliveries(&store, acme, other).await.len(), 900);
}

pub(crate) async fn an_outcome_that_comes_after_the_erasure_writes_nothing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 2, T)).await;
    let mut sending = claim(&store, hook, 2, T).await;
    store.delete_webhook(acme, hook).await.unwrap();
    // One comes before, and is erased with the rest.
    finish(&store, sending.remove(0), 500, Next::Retry { after_ms: 0 }).await;
    erase_all(&store).await;
    assert_eq!(finish(&store, sending.remove(0), 200, Next::Succeeded).await, Finished::LeaseLost);
    for table in ["queue", "deliveries", "attempts", "webhooks"] {
        assert_eq!(base.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}

pub(crate) async fn a_test_send_that_ends_after_the_deletion_writes_nothing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let event = batch(acme, 1, T).events.remove(0);
    let outcome = Outcome::Answered { status: 200, body: Vec::new(), retry_after_s: None };
    let attempt = Attempt::new(T, T + 1, outcome);
    let send = |id| TestSend {
        workspace_id: acme,
        webhook_id: hook,
        id,
        event: &event,
        status: Status::Success,
        attempt: &attempt,
    };
    store.record_test(&send(DeliveryId::new(T)), T).await.unwrap();
    assert!(store.delete_webhook(acme, hook).await.unwrap());
    store.record_test(&send(DeliveryId::new(T)), T).await.unwrap();
    assert_eq!(base.number("select count(*) from deliveries").await, 1);
    erase_all(&store).await;
    assert_eq!(base.number("select count(*) from deliveries").await, 0);
}
