//! How many requests are in flight, per webhook and on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::ids::WebhookId;
use crate::store::{Lane, Want};

/// Requests in flight to one webhook, at most, per node.
pub(super) const MAX_PER_WEBHOOK: usize = 64;
/// Requests in flight at all, at most, per node.
pub(super) const MAX_IN_FLIGHT: usize = 1024;
/// Deliveries of one lane in one claim, at most.
const MAX_ROWS_PER_LANE: usize = 64;

/// Counts what is in flight.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    taken: Arc<Mutex<HashMap<WebhookId, usize>>>,
    wake: Arc<Notify>,
}

/// One request in flight; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    webhook_id: WebhookId,
}

impl Slots {
    pub(super) fn new(wake: Arc<Notify>) -> Self {
        Self { taken: Arc::default(), wake }
    }

    pub(super) fn take(&self, webhook_id: WebhookId) -> Slot {
        *self.lock().entry(webhook_id).or_default() += 1;
        Slot { slots: self.clone(), webhook_id }
    }

    /// How many deliveries to claim of each due lane: an even share of what is free, those with the least
    /// in flight first, so that receivers that hang don't take the place of those that answer.
    pub(super) fn share(&self, lanes: &[Lane], now_ms: i64) -> Vec<Want> {
        let taken = self.lock();
        let mut free = MAX_IN_FLIGHT.saturating_sub(taken.values().sum());
        let mut due: Vec<(usize, WebhookId)> = lanes
            .iter()
            .filter(|lane| lane.next_ms <= now_ms)
            .map(|lane| (taken.get(&lane.webhook_id).copied().unwrap_or(0), lane.webhook_id))
            .filter(|(in_flight, _)| *in_flight < MAX_PER_WEBHOOK)
            .collect();
        due.sort_unstable();
        let even = (free / due.len().max(1)).clamp(1, MAX_ROWS_PER_LANE);
        let mut wanted = Vec::new();
        for (in_flight, webhook_id) in due {
            let rows = even.min(MAX_PER_WEBHOOK - in_flight).min(free);
            if rows == 0 {
                break;
            }
            free -= rows;
            wanted.push(Want { webhook_id, rows });
        }
        wanted
    }

    /// Whether the webhook has a free slot.
    pub(super) fn has_room(&self, webhook_id: WebhookId) -> bool {
        let taken = self.lock();
        taken.values().sum::<usize>() < MAX_IN_FLIGHT
            && taken.get(&webhook_id).is_none_or(|in_flight| *in_flight < MAX_PER_WEBHOOK)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WebhookId, usize>> {
        // Counting can't panic half-way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        let was_full = taken.values().sum::<usize>() >= MAX_IN_FLIGHT
            || taken.get(&self.webhook_id).is_some_and(|in_flight| *in_flight >= MAX_PER_WEBHOOK / 2);
        if let Some(in_flight) = taken.get_mut(&self.webhook_id) {
            *in_flight -= 1;
            if *in_flight == 0 {
                taken.remove(&self.webhook_id);
            }
        }
        drop(taken);
        if was_full {
            self.slots.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(n: i64) -> Vec<Lane> {
        (0..n).map(|n| Lane { webhook_id: WebhookId::new(n), next_ms: n }).collect()
    }

    #[test]
    fn a_hanging_webhook_gets_no_more_than_its_cap() {
        let slots = Slots::new(Arc::default());
        let lanes = lanes(2);
        let held: Vec<Slot> = (0..MAX_PER_WEBHOOK).map(|_| slots.take(lanes[0].webhook_id)).collect();
        let wanted = slots.share(&lanes, 10);
        assert_eq!(wanted.len(), 1);
        assert_eq!((wanted[0].webhook_id, wanted[0].rows), (lanes[1].webhook_id, MAX_ROWS_PER_LANE));
        assert!(!slots.has_room(lanes[0].webhook_id) && slots.has_room(lanes[1].webhook_id));
        drop(held);
        assert_eq!(slots.share(&lanes, 10).len(), 2);
    }

    #[test]
    fn many_lanes_share_evenly_and_what_is_not_due_waits() {
        let slots = Slots::new(Arc::default());
        let wanted = slots.share(&lanes(512), 511);
        assert!(wanted.iter().all(|want| want.rows == 2) && wanted.len() == 512);
        assert!(slots.share(&lanes(512), -1).is_empty());
        assert_eq!(slots.share(&lanes(2000), 2000).len(), MAX_IN_FLIGHT);
    }
}
