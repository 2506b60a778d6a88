//! The two databases behind one face: connections, transactions, and running a query on either.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StoreError;
use super::row::Row;
use super::statement::{Query, Value};

/// The database.
#[derive(Debug, Clone)]
pub(super) enum Db {
    /// One file. Reads go over a small pool. SQLite has one writer: those who write take turns.
    Sqlite {
        /// For reads.
        reader: SqlitePool,
        /// One connection whose commits wait for the disk.
        writer: SqlitePool,
        /// One whose commits don't.
        light: SqlitePool,
        /// Whose turn it is, in the order in which they came. SQLite itself would let them poll.
        turn: Arc<Semaphore>,
    },
    /// A server that any number of nodes share.
    Postgres(PgPool),
}

/// A transaction; dropped without a commit, it leaves nothing behind.
pub(super) enum Tx {
    /// With its turn, which ends with it.
    Sqlite(Transaction<'static, Sqlite>, Option<Turn>),
    Postgres(Transaction<'static, Postgres>),
}

/// Which of the databases a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

impl Db {
    /// Waits for the caller's turn to write.
    pub(super) async fn turn(&self) -> Turn {
        match self {
            // It is never closed.
            Self::Sqlite { turn, .. } => Turn(Arc::clone(turn).acquire_owned().await.ok()),
            Self::Postgres(_) => Turn(None),
        }
    }

    /// A transaction that writes, on disk once it is committed.
    pub(super) async fn write(&self) -> Result<Tx, sqlx::Error> {
        self.write_in(self.turn().await).await
    }

    /// As [`Self::write`], in the turn that the caller has.
    pub(super) async fn write_in(&self, turn: Turn) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { writer, .. } => immediate(writer, turn).await?,
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction whose loss in a crash costs nothing: its commit does not wait for the disk.
    pub(super) async fn write_lightly(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { light, .. } => immediate(light, self.turn().await).await?,
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("begin; set local synchronous_commit = off").await?)
            }
        })
    }

    /// A transaction that reads: all its statements see one moment.
    pub(super) async fn read(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(reader.begin().await?, None),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("begin isolation level repeatable read read only").await?)
            }
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { reader, writer, light, .. } => {
                reader.close().await;
                light.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A deferred transaction that turns into a write fails at once beside another process, whatever the busy timeout.
async fn immediate(pool: &SqlitePool, turn: Turn) -> Result<Tx, sqlx::Error> {
    Ok(Tx::Sqlite(pool.begin_with("begin immediate").await?, Some(turn)))
}

/// The caller's turn to write, where those who write take turns.
#[derive(Debug)]
pub struct Turn(
    #[expect(dead_code, reason = "the turn lasts as long as it is held")] Option<OwnedSemaphorePermit>,
);

impl Tx {
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx, _turn) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Where a query runs: in a transaction, or by itself for a read.
pub(super) enum On<'a> {
    Tx(&'a mut Tx),
    Db(&'a Db),
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

/// Makes a query of the driver, with its parameters.
macro_rules! bound {
    ($query:ident, $text:expr) => {{
        let mut bound = sqlx::query(AssertSqlSafe($text));
        for value in &$query.values {
            bound = match value {
                Value::Text(text) => bound.bind(text.as_deref()),
                Value::Int(int) => bound.bind(*int),
                Value::Bytes(bytes) => bound.bind(bytes.as_deref()),
            };
        }
        bound
    }};
}

fn sqlite<'q>(query: &Query<'_>) -> sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments> {
    sqlite_as(query, query.text(Kind::Sqlite))
}

fn sqlite_as<'q>(
    query: &Query<'_>,
    text: Arc<str>,
) -> sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments> {
    let bound = bound!(query, text);
    match &query.rows {
        Some(rows) => bound.bind(rows.to_json()),
        None => bound,
    }
}

fn postgres<'q>(query: &Query<'_>) -> sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments> {
    postgres_as(query, query.text(Kind::Postgres))
}

fn postgres_as<'q>(
    query: &Query<'_>,
    text: Arc<str>,
) -> sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments> {
    let bound = bound!(query, text);
    match &query.rows {
        Some(rows) => rows.bind_arrays(bound),
        None => bound,
    }
}

impl Query<'_> {
    /// Every row.
    pub(super) async fn all(self, on: impl Into<On<'_>>) -> Result<Vec<Row>, StoreError> {
        let sqlite_rows = |rows: Vec<_>| rows.into_iter().map(Row::Sqlite).collect();
        let postgres_rows = |rows: Vec<_>| rows.into_iter().map(Row::Postgres).collect();
        Ok(match on.into() {
            On::Tx(Tx::Sqlite(tx, _)) => sqlite_rows(sqlite(&self).fetch_all(&mut **tx).await?),
            On::Tx(Tx::Postgres(tx)) => postgres_rows(postgres(&self).fetch_all(&mut **tx).await?),
            On::Db(Db::Sqlite { reader, .. }) => sqlite_rows(sqlite(&self).fetch_all(reader).await?),
            On::Db(Db::Postgres(pool)) => postgres_rows(postgres(&self).fetch_all(pool).await?),
        })
    }

    /// The first row, if there is one.
    pub(super) async fn optional(self, on: impl Into<On<'_>>) -> Result<Option<Row>, StoreError> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// The first row.
    pub(super) async fn one(self, on: impl Into<On<'_>>) -> Result<Row, StoreError> {
        self.optional(on).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// Runs it, and answers how many rows it changed.
    pub(super) async fn execute(self, tx: &mut Tx) -> Result<u64, StoreError> {
        Ok(match tx {
            Tx::Sqlite(tx, _) => sqlite(&self).execute(&mut **tx).await?.rows_affected(),
            Tx::Postgres(tx) => postgres(&self).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// What the database would do, a line per step.
    pub(super) async fn plan(self, db: &Db) -> Result<String, StoreError> {
        let mut lines = Vec::new();
        match db {
            Db::Sqlite { reader, .. } => {
                let text = format!("explain query plan {}", self.text(Kind::Sqlite));
                for row in sqlite_as(&self, text.into()).fetch_all(reader).await? {
                    lines.push(row.try_get::<String, _>("detail")?);
                }
            }
            Db::Postgres(pool) => {
                let text = format!("explain (costs off) {}", self.text(Kind::Postgres));
                for row in postgres_as(&self, text.into()).persistent(false).fetch_all(pool).await? {
                    lines.push(row.try_get::<String, _>(0)?);
                }
            }
        }
        Ok(lines.join("\n"))
    }
}
