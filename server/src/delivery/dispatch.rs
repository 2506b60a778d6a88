//! One delivery on its way: signed, sent, and its outcome handed over. Whoever has a claim and a slot may dispatch it:
//! the worker, for what waited in the queue, and the way in, for what can be sent at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
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

/// How often to look whether outcomes can be written again, so that what waits can be sent.
const STUCK_PAUSE: Duration = Duration::from_millis(100);

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
    /// Who hands claims back: one at a time, so that many webhooks that fail at once leave the database to the others.
    pub handing_back: Mutex<()>,
}

impl Dispatcher {
    /// Sends a claimed delivery, in a task of its own.
    pub(super) fn dispatch(self: &Arc<Self>, claim: Claim, slot: Slot) {
        if let Some((claim, slot)) = slot.enter(claim) {
            self.start(claim, slot);
        }
    }

    fn start(self: &Arc<Self>, claim: Claim, slot: Slot) {
        let dispatcher = Arc::clone(self);
        // In a box: what a request needs is large, and a task is moved about before it runs.
        self.sends.spawn(Box::pin(async move {
            dispatcher.deliver(claim, &slot).await;
            if let Some(pause) = slot.pause() {
                tokio::time::sleep(pause).await;
            }
            for (claim, slot) in slot.next() {
                dispatcher.start(claim, slot);
            }
        }));
    }

    /// Hands claims back unsent.
    pub(super) async fn release(&self, claims: Vec<Claim>) {
        if claims.is_empty() {
            return;
        }
        let _one = self.handing_back.lock().await;
        if let Err(error) = self.store.release(&claims).await {
            tracing::warn!(%error, "claims could not be handed back: they are due again when their lease ends");
        }
    }

    async fn deliver(&self, mut claim: Claim, slot: &Slot) {
        if claim.lease_end < Instant::now() + REQUEST_TIMEOUT + LEASE_MARGIN {
            tracing::warn!(delivery = %claim.delivery_id, "too little of the lease is left: not sent, handed back");
            return self.release(vec![claim]).await;
        }
        let (started, started_ms) = (Instant::now(), now_ms());
        let span = trace::attempt(&claim);
        let outcome = match sign_claim(&claim, &self.signers, started_ms, span.traceparent().as_deref()) {
            Ok(request) => self.sender.send(Some(claim.workspace_id), request).await,
            Err(why) => Outcome::Unanswered(Failure::Secret(why)),
        };
        let ended_ms = now_ms();
        let chance = chance();
        let next = self.schedule.next(&outcome, claim.step, chance);
        METRICS.attempted(started.elapsed(), &outcome, next);
        span.ended(&outcome);
        let failing_ms = claim.target.failing_since_ms.map(|since_ms| ended_ms.saturating_sub(since_ms));
        let verdict = self.schedule.verdict(&outcome, failing_ms, chance);
        let parked = slot.answered(verdict, started.elapsed());
        let attempt = Attempt::new(started_ms, ended_ms, outcome);
        // It is not needed any more, and may be large.
        claim.body = Arc::default();
        self.finisher.finish(Finish { claim, attempt, next, verdict }).await;
        self.release(parked).await;
        while self.finisher.is_stuck() && slot.is_followed() {
            tokio::time::sleep(STUCK_PAUSE).await;
        }
    }
}

/// A number in `0.0..1.0`. Chance only spreads retries, so a system without randomness loses nothing by it.
pub(super) fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use encrata_webhooks::EventKind;
    use sqlx::Connection as _;

    use super::*;
    use crate::delivery::address::Guard;
    use crate::delivery::slots::Slots;
    use crate::delivery::wake::Wake;
    use crate::model::event::{NewBatch, NewEvent};
    use crate::model::ids::{EventId, WebhookId, WorkspaceId};
    use crate::store::{Admit, Want};
    use crate::vault::MasterKey;

    /// Room for everything.
    struct All;

    impl Admit for All {
        fn admit(&mut self, _: WebhookId, _: usize) -> bool {
            true
        }
        fn start_over(&mut self) {}
    }

    /// A store with one webhook. No secret of it can be opened, so that each send ends at once.
    async fn store(home: &tempfile::TempDir) -> (Store, WorkspaceId, WebhookId) {
        let url = format!("sqlite:{}", home.path().join("test.db").display());
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        let (workspace_id, webhook_id) = (WorkspaceId::new(1), WebhookId::new(1));
        let rows = format!(
            "insert into workspaces (id, name, created_ms) values ('{workspace_id}', 'w', 0);
             insert into webhooks (workspace_id, id, url, description, created_by, created_ms, updated_ms, secret)
             values ('{workspace_id}', '{webhook_id}', 'https://example.com/', '', '', 0, 0, x'00');
             insert into subscriptions values ('{workspace_id}', 'credits.low', '{webhook_id}', 0);"
        );
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
        (store, workspace_id, webhook_id)
    }

    #[tokio::test]
    async fn nothing_is_sent_under_a_lease_that_might_end_before_the_answer() {
        let home = tempfile::tempdir().unwrap();
        let (store, workspace_id, webhook_id) = store(&home).await;
        let vault = MasterKey::from_hex(&MasterKey::generate_hex().unwrap()).unwrap();
        let wake = Arc::<Wake>::default();
        let (finisher, finishing) = Finisher::start(store.clone(), LEASE, Arc::clone(&wake));
        let dispatcher = Arc::new(Dispatcher {
            store: store.clone(),
            signers: Arc::new(Signers::new(Arc::new(vault.into()))),
            sender: Sender::new(Guard::new(Vec::new()), Vec::new(), None).unwrap(),
            finisher,
            schedule: RetrySchedule::default(),
            sends: TaskTracker::new(),
            handing_back: Mutex::default(),
        });
        let slots = Slots::new(wake);
        let enough = REQUEST_TIMEOUT + LEASE_MARGIN;
        for (lease, is_sent) in [(Duration::ZERO, false), (enough, false), (LEASE, true)] {
            let event = NewEvent {
                id: EventId::new(1),
                kind: EventKind::CreditsLow,
                body: b"{}"[..].into(),
                traceparent: None,
            };
            let batch = NewBatch { workspace_id, events: vec![event], idempotency: None, now_ms: 1 };
            let claim = store.record(&[batch], lease, &mut All).await.unwrap().claims.remove(0);
            let id = claim.delivery_id;
            dispatcher.deliver(claim, &slots.take(webhook_id, 2)).await;
            // Handed back, it is due at once, and has cost no attempt.
            let claims =
                store.claim(&[Want { webhook_id, rows: 10, is_limited: false }], LEASE).await.unwrap();
            let found: Vec<_> = claims.iter().map(|claim| (claim.delivery_id, claim.attempts)).collect();
            assert_eq!(found, if is_sent { vec![] } else { vec![(id, 0)] }, "{lease:?}");
        }
        drop(dispatcher);
        finishing.await.unwrap();
        assert_eq!(slots.in_flight(), 0);
    }
}
