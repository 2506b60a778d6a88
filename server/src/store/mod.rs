//! What is kept. All the SQL of the server is in this folder.
//!
//! Reads go over a small pool. Writes go over one connection, each in a `begin immediate` transaction:
//! SQLite has one writer, and a deferred transaction that turns into a write fails at once beside another
//! process, whatever the busy timeout. Journal mode is WAL with `synchronous = full`, so a commit that
//! returned is on disk.

mod api_keys;
mod attempts;
mod deliveries;
#[cfg(test)]
mod explain_tests;
mod housekeeping;
mod master_key;
mod open;
mod queue;
mod record;
mod resend;
mod rows;
mod test_sends;
mod webhooks;
mod workspaces;

use sqlx::{Sqlite, SqlitePool, Transaction};

pub use self::api_keys::NewApiKey;
pub use self::deliveries::{Filter, Page};
pub use self::open::{DatabaseUrl, OpenError, ServeLock};
pub use self::queue::{Finish, Finished, Lane, Want};
pub use self::record::{RecordError, Recorded};
pub use self::test_sends::TestSend;
pub use self::webhooks::{Change, CreateError};
pub use self::workspaces::Workspace;

/// A write in progress; dropped without a commit, it leaves nothing behind.
type Write = Transaction<'static, Sqlite>;

/// The store: SQLite, in one file.
#[derive(Debug, Clone)]
pub struct Store {
    reader: SqlitePool,
    writer: SqlitePool,
    /// Who holds the leases that this store takes: unique per start of a process.
    owner: std::sync::Arc<str>,
}

/// The database did not do what it was asked. Nothing of the request was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite, or the disk below it, failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what this program never writes.
    #[error("the database holds an unreadable {what}: {why}")]
    Unreadable {
        /// Which column or value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl StoreError {
    /// Whether the database refused a row (a constraint, `SQLITE_CONSTRAINT` and its kin), and works otherwise.
    pub fn is_about_a_row(&self) -> bool {
        const SQLITE_CONSTRAINT: i32 = 19;
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        let code = error.code().and_then(|code| code.parse::<i32>().ok());
        // The low byte is the kind, the rest says more.
        code.is_some_and(|code| code & 0xff == SQLITE_CONSTRAINT)
    }
}

impl Store {
    async fn begin(&self) -> Result<Write, sqlx::Error> {
        self.writer.begin_with("begin immediate").await
    }

    /// Whether the database answers, for the health check.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1 from settings limit 1").fetch_optional(&self.reader).await?;
        Ok(())
    }

    /// Closes all connections and folds the WAL back into the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
