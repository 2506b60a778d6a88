//! The worker: claim what is due and dispatch it. It wakes on a signal, and looks at the queue now and then in case
//! one was missed.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::dispatch::{Dispatcher, LEASE};
use super::slots::Slots;
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
        let wanted = self.slots.share(&lanes);
        if wanted.is_empty() {
            let next = lanes.iter().filter(|lane| self.slots.has_room(lane)).map(|lane| lane.due_in_ms).min();
            let until = next.map_or(POLL, |next| Duration::from_millis(u64::try_from(next).unwrap_or(0)));
            return Ok(until.min(POLL));
        }
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
        // There may be more: look again at once.
        Ok(Duration::ZERO)
    }
}
