//! The way in: publish requests queue here for a group commit, and are answered once they are on disk.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use super::group::{self, Weight};
use crate::model::event::NewBatch;
use crate::store::{RecordError, Recorded, Store, StoreError};

/// How many bytes of bodies may wait for their commit. Those who come later wait at the door.
const MAX_WAITING_BYTES: u32 = 64 * 1024 * 1024;
const MAX_WAITING: usize = 1024;

type Answer = Result<Result<Recorded, RecordError>, StoreError>;

struct Item {
    batch: NewBatch,
    answer: oneshot::Sender<Answer>,
}

/// Accepts publish requests.
#[derive(Debug, Clone)]
pub struct Recorder {
    items: mpsc::Sender<Item>,
    room: Arc<Semaphore>,
}

impl Recorder {
    /// Starts recording into `store`; `wake` is told when there is something to deliver. The task ends once
    /// every `Recorder` is gone and all that waited is written.
    pub fn start(store: Store, wake: Arc<Notify>) -> (Self, tokio::task::JoinHandle<()>) {
        let (items, waiting) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(run(store, wake, waiting));
        (Self { items, room: Arc::new(Semaphore::new(MAX_WAITING_BYTES as usize)) }, task)
    }

    /// Records a publish request. `Ok` means that it is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed: then nothing of it was kept. The inner error is the caller's.
    pub async fn record(&self, batch: NewBatch) -> Answer {
        let bytes = u32::try_from(batch.bytes()).unwrap_or(u32::MAX).min(MAX_WAITING_BYTES);
        let stopped = || StoreError::Database(sqlx::Error::WorkerCrashed);
        let _room = self.room.acquire_many(bytes).await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        self.items.send(Item { batch, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn run(store: Store, wake: Arc<Notify>, mut waiting: mpsc::Receiver<Item>) {
    let weigh = |item: &Item| Weight { rows: item.batch.events.len(), bytes: item.batch.bytes() };
    while let Some(group) = group::next(&mut waiting, weigh).await {
        // Whoever waits is answered even if the caller has gone: the event is recorded either way.
        let (batches, askers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|item| (item.batch, item.answer)).unzip();
        let answers = record(&store, &batches).await;
        let due = answers.iter().flatten().flatten().any(|recorded| match recorded {
            Recorded::New(accepted) => accepted.iter().any(|one| one.deliveries > 0),
            Recorded::Before(_) => false,
        });
        for (asker, answer) in askers.into_iter().zip(answers) {
            // An asker who hung up does not want the answer.
            let _ = asker.send(answer);
        }
        if due {
            wake.notify_one();
        }
    }
}

/// Records a group; one that fails is recorded one by one, so that only the bad one fails.
async fn record(store: &Store, batches: &[NewBatch]) -> Vec<Answer> {
    match store.record(batches).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if batches.len() == 1 => vec![Err(error)],
        Err(error) => {
            tracing::warn!(%error, requests = batches.len(), "a group commit failed: recording one by one");
            let mut answers = Vec::with_capacity(batches.len());
            for batch in batches {
                let answer = store.record(std::slice::from_ref(batch)).await;
                answers.push(answer.map(|mut one| one.remove(0)));
            }
            answers
        }
    }
}
