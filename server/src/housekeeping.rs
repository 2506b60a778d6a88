//! Erases what was deleted and what has outlived its time, and forgets what has expired, in small steps between
//! everything else.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::now_ms;
use crate::duration::ms;
use crate::store::{Store, StoreError};

/// How long to rest when there is nothing to do.
const REST: Duration = Duration::from_secs(5);
/// How long to let others write between two steps.
const BREATH: Duration = Duration::from_millis(5);
/// How far apart the beginnings of two searches for old rows are, at least.
const SEARCH: Duration = Duration::from_secs(60);

/// For how long counts by the minute are kept: for what is asked for, and some.
const MINUTES: Duration = Duration::from_secs(49 * 3600);

/// Keeps house until `stop`. What was accepted longer than `retention` ago is erased.
pub(crate) async fn run(store: Store, retention: Option<Duration>, stop: CancellationToken) {
    let keeping = async {
        tokio::join!(
            again_and_again(REST, || erase(&store)),
            again_and_again(SEARCH, || forget(&store, retention)),
            async {
                if let Some(retention) = retention {
                    again_and_again(SEARCH, || expire(&store, retention)).await;
                }
            }
        );
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = keeping => {}
    }
}

async fn again_and_again<F>(rest: Duration, work: impl Fn() -> F)
where
    F: Future<Output = Result<(), StoreError>>,
{
    loop {
        if let Err(error) = work().await {
            tracing::warn!(%error, "housekeeping failed: trying again");
        }
        tokio::time::sleep(rest).await;
    }
}

/// Erases deleted webhooks and forgets idempotency keys.
async fn erase(store: &Store) -> Result<(), StoreError> {
    while store.erase_deleted().await? {
        tokio::time::sleep(BREATH).await;
    }
    while store.forget_idempotency(now_ms()).await? {
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}

/// Forgets sessions that have ended, and counts that are older than they are kept.
async fn forget(store: &Store, retention: Option<Duration>) -> Result<(), StoreError> {
    while store.forget_sessions().await? {
        tokio::time::sleep(BREATH).await;
    }
    let before = |kept: Duration| now_ms().saturating_sub(ms(kept));
    let (minutes_ms, hours_ms) = (before(MINUTES), retention.map_or(i64::MIN, before));
    let mut after = None;
    loop {
        let webhooks = store.webhooks_after(after).await?;
        let Some(last) = webhooks.last() else { return Ok(()) };
        after = Some(*last);
        for webhook in webhooks {
            while store.expire_stats(webhook, minutes_ms, hours_ms).await? {
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Erases what is older than `retention`: waiting deliveries first, then history, then the events.
async fn expire(store: &Store, retention: Duration) -> Result<(), StoreError> {
    let before_ms = now_ms().saturating_sub(ms(retention));
    let mut after = None;
    loop {
        let webhooks = store.webhooks_after(after).await?;
        let Some(last) = webhooks.last() else { break };
        after = Some(*last);
        for webhook in webhooks {
            while store.expire_deliveries(webhook, before_ms).await? {
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    for workspace in store.workspaces().await? {
        while store.expire_events(workspace.id, before_ms).await? {
            tokio::time::sleep(BREATH).await;
        }
        while store.expire_notices(workspace.id, before_ms).await? {
            tokio::time::sleep(BREATH).await;
        }
    }
    Ok(())
}
