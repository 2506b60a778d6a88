//! What is kept. All the SQL of the server is in this folder.
//!
//! `db` holds the two databases, `statement` the one text that both run. What is written is committed in one
//! transaction and on disk when the call returns.

mod api_keys;
mod arrivals;
mod attempts;
mod backup;
mod clock;
mod db;
mod deliveries;
mod explain;
mod finish;
mod housekeeping;
mod import;
mod master_key;
mod newest;
mod notices;
mod open;
mod pace;
mod queue;
mod record;
mod resend;
mod row;
mod rows;
mod sample;
mod sessions;
mod signal;
mod statement;
mod stats;
#[cfg(test)]
mod step_tests;
mod test_sends;
mod webhooks;
mod workspaces;

use std::sync::Arc;

pub use self::api_keys::NewApiKey;
pub use self::arrivals::{Arrival, Content};
pub use self::backup::{Backup, BackupError};
pub use self::clock::Clock;
pub use self::db::Turn;
use self::db::{Db, Tx};
pub use self::deliveries::{Filter, Page};
pub use self::finish::{Finish, Finished};
pub use self::import::{How, ImportError, Imported};
pub use self::master_key::{KeyChecks, Resealed};
pub use self::newest::Head;
pub use self::open::{DatabaseUrl, OpenError, ServeLock, SqlitePath};
pub use self::queue::{Lane, Want};
pub use self::record::{Admit, RecordError, Recorded, RecordedGroup};
pub use self::sample::{OldestSnapshot, Position};
pub(crate) use self::stats::minute_of;
pub use self::stats::{MOST_WAITING, Minute, Standing, Step};
pub use self::test_sends::TestSend;
pub use self::webhooks::{Change, CreateError};
pub use self::workspaces::Workspace;

/// How often a transaction is tried that got in another node's way.
const TRIES: usize = 5;

/// The store: SQLite in one file, or a Postgres server.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    /// Whose time decides what is due and when a lease ends.
    clock: Clock,
    /// Who holds the leases that this store takes: unique per start of a process.
    owner: Arc<str>,
}

/// The database did not do what it was asked. Nothing of the request was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database, the way to it, or the disk below it failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A secret was sealed under a key that the database is not under, or not any more.
    #[error("the master key of this database was replaced")]
    MasterKeyChanged,
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
    /// Whether the database refused a row, and works otherwise: a constraint (`SQLITE_CONSTRAINT` and its kin), or a
    /// value (SQLSTATE classes 22, data exception, and 23, integrity constraint violation).
    pub fn is_about_a_row(&self) -> bool {
        const SQLITE_CONSTRAINT: i32 = 19;
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        let Some(code) = error.code() else { return false };
        if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
            return code.starts_with("22") || code.starts_with("23");
        }
        // The low byte is the kind, the rest says more.
        code.parse::<i32>().is_ok_and(|code| code & 0xff == SQLITE_CONSTRAINT)
    }

    /// Whether two transactions got in each other's way (SQLSTATE class 40) and this one may try again.
    pub(crate) fn is_a_collision(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some()
            && error.code().is_some_and(|code| code.starts_with("40"))
    }
}

impl Store {
    /// With another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Whether other nodes work on the same queue.
    pub fn is_shared(&self) -> bool {
        matches!(self.db, Db::Postgres(_))
    }

    /// How many connections of ours there are to a Postgres server, but those with another name
    /// ([`DatabaseUrl::with_application_name`]). It tells of those of the same user; a pooler may hide them.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn named_connections(&self) -> Result<i64, StoreError> {
        statement::sql(OTHERS).bind(open::APPLICATION).one(&self.db).await?.int("others")
    }

    /// Waits for the caller's turn to write. Who gathers a group gathers it then, so that all that came meanwhile is in it.
    pub async fn turn(&self) -> Turn {
        self.db.turn().await
    }

    /// Whether the database answers, for the health check.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        statement::sql("select name from settings limit 1").optional(&self.db).await?;
        Ok(())
    }

    /// Closes all connections; folds SQLite's WAL back into the file.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

const OTHERS: &str = "select count(*) as others from pg_stat_activity where datname = current_database() and application_name = $1";
