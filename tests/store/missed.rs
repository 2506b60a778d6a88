//! Sending what a webhook missed.

use std::collections::HashSet;

use encrata_webhooks::EventKind;
use encrata_webhooks_server::model::delivery::{Next, Verdict};
use encrata_webhooks_server::model::event::NewBatch;
use encrata_webhooks_server::model::ids::{DeliveryId, WebhookId, WorkspaceId};
use encrata_webhooks_server::store::{Change, Finished};

use crate::base::{
    Base, DISABLE_AFTER, Handle, T, aged_batch, batch, claim, claim_one, deliveries, finish, judged, record,
    webhook, workspace,
};

async fn change(store: &Handle, acme: WorkspaceId, hook: WebhookId, change: Change<'_>) {
    assert!(store.change_webhook(acme, hook, &change, T).await.unwrap());
}

async fn switch(store: &Handle, acme: WorkspaceId, hook: WebhookId, on: bool) {
    change(store, acme, hook, Change { is_active: Some(on), ..Change::default() }).await;
}

/// Events of another type than those that webhooks of the cases subscribe to.
fn low(mut batch: NewBatch) -> NewBatch {
    for event in &mut batch.events {
        event.kind = EventKind::CreditsLow;
    }
    batch
}

pub(crate) async fn what_was_missed_is_sent_whatever_the_reason(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (hook, other) = (webhook(&store, acme).await, webhook(&store, acme).await);
    let since = T + 1000;
    let mut missed = Vec::new();
    let mut misses = async |batch: NewBatch| {
        missed.extend(batch.events.iter().map(|event| event.id));
        record(&store, batch).await;
    };
    // One that it got, one that waits for it, and one that failed.
    record(&store, aged_batch(acme, 2, since)).await;
    let mut claims = claim(&store, hook, 2, since).await;
    finish(&store, claims.remove(0), 200, Next::Succeeded).await;
    finish(&store, claims.remove(0), 500, Next::Failed).await;
    record(&store, aged_batch(acme, 1, since + 10)).await;
    // Paused, and before the time that is asked for.
    switch(&store, acme, hook, false).await;
    record(&store, aged_batch(acme, 2, since - 10)).await;
    misses(aged_batch(acme, 2, since + 20)).await;
    switch(&store, acme, hook, true).await;
    // Not subscribed yet.
    misses(low(aged_batch(acme, 2, since + 30))).await;
    let both = [EventKind::LookupCompleted, EventKind::CreditsLow];
    change(&store, acme, hook, Change { events: Some(&both), ..Change::default() }).await;
    // Switched off by the server.
    let gone = claim(&store, hook, 1, since + 40).await.remove(0);
    store.finish(&[judged(gone, Verdict::Gone)], DISABLE_AFTER).await.unwrap();
    misses(aged_batch(acme, 1, since + 50)).await;
    switch(&store, acme, hook, true).await;
    // What nobody here asked for.
    let mut unknown = aged_batch(acme, 1, since + 60);
    unknown.events[0].kind = EventKind::CreditsExhausted;
    record(&store, unknown).await;

    assert!(claim(&store, hook, 10, since + 100).await.is_empty());
    assert_eq!(store.at(since + 100).send_missed(acme, hook, since).await.unwrap(), missed.len() as u64);
    assert_eq!(store.at(since + 100).send_missed(acme, hook, since).await.unwrap(), 0, "asked twice");
    let claims = claim(&store, hook, 100, since + 100).await;
    let sent: HashSet<_> = claims.iter().map(|claim| claim.event_id).collect();
    assert_eq!((claims.len(), sent), (missed.len(), missed.iter().copied().collect()));
    for claim in claims {
        assert_eq!(claim.delivery_id, DeliveryId::of(claim.event_id, hook));
        assert_eq!((claim.attempts, claim.step), (0, 0));
        assert_eq!(
            store.at(since + 100).send_missed(acme, hook, since).await.unwrap(),
            0,
            "while it is sent"
        );
        assert_eq!(finish(&store, claim, 200, Next::Succeeded).await, Finished::Written);
    }
    assert_eq!(store.at(since + 100).send_missed(acme, hook, since).await.unwrap(), 0, "after it was sent");
    let in_all = deliveries(&store, acme, hook).await.len();
    assert_eq!(in_all, 3 + missed.len());
    assert_eq!(deliveries(&store, acme, other).await.len(), 8, "another webhook was sent to");
}

pub(crate) async fn more_than_one_part_is_sent(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    switch(&store, acme, hook, false).await;
    for part in 0..4 {
        let batch = aged_batch(acme, 700, T + part * 1000);
        // A part in which there is nothing for it.
        record(&store, if part == 1 || part == 2 { low(batch) } else { batch }).await;
    }
    switch(&store, acme, hook, true).await;
    assert_eq!(store.at(T + 9000).send_missed(acme, hook, 0).await.unwrap(), 1400);
    assert_eq!(base.number("select count(*) from queue").await, 1400);
    assert_eq!(store.at(T + 9000).send_missed(acme, hook, 0).await.unwrap(), 0);
}

/// An event that is recorded again has the same delivery: there is no way to make a second one.
pub(crate) async fn an_event_has_one_delivery_per_webhook(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let event = batch(acme, 1, T);
    record(&store, event.clone()).await;
    let claim = claim_one(&store, hook, T).await;
    assert_eq!(claim.delivery_id, DeliveryId::of(event.events[0].id, hook));
    assert!(store.at(T).record(&[event], crate::base::LEASE, &mut ()).await.is_err());
    assert_eq!(deliveries(&store, acme, hook).await.len(), 1);
}
