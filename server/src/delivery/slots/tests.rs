//! How many requests go to whom, and what waits behind them.

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
