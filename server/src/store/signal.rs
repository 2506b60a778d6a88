//! Signals between nodes that share a Postgres database.

use sqlx::postgres::PgListener;

use super::db::Db;
use super::{Store, StoreError};

/// The channel; one per database.
const CHANNEL: &str = "encrata_webhooks";

impl Store {
    /// Tells the other nodes that there is something to do. In a transaction of its own: `NOTIFY` takes a lock at
    /// commit that all transactions with one share.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn notify(&self) -> Result<(), StoreError> {
        if let Db::Postgres(pool) = &self.db {
            sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(pool).await?;
        }
        Ok(())
    }

    /// Calls `heard` at each signal of a node. Returns at once where there are no others.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the connection breaks.
    pub async fn listen(&self, heard: impl Fn()) -> Result<(), StoreError> {
        let Db::Postgres(pool) = &self.db else { return Ok(()) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        // Whatever was said before is not heard any more.
        heard();
        loop {
            // None: the connection broke, and signals may have been lost.
            listener.try_recv().await?;
            heard();
        }
    }
}
