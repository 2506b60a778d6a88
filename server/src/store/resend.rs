//! Sending deliveries again.

use serde_json::json;
use sqlx::Row as _;

use super::rows::parse;
use super::{Store, StoreError, Write};
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};

/// How many deliveries one transaction sends again.
const RESEND_ROWS: i64 = 1000;

impl Store {
    /// The webhook that a delivery goes to; none when there is no such delivery in the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn webhook_of_delivery(
        &self,
        workspace_id: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<WebhookId>, StoreError> {
        // One seek per webhook of the workspace: rows are kept by webhook.
        let row = sqlx::query(
            "select w.id from webhooks w where w.workspace_id = $1 and w.deleted_ms is null and (
                exists (select 1 from deliveries d where d.workspace_id = $1 and d.webhook_id = w.id and d.id = $2)
                or exists (select 1 from queue q where q.workspace_id = $1 and q.webhook_id = w.id and q.id = $2))",
        )
        .bind(workspace_id.to_string())
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await?;
        row.map(|row| parse(&row, "id")).transpose()
    }

    /// Makes one delivery due now, whatever came of it before; its retry schedule starts again. Answers `false`,
    /// with nothing changed, when it is being sent just now.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn resend(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        id: DeliveryId,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let queued = requeue(&mut tx, workspace_id, webhook_id, &[id.to_string()], now_ms).await?;
        tx.commit().await?;
        Ok(queued == 1)
    }

    /// Makes every delivery of a webhook due now that failed for good and was accepted at `since_ms` or
    /// later. Answers how many. Works in transactions of a thousand: if one after the first fails, the answer is how
    /// many were queued, and asking again goes on with the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn resend_failed(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        since_ms: i64,
        now_ms: i64,
    ) -> Result<u64, StoreError> {
        let mut resent = 0;
        let mut after = DeliveryId::floor(since_ms).to_string();
        loop {
            match self.resend_some(workspace_id, webhook_id, &after, now_ms).await {
                Ok(ids) => match ids.last() {
                    Some(last) => {
                        resent += ids.len() as u64;
                        after.clone_from(last);
                    }
                    None => return Ok(resent),
                },
                // An error now would be asked again, and what fails once more meanwhile be sent yet again.
                Err(error) if resent > 0 => {
                    tracing::error!(%error, resent, "not all that failed could be queued");
                    return Ok(resent);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Queues the next failed deliveries after an id, in one transaction. Answers their ids, in order.
    async fn resend_some(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        after: &str,
        now_ms: i64,
    ) -> Result<Vec<String>, StoreError> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(FAILED_SINCE)
            .bind(workspace_id.to_string())
            .bind(webhook_id.to_string())
            .bind(after)
            .bind(RESEND_ROWS)
            .fetch_all(&mut *tx)
            .await?;
        let ids: Vec<String> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
        requeue(&mut tx, workspace_id, webhook_id, &ids, now_ms).await?;
        tx.commit().await?;
        Ok(ids)
    }
}

/// $1 workspace, $2 webhook, $3 after this id, $4 limit.
pub(super) const FAILED_SINCE: &str = "
    select id from deliveries where workspace_id = $1 and webhook_id = $2 and status = 'failed' and is_test = 0
    and id > $3
    order by id limit $4";

// $1 workspace, $2 webhook, $3 ids, $4 now.

const QUEUE: &str = "
    insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms, attempts)
    select d.workspace_id, d.webhook_id, d.id, d.event_id, d.event_type, d.created_ms, $4, d.attempts
    from deliveries d
    where d.workspace_id = $1 and d.webhook_id = $2 and d.id in (select value from json_each($3))
    on conflict do nothing";
const MAKE_DUE: &str = "
    update queue set next_ms = $4, step = 0
    where workspace_id = $1 and webhook_id = $2 and id in (select value from json_each($3)) and owner is null";
const MAKE_PENDING: &str = "
    update deliveries set status = 'pending'
    where workspace_id = $1 and webhook_id = $2 and id in (select value from json_each($3))
      and status <> 'pending'";

/// Queues deliveries that were sent before, and makes those due now that are queued and not being sent. Answers how
/// many are due now.
async fn requeue(
    tx: &mut Write,
    workspace_id: WorkspaceId,
    webhook_id: WebhookId,
    ids: &[String],
    now_ms: i64,
) -> Result<u64, StoreError> {
    let ids = json!(ids).to_string();
    let about = |statement| {
        sqlx::query(statement).bind(workspace_id.to_string()).bind(webhook_id.to_string()).bind(ids.clone())
    };
    about(QUEUE).bind(now_ms).execute(&mut **tx).await?;
    let due = about(MAKE_DUE).bind(now_ms).execute(&mut **tx).await?.rows_affected();
    about(MAKE_PENDING).execute(&mut **tx).await?;
    Ok(due)
}
