//! The way out: ends of attempts queue here for a group commit. An outcome is never dropped: this task owns
//! claim and outcome until the store has answered, and while it can't, no new send starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::group::{self, Weight};
use super::stats::Stats;
use super::wake::Wake;
use super::worker::POLL;
use crate::duration::ms;
use crate::metrics::METRICS;
use crate::model::delivery::Next;
use crate::store::{Finish, Finished, Store, Turn};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How many outcomes may wait to be written, besides those that are being written: as many as may be in flight. Whoever
/// comes with one more waits, and keeps the slot that it was sent in.
const MAX_WAITING: usize = super::slots::MAX_IN_FLIGHT;

/// Takes the ends of attempts.
#[derive(Debug, Clone)]
pub struct Finisher {
    items: mpsc::Sender<Finish>,
    stuck: Arc<AtomicBool>,
    stats: Stats,
}

impl Finisher {
    /// Starts writing to `store`; a webhook that fails for `disable_after` is switched off; `wake` is told when a retry is
    /// due soon. The task ends once
    /// every `Finisher` is gone and all is written.
    pub fn start(
        store: Store,
        disable_after: Duration,
        wake: Arc<Wake>,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (items, mut waiting) = mpsc::channel(MAX_WAITING);
        let stuck = Arc::new(AtomicBool::new(false));
        let stats = Stats::default();
        let writer = Writer { store, disable_after, stuck: Arc::clone(&stuck), stats: stats.clone() };
        let task = tokio::spawn(async move {
            let weigh = |finish: &Finish| Weight {
                rows: 1,
                bytes: finish.attempt.response_body.as_ref().map_or(0, Vec::len),
            };
            while let Some(first) = waiting.recv().await {
                let turn = writer.store.turn().await;
                let group = group::gather(first, &mut waiting, weigh);
                let soon = group.iter().any(is_due_soon);
                writer.write(turn, group).await;
                if soon {
                    wake.here();
                }
            }
        });
        (Self { items, stuck, stats }, task)
    }

    /// Hands over the end of an attempt. Waits while too many wait already.
    pub(super) async fn finish(&self, finish: Finish) {
        if let Err(gone) = self.items.send(finish).await {
            // The task ends only after every sender: unreachable unless it panicked.
            tracing::error!(delivery = %gone.0.claim.delivery_id, "an outcome could not be handed over: it will be sent again");
        }
    }

    /// Tells whether outcomes can't be written at present, also after the `Finisher` is gone.
    pub fn stuck_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stuck)
    }

    /// What is counted of the outcomes, also after the `Finisher` is gone.
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// Whether outcomes can't be written at present.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }
}

/// Whether another attempt follows before the worker would look by itself.
fn is_due_soon(finish: &Finish) -> bool {
    let poll_ms = ms(POLL);
    matches!(finish.next, Next::Retry { after_ms } if after_ms < poll_ms)
}

/// What writes outcomes.
#[derive(Clone)]
struct Writer {
    store: Store,
    disable_after: Duration,
    stuck: Arc<AtomicBool>,
    stats: Stats,
}

impl Writer {
    /// Writes a group, for as long as it takes. When the store fails, all wait. When it refuses a row, the group is
    /// halved until that row is alone, and it waits by itself: it must keep no other waiting.
    async fn write(&self, turn: Turn, group: Vec<Finish>) {
        let mut turn = Some(turn);
        let mut todo = vec![group];
        let mut pause = FIRST_PAUSE;
        while let Some(mut finishes) = todo.pop() {
            let turn = match turn.take() {
                Some(turn) => turn,
                None => self.store.turn().await,
            };
            let finish = self.store.finish_in(turn, &finishes, self.disable_after);
            match METRICS.finish.commit(finishes.len(), finish).await {
                Ok(finished) => {
                    self.stuck.store(false, Ordering::Relaxed);
                    METRICS.stuck(false);
                    pause = FIRST_PAUSE;
                    self.report(&finishes, &finished);
                }
                Err(error) if error.is_about_a_row() && finishes.len() == 1 => {
                    tracing::error!(%error, delivery = %finishes[0].claim.delivery_id, "an outcome is refused: it waits alone");
                    let writer = self.clone();
                    tokio::spawn(async move { writer.write_alone(finishes).await });
                }
                Err(error) if error.is_about_a_row() => {
                    let half = finishes.len().div_ceil(2);
                    todo.push(finishes.split_off(half));
                    todo.push(finishes);
                }
                Err(error) => {
                    tracing::error!(%error, outcomes = finishes.len(), "outcomes could not be written: trying again");
                    self.stuck.store(true, Ordering::Relaxed);
                    METRICS.stuck(true);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    todo.push(finishes);
                }
            }
        }
    }

    /// Tries an outcome that was refused again and again, until it is written or its lease has gone to another.
    async fn write_alone(&self, finishes: Vec<Finish>) {
        loop {
            tokio::time::sleep(LONGEST_PAUSE).await;
            match self.store.finish(&finishes, self.disable_after).await {
                Ok(finished) => {
                    return self.report(&finishes, &finished);
                }
                Err(error) => tracing::debug!(%error, "an outcome is still refused"),
            }
        }
    }

    fn report(&self, group: &[Finish], finished: &[Finished]) {
        let ended = group.iter().zip(finished);
        self.stats.count(ended.filter(|(_, ended)| **ended == Finished::Written).map(|(finish, _)| finish));
        tell(group, finished);
    }
}

fn tell(group: &[Finish], finished: &[Finished]) {
    for (finish, finished) in group.iter().zip(finished) {
        METRICS.finished(finish, *finished);
        let Finish { claim, attempt, next, .. } = finish;
        let (delivery, webhook) = (claim.delivery_id, claim.webhook_id);
        let (status, ms) = (attempt.response_status, attempt.duration_ms);
        match finished {
            // What works is told by the API and by metrics; the log is for what does not.
            Finished::Written if matches!(next, Next::Succeeded) => {
                tracing::debug!(%delivery, %webhook, attempt = finish.number(), status, ms, "delivered");
            }
            Finished::Written => {
                tracing::info!(%delivery, %webhook, attempt = finish.number(), status, ms, ?next, error = attempt.error, "attempt failed");
            }
            Finished::LeaseLost => {
                tracing::warn!(%delivery, %webhook, status, "lease lost: the outcome of this attempt was not written");
            }
        }
    }
}
