//! Opening the database: its URL, the lock of the process that serves from a file, migrations.

mod lock;
mod postgres;
mod sqlite;
mod url;

use std::path::PathBuf;

use sqlx::migrate::Migrator;
use uuid::Uuid;

pub use self::lock::ServeLock;
pub(super) use self::url::APPLICATION;
pub use self::url::{DatabaseUrl, SqlitePath};
use super::{Clock, Store};

/// Why the database could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves from this file.
    #[error("{path} is already served by another process: a SQLite file has one server")]
    Served {
        /// The database file.
        path: PathBuf,
    },
    /// The lock file could not be made.
    #[error("cannot lock {path}: {error}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A newer version of the server made this database.
    #[error(
        "{database} was written by a newer version of this server (schema {found}; this one knows {known}): use that version"
    )]
    Newer {
        /// The database.
        database: String,
        /// Its schema version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// It is no database of ours, or it does not answer, or the disk failed.
    #[error("cannot open {database}: {error}")]
    Unusable {
        /// The database.
        database: String,
        /// What the database said.
        error: String,
    },
}

impl Store {
    /// As [`Self::open`], but a missing database is an error: a command that only looks makes none.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with nothing changed.
    pub async fn open_existing(url: &DatabaseUrl) -> Result<Self, OpenError> {
        if Self::is_made(url).await? {
            return Self::open(url).await;
        }
        let why = match url {
            DatabaseUrl::Sqlite(_) => "there is no such file",
            DatabaseUrl::Postgres(_) => "it is empty",
        };
        Err(OpenError::Unusable { database: url.to_string(), error: why.into() })
    }

    /// Whether there is a database.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn is_made(url: &DatabaseUrl) -> Result<bool, OpenError> {
        match url {
            DatabaseUrl::Sqlite(file) => Ok(file.path().exists()),
            DatabaseUrl::Postgres(options) => postgres::is_made(options).await,
        }
    }

    /// Looks at the database without changing it: one of another application, or of a newer version of this one, is
    /// to stay as it is.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn inspect(url: &DatabaseUrl) -> Result<(), OpenError> {
        match url {
            DatabaseUrl::Sqlite(file) => sqlite::inspect(file).await,
            DatabaseUrl::Postgres(options) => postgres::inspect(options).await,
        }
    }

    /// Opens the database, makes a file when there is none, and brings the schema up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with nothing changed.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let (db, clock) = match url {
            DatabaseUrl::Sqlite(file) => (sqlite::open(file).await?, Clock::process()),
            DatabaseUrl::Postgres(options) => (postgres::open(options).await?, Clock::Database),
        };
        Ok(Self { db, clock, owner: Uuid::new_v4().simple().to_string().into() })
    }
}

/// The newest schema that this version knows.
fn newest_known(migrations: &Migrator) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or(0)
}
