//! What is older than it is kept for is erased, and nothing else.

use encrata_webhooks_server::model::delivery::Next;
use encrata_webhooks_server::model::ids::{WebhookId, WorkspaceId};
use encrata_webhooks_server::store::Finished;

use crate::base::{
    Base, DISABLE_AFTER, Handle, T, aged_batch, claim, deliveries, ended, record, webhook, workspace,
};

/// As many rows of a table as one step erases.
const STEP: i64 = 500;
const DAY: i64 = 86_400_000;

/// How many rows of each table there are.
async fn rows(base: &Base, filter: &str) -> [i64; 4] {
    let mut rows = [0; 4];
    for (n, table) in ["queue", "deliveries", "attempts", "events"].into_iter().enumerate() {
        let filter = if table == "events" { "where event_type = 'lookup.completed'" } else { filter };
        rows[n] = base.number(&format!("select count(*) from {table} {filter}")).await;
    }
    rows
}

/// 700 events each before and from T on; of either 400 wait, having been tried or not, and 300 are finished after two
/// attempts.
async fn fill(base: &Base) -> (Handle, WorkspaceId, WebhookId) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    for at_ms in [T - 700, T] {
        record(&store, aged_batch(acme, 700, at_ms)).await;
        for next in [Next::Retry { after_ms: 0 }, Next::Failed] {
            let claims = claim(&store, hook, 300, at_ms).await;
            let ends = claims.into_iter().map(|claim| ended(claim, 500, next)).collect::<Vec<_>>();
            store.finish(&ends, DISABLE_AFTER).await.unwrap();
            // The same ones again.
            base.execute(&format!("update queue set next_ms = {} where attempts = 0", T + DAY)).await;
        }
    }
    (store, acme, hook)
}

pub(crate) async fn what_is_old_goes_in_small_steps_and_nothing_else(base: &Base) {
    let (store, acme, hook) = fill(base).await;
    let other = workspace(&store, "other").await;
    let others = webhook(&store, other).await;
    record(&store, aged_batch(other, 10, T - 700)).await;
    let here = format!("where webhook_id = '{hook}'");
    assert_eq!(rows(base, &here).await, [800, 600, 600, 1410]);

    let mut before = rows(base, &here).await;
    let mut steps = 0;
    while store.expire_deliveries((acme, hook), T).await.unwrap() {
        steps += 1;
        let after = rows(base, &here).await;
        for (before, after) in before.iter().zip(after) {
            assert!(before - after <= STEP, "a step is small: {before} to {after}");
        }
        before = after;
    }
    assert!(steps > 0);
    // No event went before the deliveries that need it.
    assert_eq!(rows(base, &here).await, [400, 300, 300, 1410]);
    let mut before = 1410;
    let mut steps = 0;
    while store.expire_events(acme, T).await.unwrap() {
        steps += 1;
        let after = base.number("select count(*) from events where event_type = 'lookup.completed'").await;
        assert!(before - after <= STEP, "a step is small: {before} to {after}");
        before = after;
    }
    assert!(steps >= 2);
    assert_eq!(rows(base, &here).await, [400, 300, 300, 710]);
    // To the millisecond: what was accepted at that very time stays.
    let left = deliveries(&store, acme, hook).await;
    assert_eq!((left.len(), left[699].created_ms), (700, T));
    assert_eq!(base.number("select count(*) from events where id < 'evt_'").await, 0);
    // Nobody else's.
    let theirs = deliveries(&store, other, others).await;
    assert_eq!(theirs.len(), 10);
    assert!(!store.expire_deliveries((acme, hook), T).await.unwrap());
    assert!(!store.expire_events(acme, T).await.unwrap());
    // All that there is, in the order in which housekeeping goes through it.
    assert_eq!(store.webhooks_after(None).await.unwrap().len(), 2);
    let first = store.webhooks_after(None).await.unwrap()[0];
    assert_eq!(store.webhooks_after(Some(first)).await.unwrap().len(), 1);
}

/// A delivery that waits goes with the history before it: it is never sent without its event.
pub(crate) async fn what_waits_expires_first(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, aged_batch(acme, 20, T - DAY)).await;
    let sending = claim(&store, hook, 1, T).await.remove(0);
    while store.expire_deliveries((acme, hook), T).await.unwrap() {}
    assert!(store.lanes().await.unwrap().is_empty());
    assert!(claim(&store, hook, 20, T + DAY).await.is_empty());
    // What was being sent has nowhere to be written.
    let lost = store.finish(&[ended(sending, 200, Next::Succeeded)], DISABLE_AFTER).await.unwrap();
    assert_eq!(lost, [Finished::LeaseLost]);
    assert_eq!(rows(base, "").await, [0, 0, 0, 20]);
}
