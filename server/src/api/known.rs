//! What publishing asks for again and again, kept in memory so that an event costs one transaction and nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::api_key::{ApiKey, KeyHash, Role};
use crate::model::ids::WorkspaceId;
use crate::store::{Store, StoreError};

/// For how long a publisher's key that was found is not looked up again. A key that is revoked through this process is
/// forgotten at once; elsewhere (another node, the command line) it opens for so long yet. All other keys are looked up
/// each time.
const TRUST: Duration = Duration::from_secs(1);
/// How many keys and workspaces are kept. When there are more, all are asked for anew.
const MOST: usize = 10_000;

/// Publishers' keys and workspaces that were found.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    keys: HashMap<KeyHash, (ApiKey, Instant)>,
    /// A workspace stays.
    workspaces: HashSet<WorkspaceId>,
}

impl Known {
    /// The publisher's key with this hash, if it was found a moment ago.
    pub(super) fn publisher(&self, hash: &KeyHash) -> Option<ApiKey> {
        let found = self.lock();
        found.keys.get(hash).filter(|(_, until)| Instant::now() < *until).map(|(key, _)| key.clone())
    }

    /// The active key with this hash.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub(super) async fn active_key(
        &self,
        store: &Store,
        hash: &KeyHash,
    ) -> Result<Option<ApiKey>, StoreError> {
        if let Some(key) = self.publisher(hash) {
            return Ok(Some(key));
        }
        let asked = Instant::now();
        let key = store.active_key(hash).await?;
        if let Some(key) = key.as_ref().filter(|key| key.role == Role::Publisher) {
            let mut found = self.lock();
            if found.keys.len() >= MOST {
                found.keys.clear();
            }
            found.keys.insert(hash.clone(), (key.clone(), asked + TRUST));
        }
        Ok(key)
    }

    /// Whether there is such a workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub(super) async fn workspace(&self, store: &Store, id: WorkspaceId) -> Result<bool, StoreError> {
        if self.lock().workspaces.contains(&id) {
            return Ok(true);
        }
        let exists = store.workspace(id).await?.is_some();
        if exists {
            let mut found = self.lock();
            if found.workspaces.len() >= MOST {
                found.workspaces.clear();
            }
            found.workspaces.insert(id);
        }
        Ok(exists)
    }

    /// Forgets all keys: one of them was changed.
    pub(super) fn forget_keys(&self) {
        self.lock().keys.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        // Nothing that is done under the lock can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
