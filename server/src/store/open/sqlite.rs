//! Opening a SQLite file.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlitePool};
use tokio::sync::Semaphore;

use super::{OpenError, SqlitePath, newest_known};
use crate::store::db::Db;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a write waits for another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// How large the WAL may stay after a checkpoint.
const JOURNAL_BYTES: &str = "67108864";

/// Looks at the file without changing it: opening it in WAL mode would be the first change.
pub(super) async fn inspect(file: &SqlitePath) -> Result<(), OpenError> {
    let path = file.path();
    let unusable = |error: String| unusable(file, error);
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
        let (found, known) = (newest.try_get("version").map_err(failed)?, newest_known(&MIGRATIONS));
        if found > known {
            return Err(OpenError::Newer { database: path.display().to_string(), found, known });
        }
    }
    connection.close().await.map_err(failed)
}

/// Opens the file, makes it when there is none, and brings its schema up to date.
pub(super) async fn open(file: &SqlitePath) -> Result<Db, OpenError> {
    inspect(file).await?;
    let path = file.path();
    make_private(path).map_err(|error| unusable(file, error.to_string()))?;
    // No statistics are kept: plans must not depend on how full the queue was when somebody looked.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // A WAL that grew once gives its space back.
        .pragma("journal_size_limit", JOURNAL_BYTES);
    // A connection to a file does not go stale: it is kept for good and never asked whether it is alive.
    let pool = || {
        SqlitePoolOptions::new()
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_release(
                // On a full disk SQLite ends a transaction by itself, and sqlx would believe for ever that it runs: a
                // connection that comes back in a transaction is not used again.
                |connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }),
            )
    };
    let writer = pool()
        .max_connections(1)
        .connect_with(options.clone())
        .await
        .map_err(|error| unusable(file, error.to_string()))?;
    if let Err(error) = migrate(&writer).await {
        writer.close().await;
        return Err(match error {
            MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => {
                let database = path.display().to_string();
                OpenError::Newer { database, found, known: newest_known(&MIGRATIONS) }
            }
            other => unusable(file, other.to_string()),
        });
    }
    let light = pool()
        .max_connections(1)
        .connect_with(options.clone().synchronous(SqliteSynchronous::Normal))
        .await
        .map_err(|error| unusable(file, error.to_string()))?;
    let reader = pool()
        .max_connections(READERS)
        .connect_with(options.create_if_missing(false).read_only(true))
        .await
        .map_err(|error| unusable(file, error.to_string()))?;
    Ok(Db::Sqlite { reader, writer, light, turn: Arc::new(Semaphore::new(1)) })
}

fn unusable(file: &SqlitePath, error: String) -> OpenError {
    OpenError::Unusable { database: file.path().display().to_string(), error }
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
