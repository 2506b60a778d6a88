//! What is in flight: requests per webhook, requests on this node, bytes of bodies in memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::wake::Wake;
use crate::model::event::MAX_EVENT_BYTES;
use crate::model::ids::WebhookId;
use crate::store::{Lane, Want};

/// Requests in flight to one webhook, at most, per node.
pub(super) const MAX_PER_WEBHOOK: usize = 64;
/// Requests in flight to a webhook at which nothing succeeds, at most, per node: enough to see that it is back.
const MAX_PER_FAILING: usize = 4;
/// Requests in flight at all, at most, per node.
pub(super) const MAX_IN_FLIGHT: usize = 17 * MAX_PER_WEBHOOK;
/// Bytes of bodies in flight, at most, per node.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A webhook with requests in flight is claimed for when this part of its slots is free: a claim has its price, whether it
/// takes one row or twenty.
const PART_TO_CLAIM: usize = 4;
/// A webhook gets no more than this part of what is free, so that any number that hang leave something for the others.
const PART_OF_FREE: usize = 16;

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
    per_webhook: HashMap<WebhookId, usize>,
    requests: usize,
    bytes: usize,
    /// Webhooks with waiting deliveries that are due: what is new queues behind those.
    behind: HashSet<WebhookId>,
}

/// One request in flight; dropped, it is free again.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    webhook_id: WebhookId,
    bytes: usize,
}

impl State {
    fn of(&self, webhook_id: WebhookId) -> usize {
        self.per_webhook.get(&webhook_id).copied().unwrap_or(0)
    }

    fn free(&self) -> usize {
        MAX_IN_FLIGHT.saturating_sub(self.requests)
    }

    /// How many more requests may go to a webhook now.
    fn room(&self, webhook_id: WebhookId, most: usize) -> usize {
        most.min((self.free() / PART_OF_FREE).max(1)).saturating_sub(self.of(webhook_id)).min(self.free())
    }

    /// As [`Self::room`], but none when it is too little to be worth a claim.
    fn room_to_claim(&self, lane: &Lane) -> usize {
        let most = if lane.is_failing { MAX_PER_FAILING } else { MAX_PER_WEBHOOK };
        let room = self.room(lane.webhook_id, most);
        if room >= most / PART_TO_CLAIM || self.of(lane.webhook_id) == 0 { room } else { 0 }
    }
}

impl Slots {
    /// All free. `wake` is told when somebody who waited can go on.
    pub fn new(wake: Arc<Wake>) -> Self {
        Self { state: Arc::default(), wake }
    }

    /// A slot for a claimed delivery.
    pub(super) fn take(&self, webhook_id: WebhookId, bytes: usize) -> Slot {
        let mut state = self.lock();
        *state.per_webhook.entry(webhook_id).or_default() += 1;
        state.requests += 1;
        state.bytes += bytes;
        drop(state);
        Slot { slots: self.clone(), webhook_id, bytes }
    }

    /// A slot for a delivery that is recorded just now, if there is room and none waits before it.
    pub(super) fn try_take(&self, webhook_id: WebhookId, bytes: usize) -> Option<Slot> {
        let mut state = self.lock();
        if state.behind.contains(&webhook_id) {
            return None;
        }
        if state.room(webhook_id, MAX_PER_WEBHOOK) == 0 || state.bytes + bytes > MAX_BYTES {
            state.behind.insert(webhook_id);
            return None;
        }
        drop(state);
        Some(self.take(webhook_id, bytes))
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

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.requests -= 1;
        state.bytes -= self.bytes;
        if let Some(in_flight) = state.per_webhook.get_mut(&self.webhook_id) {
            *in_flight -= 1;
            if *in_flight == 0 {
                state.per_webhook.remove(&self.webhook_id);
            }
        }
        let few = MAX_PER_WEBHOOK - MAX_PER_WEBHOOK / PART_TO_CLAIM;
        let is_awaited = state.behind.contains(&self.webhook_id)
            && (state.of(self.webhook_id) <= few || state.free() < MAX_IN_FLIGHT / 2);
        drop(state);
        if is_awaited {
            self.slots.wake.here();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(n: i64) -> Lane {
        Lane { webhook_id: WebhookId::new(n), due_in_ms: -n, is_failing: false, is_limited: false }
    }

    fn lanes(n: i64) -> Vec<Lane> {
        (0..n).map(lane).collect()
    }

    #[test]
    fn a_hanging_webhook_gets_no_more_than_its_cap() {
        let slots = Slots::new(Arc::default());
        let lanes = lanes(2);
        let held: Vec<Slot> = (0..MAX_PER_WEBHOOK).map(|_| slots.take(lanes[0].webhook_id, 1)).collect();
        let wanted = slots.share(&lanes).wanted;
        assert_eq!(wanted.len(), 1);
        assert_eq!((wanted[0].webhook_id, wanted[0].rows), (lanes[1].webhook_id, MAX_PER_WEBHOOK));
        assert!(!slots.has_room(&lanes[0]) && slots.has_room(&lanes[1]));
        drop(held);
        assert_eq!(slots.share(&lanes).wanted.len(), 2);
        assert_eq!(slots.in_flight(), 0);
    }

    #[test]
    fn many_lanes_share_evenly_and_what_is_not_due_waits() {
        let slots = Slots::new(Arc::default());
        let large = MAX_BYTES / MAX_EVENT_BYTES;
        let wanted = slots.share(&lanes(128)).wanted;
        assert!(wanted.iter().all(|want| want.rows == large / 128) && wanted.len() == 128);
        let early: Vec<Lane> = lanes(8).into_iter().map(|lane| Lane { due_in_ms: 1, ..lane }).collect();
        assert!(slots.share(&early).wanted.is_empty());
        assert_eq!(slots.share(&lanes(2000)).wanted.len(), large);
    }

    #[test]
    fn a_claim_waits_until_it_is_worth_its_price() {
        let slots = Slots::new(Arc::default());
        let lane = lane(1);
        let mut held: Vec<Slot> = (0..MAX_PER_WEBHOOK).map(|_| slots.take(lane.webhook_id, 1)).collect();
        let worth = MAX_PER_WEBHOOK / PART_TO_CLAIM;
        held.truncate(MAX_PER_WEBHOOK - worth + 1);
        assert!(slots.share(&[lane]).wanted.is_empty() && !slots.has_room(&lane));
        held.pop();
        assert_eq!(slots.share(&[lane]).wanted[0].rows, worth);
    }

    #[test]
    fn a_failing_webhook_is_only_probed() {
        let slots = Slots::new(Arc::default());
        let wanted = slots.share(&[Lane { is_failing: true, ..lane(1) }]).wanted;
        assert_eq!(wanted[0].rows, MAX_PER_FAILING);
    }

    #[test]
    fn webhooks_that_hang_leave_something_for_the_others() {
        let slots = Slots::new(Arc::default());
        let mut held = Vec::new();
        for n in 0..1000 {
            let webhook_id = WebhookId::new(n);
            while let Some(slot) = slots.try_take(webhook_id, 1) {
                held.push(slot);
            }
            if slots.in_flight() == MAX_IN_FLIGHT {
                assert!(n > 80, "{n} webhooks took all there is");
                return;
            }
        }
    }

    #[test]
    fn what_is_new_does_not_overtake_what_waits() {
        let slots = Slots::new(Arc::default());
        let lane = lane(1);
        let held: Vec<Slot> =
            std::iter::from_fn(|| slots.try_take(lane.webhook_id, 1)).take(MAX_PER_WEBHOOK + 1).collect();
        assert_eq!(held.len(), MAX_PER_WEBHOOK);
        drop(held);
        assert!(slots.try_take(lane.webhook_id, 1).is_none(), "one waits in the queue");
        slots.share(&[]);
        assert!(slots.try_take(lane.webhook_id, 1).is_some(), "none waits any more");
    }

    #[test]
    fn bodies_in_flight_are_bounded_in_bytes() {
        let slots = Slots::new(Arc::default());
        let (one, other) = (lane(1), lane(2));
        let held = slots.try_take(one.webhook_id, MAX_BYTES - 10).unwrap();
        assert!(slots.try_take(other.webhook_id, 11).is_none());
        assert!(slots.share(&[other]).wanted.is_empty(), "what is claimed may be large");
        drop(held);
        assert_eq!(slots.share(&[other]).wanted.len(), 1);
    }
}
