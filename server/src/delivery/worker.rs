//! The worker: claim what is due and dispatch it. It wakes on a signal, and looks at the queue now and then in case
//! one was missed.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::dispatch::{Dispatcher, LEASE};
use super::slots::{Share, Slots};
use super::wake::Wake;
use crate::metrics::METRICS;
use crate::store::{Store, StoreError};
use crate::trace;

/// How long the queue may go unseen without a signal.
pub(super) const POLL: Duration = Duration::from_secs(1);

/// What a worker works with.
#[derive(Debug)]
pub struct Worker {
    /// Where the queue is.
    pub store: Store,
    /// Sends what was claimed.
    pub dispatcher: Arc<Dispatcher>,
    /// What is in flight.
    pub slots: Slots,
    /// Told when there is something to do.
    pub wake: Arc<Wake>,
}

impl Worker {
    /// Works until `stop`, then waits for what is being sent: the request timeout at most.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.round(&stop).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "the queue could not be read: trying again");
                    POLL
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.woken() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.dispatcher.release(self.slots.unpark()).await;
        self.dispatcher.sends.close();
        self.dispatcher.sends.wait().await;
    }

    /// Claims and sends what is due now. Answers how long nothing more will be.
    async fn round(&self, stop: &CancellationToken) -> Result<Duration, StoreError> {
        if self.dispatcher.finisher.is_stuck() {
            return Ok(POLL.min(Duration::from_millis(100)));
        }
        let lanes = self.store.lanes().await?;
        METRICS.lanes(&lanes);
        let Share { wanted, is_cut } = self.slots.share(&lanes);
        // What has no room is looked at again when a slot gets free.
        let later = lanes.iter().filter(|lane| lane.due_in_ms > 0 && self.slots.has_room(lane));
        let until = later
            .map(|lane| lane.due_in_ms)
            .min()
            .map_or(POLL, |next| Duration::from_millis(u64::try_from(next).unwrap_or(0)).min(POLL));
        if wanted.is_empty() {
            return Ok(until);
        }
        let is_limited = wanted.iter().any(|want| want.is_limited);
        let span = trace::claim(wanted.len());
        let claims = self.store.claim(&wanted, LEASE).await?;
        drop(span);
        if stop.is_cancelled() {
            self.dispatcher.release(claims).await;
            return Ok(POLL);
        }
        METRICS.claimed.inc_by(claims.len() as u64);
        for claim in claims {
            let slot = self.slots.take(claim.webhook_id, claim.body.len());
            self.dispatcher.dispatch(claim, slot);
        }
        // Where not everybody got what there was room for, there may be more.
        Ok(if is_cut || is_limited { Duration::ZERO } else { until })
    }
}
