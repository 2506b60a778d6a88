//! What has come for all of a workspace's webhooks.

use encrata_webhooks_server::model::delivery::Next;
use encrata_webhooks_server::model::ids::DeliveryId;
use encrata_webhooks_server::store::Arrival;

use crate::base::{Base, DISABLE_AFTER, T, batch, claim, ended, record, webhook, workspace};

pub(crate) async fn all_that_has_come_is_seen_wherever_it_stands(base: &Base) {
    let store = base.open().await;
    let (acme, other) = (workspace(&store, "acme").await, workspace(&store, "other").await);
    let hooks = [webhook(&store, acme).await, webhook(&store, acme).await];
    let others = webhook(&store, other).await;
    let events = batch(acme, 4, T);
    let ids: Vec<_> = events.events.iter().map(|event| event.id).collect();
    record(&store, events).await;
    record(&store, batch(other, 1, T)).await;
    // One waits, one is being sent, one will be sent again, one has succeeded.
    let mut ends = Vec::new();
    for (n, claimed) in claim(&store, hooks[0], 3, T).await.into_iter().enumerate() {
        match n {
            0 => ends.push(ended(claimed, 200, Next::Succeeded)),
            1 => ends.push(ended(claimed, 500, Next::Retry { after_ms: 9 })),
            _ => {}
        }
    }
    store.finish(&ends, DISABLE_AFTER).await.unwrap();

    let of = |arrival: &Arrival| (arrival.webhook_id, arrival.event_id);
    let all = store.arrivals(acme, &hooks, DeliveryId::floor(T), 100).await.unwrap();
    assert!(all.is_sorted_by_key(|arrival| arrival.id));
    let mut found: Vec<_> = all.iter().map(of).collect();
    found.sort();
    let mut every: Vec<_> =
        hooks.into_iter().flat_map(|hook| ids.iter().map(move |id| (hook, *id))).collect();
    every.sort();
    assert_eq!(found, every, "each once");
    assert!(all.iter().all(|arrival| arrival.event_type == "lookup.completed"));
    assert_eq!(store.arrivals(acme, &hooks, DeliveryId::floor(T), 3).await.unwrap(), all[..3]);
    assert_eq!(store.arrivals(acme, &hooks, all[5].id, 100).await.unwrap(), all[5..]);
    assert_eq!(store.arrivals(acme, &hooks[..1], DeliveryId::floor(T), 100).await.unwrap().len(), 4);
    // Ids of one process never go back in time, so these may be later than T.
    let after = DeliveryId::floor(all[7].id.made_ms() + 1);
    assert!(store.arrivals(acme, &hooks, after, 100).await.unwrap().is_empty());
    assert!(store.arrivals(acme, &[], DeliveryId::floor(T), 100).await.unwrap().is_empty());
    assert!(
        store.arrivals(acme, &[others], DeliveryId::floor(T), 100).await.unwrap().is_empty(),
        "another's"
    );

    let contents = store.contents(acme, &ids).await.unwrap();
    assert_eq!(contents.len(), 4);
    assert_eq!(&*contents[&ids[2]].body, br#"{"n":2}"#);
    assert!(store.contents(other, &ids).await.unwrap().is_empty(), "another's");
}
