//! From rows to values, with an error that names the column.

use std::fmt::Display;
use std::str::FromStr;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::StoreError;

/// Reads a text column as one of our types.
pub(super) fn parse<T>(row: &SqliteRow, column: &'static str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| unreadable(column, &error))
}

pub(super) fn unreadable(what: &'static str, why: &dyn Display) -> StoreError {
    StoreError::Unreadable { what, why: why.to_string() }
}

/// An integer column that is never negative, as the unsigned type at hand.
pub(super) fn small<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| unreadable(what, &format_args!("{value} is out of range")))
}
