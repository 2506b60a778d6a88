//! One slot: a request in flight, or the place of one that is to follow.

use std::collections::VecDeque;
use std::sync::MutexGuard;
use std::time::Duration;

use super::{
    Answered, MAX_AHEAD, MAX_IN_FLIGHT, MAX_PER_WEBHOOK, PACE, PART_AHEAD, PART_TO_CLAIM, QUICK, Slots, State,
};
use crate::metrics::METRICS;
use crate::model::delivery::{Claim, Verdict};
use crate::model::ids::WebhookId;

/// One request in flight, or the place of one that is to follow; dropped, it is free again.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    webhook_id: WebhookId,
    bytes: usize,
    /// Whether it waits for one to get free.
    is_ahead: bool,
    is_left: bool,
}

impl Slot {
    pub(super) fn new(slots: Slots, webhook_id: WebhookId, bytes: usize, is_ahead: bool) -> Self {
        Self { slots, webhook_id, bytes, is_ahead, is_left: false }
    }

    /// The claim, if it can be sent now; else it is parked until [`Self::next`] of another slot hands it out.
    pub(in super::super) fn enter(mut self, claim: Claim) -> Option<(Claim, Self)> {
        if !self.is_ahead {
            return Some((claim, self));
        }
        let slots = self.slots.clone();
        let mut state = slots.lock();
        let most = state.most_before_parked(self.webhook_id);
        let must_wait = state.of(self.webhook_id) > 0 && state.room(self.webhook_id, most) == 0;
        let flow = state.flow(self.webhook_id);
        if must_wait || !flow.parked.is_empty() {
            flow.parked.push_back((claim, self));
            return None;
        }
        self.step_in(&mut state);
        Some((claim, self))
    }

    /// Leaves; answers what is to be sent now of what is parked behind it: once a part of the slots is free, so that the
    /// connections that were just used are back in their pool.
    pub(in super::super) fn next(mut self) -> Vec<(Claim, Self)> {
        let slots = self.slots.clone();
        // Under one lock: nobody may park behind a slot that is about to go.
        let mut state = slots.lock();
        self.step_out(&mut state);
        let most = state.most_before_parked(self.webhook_id);
        let (room, in_flight) = (state.room(self.webhook_id, most), state.of(self.webhook_id));
        let worth = if most < MAX_PER_WEBHOOK { 1 } else { most / PART_TO_CLAIM };
        let mut next = Vec::new();
        if room >= worth || in_flight == 0 {
            let parked = &mut state.flow(self.webhook_id).parked;
            next.extend(parked.drain(..room.max(1).min(parked.len())));
        }
        for (_, slot) in &mut next {
            slot.step_in(&mut state);
        }
        self.leave(state);
        next
    }

    /// Notes how the webhook answered. Unless it is well, what is parked is not to be sent now, and is given back.
    pub(in super::super) fn answered(&self, verdict: Verdict, took: Duration) -> Vec<Claim> {
        let is_well = matches!(verdict, Verdict::Healthy);
        let mut state = self.slots.lock();
        let answered =
            if is_well { (took < QUICK).then_some(Answered::Quickly) } else { Some(Answered::Badly) };
        state.note(self.webhook_id, answered);
        let flow = state.flow(self.webhook_id);
        let parked = if is_well { VecDeque::new() } else { std::mem::take(&mut flow.parked) };
        drop(state);
        parked.into_iter().map(|(claim, _)| claim).collect()
    }

    /// Whether a claim is parked behind it.
    pub(in super::super) fn is_followed(&self) -> bool {
        !self.slots.lock().flow(self.webhook_id).parked.is_empty()
    }

    /// How long to wait before [`Self::next`], because what is parked behind it gives way to other webhooks.
    pub(in super::super) fn pause(&self) -> Option<Duration> {
        let mut state = self.slots.lock();
        if !state.gives_way(self.webhook_id) || state.flow(self.webhook_id).parked.is_empty() {
            return None;
        }
        let giving = state.flows.values().filter(|flow| !flow.parked.is_empty()).count();
        Some(PACE * u32::try_from(giving).unwrap_or(u32::MAX))
    }

    /// From its place into a slot.
    fn step_in(&mut self, state: &mut State) {
        let flow = state.flow(self.webhook_id);
        flow.ahead -= 1;
        flow.in_flight += 1;
        state.requests += 1;
        self.is_ahead = false;
        METRICS.slot_taken(self.bytes);
    }

    fn step_out(&mut self, state: &mut State) {
        self.is_left = true;
        state.bytes -= self.bytes;
        if self.is_ahead {
            state.flow(self.webhook_id).ahead -= 1;
        } else {
            state.flow(self.webhook_id).in_flight -= 1;
            state.requests -= 1;
            METRICS.slot_left(self.bytes);
        }
    }

    /// Wakes who waits for what is free now.
    fn leave(&self, mut state: MutexGuard<'_, State>) {
        let flow = state.flow(self.webhook_id);
        let (in_flight, ahead) = (flow.in_flight, flow.ahead);
        // Of a send that panicked, nobody asks what is next: those leases end by themselves.
        let orphans = if in_flight == 0 { std::mem::take(&mut flow.parked) } else { VecDeque::new() };
        if in_flight == 0 && ahead == 0 {
            state.flows.remove(&self.webhook_id);
        }
        let is_awaited = state.behind.contains(&self.webhook_id)
            && (state.free() < MAX_IN_FLIGHT / 2
                || if state.has(self.webhook_id, Answered::Quickly) {
                    ahead <= MAX_AHEAD - MAX_AHEAD / PART_AHEAD
                } else {
                    let most = state.most(self.webhook_id);
                    in_flight <= most - most / PART_TO_CLAIM
                });
        drop(state);
        drop(orphans);
        if is_awaited {
            self.slots.wake.here();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.is_left {
            let slots = self.slots.clone();
            let mut state = slots.lock();
            self.step_out(&mut state);
            self.leave(state);
        }
    }
}
