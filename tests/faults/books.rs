//! What must add up after every fault: what was accepted, what was received, what was committed.

use std::collections::{HashMap, HashSet};

use encrata_webhooks_server::model::delivery::Status;
use encrata_webhooks_server::store::Filter;
use encrata_webhooks_tests::{Api, Hook, Ids, Receiver, Setup};

use crate::LEASE_AND_PATIENCE;

/// The path of the receiver that the books are kept of. It answers 200 to everything.
pub(crate) const PATH: &str = "/hook";

/// What was received by the last crash, and what was committed by then.
#[derive(Default)]
pub(crate) struct Books {
    received: Ids,
    committed: HashSet<String>,
}

impl Books {
    /// Between two crashes each event is sent once at most, and not at all when its outcome was committed.
    pub(crate) fn check(&self, received: &Ids) {
        for (id, times) in received {
            let before = self.received.get(id).copied().unwrap_or(0);
            if self.committed.contains(id) {
                assert_eq!(*times, before, "{id} was sent again although its outcome was committed");
            }
            assert!(*times <= before + 1, "{id}: {before} by the last crash, {times} by now");
        }
    }

    /// A node or its database has crashed: checks what came since the last time, and takes down where things stand.
    pub(crate) async fn crashed(&mut self, setup: &Setup, hook: &Hook, admin: &Api, receiver: &Receiver) {
        // In this order: what was committed by now has been received, and won't be again.
        let committed = committed(setup, hook, admin).await;
        let received = receiver.ids(PATH);
        self.check(&received);
        for id in &committed {
            assert!(received.contains_key(id), "{id} is said to be delivered and never came");
        }
        (self.received, self.committed) = (received, committed);
    }

    /// All is over: what was accepted came, nothing else did, and nothing waits.
    pub(crate) async fn balance(
        &self,
        accepted: &HashSet<String>,
        hook: &Hook,
        admin: &Api,
        receiver: &Receiver,
    ) {
        let all_came = |ids: &Ids| accepted.iter().all(|id| ids.contains_key(id));
        receiver.wait_for_ids(PATH, "every accepted event", LEASE_AND_PATIENCE, all_came).await;
        nothing_waits(hook, admin).await;
        let received = receiver.ids(PATH);
        self.check(&received);
        let unknown: Vec<_> = received.keys().filter(|id| !accepted.contains(*id)).collect();
        assert!(
            unknown.is_empty(),
            "these came, and were accepted under another id or not at all: {unknown:?}"
        );
        // Each verifies, whatever happened.
        assert_eq!(receiver.received(PATH).len(), received.values().sum::<usize>());
    }
}

/// Waits until the queue of a webhook is empty: all that it gets has an outcome.
pub(crate) async fn nothing_waits(hook: &Hook, admin: &Api) {
    let empty = async {
        while !admin.deliveries(&hook.id, "&status=pending&limit=1").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(LEASE_AND_PATIENCE, empty).await.is_ok(), "deliveries still wait");
}

/// The events of which a successful delivery is committed.
async fn committed(setup: &Setup, hook: &Hook, admin: &Api) -> HashSet<String> {
    let store = setup.store().await;
    let filter = Filter {
        status: Some(Status::Success),
        event: None,
        since_ms: 0,
        until_ms: i64::MAX,
        before: None,
        limit: 1_000_000,
    };
    let (workspace_id, hook) = (admin.workspace_id.parse().unwrap(), hook.id.parse().unwrap());
    let page = store.deliveries(workspace_id, hook, &filter).await.unwrap();
    store.close().await;
    let mut times: HashMap<String, usize> = HashMap::new();
    for delivery in &page.deliveries {
        *times.entry(delivery.event_id.to_string()).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "an event has two deliveries to one webhook: {times:?}");
    times.into_keys().collect()
}
