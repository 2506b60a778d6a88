//! Publishers that go on through every fault, as a careful client does: what was not accepted is asked for again under
//! the same idempotency key, of whichever node there is.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use encrata_webhooks_tests::Api;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::LEASE_AND_PATIENCE;

const PUBLISHERS: usize = 4;
/// Between two events of a publisher, so that a fault meets a system that breathes.
const PAUSE: Duration = Duration::from_millis(8);
/// Before a request that failed is made again.
const RETRY: Duration = Duration::from_millis(20);

/// Publishing that goes on.
pub(crate) struct Load {
    nodes: watch::Sender<Vec<Api>>,
    stop: Arc<AtomicBool>,
    accepted: watch::Sender<usize>,
    refused: watch::Sender<usize>,
    publishers: JoinSet<Vec<String>>,
}

impl Load {
    /// Publishes `lookup.completed` for a workspace to these nodes, as the key of each says.
    pub(crate) fn start(nodes: Vec<Api>, workspace_id: &str) -> Self {
        let (nodes, accepted, refused) =
            (watch::Sender::new(nodes), watch::Sender::new(0), watch::Sender::new(0));
        let (stop, mut publishers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for name in 0..PUBLISHERS {
            let publisher = Publisher {
                name,
                workspace_id: workspace_id.to_owned(),
                nodes: nodes.subscribe(),
                accepted: accepted.clone(),
                refused: refused.clone(),
                stop: Arc::clone(&stop),
            };
            publishers.spawn(publisher.run());
        }
        Self { nodes, stop, accepted, refused, publishers }
    }

    /// From now on to these nodes.
    pub(crate) fn move_to(&self, nodes: Vec<Api>) {
        self.nodes.send_replace(nodes);
    }

    /// Waits until so many more events were accepted.
    pub(crate) async fn more(&self, events: usize) {
        wait_for_more(&self.accepted, events, "accepted").await;
    }

    /// Waits until so many more requests were refused.
    pub(crate) async fn more_refused(&self, requests: usize) {
        wait_for_more(&self.refused, requests, "refused").await;
    }

    /// Stops once every event that was begun is accepted; gives the ids of all.
    pub(crate) async fn end(self) -> HashSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(LEASE_AND_PATIENCE, self.publishers.join_all()).await;
        let accepted: Vec<String> =
            ended.expect("an event is never accepted").into_iter().flatten().collect();
        let ids: HashSet<String> = accepted.iter().cloned().collect();
        assert_eq!(ids.len(), accepted.len(), "an id was given twice");
        ids
    }
}

async fn wait_for_more(counter: &watch::Sender<usize>, more: usize, what: &str) {
    let mut counter = counter.subscribe();
    let enough = *counter.borrow() + more;
    let waited =
        tokio::time::timeout(LEASE_AND_PATIENCE, counter.wait_for(|count| *count >= enough)).await.is_ok();
    assert!(waited, "no {more} more were {what}: there are {}", *counter.borrow());
}

struct Publisher {
    name: usize,
    workspace_id: String,
    nodes: watch::Receiver<Vec<Api>>,
    accepted: watch::Sender<usize>,
    refused: watch::Sender<usize>,
    stop: Arc<AtomicBool>,
}

impl Publisher {
    async fn run(self) -> Vec<String> {
        let mut ids = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            ids.push(self.publish(ids.len()).await);
            self.accepted.send_modify(|count| *count += 1);
            tokio::time::sleep(PAUSE).await;
        }
        ids
    }

    async fn publish(&self, n: usize) -> String {
        let key = format!("{}-{n}", self.name);
        let data = json!({"email": "ada@example.com", "lookup_id": format!("lu_{key}")});
        let event = json!({"workspace_id": self.workspace_id, "event": "lookup.completed", "data": data});
        let headers = [("content-type", "application/json"), ("idempotency-key", &*key)];
        for node in 0.. {
            let nodes = self.nodes.borrow().clone();
            let node = &nodes[(self.name + n + node) % nodes.len()];
            let body = Some(event.to_string().into());
            match node.try_send(reqwest::Method::POST, "/api/events", &headers, body).await {
                Ok(answer) if answer.status == 202 => return answer.field("id"),
                // Nothing was kept, and it says so.
                Ok(answer) => {
                    assert!(!answer.expect(503).error().is_empty());
                    self.refused.send_modify(|count| *count += 1);
                }
                // The node is gone: whether it was accepted is not known.
                Err(_) => {}
            }
            tokio::time::sleep(RETRY).await;
        }
        unreachable!("it is tried again without end")
    }
}
