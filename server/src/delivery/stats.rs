//! What came of attempts, counted in memory where outcomes are written, and added to the database now and then: no
//! delivery costs a statement more. A crash loses what was counted since.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::model::ids::{WebhookId, WorkspaceId};
use crate::model::stats::Tally;
use crate::store::{Finish, Minute, Store, StoreError, minute_of};

/// How often counts are written.
const FLUSH: Duration = Duration::from_secs(5);
/// How many minutes of webhooks one transaction writes: a group of outcomes must not wait long behind it.
const TOGETHER: usize = 250;

/// Counts of this process that are not written yet.
#[derive(Debug, Clone, Default)]
pub struct Stats(Arc<Mutex<Counted>>);

type Counted = HashMap<(WorkspaceId, WebhookId, i64), Tally>;

impl Stats {
    /// Counts attempts whose outcomes were written.
    pub(super) fn count<'a>(&self, finished: impl Iterator<Item = &'a Finish>) {
        let mut counted = self.lock();
        for Finish { claim, attempt, next, .. } in finished {
            let ended_ms = attempt.started_ms.saturating_add(attempt.duration_ms);
            let minute = (claim.workspace_id, claim.webhook_id, minute_of(ended_ms));
            counted.entry(minute).or_default().add(&Tally::of(attempt, *next));
        }
    }

    /// What is counted of a workspace and not written yet.
    pub fn pending(&self, workspace_id: WorkspaceId) -> Vec<Minute> {
        let counted = self.lock();
        let own = counted.iter().filter(|((workspace, ..), _)| *workspace == workspace_id);
        own.map(|(minute, tally)| (*minute, *tally)).collect()
    }

    /// Writes what was counted. What can't be written is kept for the next time.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let counted = std::mem::take(&mut *self.lock());
        let minutes: Vec<Minute> = counted.into_iter().collect();
        for (n, part) in minutes.chunks(TOGETHER).enumerate() {
            if let Err(error) = store.add_stats(part).await {
                let mut counted = self.lock();
                for (minute, tally) in &minutes[n * TOGETHER..] {
                    counted.entry(*minute).or_default().add(tally);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes now and then until `stop`. What is counted after that is for who stops the server.
    pub async fn keep_flushing(self, store: Store, stop: CancellationToken) {
        while tokio::time::timeout(FLUSH, stop.cancelled()).await.is_err() {
            if let Err(error) = self.flush(&store).await {
                tracing::warn!(%error, "counts of attempts could not be written: trying again later");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Counting can't panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
