//! What is done now and then: erasing deleted webhooks, forgetting old idempotency keys.

use sqlx::Row as _;

use super::record::IDEMPOTENCY_MS;
use super::{Store, StoreError};

/// How many rows one transaction erases: small enough that no publish waits long behind it.
const ERASE_ROWS: i64 = 500;

impl Store {
    /// Erases rows of deleted webhooks, and at last the webhooks. Answers whether there is more to do.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn erase_deleted(&self) -> Result<bool, StoreError> {
        let deleted =
            sqlx::query("select workspace_id, id from webhooks where deleted_ms is not null limit 1")
                .fetch_optional(&self.reader)
                .await?;
        let Some(deleted) = deleted else { return Ok(false) };
        let (workspace_id, id): (&str, &str) = (deleted.try_get("workspace_id")?, deleted.try_get("id")?);
        let mut tx = self.begin().await?;
        let mut erased = 0;
        for statement in [
            "delete from queue where workspace_id = $1 and webhook_id = $2 and id in (
                select id from queue where workspace_id = $1 and webhook_id = $2 limit $3)",
            "delete from deliveries where workspace_id = $1 and webhook_id = $2 and id in (
                select id from deliveries where workspace_id = $1 and webhook_id = $2 limit $3)",
            "delete from attempts where workspace_id = $1 and webhook_id = $2 and delivery_id in (
                select delivery_id from attempts where workspace_id = $1 and webhook_id = $2 limit $3)",
        ] {
            let done =
                sqlx::query(statement).bind(workspace_id).bind(id).bind(ERASE_ROWS).execute(&mut *tx).await?;
            erased += done.rows_affected();
        }
        if erased == 0 {
            sqlx::query("delete from webhooks where workspace_id = $1 and id = $2")
                .bind(workspace_id)
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets idempotency keys that are older than 72 hours. Answers whether there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn forget_idempotency(&self, now_ms: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let forgotten = sqlx::query(
            "delete from idempotency where (workspace_id, key) in (
                select workspace_id, key from idempotency where created_ms <= $1 limit $2)",
        )
        .bind(now_ms - IDEMPOTENCY_MS)
        .bind(ERASE_ROWS)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(forgotten > 0)
    }
}
