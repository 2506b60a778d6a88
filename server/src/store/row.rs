//! From a row of either database to values, with an error that names the column.

use std::fmt::Display;
use std::str::FromStr;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::StoreError;

/// A row that was read.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $column:expr) => {
        Ok(match $row {
            Row::Sqlite(row) => row.try_get($column)?,
            Row::Postgres(row) => row.try_get($column)?,
        })
    };
}

impl Row {
    /// A text column.
    pub(super) fn text(&self, column: &'static str) -> Result<&str, StoreError> {
        column!(self, column)
    }

    /// A text column that may be null.
    pub(super) fn maybe_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        column!(self, column)
    }

    /// An integer column.
    pub(super) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        column!(self, column)
    }

    /// An integer column that may be null.
    pub(super) fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        column!(self, column)
    }

    /// An integer column that holds 0 or 1.
    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A blob column.
    pub(super) fn bytes(&self, column: &'static str) -> Result<&[u8], StoreError> {
        column!(self, column)
    }

    /// A blob column that may be null.
    pub(super) fn maybe_bytes(&self, column: &'static str) -> Result<Option<&[u8]>, StoreError> {
        column!(self, column)
    }

    /// A text column as one of our types.
    pub(super) fn parse<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.text(column)?.parse().map_err(|error: T::Err| unreadable(column, &error))
    }

    /// An integer column that is never negative, as the unsigned type at hand.
    pub(super) fn small<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let value = self.int(column)?;
        T::try_from(value).map_err(|_| unreadable(column, &format_args!("{value} is out of range")))
    }
}

pub(super) fn unreadable(what: &'static str, why: &dyn Display) -> StoreError {
    StoreError::Unreadable { what, why: why.to_string() }
}
