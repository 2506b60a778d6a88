//! Publishers behind a load balancer: it asks each node whether it is ready, and what a node does not take goes to
//! another, under the same idempotency key.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use encrata_webhooks_tests::{Api, PATIENCE};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

const PUBLISHERS: usize = 4;
/// Between two events of a publisher, between two attempts at one, and between two looks at a node.
const PAUSE: Duration = Duration::from_millis(10);

/// A node as the balancer knows it.
#[derive(Clone)]
struct Node {
    name: &'static str,
    api: Api,
    is_ready: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
}

/// What was not taken: by which node, and why.
pub(crate) type Refusals = Vec<(&'static str, String)>;

#[derive(Default)]
struct State {
    nodes: Mutex<Vec<Node>>,
    accepted: Mutex<Vec<String>>,
    refusals: Mutex<Refusals>,
    under_way: AtomicUsize,
    ends: AtomicBool,
}

/// Publishing that goes on.
pub(crate) struct Balancer {
    state: Arc<State>,
    publishers: JoinSet<()>,
}

impl Balancer {
    /// Publishes `lookup.completed` for a workspace, as soon as there is a node.
    pub(crate) fn start(workspace_id: &str) -> Self {
        let (state, mut publishers) = (Arc::<State>::default(), JoinSet::new());
        for name in 0..PUBLISHERS {
            let (state, workspace_id) = (Arc::clone(&state), workspace_id.to_owned());
            publishers.spawn(async move {
                for n in 0.. {
                    if state.ends.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = state.publish(&workspace_id, &format!("{name}-{n}")).await;
                    state.accepted.lock().unwrap().push(id);
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Self { state, publishers }
    }

    /// From now on also to this node, while it says that it is ready.
    pub(crate) fn add(&self, name: &'static str, api: &Api) {
        let node = Node { name, api: api.clone(), is_ready: Arc::default(), accepted: Arc::default() };
        self.state.nodes.lock().unwrap().push(node.clone());
        tokio::spawn(async move {
            let mut probe = node.api;
            probe.key = None;
            loop {
                let answer = probe.try_send(Method::GET, "/api/health/ready", &[], None).await;
                node.is_ready.store(answer.is_ok_and(|answer| answer.status == 200), Ordering::Relaxed);
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    /// Nothing more to this node; waits until nothing is on its way to any that was.
    pub(crate) async fn take_out(&self, name: &str) {
        self.state.nodes.lock().unwrap().retain(|node| node.name != name);
        let begun = self.state.accepted.lock().unwrap().len();
        // Each publisher has begun anew since.
        self.until(|state| state.accepted.lock().unwrap().len() >= begun + 2 * PUBLISHERS).await;
    }

    /// Waits until this node has taken so many more.
    pub(crate) async fn more(&self, name: &str, events: usize) {
        let nodes = self.state.nodes.lock().unwrap().clone();
        let node = nodes.into_iter().find(|node| node.name == name).unwrap();
        let enough = node.accepted.load(Ordering::Relaxed) + events;
        self.until(|_| node.accepted.load(Ordering::Relaxed) >= enough).await;
    }

    async fn until(&self, enough: impl Fn(&State) -> bool) {
        let waited = async {
            while !enough(&self.state) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waited).await;
        assert!(waited.is_ok(), "nothing more is accepted: {:?}", self.refusals());
    }

    /// What was not taken so far.
    pub(crate) fn refusals(&self) -> Refusals {
        self.state.refusals.lock().unwrap().clone()
    }

    /// Stops once every event that was begun is accepted; gives the ids of all.
    pub(crate) async fn end(self) -> HashSet<String> {
        self.state.ends.store(true, Ordering::Relaxed);
        tokio::time::timeout(PATIENCE, self.publishers.join_all()).await.expect("an event is never accepted");
        let accepted = self.state.accepted.lock().unwrap().clone();
        let ids: HashSet<String> = accepted.iter().cloned().collect();
        assert_eq!(ids.len(), accepted.len(), "an id was given twice");
        ids
    }
}

impl State {
    async fn publish(&self, workspace_id: &str, key: &str) -> String {
        let data = json!({"email": "ada@example.com", "lookup_id": format!("lu_{key}")});
        let event =
            json!({"workspace_id": workspace_id, "event": "lookup.completed", "data": data}).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        loop {
            let mut nodes = self.nodes.lock().unwrap().clone();
            nodes.retain(|node| node.is_ready.load(Ordering::Relaxed));
            if !nodes.is_empty() {
                let node = &nodes[self.under_way.fetch_add(1, Ordering::Relaxed) % nodes.len()];
                let sent =
                    node.api.try_send(Method::POST, "/api/events", &headers, Some(event.clone().into()));
                let why = match sent.await {
                    Ok(answer) if answer.status == 202 => {
                        node.accepted.fetch_add(1, Ordering::Relaxed);
                        return answer.field("id");
                    }
                    Ok(answer) => format!("{} {}", answer.status, answer.text),
                    Err(error) => format!("{error:?}"),
                };
                node.is_ready.store(false, Ordering::Relaxed);
                self.refusals.lock().unwrap().push((node.name, why));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
