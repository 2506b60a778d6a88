//! Telling workers that there is something to do: the one of this process at once, those of other nodes through the
//! database. A signal that gets lost costs a poll, nothing else.

use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How far apart two signals to other nodes are: each takes a lock that all commits of the database share.
const APART: Duration = Duration::from_millis(100);
/// How long to wait before listening again when that broke off.
const AGAIN: Duration = Duration::from_secs(1);

/// Wakes workers.
#[derive(Debug, Default)]
pub struct Wake {
    here: Notify,
    others: Notify,
}

impl Wake {
    /// There is something for this process.
    pub fn here(&self) {
        self.here.notify_one();
    }

    /// There is something for whoever has room.
    pub fn all(&self) {
        self.here.notify_one();
        self.others.notify_one();
    }

    /// Waits for a signal.
    pub(super) async fn woken(&self) {
        self.here.notified().await;
    }

    /// Carries signals to other nodes and from them, until `stop`.
    pub(crate) async fn carry(&self, store: &Store, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.tell(store) => {}
            () = self.listen(store) => {}
        }
    }

    async fn tell(&self, store: &Store) {
        loop {
            self.others.notified().await;
            if let Err(error) = store.notify().await {
                tracing::debug!(%error, "other nodes could not be told: they will look by themselves");
            }
            tokio::time::sleep(APART).await;
        }
    }

    async fn listen(&self, store: &Store) {
        loop {
            let Err(error) = store.listen(|| self.here()).await else {
                // There are no other nodes.
                return std::future::pending().await;
            };
            tracing::debug!(%error, "signals of other nodes can't be heard: looking at the queue now and then");
            tokio::time::sleep(AGAIN).await;
        }
    }
}
