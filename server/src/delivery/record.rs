//! The way in: publish requests queue here for a group commit, and are answered once they are on disk.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::dispatch::{Dispatcher, LEASE};
use super::group::{self, Weight};
use super::slots::{Slot, Slots};
use super::wake::Wake;
use crate::metrics::METRICS;
use crate::model::event::NewBatch;
use crate::model::ids::WebhookId;
use crate::store::{Admit, RecordError, Recorded, RecordedGroup, Store, StoreError, Turn};
use crate::trace;

/// How many bytes of bodies may wait for their commit. Those who come later wait at the door.
const MAX_WAITING_BYTES: u32 = 64 * 1024 * 1024;
const MAX_WAITING: usize = 1024;

/// An error is shared by all whose group failed.
type Answer = Result<Result<Recorded, RecordError>, Arc<StoreError>>;

struct Item {
    batch: NewBatch,
    answer: oneshot::Sender<Answer>,
    /// Held as long as the item waits, also when its caller has hung up.
    room: OwnedSemaphorePermit,
}

/// Accepts publish requests.
#[derive(Debug, Clone)]
pub struct Recorder {
    items: mpsc::Sender<Item>,
    room: Arc<Semaphore>,
}

impl Recorder {
    /// Starts recording. The task ends once every `Recorder` is gone, or `close` is cancelled, and all that waited is
    /// written.
    pub fn start(door: Door, close: CancellationToken) -> (Self, tokio::task::JoinHandle<()>) {
        let (items, waiting) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(run(door, waiting, close));
        (Self { items, room: Arc::new(Semaphore::new(MAX_WAITING_BYTES as usize)) }, task)
    }

    /// Records a publish request. `Ok` means that it is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed: then nothing of it was kept. The inner error is the caller's.
    pub async fn record(&self, batch: NewBatch) -> Answer {
        let bytes = u32::try_from(batch.bytes()).unwrap_or(u32::MAX).min(MAX_WAITING_BYTES);
        let stopped = || Arc::new(StoreError::Database(sqlx::Error::WorkerCrashed));
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        self.items.send(Item { batch, answer, room }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

/// What is behind the way in.
#[derive(Debug)]
pub struct Door {
    /// Where events are kept.
    pub store: Store,
    /// Sends what can be sent at once.
    pub dispatcher: Arc<Dispatcher>,
    /// Says what can.
    pub slots: Slots,
    /// Told when there is something to deliver.
    pub wake: Arc<Wake>,
    /// Cancelled once nothing new is to be sent.
    pub stopping: CancellationToken,
}

/// What can be sent at once has a slot from here on.
struct Admission<'a> {
    door: &'a Door,
    taken: Vec<Slot>,
}

impl Admit for Admission<'_> {
    fn admit(&mut self, webhook_id: WebhookId, bytes: usize) -> bool {
        if self.door.stopping.is_cancelled() || self.door.dispatcher.finisher.is_stuck() {
            return false;
        }
        let slot = self.door.slots.try_take(webhook_id, bytes);
        let admitted = slot.is_some();
        self.taken.extend(slot);
        admitted
    }

    fn start_over(&mut self) {
        self.taken.clear();
    }
}

async fn run(door: Door, mut waiting: mpsc::Receiver<Item>, close: CancellationToken) {
    let weigh = |item: &Item| Weight { rows: item.batch.events.len(), bytes: item.batch.bytes() };
    loop {
        let first = tokio::select! {
            first = waiting.recv() => first,
            // A connection that never ends holds a recorder, and must not hold the database.
            () = close.cancelled(), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
        };
        let Some(first) = first else { return };
        let turn = door.store.turn().await;
        let group = group::gather(first, &mut waiting, weigh);
        // Who hung up before anything was written has no answer to rely on, and may have asked again.
        let group = group.into_iter().filter(|item| !item.answer.is_closed());
        let mut rooms = Vec::new();
        let (batches, askers): (Vec<_>, Vec<_>) = group
            .map(|item| {
                rooms.push(item.room);
                (item.batch, item.answer)
            })
            .unzip();
        if batches.is_empty() {
            continue;
        }
        let answers = door.record(turn, &batches).await;
        for (asker, answer) in askers.into_iter().zip(answers) {
            // An asker who hung up does not want the answer.
            let _ = asker.send(answer);
        }
    }
}

impl Door {
    /// Records a group. When the database refuses a row, it is recorded one by one, so that only the bad one fails;
    /// when the database fails, that is the answer to all: trying each again would keep those behind them waiting.
    async fn record(&self, turn: Turn, batches: &[NewBatch]) -> Vec<Answer> {
        match self.try_record(turn, batches).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) if error.is_about_a_row() && batches.len() > 1 => {
                tracing::warn!(%error, requests = batches.len(), "a group commit was refused: recording one by one");
                let mut answers = Vec::with_capacity(batches.len());
                for batch in batches {
                    let answer = self.try_record(self.store.turn().await, std::slice::from_ref(batch)).await;
                    answers.push(answer.map(|mut one| one.remove(0)).map_err(Arc::new));
                }
                answers
            }
            Err(error) => {
                let error = Arc::new(error);
                batches.iter().map(|_| Err(Arc::clone(&error))).collect()
            }
        }
    }

    async fn try_record(
        &self,
        turn: Turn,
        batches: &[NewBatch],
    ) -> Result<Vec<Result<Recorded, RecordError>>, StoreError> {
        let mut admission = Admission { door: self, taken: Vec::new() };
        let _span = trace::record(batches);
        let RecordedGroup { answers, claims, waiting } = METRICS
            .record
            .commit(events(batches), self.store.record_in(turn, batches, LEASE, &mut admission))
            .await?;
        METRICS.recorded(&answers);
        if self.stopping.is_cancelled() {
            self.dispatcher.release(claims).await;
        } else {
            METRICS.warm.inc_by(claims.len() as u64);
            for (claim, slot) in claims.into_iter().zip(admission.taken) {
                self.dispatcher.dispatch(claim, slot);
            }
        }
        if waiting {
            self.wake.all();
        }
        Ok(answers)
    }
}

fn events(batches: &[NewBatch]) -> usize {
    batches.iter().map(|batch| batch.events.len()).sum()
}

#[cfg(test)]
mod tests {
    use encrata_webhooks::EventKind;
    use sqlx::Connection as _;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::delivery::address::Guard;
    use crate::delivery::finish::Finisher;
    use crate::delivery::request::Signers;
    use crate::delivery::retry::RetrySchedule;
    use crate::delivery::send::Sender;
    use crate::model::event::NewEvent;
    use crate::model::ids::{EventId, WorkspaceId};
    use crate::vault::MasterKey;

    fn batch(body: &str) -> NewBatch {
        let event = NewEvent {
            id: EventId::new(1),
            kind: EventKind::Test,
            body: body.as_bytes().into(),
            traceparent: None,
        };
        NewBatch { workspace_id: WorkspaceId::new(1), events: vec![event], idempotency: None, now_ms: 1 }
    }

    /// A store whose database was made to misbehave by `statement`.
    async fn store(home: &tempfile::TempDir, statement: &'static str) -> Store {
        let file = home.path().join("test.db");
        let store = Store::open(&format!("sqlite:{}", file.display()).parse().unwrap()).await.unwrap();
        let mut connection =
            sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        store
    }

    fn door(store: Store) -> Door {
        let wake = Arc::<Wake>::default();
        let vault = MasterKey::from_hex(&MasterKey::generate_hex().unwrap()).unwrap();
        let (finisher, _) = Finisher::start(store.clone(), LEASE, Arc::clone(&wake));
        let dispatcher = Dispatcher {
            store: store.clone(),
            signers: Arc::new(Signers::new(Arc::new(vault.into()))),
            sender: Sender::new(Guard::new(Vec::new()), Vec::new(), None).unwrap(),
            finisher,
            schedule: RetrySchedule::default(),
            sends: TaskTracker::new(),
            handing_back: Default::default(),
        };
        Door {
            store,
            dispatcher: Arc::new(dispatcher),
            slots: Slots::new(Arc::clone(&wake)),
            wake,
            stopping: CancellationToken::new(),
        }
    }

    #[tokio::test]
    async fn a_refused_row_fails_alone() {
        let home = tempfile::tempdir().unwrap();
        let refuse = "create trigger refuse before insert on events when new.body = x'626164'
                      begin select raise(abort, 'refused'); end";
        let store = store(&home, refuse).await;
        let turn = store.turn().await;
        let answers = door(store).record(turn, &[batch("one"), batch("bad"), batch("two")]).await;
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }

    #[tokio::test]
    async fn a_failing_database_is_asked_once() {
        let home = tempfile::tempdir().unwrap();
        let store = store(&home, "drop table events").await;
        let turn = store.turn().await;
        let errors: Vec<_> = door(store)
            .record(turn, &[batch("one"), batch("two")])
            .await
            .into_iter()
            .map(Result::unwrap_err)
            .collect();
        assert!(Arc::ptr_eq(&errors[0], &errors[1]), "each was tried by itself");
    }
}
