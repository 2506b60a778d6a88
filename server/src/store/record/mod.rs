//! The way in: the event, one delivery per subscribed webhook and the idempotency key, in one transaction. Whole
//! groups of requests share that transaction, so that they share its fsync.

mod idempotency;
mod subscribers;
mod tables;

use std::time::{Duration, Instant};

pub(super) use self::idempotency::{IDEMPOTENCY_MS, KEYS, KNOWN_KEYS};
pub(super) use self::subscribers::SUBSCRIBED;
use self::tables::Recording;
use super::db::Db;
use super::statement::Statement;
use super::{Store, StoreError, TRIES, Turn, Tx};
use crate::model::delivery::Claim;
use crate::model::event::{Accepted, MAX_BATCH_DELIVERIES, NewBatch};
use crate::model::ids::WebhookId;

/// How long to find out whether a commit happened whose answer was lost.
const DOUBT: Duration = Duration::from_secs(10);

/// What became of a publish request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was recorded now.
    New(Vec<Accepted>),
    /// It was recorded before, under the same idempotency key: the same answer again.
    Before(Vec<Accepted>),
}

impl Recorded {
    /// The answer.
    pub fn accepted(self) -> Vec<Accepted> {
        let (Self::New(accepted) | Self::Before(accepted)) = self;
        accepted
    }
}

/// Why a publish request was not recorded.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RecordError {
    /// The idempotency key belongs to another request.
    #[error(
        "this Idempotency-Key was used for another request in the last 72 hours: use a new key for a new event"
    )]
    KeyReused,
    /// It fans out too far.
    #[error("these events make {deliveries} deliveries; a request may make {MAX_BATCH_DELIVERIES}: split it")]
    TooManyDeliveries {
        /// How many it would make.
        deliveries: usize,
    },
}

/// Says which deliveries this node can send at once.
pub trait Admit: Send {
    /// Whether there is room now to send a body of this many bytes to the webhook. A yes is binding: the delivery
    /// is recorded with a lease.
    fn admit(&mut self, webhook_id: WebhookId, bytes: usize) -> bool;
    /// Takes every yes back: the transaction is tried anew.
    fn start_over(&mut self);
}

/// Sends nothing at once.
impl Admit for () {
    fn admit(&mut self, _: WebhookId, _: usize) -> bool {
        false
    }
    fn start_over(&mut self) {}
}

/// A group that was recorded.
#[derive(Debug)]
pub struct RecordedGroup {
    /// An answer for each request, in order.
    pub answers: Vec<Result<Recorded, RecordError>>,
    /// The deliveries that were admitted, in order: leased, to be sent at once.
    pub claims: Vec<Claim>,
    /// Whether there are others, which wait in the queue.
    pub waiting: bool,
}

impl Store {
    /// Records a group of publish requests in one transaction: when this returns `Ok`, all that was accepted is on
    /// disk. A refused request costs the others nothing. What `admit` has room for is recorded with a lease that
    /// lasts for `lease`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the transaction failed: then nothing of the group was kept.
    pub async fn record(
        &self,
        group: &[NewBatch],
        lease: Duration,
        admit: &mut dyn Admit,
    ) -> Result<RecordedGroup, StoreError> {
        self.record_in(self.turn().await, group, lease, admit).await
    }

    /// As [`Self::record`], in the turn that the caller has.
    ///
    /// # Errors
    ///
    /// As [`Self::record`].
    pub async fn record_in(
        &self,
        turn: Turn,
        group: &[NewBatch],
        lease: Duration,
        admit: &mut dyn Admit,
    ) -> Result<RecordedGroup, StoreError> {
        let (mut turn, mut tries) = (turn, 1);
        loop {
            match self.try_record(turn, group, lease, admit).await {
                Err(error) if error.is_a_collision() && tries < TRIES => tries += 1,
                result => return result,
            }
            admit.start_over();
            turn = self.turn().await;
        }
    }

    async fn try_record(
        &self,
        turn: Turn,
        group: &[NewBatch],
        lease: Duration,
        admit: &mut dyn Admit,
    ) -> Result<RecordedGroup, StoreError> {
        let asked = Instant::now();
        let mut tx = self.db.write_in(turn).await?;
        let mut recording = Recording::new(Some((lease, admit)));
        let answers = recording.run(&mut tx, self, group).await?;
        let (waiting, leased) = (recording.waiting, recording.leased);
        if let Err(error) = tx.commit().await {
            self.committed_after_all(&error, group, &answers).await.then_some(()).ok_or(error)?;
        }
        let claims = leased.into_iter().map(|leased| leased.claim(asked + lease)).collect();
        Ok(RecordedGroup { answers, claims, waiting })
    }

    /// Whether a commit happened whose answer did not come: the connection broke, and the group may be there, all of
    /// it or nothing. An answer that says "not kept" must be true.
    async fn committed_after_all(
        &self,
        error: &sqlx::Error,
        group: &[NewBatch],
        answers: &[Result<Recorded, RecordError>],
    ) -> bool {
        if matches!((&self.db, error), (Db::Sqlite { .. }, _) | (_, sqlx::Error::Database(_))) {
            return false;
        }
        let new = group.iter().zip(answers).find(|(_, answer)| matches!(answer, Ok(Recorded::New(_))));
        let Some((batch, event)) = new.and_then(|(batch, _)| Some((batch, batch.events.first()?))) else {
            return true;
        };
        tracing::warn!(%error, "the answer to a commit was lost: finding out what came of it");
        let until = Instant::now() + DOUBT;
        loop {
            let found = EVENT.query().bind(batch.workspace_id).bind(event.id).optional(&self.db).await;
            match found {
                Ok(found) => return found.is_some(),
                Err(error) if Instant::now() >= until => {
                    tracing::error!(%error, "whether a group of events was kept is unknown: it is answered as not kept");
                    return false;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

static EVENT: Statement = Statement::new("select id from events where workspace_id = $1 and id = $2");

/// Publishes an event that is part of another change. Answers whether anything is to be delivered.
pub(super) async fn announce(tx: &mut Tx, store: &Store, batch: &NewBatch) -> Result<bool, StoreError> {
    let mut recording = Recording::new(None);
    recording.run(tx, store, std::slice::from_ref(batch)).await?;
    Ok(recording.waiting)
}
