//! SQLite: a file has an end.

use encrata_webhooks_server::model::delivery::Next;
use encrata_webhooks_server::model::ids::{WebhookId, WorkspaceId};
use encrata_webhooks_server::store::{Store, Want};

use crate::base::{Base, DISABLE_AFTER, LEASE, T, aged_batch, ended, webhook, workspace};

const DAY: i64 = 86_400_000;
/// Days of the simulation, and for how many of them things are kept.
const DAYS: i64 = 9;
const KEPT: i64 = 2;
const EVENTS_PER_DAY: usize = 100;
/// As long as SQLite lets its log become before it writes it back, twice.
const LONG_WAL: u64 = 2 * 1000 * 4096;

/// A day of steady load, the last of it being housekeeping.
async fn day(store: &Store, acme: WorkspaceId, hook: WebhookId, at_ms: i64) {
    for part in 0..2 {
        let mut batch = aged_batch(acme, EVENTS_PER_DAY / 2, at_ms + part * 1000);
        for event in &mut batch.events {
            event.body = vec![b'x'; 20_000].into();
        }
        store.record(&[batch], LEASE, &mut ()).await.unwrap();
        for (status, next) in [(500, Next::Retry { after_ms: 0 }), (200, Next::Succeeded)] {
            let claims = store
                .claim(&[Want { webhook_id: hook, rows: EVENTS_PER_DAY, is_limited: false }], LEASE)
                .await
                .unwrap();
            assert_eq!(claims.len(), EVENTS_PER_DAY / 2);
            let ends: Vec<_> = claims.into_iter().map(|claim| ended(claim, status, next)).collect();
            store.finish(&ends, DISABLE_AFTER).await.unwrap();
        }
    }
    let before_ms = at_ms - KEPT * DAY;
    while store.expire_deliveries((acme, hook), before_ms).await.unwrap() {}
    while store.expire_events(acme, before_ms).await.unwrap() {}
}

/// Pages that were freed are used again, so the file has an end, and so has its WAL.
pub(crate) async fn a_file_under_steady_load_stops_growing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let (mut pages, mut wal, mut freed) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..DAYS {
        let at_ms = T + n * DAY;
        day(store.at(at_ms), acme, hook, at_ms).await;
        pages.push(base.number("pragma page_count").await);
        freed.push(base.number("pragma freelist_count").await);
        wal.push(base.wal_bytes());
    }
    let events = base.number("select count(*) from events where event_type = 'lookup.completed'").await;
    assert_eq!(events, i64::try_from(EVENTS_PER_DAY).unwrap() * (KEPT + 1));
    // Full once the first day has been erased, with a little for the order in which pages fill.
    let steady = usize::try_from(KEPT).unwrap() + 2;
    let full = pages[steady];
    assert!(pages[0] * 3 < full, "a day takes room: {pages:?}");
    assert!(pages[steady..].iter().all(|pages| *pages <= full + full / 20), "the file grows: {pages:?}");
    assert!(freed[steady..].iter().all(|freed| *freed > pages[0] / 2), "nothing is freed: {freed:?}");
    let written = u64::try_from(pages[0] * DAYS * 4096).unwrap();
    assert!(written > 2 * LONG_WAL, "much was written: {written}");
    assert!(wal.iter().all(|wal| *wal < LONG_WAL), "the WAL grows: {wal:?}");
}
