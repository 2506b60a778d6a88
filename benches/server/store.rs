//! The two databases that a server can run on, and what is asked of each.

use std::path::Path;

use sqlx::postgres::{PgArguments, PgConnection, Postgres};
use sqlx::query::Query;
use sqlx::{Connection as _, Row as _};

use crate::Failure;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// A file of the server's own.
    Sqlite,
    /// A server beside it, which many nodes share.
    Postgres,
}

impl Store {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name in options and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// What the size of a database is.
    pub(crate) fn size_means(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "the database file and its WAL after the server has stopped, which checkpoints it"
            }
            Self::Postgres => "pg_database_size, without Postgres' own WAL",
        }
    }
}

/// The bytes that a SQLite file and its WAL have on disk.
pub(crate) fn sqlite_bytes(file: &Path) -> u64 {
    let wal = format!("{}-wal", file.display());
    [file, Path::new(&wal)].iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// The bytes that a Postgres database has on disk.
pub(crate) async fn postgres_bytes(url: &str) -> Result<u64, Failure> {
    let size = "select pg_database_size(current_database())::text as answer";
    Ok(ask(url, sqlx::query(size)).await?.parse()?)
}

/// A setting of Postgres.
pub(crate) async fn postgres_setting(url: &str, name: &str) -> Result<String, Failure> {
    ask(url, sqlx::query("select current_setting($1) as answer").bind(name)).await
}

async fn ask(url: &str, query: Query<'_, Postgres, PgArguments>) -> Result<String, Failure> {
    let mut connection = PgConnection::connect(url).await?;
    let answer = query.fetch_one(&mut connection).await?.try_get("answer")?;
    connection.close().await?;
    Ok(answer)
}
