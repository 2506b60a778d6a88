//! Keeping test sends.

use serde_json::json;

use super::{Store, StoreError, attempts};
use crate::model::delivery::{Attempt, Status};
use crate::model::event::NewEvent;
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};

/// A test send: one event to one webhook, and the one attempt that was made.
#[derive(Debug)]
pub struct TestSend<'a> {
    /// Whose it was.
    pub workspace_id: WorkspaceId,
    /// Where it went.
    pub webhook_id: WebhookId,
    /// The delivery.
    pub id: DeliveryId,
    /// What was sent.
    pub event: &'a NewEvent,
    /// What came of it.
    pub status: Status,
    /// How.
    pub attempt: &'a Attempt,
}

impl Store {
    /// Keeps a test send.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn record_test(&self, test: &TestSend<'_>, now_ms: i64) -> Result<(), StoreError> {
        let TestSend { workspace_id, webhook_id, id, event, status, attempt } = test;
        let mut tx = self.begin().await?;
        let webhook =
            sqlx::query("select 1 from webhooks where workspace_id = $1 and id = $2 and deleted_ms is null")
                .bind(workspace_id.to_string())
                .bind(webhook_id.to_string())
                .fetch_optional(&mut *tx)
                .await?;
        if webhook.is_none() {
            // It was deleted while the test was on its way: nobody would erase what came after.
            return Ok(());
        }
        sqlx::query(
            "insert into events (workspace_id, id, event_type, body, created_ms) values ($1, $2, $3, $4, $5)",
        )
        .bind(workspace_id.to_string())
        .bind(event.id.to_string())
        .bind(event.kind.as_str())
        .bind(&event.body)
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
        let row = json!([
            [workspace_id, webhook_id, id],
            attempts::attempt(attempt),
            status.as_str(),
            event.id,
            event.kind.as_str(),
            now_ms,
            1
        ]);
        sqlx::query(attempts::FIRST).bind(json!([row]).to_string()).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}
