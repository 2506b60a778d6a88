//! The queue: lanes and claims.

use std::collections::HashSet;

use encrata_webhooks_server::model::delivery::Next;
use encrata_webhooks_server::store::{Change, Finished, Want};

use crate::base::{
    Base, DISABLE_AFTER, LEASE, LEASE_MS, T, batch, claim, claim_one, ended, finish, record, webhook,
    workspace,
};

pub(crate) async fn eight_workers_claim_two_thousand_deliveries_once_each(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    for _ in 0..10 {
        webhook(&store, acme).await;
    }
    record(&store, batch(acme, 200, T)).await;

    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = base.open().await;
        workers.spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let lanes = store.lanes().await.unwrap();
                let wanted: Vec<Want> = lanes
                    .iter()
                    .map(|lane| Want { webhook_id: lane.webhook_id, rows: 7, is_limited: lane.is_limited })
                    .collect();
                let claims = store.at(T).claim(&wanted, LEASE).await.unwrap();
                if claims.is_empty() {
                    return claimed;
                }
                claimed.extend(claims.iter().map(|claim| claim.delivery_id));
                let ends: Vec<_> =
                    claims.into_iter().map(|claim| ended(claim, 200, Next::Succeeded)).collect();
                let finished = store.finish(&ends, DISABLE_AFTER).await.unwrap();
                assert!(finished.iter().all(|finished| *finished == Finished::Written));
            }
        });
    }
    let claimed: Vec<_> = workers.join_all().await;
    assert!(claimed.iter().filter(|claimed| !claimed.is_empty()).count() > 1, "one worker did it all");
    let claimed: Vec<_> = claimed.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 2000);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 2000);
    assert!(store.lanes().await.unwrap().is_empty());
    assert_eq!(base.number("select count(*) from deliveries where status = 'success'").await, 2000);
}

pub(crate) async fn only_what_is_due_is_claimed_earliest_first(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    for now_ms in [T + 30, T + 10, T + 20, T + 40] {
        record(&store, batch(acme, 1, now_ms)).await;
    }
    let lanes = store.lanes().await.unwrap();
    // The clock stands at T + 40.
    assert_eq!((lanes.len(), lanes[0].webhook_id, lanes[0].due_in_ms), (1, hook, -30));
    assert!(claim(&store, hook, 10, T + 9).await.is_empty());
    let first = claim(&store, hook, 2, T + 39).await;
    let mut created: Vec<i64> = first.iter().map(|claim| claim.created_ms).collect();
    created.sort_unstable();
    assert_eq!(created, [T + 10, T + 20]);
    assert_eq!(claim_one(&store, hook, T + 39).await.created_ms, T + 30);
    assert_eq!(claim_one(&store, hook, T + 40).await.created_ms, T + 40);
    // What is leased is the lane's business again when the lease ends.
    assert_eq!(store.lanes().await.unwrap()[0].due_in_ms, LEASE_MS - 1);
}

pub(crate) async fn each_lane_gets_what_it_was_wanted_to(base: &Base) {
    let store = base.open().await;
    let (acme, other) = (workspace(&store, "acme").await, workspace(&store, "other").await);
    let (one, two, third) =
        (webhook(&store, acme).await, webhook(&store, acme).await, webhook(&store, other).await);
    for workspace in [acme, other] {
        record(&store, batch(workspace, 10, T)).await;
    }
    assert_eq!(store.lanes().await.unwrap().len(), 3);
    let wanted = [(one, 3), (two, 0), (third, 5)].map(|(webhook_id, rows)| Want {
        webhook_id,
        rows,
        is_limited: true,
    });
    let claims = store.at(T).claim(&wanted, LEASE).await.unwrap();
    let of = |id| claims.iter().filter(|claim| claim.webhook_id == id).count();
    assert_eq!((of(one), of(two), of(third)), (3, 0, 5));
    assert!(store.at(T).claim(&[], LEASE).await.unwrap().is_empty());
}

pub(crate) async fn paused_and_deleted_lanes_are_not_claimed(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (paused, deleted, active) =
        (webhook(&store, acme).await, webhook(&store, acme).await, webhook(&store, acme).await);
    record(&store, batch(acme, 1, T)).await;
    let pause = |on: bool| Change { is_active: Some(on), ..Change::default() };
    store.change_webhook(acme, paused, &pause(false), T).await.unwrap();
    store.delete_webhook(acme, deleted).await.unwrap();
    let lanes = store.lanes().await.unwrap();
    assert_eq!(lanes.iter().map(|lane| lane.webhook_id).collect::<Vec<_>>(), [active]);
    let wanted = [paused, deleted, active].map(|webhook_id| Want { webhook_id, rows: 10, is_limited: true });
    let claims = store.at(T).claim(&wanted, LEASE).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.webhook_id).collect::<Vec<_>>(), [active]);
    store.change_webhook(acme, paused, &pause(true), T).await.unwrap();
    claim_one(&store, paused, T).await;
}

pub(crate) async fn a_claim_holds_what_a_send_needs(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let batch = batch(acme, 1, T);
    let (id, body) = (batch.events[0].id, batch.events[0].body.clone());
    record(&store, batch).await;
    let claim = claim_one(&store, hook, T).await;
    assert_eq!((claim.workspace_id, claim.webhook_id, claim.event_id), (acme, hook, id));
    assert_eq!((&*claim.body, claim.event_type.as_str()), (&body[..], "lookup.completed"));
    assert_eq!((claim.created_ms, claim.attempts, claim.step), (T, 0, 0));
    let left = claim.lease_end.saturating_duration_since(std::time::Instant::now());
    assert!(left <= LEASE && left > LEASE / 2, "{left:?}");
    assert_eq!(claim.target.url.as_str(), "https://example.com/hook");
    finish(&store, claim, 500, Next::Retry { after_ms: 5 }).await;
    // The webhook as it is now, not as it was.
    let moved = encrata_webhooks_server::model::webhook::HttpsUrl::parse("https://example.org/").unwrap();
    store.change_webhook(acme, hook, &Change { url: Some(&moved), ..Change::default() }, T).await.unwrap();
    let claim = claim_one(&store, hook, T + 5).await;
    assert_eq!((claim.target.url.as_str(), claim.attempts, claim.step), ("https://example.org/", 1, 1));
    assert_eq!((claim.event_id, &*claim.body), (id, &body[..]));
}

pub(crate) async fn an_unreadable_row_keeps_no_other_waiting(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (broken, whole) = (webhook(&store, acme).await, webhook(&store, acme).await);
    record(&store, batch(acme, 1, T)).await;
    record(&store, batch(acme, 1, T + 1)).await;
    // A URL that nothing here would have written, and an event that is gone.
    base.number(&format!("update webhooks set url = 'ftp://x' where id = '{broken}' returning 1")).await;
    base.number(&format!("delete from events where created_ms = {T} returning 1")).await;
    let wanted = [broken, whole].map(|webhook_id| Want { webhook_id, rows: 10, is_limited: true });
    let claims = store.at(T + 1).claim(&wanted, LEASE).await.unwrap();
    assert_eq!(
        claims.iter().map(|claim| (claim.webhook_id, claim.created_ms)).collect::<Vec<_>>(),
        [(whole, T + 1)]
    );
}
