//! The warm path: what there is room for is recorded with a lease, and needs no claim.

use encrata_webhooks::EventKind;
use encrata_webhooks_server::model::delivery::{Next, Verdict};
use encrata_webhooks_server::store::{Change, Finished};

use crate::base::{
    Base, DISABLE_AFTER, LEASE, LEASE_MS, Room, T, batch, claim, claim_one, deliveries, finish, judged,
    limited_webhook, record, record_warm, webhook, workspace,
};

pub(crate) async fn only_what_is_admitted_is_leased(base: &Base) {
    let (store, other) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let mut room = Room { places: 2, ..Room::default() };
    let group = [batch(acme, 2, T), batch(acme, 3, T)];
    let recorded = store.at(T).record(&group, LEASE, &mut room).await.unwrap();
    assert!(recorded.waiting);
    let events = || group.iter().flat_map(|batch| &batch.events);
    let asked: Vec<_> = events().map(|event| (hook, event.body.len())).collect();
    assert_eq!(room.asked, asked, "asked once for each, in order");
    let leased: Vec<_> = recorded.claims.iter().map(|claim| claim.event_id).collect();
    assert_eq!(leased, events().take(2).map(|event| event.id).collect::<Vec<_>>());
    // The others are due at once, the leased ones when their lease ends.
    let waiting = claim(&other, hook, 10, T).await;
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|claim| !leased.contains(&claim.event_id)));
    for waiting in waiting {
        finish(&other, waiting, 200, Next::Succeeded).await;
    }
    assert!(claim(&other, hook, 10, T + LEASE_MS - 1).await.is_empty());
    assert_eq!(claim(&other, hook, 10, T + LEASE_MS).await.len(), 2);

    let mut room = Room { places: 2, ..Room::default() };
    let recorded = store.at(T).record(&[batch(acme, 2, T)], LEASE, &mut room).await.unwrap();
    assert!(!recorded.waiting);
}

pub(crate) async fn what_is_recorded_leased_is_what_a_claim_would_give(base: &Base) {
    let (store, other) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let mut event = batch(acme, 1, T);
    event.events[0].traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    let warm = record_warm(&store, event, 1).await.remove(0);
    let read_back = claim_one(&other, hook, T + LEASE_MS).await;
    // Each field is named, so that a new one is not forgotten.
    let said = |claim: encrata_webhooks_server::model::delivery::Claim| {
        let encrata_webhooks_server::model::delivery::Claim {
            workspace_id,
            webhook_id,
            delivery_id,
            event_id,
            event_type,
            created_ms,
            epoch: _,
            attempts,
            step,
            lease_end: _,
            body,
            traceparent,
            target,
        } = claim;
        format!(
            "{workspace_id} {webhook_id} {delivery_id} {event_id} {event_type} {created_ms} {attempts} {step} \
             {body:?} {traceparent:?} {} {:?} {:?}",
            target.url.as_str(),
            target.secrets.current.as_bytes(),
            target.failing_since_ms
        )
    };
    assert_eq!(read_back.epoch, warm.epoch + 1);
    let left = warm.lease_end.saturating_duration_since(std::time::Instant::now());
    assert!(left <= LEASE && left > LEASE / 2, "{left:?}");
    assert!(warm.traceparent.is_some());
    assert_eq!(said(warm), said(read_back));
}

pub(crate) async fn a_warm_claim_is_fenced_like_any_other(base: &Base) {
    let (store, other) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    // By its owner,
    let warm = record_warm(&store, batch(acme, 1, T), 1).await.remove(0);
    assert_eq!(finish(&other, warm, 200, Next::Succeeded).await, Finished::LeaseLost);
    let lapsed = claim_one(&store, hook, T + LEASE_MS).await;
    assert_eq!(finish(&store, lapsed, 200, Next::Succeeded).await, Finished::Written);
    // by its epoch,
    let warm = record_warm(&store, batch(acme, 1, T), 1).await.remove(0);
    let later = claim_one(&store, hook, T + LEASE_MS).await;
    assert_eq!(finish(&store, warm, 200, Next::Succeeded).await, Finished::LeaseLost);
    assert_eq!(finish(&store, later, 200, Next::Succeeded).await, Finished::Written);
    // and it holds while nobody took it.
    let warm = record_warm(&store, batch(acme, 1, T), 1).await.remove(0);
    assert_eq!(finish(&store, warm, 200, Next::Succeeded).await, Finished::Written);
    let warm = record_warm(&store, batch(acme, 1, T), 1).await;
    store.at(T + 1).release(&warm).await.unwrap();
    let again = claim_one(&other, hook, T + 1).await;
    assert_eq!((again.attempts, again.delivery_id), (0, warm[0].delivery_id));
    assert_eq!(deliveries(&store, acme, hook).await.len(), 4);
}

/// What is held back by its webhook is not even asked for.
pub(crate) async fn a_lane_that_is_held_back_has_no_warm_path(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let limited = limited_webhook(&store, acme, Some(100)).await;
    let failing = webhook(&store, acme).await;
    let slow = webhook(&store, acme).await;
    let open = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    for (hook, verdict) in [(failing, Verdict::Failing), (slow, Verdict::Slow { after_ms: 1000 })] {
        let claim = claim_one(&store, hook, T).await;
        store.finish(&[judged(claim, verdict)], DISABLE_AFTER).await.unwrap();
    }
    let asked = async |now_ms: i64| {
        let mut room = Room::default();
        store.at(now_ms).record(&[batch(acme, 1, T)], LEASE, &mut room).await.unwrap();
        let mut asked: Vec<_> = room.asked.into_iter().map(|(hook, _)| hook).collect();
        asked.sort_unstable();
        asked
    };
    assert_eq!(asked(T + 999).await, [open]);
    // A success opens it again, once its time has come.
    for hook in [failing, slow] {
        let mut claims = claim(&store, hook, 1, T + 1000).await;
        finish(&store, claims.remove(0), 200, Next::Succeeded).await;
    }
    assert_eq!(asked(T + 999).await, [failing, open]);
    assert_eq!(asked(T + 1000).await, [failing, slow, open]);
    let lifted = Change { rate_limit: Some(0), ..Change::default() };
    store.change_webhook(acme, limited, &lifted, T).await.unwrap();
    let other = Change { events: Some(&[EventKind::CreditsLow]), ..Change::default() };
    store.change_webhook(acme, open, &other, T).await.unwrap();
    assert_eq!(asked(T + 1000).await, [limited, failing, slow]);
}
