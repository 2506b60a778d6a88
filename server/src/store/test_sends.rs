//! Keeping test sends.

use super::statement::sql;
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
        let mut tx = self.db.write().await?;
        let webhook =
            sql("select id from webhooks where workspace_id = $1 and id = $2 and deleted_ms is null")
                .bind(*workspace_id)
                .bind(*webhook_id)
                .optional(&mut tx)
                .await?;
        if webhook.is_none() {
            // It was deleted while the test was on its way: nobody would erase what came after.
            return Ok(());
        }
        sql(
            "insert into events (workspace_id, id, event_type, body, created_ms) values ($1, $2, $3, $4, $5)",
        )
        .bind(*workspace_id)
        .bind(event.id)
        .bind(event.kind.as_str())
        .bind(&*event.body)
        .bind(now_ms)
        .execute(&mut tx)
        .await?;
        let [started, duration, code, body, error] = attempts::attempt(attempt);
        let mut rows = attempts::FIRST.rows();
        rows.push([
            (*workspace_id).into(),
            (*webhook_id).into(),
            (*id).into(),
            event.id.into(),
            event.kind.as_str().into(),
            now_ms.into(),
            status.as_str().into(),
            true.into(),
            started,
            duration,
            code,
            body,
            error,
        ]);
        attempts::FIRST.query().bind_rows(rows).execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}
