//! One delivery on its way: signed, sent, and its outcome handed over. Whoever has a claim and a slot may dispatch it:
//! the worker, for what waited in the queue, and the way in, for what can be sent at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;

use super::finish::Finisher;
use super::request::{Signers, sign_claim};
use super::retry::RetrySchedule;
use super::send::{REQUEST_TIMEOUT, Sender};
use super::slots::Slot;
use crate::clock::now_ms;
use crate::metrics::METRICS;
use crate::model::delivery::{Attempt, Claim};
use crate::model::outcome::{Failure, Outcome};
use crate::store::{Finish, Store};
use crate::trace;

/// How long a claim lasts: twice the request timeout and 20 s.
pub const LEASE: Duration = Duration::from_secs(2 * REQUEST_TIMEOUT.as_secs() + 20);
/// What must be left of a lease before a send, beyond the request timeout.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// Sends claimed deliveries.
#[derive(Debug)]
pub struct Dispatcher {
    /// Where claims are handed back.
    pub store: Store,
    /// Makes signatures.
    pub signers: Arc<Signers>,
    /// Makes requests.
    pub sender: Sender,
    /// Takes outcomes.
    pub finisher: Finisher,
    /// When to try again.
    pub schedule: RetrySchedule,
    /// What is being sent.
    pub sends: TaskTracker,
}

impl Dispatcher {
    /// Sends a claimed delivery, in a task of its own.
    pub(super) fn dispatch(self: &Arc<Self>, claim: Claim, slot: Slot) {
        let dispatcher = Arc::clone(self);
        self.sends.spawn(async move { dispatcher.deliver(claim, slot).await });
    }

    /// Hands claims back unsent.
    pub(super) async fn release(&self, claims: Vec<Claim>) {
        if claims.is_empty() {
            return;
        }
        if let Err(error) = self.store.release(&claims).await {
            tracing::warn!(%error, "claims could not be handed back: they are due again when their lease ends");
        }
    }

    async fn deliver(&self, claim: Claim, slot: Slot) {
        if claim.lease_end < Instant::now() + REQUEST_TIMEOUT + LEASE_MARGIN {
            tracing::warn!(delivery = %claim.delivery_id, "too little of the lease is left: not sent, handed back");
            return self.release(vec![claim]).await;
        }
        let (started, started_ms) = (Instant::now(), now_ms());
        let span = trace::attempt(&claim);
        let outcome = match sign_claim(&claim, &self.signers, started_ms, span.traceparent().as_deref()) {
            Ok(request) => self.sender.send(request).await,
            Err(why) => Outcome::Unanswered(Failure::Secret(why)),
        };
        let ended_ms = now_ms();
        let chance = chance();
        let next = self.schedule.next(&outcome, claim.step, chance);
        METRICS.attempted(started.elapsed(), &outcome, next);
        span.ended(&outcome);
        let failing_ms = claim.target.failing_since_ms.map(|since_ms| ended_ms.saturating_sub(since_ms));
        let verdict = self.schedule.verdict(&outcome, failing_ms, chance);
        let attempt = Attempt::new(started_ms, ended_ms, outcome);
        self.finisher.finish(Finish { claim, attempt, next, verdict }, slot).await;
    }
}

/// A number in `0.0..1.0`. Chance only spreads retries, so a system without randomness loses nothing by it.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
}
