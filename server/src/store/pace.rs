//! The rates of webhooks that have one: how much of it is left, and how much a claim uses up. The row says so, so all nodes
//! share one rate.

use std::collections::HashMap;

use super::queue::Want;
use super::row::Row;
use super::rows::{int, text};
use super::statement::Statement;
use super::{Store, StoreError, Tx};
use crate::model::ids::{WebhookId, WorkspaceId};

impl Store {
    /// What is left of the rates of those wanted webhooks that have one. Their rows stay locked, so that nodes share
    /// one rate.
    pub(super) async fn limits(
        &self,
        tx: &mut Tx,
        wanted: &[Want],
    ) -> Result<HashMap<WebhookId, RateLimit>, StoreError> {
        let mut rows = LIMITS.rows();
        let limited = wanted.iter().filter(|want| want.is_limited);
        let mut ids: Vec<WebhookId> = limited.map(|want| want.webhook_id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        ids.sort_unstable();
        for id in ids {
            rows.push([id.into()]);
        }
        let rows = LIMITS.query().bind(&self.clock).bind_rows(rows).all(tx).await?;
        rows.iter()
            .map(|row| {
                let per_second = row.int("rate_limit")?;
                // A second's worth may come at once.
                let from_ms = row.int("paced_ms")?.max(row.int("now_ms")? - 1000);
                let allowed = (row.int("now_ms")? - from_ms).max(0) * per_second / 1000;
                let allowed = usize::try_from(allowed).unwrap_or(0);
                let workspace_id = row.parse("workspace_id")?;
                Ok((row.parse("id")?, RateLimit { workspace_id, per_second, from_ms, allowed }))
            })
            .collect()
    }
}

/// The rate of a webhook, and what is left of it now.
pub(super) struct RateLimit {
    workspace_id: WorkspaceId,
    per_second: i64,
    from_ms: i64,
    /// How many deliveries may go now.
    pub(super) allowed: usize,
}

/// For how long `n` deliveries use up a rate, in milliseconds, rounded up: a rate is never exceeded.
pub(super) fn used_ms(n: i64, per_second: i64) -> i64 {
    (n * 1000 + per_second - 1) / per_second
}

/// Notes how much of their rates claimed rows use up.
pub(super) async fn use_up(
    tx: &mut Tx,
    limited: &HashMap<WebhookId, RateLimit>,
    claimed: &[Row],
) -> Result<(), StoreError> {
    if limited.is_empty() {
        return Ok(());
    }
    let mut used: HashMap<WebhookId, i64> = HashMap::new();
    for row in claimed {
        *used.entry(row.parse("webhook_id")?).or_default() += 1;
    }
    let mut rows = USE_UP.rows();
    for (id, limit) in limited {
        if let Some(used) = used.get(id) {
            let paced_ms = limit.from_ms + used_ms(*used, limit.per_second);
            rows.push([limit.workspace_id.into(), (*id).into(), paced_ms.into()]);
        }
    }
    if !rows.is_empty() {
        USE_UP.query().bind_rows(rows).execute(tx).await?;
    }
    Ok(())
}

/// $1 now.
pub(super) static LIMITS: Statement = Statement::new(
    "select w.workspace_id, w.id, w.rate_limit, w.paced_ms, now($1) as now_ms from {rows}
     {seek webhooks w on w.id = r.webhook_id and w.rate_limit is not null} {postgres: for update of w}",
)
.with_rows(&[text("webhook_id")]);

pub(super) static USE_UP: Statement = Statement::new(
    "update webhooks set paced_ms = r.paced_ms from {rows}
     where {probe webhooks.workspace_id = r.workspace_id} and {probe webhooks.id = r.webhook_id}",
)
.with_rows(&[text("workspace_id"), text("webhook_id"), int("paced_ms")]);
