//! How often each key is used. Counted in memory and written now and then: a row that every request wrote
//! would be the busiest of the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::model::ids::{KeyId, WorkspaceId};
use crate::store::{Store, StoreError};

/// How often the counts are written.
const FLUSH: Duration = Duration::from_secs(10);

type Counted = HashMap<(WorkspaceId, KeyId), (i64, i64)>;

/// Counts requests per key.
#[derive(Debug, Clone, Default)]
pub struct Usage(Arc<Mutex<Counted>>);

impl Usage {
    /// Counts a request made at `now_ms`.
    pub fn count(&self, workspace_id: WorkspaceId, key_id: KeyId, now_ms: i64) {
        self.add((workspace_id, key_id), (1, now_ms));
    }

    /// What is counted and not written yet: requests, and the time of the last one.
    pub fn pending(&self, workspace_id: WorkspaceId, key_id: KeyId) -> Option<(i64, i64)> {
        self.lock().get(&(workspace_id, key_id)).copied()
    }

    /// Writes what was counted. What can't be written is kept for the next time.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let counted = std::mem::take(&mut *self.lock());
        if counted.is_empty() {
            return Ok(());
        }
        let written = store.count_requests(&counted).await;
        if written.is_err() {
            for (key, count) in counted {
                self.add(key, count);
            }
        }
        written
    }

    /// Writes now and then, and once more at `stop`.
    pub async fn keep_flushing(self, store: Store, stop: CancellationToken) {
        loop {
            let stopped = tokio::time::timeout(FLUSH, stop.cancelled()).await.is_ok();
            if let Err(error) = self.flush(&store).await {
                tracing::warn!(%error, "request counts could not be written: trying again later");
            }
            if stopped {
                return;
            }
        }
    }

    fn add(&self, key: (WorkspaceId, KeyId), (requests, last_ms): (i64, i64)) {
        let mut counted = self.lock();
        let count = counted.entry(key).or_default();
        count.0 += requests;
        count.1 = count.1.max(last_ms);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        // Counting can't panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
