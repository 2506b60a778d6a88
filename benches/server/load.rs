//! Who publishes: as fast as the server answers, or at a steady rate whatever it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::Failure;
use crate::deployment::{Deployment, Hook};
use crate::http::Connection;
use crate::ledger::Ledger;

/// How many connections publish single events flat out. Each waits for its 202, so this many share a group commit.
const SINGLE_CONNECTIONS: usize = 64;
/// How many connections publish batches flat out: one that is being written for each that is being read.
const BATCH_CONNECTIONS: usize = 4;
/// How many connections share a steady rate: at 500 a second each has 64 ms for an event.
const STEADY_CONNECTIONS: usize = 32;

/// How events are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `POST /api/events/batch`, this many events each.
    Batches(usize),
    /// `POST /api/events`.
    Single,
}

impl Way {
    /// How many connections publish so.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::Batches(_) => BATCH_CONNECTIONS,
            Self::Single => SINGLE_CONNECTIONS,
        }
    }
}

fn event(ledger: &Ledger, number: usize, workspace_id: &str) -> String {
    let data = ledger.data(number);
    format!(r#"{{"data":{data},"event":"lookup.completed","workspace_id":"{workspace_id}"}}"#)
}

/// Publishes all events of a ledger for one webhook as fast as the servers answer, shared evenly among them.
pub(crate) async fn flat_out(
    deployment: &Deployment,
    ledger: &Arc<Ledger>,
    hook: &Hook,
    way: Way,
) -> Result<(), Failure> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut publishers: JoinSet<Result<(), Failure>> = JoinSet::new();
    for number in 0..way.connections() {
        let node = &deployment.nodes[number % deployment.nodes.len()];
        let mut connection = Connection::open(&node.address, &deployment.publisher).await?;
        let (next, ledger, workspace_id) = (Arc::clone(&next), Arc::clone(ledger), hook.workspace_id.clone());
        publishers.spawn(async move {
            let size = if let Way::Batches(size) = way { size } else { 1 };
            loop {
                let first = next.fetch_add(size, Ordering::Relaxed);
                let events = first..ledger.len().min(first + size);
                if events.is_empty() {
                    return Ok(());
                }
                let events: Vec<String> =
                    events.map(|number| event(&ledger, number, &workspace_id)).collect();
                match way {
                    Way::Batches(_) => {
                        let batch = format!("[{}]", events.join(","));
                        connection.post("/api/events/batch", batch, 202).await?
                    }
                    Way::Single => connection.post("/api/events", events.concat(), 202).await?,
                };
            }
        });
    }
    while let Some(ended) = publishers.join_next().await {
        ended??;
    }
    Ok(())
}

/// One event of a steady rate. All times are counted from when it was to be sent, so that a server that makes the
/// next ones wait is not spared (coordinated omission).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// When it was sent: what the load itself was late by.
    pub(crate) late: Duration,
    /// When it was answered 202.
    pub(crate) accepted: Duration,
    /// When the receiver had it.
    pub(crate) received: Duration,
}

/// Publishes single events, `per_second` of them, to each of the webhooks in turn, until all are sent or `stop` is
/// set. Waits until all that were sent are received.
pub(crate) async fn steady(
    deployment: &Deployment,
    ledger: &Arc<Ledger>,
    hooks: &[Hook],
    per_second: usize,
    stop: Arc<AtomicBool>,
) -> Result<Vec<Sent>, Failure> {
    let workspaces: Arc<[String]> = hooks.iter().map(|hook| hook.workspace_id.clone()).collect();
    // Number of the event, late, accepted.
    type Accepted = (usize, Duration, Duration);
    let mut publishers: JoinSet<Result<Vec<Accepted>, Failure>> = JoinSet::new();
    let (mut turns, began) = (Vec::new(), Instant::now() + Duration::from_millis(20));
    let due = move |number: usize| began + Duration::from_secs_f64(number as f64 / per_second as f64);
    for _ in 0..STEADY_CONNECTIONS {
        let mut connection = Connection::open(&deployment.nodes[0].address, &deployment.publisher).await?;
        let (turn, mut mine) = mpsc::unbounded_channel();
        turns.push(turn);
        let (ledger, workspaces) = (Arc::clone(ledger), Arc::clone(&workspaces));
        publishers.spawn(async move {
            let mut sent = Vec::new();
            while let Some(number) = mine.recv().await {
                let late = due(number).elapsed();
                let event = event(&ledger, number, &workspaces[number % workspaces.len()]);
                connection.post("/api/events", event, 202).await?;
                sent.push((number, late, due(number).elapsed()));
            }
            Ok(sent)
        });
    }
    // A thread, because the runtime's own timer counts in whole milliseconds.
    let events = ledger.len();
    let clock = std::thread::spawn(move || {
        for number in (0..events).take_while(|_| !stop.load(Ordering::Relaxed)) {
            std::thread::sleep(due(number).saturating_duration_since(Instant::now()));
            if turns[number % turns.len()].send(number).is_err() {
                // A publisher failed, and says so itself.
                return;
            }
        }
    });
    let mut sent = Vec::new();
    while let Some(ended) = publishers.join_next().await {
        sent.extend(ended??);
    }
    clock.join().map_err(|_| "the clock of the steady load failed")?;
    ledger.wait_for(sent.len()).await?;
    let received = |number| ledger.receipt(number).map(|at| ledger.began() + at - due(number));
    let sent = sent.into_iter().map(|(number, late, accepted)| {
        let received = received(number).ok_or_else(|| format!("event {number} was not received"))?;
        Ok(Sent { late, accepted, received })
    });
    sent.collect()
}
