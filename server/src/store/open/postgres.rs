//! Opening a Postgres database.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

use super::{DatabaseUrl, OpenError, newest_known};
use crate::store::db::Db;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections of one node.
const CONNECTIONS: u32 = 8;
/// How long a query waits for a connection, and a start for the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a migration waits for a lock, how long it then lets the others go on, and how often it tries: for a minute or so.
const LOCK_TIMEOUT: &str = "1s";
const LOCK_PAUSE: Duration = Duration::from_secs(2);
const LOCK_TRIES: usize = 20;

/// How every connection works.
///
/// Joins run as loops over indexes, in the order in which they are written, and are planned anew each time: a plan that
/// was made while the queue was empty would read all of it once it is full. A commit that returned is on disk, whatever the server's
/// default is. Pages that a session writes go to the disk as it goes on: left to the operating system they go all at once later,
/// and every commit waits for them. A node that hangs holds neither a lock nor a snapshot for long.
const SESSION: [(&str, &str); 12] = [
    ("join_collapse_limit", "1"),
    ("from_collapse_limit", "1"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_bitmapscan", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_custom_plan"),
    ("synchronous_commit", "on"),
    ("backend_flush_after", "256kB"),
    ("idle_in_transaction_session_timeout", "20s"),
    ("statement_timeout", "30s"),
];

/// Looks at the database without changing it.
pub(super) async fn inspect(options: &PgConnectOptions) -> Result<(), OpenError> {
    let failed = |error: sqlx::Error| unusable(options, error.to_string());
    let mut connection = tokio::time::timeout(CONNECT_TIMEOUT, options.connect())
        .await
        .map_err(|_| unusable(options, "it did not answer in time".into()))?
        .map_err(failed)?;
    let found = sqlx::query(TABLES).fetch_one(&mut connection).await.map_err(failed)?;
    let (tables, migrations): (i64, i64) =
        (found.try_get("tables").map_err(failed)?, found.try_get("migrations").map_err(failed)?);
    if tables > 0 && migrations == 0 {
        return Err(unusable(options, "it is a database of another application".into()));
    }
    if migrations > 0 {
        let newest = sqlx::query("select coalesce(max(version), 0) as version from _sqlx_migrations");
        let newest = newest.fetch_one(&mut connection).await.map_err(failed)?;
        let (found, known) = (newest.try_get("version").map_err(failed)?, newest_known(&MIGRATIONS));
        if found > known {
            return Err(OpenError::Newer { database: shown(options), found, known });
        }
    }
    warn_of_danger(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)
}

/// Whether there is a schema of ours already.
pub(super) async fn is_made(options: &PgConnectOptions) -> Result<bool, OpenError> {
    let failed = |error: sqlx::Error| unusable(options, error.to_string());
    let mut connection = options.connect().await.map_err(failed)?;
    let found = sqlx::query(TABLES).fetch_one(&mut connection).await.map_err(failed)?;
    let migrations: i64 = found.try_get("migrations").map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(migrations > 0)
}

/// Connects and brings the schema up to date.
pub(super) async fn open(options: &PgConnectOptions) -> Result<Db, OpenError> {
    inspect(options).await?;
    let failed = |error: sqlx::Error| unusable(options, error.to_string());
    migrate(options).await?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT_TIMEOUT)
        // A broken connection is noticed by its first query.
        .test_before_acquire(false)
        .connect_with(options.clone().options(SESSION))
        .await
        .map_err(failed)?;
    Ok(Db::Postgres(pool))
}

/// Brings the schema up to date. The migrator holds an advisory lock: nodes may start at once. A step may take its time, but not
/// wait long for a lock on a table: what other nodes ask of the table waits behind it, and whoever reads the table, a dump for
/// one, may go on for hours.
async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    // Nor is it news that there is nothing to do.
    let options_here =
        options.clone().options([("client_min_messages", "warning"), ("lock_timeout", LOCK_TIMEOUT)]);
    let mut tries = 1..;
    loop {
        let mut connection =
            options_here.connect().await.map_err(|error| unusable(options, error.to_string()))?;
        let done = MIGRATIONS.run(&mut connection).await;
        // Also ends what it holds.
        let _ = connection.close().await;
        match done {
            Ok(()) => return Ok(()),
            Err(MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _)) => {
                let known = newest_known(&MIGRATIONS);
                return Err(OpenError::Newer { database: shown(options), found, known });
            }
            Err(error) if !is_in_the_way(&error) => return Err(unusable(options, error.to_string())),
            Err(error) if tries.next() == Some(LOCK_TRIES) => {
                let why = format!(
                    "its schema can't be brought up to date while others lock it, a dump or a long transaction, say: {error}"
                );
                return Err(unusable(options, why));
            }
            Err(error) => {
                tracing::warn!(%error, "the schema can't be brought up to date yet: trying again");
                tokio::time::sleep(LOCK_PAUSE).await;
            }
        }
    }
}

/// Whether somebody else's lock was in the way: one that did not come in time (SQLSTATE 55P03), or a deadlock (40P01).
fn is_in_the_way(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "55P03" | "40P01"))
}

/// Says so when the database server does not keep what it was given.
async fn warn_of_danger(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for setting in ["fsync", "full_page_writes"] {
        let value: String = sqlx::query("select current_setting($1) as value")
            .bind(setting)
            .fetch_one(&mut *connection)
            .await?
            .try_get("value")?;
        if value == "off" {
            tracing::warn!(
                setting,
                "this Postgres server runs with {setting} = off: accepted events can be lost when it crashes"
            );
        }
    }
    Ok(())
}

fn unusable(options: &PgConnectOptions, error: String) -> OpenError {
    OpenError::Unusable { database: shown(options), error }
}

fn shown(options: &PgConnectOptions) -> String {
    DatabaseUrl::Postgres(Box::new(options.clone())).to_string()
}

/// What a schema is: nothing yet, ours, or somebody else's.
const TABLES: &str = "
    select count(*) as tables, count(*) filter (where tablename = '_sqlx_migrations') as migrations
    from pg_catalog.pg_tables where schemaname = current_schema()";
