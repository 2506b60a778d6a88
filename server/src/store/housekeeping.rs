//! What is done now and then: erasing deleted webhooks and what has outlived its time, forgetting old idempotency
//! keys. In small steps, so that no publish waits long behind one.

use super::record::IDEMPOTENCY_MS;
use super::row::Row;
use super::statement::{Statement, sql};
use super::stats::erase_stats;
use super::{Store, StoreError, Tx};
use crate::metrics::METRICS;
use crate::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};

/// How many rows of a table one transaction erases.
const ROWS: i64 = 500;
/// How many webhooks are looked up at once.
const WEBHOOKS: i64 = 1000;
/// For how long rows may still come for a webhook after its deletion: longer than any transaction that saw it alive.
const GRACE_MS: i64 = 60_000;

impl Store {
    /// Erases rows of deleted webhooks, and at last the webhooks. Answers whether there is more to do.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn erase_deleted(&self) -> Result<bool, StoreError> {
        // On a file, writes stand in line: nothing comes after the deletion.
        let grace_ms = if self.is_shared() { GRACE_MS } else { 0 };
        let deleted = DELETED.query().bind(&self.clock).bind(grace_ms).optional(&self.db).await?;
        let Some(deleted) = deleted else { return Ok(false) };
        let key = (deleted.parse("workspace_id")?, deleted.parse("id")?);
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let erased = erase(&mut tx, key, &DeliveryId::ceiling().to_string()).await?;
        let counts = erase_stats(&mut tx, key, i64::MAX, i64::MAX).await?;
        if erased.rows + counts == 0 {
            sql("delete from webhooks where workspace_id = $1 and id = $2")
                .bind(key.0)
                .bind(key.1)
                .execute(&mut tx)
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
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let forgotten = sql(FORGET).bind(now_ms - IDEMPOTENCY_MS).bind(ROWS).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(forgotten > 0)
    }

    /// Webhooks, a thousand at a time, in order, after the one that is given: whose rows are to be looked at.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn webhooks_after(
        &self,
        after: Option<(WorkspaceId, WebhookId)>,
    ) -> Result<Vec<(WorkspaceId, WebhookId)>, StoreError> {
        let (workspace_id, id) = after.map_or((String::new(), String::new()), |(workspace_id, id)| {
            (workspace_id.to_string(), id.to_string())
        });
        let rows = sql("select workspace_id, id from webhooks where (workspace_id, id) > ($1, $2)
             order by workspace_id, id limit $3")
        .bind(workspace_id)
        .bind(id)
        .bind(WEBHOOKS)
        .all(&self.db)
        .await?;
        rows.iter().map(|row| Ok((row.parse("workspace_id")?, row.parse("id")?))).collect()
    }

    /// Erases deliveries of a webhook that were accepted before `before_ms`: those that still wait expire first. Answers
    /// whether there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn expire_deliveries(
        &self,
        webhook: (WorkspaceId, WebhookId),
        before_ms: i64,
    ) -> Result<bool, StoreError> {
        let before = DeliveryId::floor(before_ms).to_string();
        if !is_any_old(
            &sql(OLD_DELIVERIES).bind(webhook.0).bind(webhook.1).bind(&*before).one(&self.db).await?,
        )? {
            return Ok(false);
        }
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let erased = erase(&mut tx, webhook, &before).await?;
        tx.commit().await?;
        METRICS.expired.inc_by(erased.waiting);
        Ok(erased.rows > 0)
    }

    /// Erases events of a workspace that were accepted before `before_ms`, which no delivery refers to any more.
    /// Answers whether there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn expire_events(&self, workspace_id: WorkspaceId, before_ms: i64) -> Result<bool, StoreError> {
        let before = EventId::floor(before_ms).to_string();
        if !is_any_old(&sql(OLD_EVENTS).bind(workspace_id).bind(&*before).one(&self.db).await?)? {
            return Ok(false);
        }
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let erased = sql(ERASE_EVENTS).bind(workspace_id).bind(before).bind(ROWS).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(erased > 0)
    }

    /// A transaction for one step; none while another node keeps house.
    pub(super) async fn keep_house(&self) -> Result<Option<Tx>, StoreError> {
        let mut tx = self.db.write().await?;
        if self.is_shared() && !sql(TRY_LOCK).one(&mut tx).await?.flag("locked")? {
            return Ok(None);
        }
        Ok(Some(tx))
    }
}

/// How many rows were erased, and how many of them were deliveries that waited.
#[derive(Default)]
struct Erased {
    rows: u64,
    waiting: u64,
}

/// Erases [`ROWS`] rows of each table that belong to a webhook's deliveries before an id.
async fn erase(tx: &mut Tx, webhook: (WorkspaceId, WebhookId), before: &str) -> Result<Erased, StoreError> {
    let mut erased = Erased::default();
    for (of_queue, statement) in [(true, ERASE_QUEUE), (false, ERASE_DELIVERIES), (false, ERASE_ATTEMPTS)] {
        let rows = sql(statement).bind(webhook.0).bind(webhook.1).bind(before).bind(ROWS).execute(tx).await?;
        erased.rows += rows;
        erased.waiting += if of_queue { rows } else { 0 };
    }
    Ok(erased)
}

fn is_any_old(row: &Row) -> Result<bool, StoreError> {
    row.flag("is_any")
}

/// $1 now, $2 for how long it must have been deleted.
static DELETED: Statement = Statement::new(
    "select workspace_id, id from webhooks where deleted_ms > 0 and deleted_ms <= now($1) - $2 limit 1",
);

// A part ends at a row that is sought first, if there are so many: a range of an index, and nothing to join.

/// $1 workspace, $2 webhook, $3 before this id, $4 so many.
macro_rules! erase {
    ($table:literal, $id:literal) => {
        concat!(
            "delete from ",
            $table,
            " where workspace_id = $1 and webhook_id = $2 and ",
            $id,
            " < $3 and ",
            $id,
            " <= coalesce((select ",
            $id,
            " from ",
            $table,
            " where workspace_id = $1 and webhook_id = $2 and ",
            $id,
            " < $3 order by ",
            $id,
            " limit 1 offset $4 - 1), $3)"
        )
    };
}

pub(super) const ERASE_QUEUE: &str = erase!("queue", "id");
pub(super) const ERASE_DELIVERIES: &str = erase!("deliveries", "id");
pub(super) const ERASE_ATTEMPTS: &str = erase!("attempts", "delivery_id");

/// $1 workspace, $2 before this id, $3 so many.
pub(super) const ERASE_EVENTS: &str = "
    delete from events where workspace_id = $1 and id < $2 and id <= coalesce((
        select id from events where workspace_id = $1 and id < $2 order by id limit 1 offset $3 - 1
    ), $2)";

/// $1 up to this time, $2 so many.
pub(super) const FORGET: &str = "
    delete from idempotency where created_ms <= coalesce((
        select created_ms from idempotency where created_ms <= $1 order by created_ms limit 1 offset $2 - 1
    ), $1)";

/// $1 workspace, $2 webhook, $3 before this id.
pub(super) const OLD_DELIVERIES: &str = "
    select cast(case when
        exists (select 1 from queue where workspace_id = $1 and webhook_id = $2 and id < $3)
        or exists (select 1 from deliveries where workspace_id = $1 and webhook_id = $2 and id < $3)
        or exists (select 1 from attempts where workspace_id = $1 and webhook_id = $2 and delivery_id < $3)
    then 1 else 0 end as bigint) as is_any";

/// $1 workspace, $2 before this id.
pub(super) const OLD_EVENTS: &str = "
    select cast(case when exists (select 1 from events where workspace_id = $1 and id < $2)
    then 1 else 0 end as bigint) as is_any";

/// Postgres: one node at a time. The number is this program's own.
const TRY_LOCK: &str =
    "select cast(case when pg_try_advisory_xact_lock(7311200417) then 1 else 0 end as bigint) as locked";
