//! Opening the database: its URL, the lock of the serving process, migrations.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlitePool};
use uuid::Uuid;

use super::Store;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a write waits for another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// Where the database is: `sqlite:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    path: PathBuf,
}

impl DatabaseUrl {
    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file beside the database whose name is the database's and `suffix`.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("sqlite:") else {
            let scheme = text.split(':').next().unwrap_or_default();
            return Err(format!("'{scheme}' is not a database this server can use: write sqlite:PATH"));
        };
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.contains(":memory:") {
            return Err("a database in memory would lose accepted events: write sqlite:PATH".into());
        }
        if path.contains('?') {
            return Err("a SQLite URL takes no parameters: write sqlite:PATH".into());
        }
        Ok(Self { path: path.into() })
    }
}

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
    /// A newer version of the server made this file.
    #[error(
        "{path} was written by a newer version of this server (schema {found}; this one knows {known}): use that version"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The file is no database, or the disk failed.
    #[error("cannot open {path}: {error}")]
    Unusable {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        error: String,
    },
}

/// Held by the one process that serves from a database file.
#[derive(Debug)]
pub struct ServeLock(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl ServeLock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// [`OpenError::Served`] when another process holds it, [`OpenError::Lock`] when there can be none.
    pub fn take(url: &DatabaseUrl) -> Result<Self, OpenError> {
        // One name per file, whichever way it was spelled or linked to.
        let canonical = url.path.canonicalize().unwrap_or_else(|_| url.path.clone());
        let path = DatabaseUrl { path: canonical }.beside(".lock");
        let failed = |error| OpenError::Lock { path: path.clone(), error };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served { path: url.path.clone() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl Store {
    /// As [`Self::open`], but a missing database is an error: a command that only looks makes none.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with nothing changed.
    pub async fn open_existing(url: &DatabaseUrl) -> Result<Self, OpenError> {
        if !url.path().exists() {
            let error = "there is no such file".into();
            return Err(OpenError::Unusable { path: url.path().to_path_buf(), error });
        }
        Self::open(url).await
    }

    /// Looks at the file without changing it: a database of another application, or of a newer version of this one,
    /// is to stay as it is, and opening it in WAL mode would be the first change.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn inspect(url: &DatabaseUrl) -> Result<(), OpenError> {
        let path = url.path();
        let unusable = |error: String| OpenError::Unusable { path: path.to_path_buf(), error };
        match path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            // A database that is to be made.
            Ok(file) if file.is_file() && file.len() == 0 => return Ok(()),
            Ok(_) | Err(_) => {}
        }
        if !is_sqlite(path).map_err(|error| unusable(error.to_string()))? {
            return Err(unusable("it is not a SQLite database".into()));
        }
        let failed = |error: sqlx::Error| unusable(error.to_string());
        let mut connection =
            SqliteConnectOptions::new().filename(path).read_only(true).connect().await.map_err(failed)?;
        let found = sqlx::query(TABLES).fetch_one(&mut connection).await.map_err(failed)?;
        let (tables, migrations): (i64, i64) =
            (found.try_get("tables").map_err(failed)?, found.try_get("migrations").map_err(failed)?);
        if tables > 0 && migrations == 0 {
            return Err(unusable("it is a database of another application".into()));
        }
        if migrations > 0 {
            let newest = sqlx::query("select coalesce(max(version), 0) as version from _sqlx_migrations");
            let newest = newest.fetch_one(&mut connection).await.map_err(failed)?;
            let (found, known) = (newest.try_get("version").map_err(failed)?, newest_known());
            if found > known {
                return Err(OpenError::Newer { path: path.to_path_buf(), found, known });
            }
        }
        connection.close().await.map_err(failed)
    }

    /// Opens the database, makes it when there is none, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with nothing changed.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Self::inspect(url).await?;
        let path = url.path();
        let unusable = |error: &dyn std::fmt::Display| OpenError::Unusable {
            path: path.to_path_buf(),
            error: error.to_string(),
        };
        make_private(path).map_err(|error| unusable(&error))?;
        // No statistics are kept: plans must not depend on how full the queue was when somebody looked.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        // A connection to a file does not go stale: it is kept for good and never asked whether it is alive.
        let pool =
            || SqlitePoolOptions::new().test_before_acquire(false).idle_timeout(None).max_lifetime(None);
        let writer = pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(|error| unusable(&error))?;
        if let Err(error) = migrate(&writer).await {
            writer.close().await;
            return Err(match error {
                MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => {
                    OpenError::Newer { path: path.to_path_buf(), found, known: newest_known() }
                }
                other => unusable(&other),
            });
        }
        let reader = pool()
            .max_connections(READERS)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await
            .map_err(|error| unusable(&error))?;
        Ok(Self { reader, writer, owner: Uuid::new_v4().simple().to_string().into() })
    }
}

/// The newest schema that this version knows.
fn newest_known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Brings the schema up to date. Two processes that start at once on a new file may both begin: the one that
/// comes second finds the work done when it looks again.
async fn migrate(writer: &SqlitePool) -> Result<(), MigrateError> {
    match MIGRATIONS.run(writer).await {
        Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) => {
            tokio::time::sleep(Duration::from_millis(250)).await;
            MIGRATIONS.run(writer).await
        }
        result => result,
    }
}

/// Makes a new database readable to its owner alone: events are in it as they are. SQLite gives the files beside it
/// the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What a file is that holds what `sqlite_master` lists: nothing yet, ours, or somebody else's.
const TABLES: &str = "
    select count(*) as tables, coalesce(sum(name = '_sqlx_migrations'), 0) as migrations
    from sqlite_master where type = 'table'";

/// A file that is no SQLite database has another beginning (SQLite's file format, section 1.3.1).
fn is_sqlite(path: &Path) -> std::io::Result<bool> {
    use std::io::Read as _;
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(head == b"SQLite format 3\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls() {
        let path = |text: &str| text.parse::<DatabaseUrl>().map(|url| url.path);
        assert_eq!(path("sqlite:encrata.db"), Ok("encrata.db".into()));
        assert_eq!(path("sqlite:///var/lib/encrata.db"), Ok("/var/lib/encrata.db".into()));
        assert_eq!("sqlite:a/b.db".parse::<DatabaseUrl>().unwrap().beside(".lock"), Path::new("a/b.db.lock"));
        for text in ["", "encrata.db", "mysql://h/db", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=ro"] {
            assert!(path(text).is_err(), "{text}");
        }
    }
}
