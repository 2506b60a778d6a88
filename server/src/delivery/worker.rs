//! The worker: claim what is due, send it, hand over what came of it. It wakes on a signal, and looks at the
//! queue now and then in case one was missed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::finish::Finisher;
use super::request::{Signers, sign_claim};
use super::retry::RetrySchedule;
use super::send::{REQUEST_TIMEOUT, Sender};
use super::slots::{Slot, Slots};
use crate::clock::now_ms;
use crate::model::delivery::{Attempt, Claim};
use crate::model::outcome::{Failure, Outcome};
use crate::store::{Finish, Store, StoreError};

const TIMEOUT_MS: i64 = REQUEST_TIMEOUT.as_secs() as i64 * 1000;
/// How long a claim lasts: twice the request timeout and 20 s.
pub const LEASE_MS: i64 = 2 * TIMEOUT_MS + 20_000;
/// What must be left of a lease before a send, beyond the request timeout.
const LEASE_MARGIN_MS: i64 = 5_000;
/// How long the queue may go unseen without a signal.
pub(super) const POLL: Duration = Duration::from_secs(1);

/// What a worker works with.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Where the queue is.
    pub store: Store,
    /// Makes signatures.
    pub signers: Arc<Signers>,
    /// Makes requests.
    pub sender: Sender,
    /// Takes outcomes.
    pub finisher: Finisher,
    /// When to try again.
    pub schedule: RetrySchedule,
    /// Told when there is something to do.
    pub wake: Arc<Notify>,
}

impl Worker {
    /// Works until `stop`, then waits for what is being sent: the request timeout at most.
    pub async fn run(self, stop: CancellationToken) {
        let slots = Slots::new(Arc::clone(&self.wake));
        let sends = TaskTracker::new();
        while !stop.is_cancelled() {
            let pause = match self.round(&slots, &sends, &stop).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "the queue could not be read: trying again");
                    POLL
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        sends.close();
        sends.wait().await;
    }

    /// Claims and sends what is due now. Answers how long nothing more will be.
    async fn round(
        &self,
        slots: &Slots,
        sends: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Duration, StoreError> {
        if self.finisher.is_stuck() {
            return Ok(POLL.min(Duration::from_millis(100)));
        }
        let lanes = self.store.lanes().await?;
        let now = now_ms();
        let wanted = slots.share(&lanes, now);
        if wanted.is_empty() {
            let next =
                lanes.iter().filter(|lane| slots.has_room(lane.webhook_id)).map(|lane| lane.next_ms).min();
            let until =
                next.map_or(POLL, |next| Duration::from_millis(u64::try_from(next - now).unwrap_or(0)));
            return Ok(until.min(POLL));
        }
        let mut claims = self.store.claim(&wanted, now, now + LEASE_MS).await?;
        if stop.is_cancelled() {
            self.release(claims).await;
            return Ok(POLL);
        }
        for claim in claims.drain(..) {
            let slot = slots.take(claim.webhook_id);
            let worker = self.clone();
            sends.spawn(async move { worker.deliver(claim, slot).await });
        }
        // There may be more: look again at once.
        Ok(Duration::ZERO)
    }

    /// Sends one claimed delivery and hands over the outcome.
    async fn deliver(&self, claim: Claim, slot: Slot) {
        let started_ms = now_ms();
        if claim.lease_end_ms - started_ms < TIMEOUT_MS + LEASE_MARGIN_MS {
            tracing::warn!(delivery = %claim.delivery_id, "too little of the lease is left: not sent, handed back");
            return self.release(vec![claim]).await;
        }
        let outcome = match sign_claim(&claim, &self.signers, started_ms) {
            Ok(request) => self.sender.send(request).await,
            Err(why) => Outcome::Unanswered(Failure::Secret(why)),
        };
        let ended_ms = now_ms();
        let next = self.schedule.next(&outcome, claim.step, ended_ms, chance());
        let attempt = Attempt::new(started_ms, ended_ms, outcome);
        self.finisher.finish(Finish { claim, attempt, next }, slot).await;
    }

    async fn release(&self, claims: Vec<Claim>) {
        if let Err(error) = self.store.release(&claims, now_ms()).await {
            tracing::warn!(%error, "claims could not be handed back: they are due again when their lease ends");
        }
    }
}

/// A number in `0.0..1.0`. Chance only spreads retries, so a system without randomness loses nothing by it.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
}
