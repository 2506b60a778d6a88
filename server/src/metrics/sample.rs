//! Looks at the database now and then, so that no scrape does: one that hangs costs a scrape nothing, and many scrapes
//! cost a database nothing.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::METRICS;
use super::count::{int, seconds};
use crate::clock::now_ms;
use crate::store::{Position, Store, StoreError};

/// How far apart two looks are, at least.
const EVERY: Duration = Duration::from_secs(15);
/// How far apart two steps of counting the queue are, at least.
const STEP: Duration = Duration::from_secs(1);
/// How many rows of the queue one step counts.
const ROWS: usize = 20_000;
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks until `stop`.
pub(crate) async fn keep_sampling(store: Store, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = snapshots(&store) => {}
        () = count(&store) => {}
    }
}

async fn snapshots(store: &Store) {
    loop {
        if let Some(oldest) = look(store.oldest_snapshot()).await {
            METRICS.seen.set(seconds(now_ms()));
            METRICS.snapshot.set(seconds(oldest.age_ms));
            METRICS.snapshot_transactions.set(oldest.transactions);
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Counts the queue over and over, a bounded part at a time. How many rows there are is known after the last.
async fn count(store: &Store) {
    let (mut counted, mut after) = (0, None::<Position>);
    loop {
        let step = look(store.count_waiting(after.as_ref(), ROWS)).await;
        let more = step.map(|(rows, last)| {
            counted += rows;
            after = last.filter(|_| rows == ROWS);
            after.is_some()
        });
        if more == Some(false) {
            METRICS.waiting.set(int(std::mem::take(&mut counted)));
        }
        tokio::time::sleep(if more == Some(true) { STEP } else { EVERY }).await;
    }
}

async fn look<T>(at: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, at).await {
        Ok(Ok(seen)) => Some(seen),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the database could not be looked at for metrics");
            None
        }
        Err(_) => {
            tracing::debug!("the database did not answer in time a look for metrics");
            None
        }
    }
}
