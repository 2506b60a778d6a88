//! What must add up after every fault: what was accepted, what was received, what was committed.

use std::collections::{HashMap, HashSet};

use encrata_webhooks_server::model::delivery::Status;
use encrata_webhooks_server::store::Filter;
use encrata_webhooks_tests::{Api, Hook, Ids, Receiver, Setup};

use crate::LEASE_AND_PATIENCE;

/// The path of the receiver that the books are kept of. It answers 200 to everything.
pub(crate) const PATH: &str = "/hook";

/// Where things stood at the last crash.
#[derive(Default)]
pub(crate) struct Books {
    received: Ids,
    written: HashMap<String, Written>,
}

/// What the store has of a delivery.
struct Written {
    attempts: usize,
    delivered: bool,
}

impl Books {
    /// Since the last crash each event was sent once per attempt that was written, and `under_way` times more, and not
    /// at all when it had been delivered before.
    fn check(&self, received: &Ids, written: &HashMap<String, Written>, under_way: usize) {
        for (id, times) in received {
            let sent = times - self.received.get(id).copied().unwrap_or(0);
            let (before, now) = (self.written.get(id), written.get(id));
            let attempts = |of: Option<&Written>| of.map_or(0, |written| written.attempts);
            let (attempts, delivered) =
                (attempts(now) - attempts(before), before.is_some_and(|one| one.delivered));
            assert!(sent == 0 || !delivered, "{id} was sent again although its outcome was committed");
            assert!(
                sent <= attempts + under_way,
                "{id} was sent {sent} times, and {attempts} outcomes were written"
            );
        }
    }

    /// A node or its database has crashed: checks what came since the last time, and takes down where things stand.
    pub(crate) async fn crashed(&mut self, setup: &Setup, hook: &Hook, admin: &Api, receiver: &Receiver) {
        // Others may be at work. What is delivered by now has been received by then, and won't be again; what is
        // received by then has its outcome written a moment later, or is under way.
        let written = written_of(setup, hook, admin).await;
        let received = receiver.ids(PATH);
        self.check(&received, &written_of(setup, hook, admin).await, 1);
        for (id, written) in &written {
            assert!(
                !written.delivered || received.contains_key(id),
                "{id} is said to be delivered and never came"
            );
        }
        (self.received, self.written) = (received, written);
    }

    /// All is over: what was accepted came, nothing else did, nothing waits, and every send has its outcome.
    pub(crate) async fn balance(
        &self,
        accepted: &HashSet<String>,
        setup: &Setup,
        hook: &Hook,
        admin: &Api,
        receiver: &Receiver,
    ) {
        let all_came = |ids: &Ids| accepted.iter().all(|id| ids.contains_key(id));
        receiver.wait_for_ids(PATH, "every accepted event", LEASE_AND_PATIENCE, all_came).await;
        nothing_waits(hook, admin).await;
        let received = receiver.ids(PATH);
        let written = written_of(setup, hook, admin).await;
        self.check(&received, &written, 0);
        assert!(written.values().all(|one| one.delivered), "some were given up");
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

/// What is written of the deliveries to a webhook, by event.
async fn written_of(setup: &Setup, hook: &Hook, admin: &Api) -> HashMap<String, Written> {
    let store = setup.store().await;
    let filter =
        Filter { status: None, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit: 1_000_000 };
    let (workspace_id, hook) = (admin.workspace_id.parse().unwrap(), hook.id.parse().unwrap());
    let page = store.deliveries(workspace_id, hook, &filter).await.unwrap();
    store.close().await;
    let mut written = HashMap::new();
    for delivery in page.deliveries {
        let one =
            Written { attempts: delivery.attempts.len(), delivered: delivery.status == Status::Success };
        assert!(
            written.insert(delivery.event_id.to_string(), one).is_none(),
            "an event has two deliveries to one webhook"
        );
    }
    written
}
