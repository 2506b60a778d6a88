//! What is in flight: requests per webhook, requests on this node, bytes of bodies in memory; and what has its place
//! right behind.

mod slot;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::{Target, Verdict};
    use crate::model::ids::{DeliveryId, EventId, WorkspaceId};
    use crate::model::webhook::{HttpsUrl, Secrets};
    use crate::vault::MasterKey;

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
    fn a_webhook_that_just_failed_is_only_probed_though_its_lane_does_not_know_yet() {
        let slots = Slots::new(Arc::default());
        let lane = lane(1);
        let mut held: Vec<Slot> = (0..MAX_PER_WEBHOOK).map(|_| slots.take(lane.webhook_id, 1)).collect();
        while let Some(slot) = held.pop() {
            slot.answered(Verdict::Failing, QUICK);
            drop(slot);
            let rows: usize = slots.share(&[lane]).wanted.iter().map(|want| want.rows).sum();
            assert!(held.len() + rows <= MAX_PER_FAILING.max(held.len()), "{rows} beside {}", held.len());
        }
        slots.share(&[]);
        let probes: Vec<Slot> = std::iter::from_fn(|| slots.try_take(lane.webhook_id, 1)).take(9).collect();
        assert_eq!(probes.len(), MAX_PER_FAILING, "what is new goes to it as little");
        probes[0].answered(Verdict::Healthy, QUICK);
        drop(probes);
        assert_eq!(slots.share(&[lane]).wanted[0].rows, MAX_PER_WEBHOOK, "it is back");
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

    /// As many claims of a webhook as it may have in memory; those that are to be sent at once, with their slots.
    fn filled(slots: &Slots, lane: Lane) -> Vec<(Claim, Slot)> {
        let vault = MasterKey::from_hex(&"07".repeat(32)).unwrap();
        let (workspace_id, webhook_id) = (WorkspaceId::new(1), lane.webhook_id);
        let secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
        let target = Arc::new(Target {
            url: HttpsUrl::parse("https://example.com/").unwrap(),
            secrets: Secrets {
                current: vault.seal_secret(workspace_id, webhook_id, secret).unwrap(),
                previous: None,
            },
            failing_since_ms: None,
        });
        let mut started = Vec::new();
        while let Some(slot) = slots.try_take(webhook_id, 1) {
            started.extend(slot.enter(Claim {
                workspace_id,
                webhook_id,
                delivery_id: DeliveryId::new(1),
                event_id: EventId::new(1),
                event_type: "test".into(),
                created_ms: 0,
                epoch: 1,
                attempts: 0,
                step: 0,
                lease_end: Instant::now(),
                body: b"x"[..].into(),
                traceparent: None,
                target: Arc::clone(&target),
            }));
        }
        started
    }

    /// Slots that know a webhook to be quick, and its claims.
    fn quick(lane: Lane) -> (Slots, Vec<(Claim, Slot)>) {
        let slots = Slots::new(Arc::default());
        let slot = slots.take(lane.webhook_id, 1);
        assert!(slot.answered(Verdict::Healthy, Duration::ZERO).is_empty());
        drop(slot);
        let started = filled(&slots, lane);
        (slots, started)
    }

    #[test]
    fn behind_a_quick_webhook_claims_are_parked() {
        let lane = lane(1);
        let (slots, mut started) = quick(lane);
        assert_eq!((started.len(), slots.in_flight()), (MAX_PER_WEBHOOK, MAX_PER_WEBHOOK));
        assert!(!slots.has_room(&lane), "it has all it may have");
        let mut sent = 0;
        while let Some((_, slot)) = started.pop() {
            sent += 1;
            started.extend(slot.next());
            assert_eq!(slots.in_flight(), started.len());
            assert!(started.len() <= MAX_PER_WEBHOOK);
        }
        assert_eq!(sent, MAX_PER_WEBHOOK + MAX_AHEAD);
        assert!(slots.lock().flows.is_empty() && slots.lock().bytes == 0);
    }

    #[test]
    fn a_claim_is_for_half_of_what_a_quick_webhook_may_have_behind() {
        let lane = lane(1);
        let (slots, mut started) = quick(lane);
        let mut finished = 0;
        while !slots.has_room(&lane) {
            finished += 1;
            let (_, slot) = started.pop().unwrap();
            started.extend(slot.next());
        }
        assert!((MAX_AHEAD / 4..MAX_AHEAD).contains(&finished), "after {finished}");
        let rows = slots.share(&[lane]).wanted[0].rows;
        assert!((MAX_AHEAD / PART_AHEAD..=MAX_PER_WEBHOOK + MAX_AHEAD).contains(&rows), "{rows}");
        // Paced or failing, it gets none ahead.
        for lane in [Lane { is_limited: true, ..lane }, Lane { is_failing: true, ..lane }] {
            assert!(slots.share(&[lane]).wanted.iter().all(|want| want.rows <= MAX_PER_WEBHOOK));
        }
    }

    #[test]
    fn nothing_is_parked_behind_a_slow_webhook() {
        let (slots, started) = quick(lane(1));
        let parked = started[0].1.answered(Verdict::Healthy, QUICK);
        assert!(parked.is_empty() && started[0].1.is_followed(), "what is parked is sent all the same");
        drop(started);
        slots.share(&[]);
        let slow = lane(1);
        slots.take(slow.webhook_id, 1).answered(Verdict::Healthy, QUICK);
        let first = slots.try_take(slow.webhook_id, 1).unwrap();
        drop(slots.try_take(lane(2).webhook_id, 1).unwrap());
        let started = filled(&slots, slow);
        assert_eq!(started.len(), MAX_PER_WEBHOOK - 1, "nor does it give way: it takes nobody's time");
        drop(first);
        assert!(!started[0].1.is_followed());
    }

    #[test]
    fn what_is_parked_is_handed_back_when_the_webhook_fails_and_at_the_end() {
        for verdict in [Verdict::Failing, Verdict::Slow { after_ms: 1 }, Verdict::Gone] {
            let (slots, started) = quick(lane(1));
            assert!(started[0].1.is_followed());
            assert_eq!(started[0].1.answered(verdict, Duration::ZERO).len(), MAX_AHEAD);
            assert!(!started[0].1.is_followed());
            assert!(started.into_iter().all(|(_, slot)| slot.next().is_empty()));
            assert!(slots.lock().flows.is_empty() && slots.lock().bytes == 0);
        }
        let (slots, started) = quick(lane(1));
        assert_eq!(slots.unpark().len(), MAX_AHEAD);
        assert_eq!(started.len(), slots.in_flight());
    }

    #[test]
    fn what_is_parked_gives_way_to_events_that_come_alone() {
        let (one, other) = (lane(1), lane(2));
        let (slots, mut started) = quick(one);
        assert_eq!(started[0].1.pause(), None, "nobody to give way to: what came to it alone was its own");
        drop(slots.try_take(other.webhook_id, 1).unwrap());
        let paced = paced().min(MAX_PER_WEBHOOK);
        for rest in (0..MAX_PER_WEBHOOK + MAX_AHEAD).rev() {
            assert!(started.len() <= paced.max(rest.min(MAX_PER_WEBHOOK)));
            let (_, slot) = started.pop().unwrap();
            assert_eq!(slot.pause(), slot.is_followed().then_some(PACE));
            let next = slot.next();
            assert!(
                next.is_empty() || started.len() + next.len() <= paced,
                "{} and {}",
                started.len(),
                next.len()
            );
            started.extend(next);
        }
        assert!(started.is_empty() && slots.in_flight() == 0, "all are sent in the end");
    }

    #[test]
    fn those_that_give_way_share_one_pace_and_only_for_a_while() {
        let (other, lone) = (lane(2), lane(3).webhook_id);
        let (slots, first) = quick(lane(1));
        slots.take(other.webhook_id, 1).answered(Verdict::Healthy, Duration::ZERO);
        let second = filled(&slots, other);
        drop(slots.try_take(lone, 1).unwrap());
        assert_eq!((first[0].1.pause(), second[0].1.pause()), (Some(2 * PACE), Some(2 * PACE)));
        slots.lock().lone = Instant::now().checked_sub(GIVES_WAY).map(|at| (lone, at));
        assert_eq!((first[0].1.pause(), second[0].1.pause()), (None, None));
    }

    #[test]
    fn no_more_than_so_many_webhooks_are_remembered() {
        let mut state = State::default();
        for n in 0..2 * MAX_KNOWN {
            state.note(WebhookId::new(i64::try_from(n).unwrap()), Some(Answered::Quickly));
            assert!(state.known.len() <= MAX_KNOWN);
        }
        assert!(!state.known.is_empty());
    }

    #[test]
    fn a_send_that_panics_leaves_nothing_counted() {
        let (slots, started) = quick(lane(1));
        drop(started);
        assert_eq!(slots.in_flight(), 0);
        assert!(slots.lock().flows.is_empty() && slots.lock().bytes == 0);
    }
}
