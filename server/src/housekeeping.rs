//! Erases what was deleted and forgets what has expired, in small steps between everything else.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::now_ms;
use crate::store::{Store, StoreError};

/// How long to rest when there is nothing to do.
const REST: Duration = Duration::from_secs(5);
/// How long to let others write between two steps.
const BREATH: Duration = Duration::from_millis(5);

/// Keeps house until `stop`.
pub(crate) async fn run(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = match step(&store).await {
            Ok(true) => BREATH,
            Ok(false) => REST,
            Err(error) => {
                tracing::warn!(%error, "housekeeping failed: trying again");
                REST
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One step. Answers whether there is more to do.
async fn step(store: &Store) -> Result<bool, StoreError> {
    let erased = store.erase_deleted().await?;
    let forgotten = store.forget_idempotency(now_ms()).await?;
    Ok(erased || forgotten)
}
