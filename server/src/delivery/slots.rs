//! What is in flight: requests per webhook, requests on this node, bytes of bodies in memory; and what has its place
//! right behind.

mod slot;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

pub use self::slot::Slot;
use super::wake::Wake;
use crate::metrics::METRICS;
use crate::model::delivery::Claim;
use crate::model::event::MAX_EVENT_BYTES;
use crate::model::ids::WebhookId;
use crate::store::{Lane, Want};

/// Requests in flight to one webhook, at most, per node.
pub(super) const MAX_PER_WEBHOOK: usize = 64;
/// Requests in flight to a webhook at which nothing succeeds, at most, per node: enough to see that it is back, also where one
/// delivery is never taken.
const MAX_PER_FAILING: usize = 2;
/// Requests in flight at all, at most, per node.
pub(super) const MAX_IN_FLIGHT: usize = 17 * MAX_PER_WEBHOOK;
/// Bytes of bodies in flight, at most, per node.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A webhook with requests in flight is claimed for when this part of its slots is free: a claim has its price, whether it
/// takes one row or twenty.
const PART_TO_CLAIM: usize = 4;
/// A webhook gets no more than this part of what is free, so that any number that hang leave something for the others.
const PART_OF_FREE: usize = 16;

/// A webhook that answers within this time may have claims ahead of its slots.
const QUICK: Duration = Duration::from_millis(100);
/// So many of them, at most: the next follows at once when a slot gets free, and a claim takes many rows for its price. A
/// webhook that was quick so lately has sent them long before their leases end, and one that stops answering hands
/// them back.
const MAX_AHEAD: usize = 7 * MAX_PER_WEBHOOK;
/// Of how many webhooks it is known how they answered, at most: then it is found out anew.
const MAX_KNOWN: usize = 10_000;
/// When this part of the places ahead is free, there is a claim for them.
const PART_AHEAD: usize = 2;

/// As long after something new went to a webhook that had nothing in flight, what is parked behind others gives way: an
/// event that comes alone is to find processor, disk and database free, however many others wait.
const GIVES_WAY: Duration = Duration::from_secs(1);
/// So many requests of one webhook that gives way are in flight, at most, for each processor; each of them goes on
/// [`PACE`] later.
const PACED_PER_CPU: usize = 14;
/// The pause after each of them, for each webhook that gives way. Shorter than the runtime's timer can tell is none.
const PACE: Duration = Duration::from_millis(1);

/// Counts what is in flight.
#[derive(Debug, Clone)]
pub struct Slots {
    state: Arc<Mutex<State>>,
    wake: Arc<Wake>,
}

/// What to claim now.
#[derive(Debug)]
pub(super) struct Share {
    /// How many deliveries of each due lane.
    pub(super) wanted: Vec<Want>,
    /// Whether a lane gets less than it may have: there was not enough for all at once.
    pub(super) is_cut: bool,
}

#[derive(Debug, Default)]
struct State {
    flows: HashMap<WebhookId, Flow>,
    requests: usize,
    bytes: usize,
    /// Webhooks with waiting deliveries that are due: what is new queues behind those.
    behind: HashSet<WebhookId>,
    /// How webhooks answered the last time, here; in the queue's lanes it shows a transaction later.
    known: HashMap<WebhookId, Answered>,
    /// The last webhook that got something new while it had nothing in flight, and when.
    lone: Option<(WebhookId, Instant)>,
}

/// How a webhook answered the last time, when that matters for what it gets next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Quickly,
    /// Or not at all.
    Badly,
}

/// What goes to one webhook.
#[derive(Debug, Default)]
struct Flow {
    in_flight: usize,
    /// How many claims have their place behind those.
    ahead: usize,
    /// Those of them that are claimed by now, in order.
    parked: VecDeque<(Claim, Slot)>,
}

impl State {
    fn flow(&mut self, webhook_id: WebhookId) -> &mut Flow {
        self.flows.entry(webhook_id).or_default()
    }

    fn note(&mut self, webhook_id: WebhookId, answered: Option<Answered>) {
        let Some(answered) = answered else {
            self.known.remove(&webhook_id);
            return;
        };
        if self.known.insert(webhook_id, answered).is_none() && self.known.len() > MAX_KNOWN {
            self.known.clear();
        }
    }

    fn has(&self, webhook_id: WebhookId, answered: Answered) -> bool {
        self.known.get(&webhook_id) == Some(&answered)
    }

    /// How many requests to a webhook may be in flight.
    fn most(&self, webhook_id: WebhookId) -> usize {
        if self.has(webhook_id, Answered::Badly) { MAX_PER_FAILING } else { MAX_PER_WEBHOOK }
    }

    /// Whether what is parked behind a webhook gives way to others. One that takes its time takes nobody else's.
    fn gives_way(&self, webhook_id: WebhookId) -> bool {
        self.has(webhook_id, Answered::Quickly)
            && self.lone.is_some_and(|(other, at)| other != webhook_id && at.elapsed() < GIVES_WAY)
    }

    /// How many requests to a webhook may be in flight when more of it are parked.
    fn most_before_parked(&self, webhook_id: WebhookId) -> usize {
        if self.gives_way(webhook_id) { paced().min(MAX_PER_WEBHOOK) } else { MAX_PER_WEBHOOK }
    }

    fn of(&self, webhook_id: WebhookId) -> usize {
        self.flows.get(&webhook_id).map_or(0, |flow| flow.in_flight)
    }

    /// How many more claims a webhook may have behind those in flight.
    fn may_be_ahead(&self, webhook_id: WebhookId) -> usize {
        if !self.has(webhook_id, Answered::Quickly) {
            return 0;
        }
        MAX_AHEAD.saturating_sub(self.flows.get(&webhook_id).map_or(0, |flow| flow.ahead))
    }

    fn free(&self) -> usize {
        MAX_IN_FLIGHT.saturating_sub(self.requests)
    }

    /// How many more requests may go to a webhook now.
    fn room(&self, webhook_id: WebhookId, most: usize) -> usize {
        most.min((self.free() / PART_OF_FREE).max(1)).saturating_sub(self.of(webhook_id)).min(self.free())
    }

    /// How many of a lane to claim now: none when it is too little to be worth a claim.
    fn room_to_claim(&self, lane: &Lane) -> usize {
        let most = if lane.is_failing { MAX_PER_FAILING } else { self.most(lane.webhook_id) };
        let ahead = if lane.is_failing || lane.is_limited { 0 } else { self.may_be_ahead(lane.webhook_id) };
        let room = self.room(lane.webhook_id, most) + ahead;
        let worth = if ahead > 0 { MAX_AHEAD / PART_AHEAD } else { most / PART_TO_CLAIM };
        if room >= worth || self.of(lane.webhook_id) == 0 { room } else { 0 }
    }
}

/// How many requests of a webhook that gives way are in flight.
fn paced() -> usize {
    static CPUS: OnceLock<usize> = OnceLock::new();
    PACED_PER_CPU * CPUS.get_or_init(|| available_parallelism().map_or(1, NonZero::get))
}

impl Slots {
    /// All free. `wake` is told when somebody who waited can go on.
    pub fn new(wake: Arc<Wake>) -> Self {
        Self { state: Arc::default(), wake }
    }

    /// A slot for a claimed delivery: ahead, when the webhook has all it may have.
    pub(super) fn take(&self, webhook_id: WebhookId, bytes: usize) -> Slot {
        let mut state = self.lock();
        let most = state.most_before_parked(webhook_id);
        let is_ahead = state.of(webhook_id) > 0 && state.room(webhook_id, most) == 0;
        let flow = state.flow(webhook_id);
        if is_ahead {
            flow.ahead += 1;
        } else {
            flow.in_flight += 1;
            state.requests += 1;
            METRICS.slot_taken(bytes);
        }
        state.bytes += bytes;
        Slot::new(self.clone(), webhook_id, bytes, is_ahead)
    }

    /// A slot for a delivery that is recorded just now, if there is room and none waits before it.
    pub(super) fn try_take(&self, webhook_id: WebhookId, bytes: usize) -> Option<Slot> {
        let mut state = self.lock();
        if state.behind.contains(&webhook_id) {
            return None;
        }
        let room = state.room(webhook_id, state.most(webhook_id)) + state.may_be_ahead(webhook_id);
        if room == 0 || state.bytes + bytes > MAX_BYTES {
            state.behind.insert(webhook_id);
            return None;
        }
        if state.of(webhook_id) == 0 {
            state.lone = Some((webhook_id, Instant::now()));
        }
        drop(state);
        Some(self.take(webhook_id, bytes))
    }

    /// Claims that wait for a slot: they are not to be sent any more.
    pub(super) fn unpark(&self) -> Vec<Claim> {
        let mut state = self.lock();
        let parked: Vec<_> = state.flows.values_mut().map(|flow| std::mem::take(&mut flow.parked)).collect();
        drop(state);
        parked.into_iter().flatten().map(|(claim, _)| claim).collect()
    }

    /// How many deliveries to claim of each due lane: an even share of what is free, those with the least
    /// in flight first, so that receivers that hang don't take the place of those that answer.
    pub(super) fn share(&self, lanes: &[Lane]) -> Share {
        let mut state = self.lock();
        let due = || lanes.iter().filter(|lane| lane.due_in_ms <= 0);
        state.behind = due().map(|lane| lane.webhook_id).collect();
        // A body is as large as may be, until it is read.
        let mut free = state.free().min(MAX_BYTES.saturating_sub(state.bytes) / MAX_EVENT_BYTES);
        let mut open: Vec<(usize, usize, &Lane)> = due()
            .map(|lane| (state.of(lane.webhook_id), state.room_to_claim(lane), lane))
            .filter(|(_, room, _)| *room > 0)
            .collect();
        open.sort_unstable_by_key(|(in_flight, room, lane)| (*in_flight, *room, lane.webhook_id));
        let even = (free / open.len().max(1)).max(1);
        let (mut wanted, mut is_cut) = (Vec::new(), false);
        for (_, room, lane) in open {
            let rows = even.min(room).min(free);
            is_cut |= rows < room;
            if rows == 0 {
                break;
            }
            free -= rows;
            wanted.push(Want { webhook_id: lane.webhook_id, rows, is_limited: lane.is_limited });
        }
        Share { wanted, is_cut }
    }

    /// Whether something can go to the webhook of a lane.
    pub(super) fn has_room(&self, lane: &Lane) -> bool {
        let state = self.lock();
        state.bytes < MAX_BYTES && state.room_to_claim(lane) > 0
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        self.lock().requests
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counting can't panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
