//! What metrics ask of the database, each bounded.

use super::db::Db;
use super::row::Row;
use super::statement::sql;
use super::{Store, StoreError};
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};

/// A row of the queue.
pub type Position = (WorkspaceId, WebhookId, DeliveryId);

/// What keeps Postgres from removing rows that nobody else needs.
#[derive(Debug, Clone, Copy, Default)]
pub struct OldestSnapshot {
    /// For how long, in milliseconds, as far as a transaction does it.
    pub age_ms: i64,
    /// Since how many transactions.
    pub transactions: i64,
}

impl Store {
    /// Counts rows of the queue after a position, up to `limit`. Answers how many there were, and which was the last.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn count_waiting(
        &self,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<(usize, Option<Position>), StoreError> {
        let (workspace, webhook, id) = after.map_or_else(Default::default, |(workspace, webhook, id)| {
            (workspace.to_string(), webhook.to_string(), id.to_string())
        });
        let counted = sql(COUNT)
            .bind(workspace)
            .bind(webhook)
            .bind(id)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .optional(&self.db)
            .await?;
        let Some(row) = counted else { return Ok((0, None)) };
        Ok((row.small("n")?, Some(position(&row)?)))
    }

    /// What keeps rows from being removed; nothing does on SQLite that could be seen. It also tells whether the database
    /// answers at all.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn oldest_snapshot(&self) -> Result<OldestSnapshot, StoreError> {
        if let Db::Sqlite { .. } = self.db {
            self.ping().await?;
            return Ok(OldestSnapshot::default());
        }
        let row = sql(OLDEST_SNAPSHOT).one(&self.db).await?;
        Ok(OldestSnapshot { age_ms: row.int("age_ms")?, transactions: row.int("transactions")? })
    }
}

fn position(row: &Row) -> Result<Position, StoreError> {
    Ok((row.parse("workspace_id")?, row.parse("webhook_id")?, row.parse("id")?))
}

/// $1, $2, $3 after this row; $4 at most so many.
pub(super) const COUNT: &str = "
    with part as (
        select workspace_id, webhook_id, id from queue where (workspace_id, webhook_id, id) > ($1, $2, $3)
        order by workspace_id, webhook_id, id limit $4
    )
    select (select count(*) from part) as n, workspace_id, webhook_id, id from part
    order by workspace_id desc, webhook_id desc, id desc limit 1";

/// Postgres only. Whoever runs or has prepared a transaction in this database, replication slots, and standbys that say
/// what they still read. What other users do is shown only to a member of `pg_read_all_stats`.
const OLDEST_SNAPSHOT: &str = "
    select cast(coalesce(max(extract(epoch from clock_timestamp() - held.since)) * 1000, 0) as bigint) as age_ms,
           cast(coalesce(max(age(held.xmin)), 0) as bigint) as transactions
    from (
        select xact_start as since, coalesce(backend_xmin, backend_xid) as xmin from pg_stat_activity
        where pid <> pg_backend_pid() and (backend_xmin is not null or backend_xid is not null)
          and (datname = current_database() or backend_type = 'walsender')
        union all select prepared, transaction from pg_prepared_xacts where database = current_database()
        union all select null, xmin from pg_replication_slots where xmin is not null
    ) as held";
