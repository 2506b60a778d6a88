//! Many rows as one parameter: a statement each, however many rows.

use std::borrow::Cow;

use sqlx::Postgres;
use sqlx::postgres::PgArguments;

use super::statement::Value;

/// A column of rows that are given to a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    /// A blob that may hold anything: as hex, where it travels in JSON.
    Bytes,
    /// A blob that is UTF-8: as text, where it travels in JSON.
    Utf8,
}

pub(super) const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

pub(super) const fn int(name: &'static str) -> Column {
    Column { name, kind: Kind::Int }
}

pub(super) const fn bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes }
}

pub(super) const fn utf8(name: &'static str) -> Column {
    Column { name, kind: Kind::Utf8 }
}

impl Column {
    /// The column of SQLite's `json_each`, where it is the `n`th of a row.
    pub(super) fn in_json(self, n: usize) -> String {
        match self.kind {
            Kind::Text | Kind::Int => format!("value ->> {n}"),
            Kind::Bytes => format!("unhex(value ->> {n})"),
            Kind::Utf8 => format!("cast(value ->> {n} as blob)"),
        }
    }

    pub(super) fn postgres_type(self) -> &'static str {
        match self.kind {
            Kind::Text => "text",
            Kind::Int => "bigint",
            Kind::Bytes | Kind::Utf8 => "bytea",
        }
    }
}

/// Rows for a statement.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    columns: &'static [Column],
    /// Row by row.
    cells: Vec<Value<'a>>,
}

type PgQuery<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

impl<'a> Rows<'a> {
    pub(super) fn new(columns: &'static [Column]) -> Self {
        Self { columns, cells: Vec::new() }
    }

    /// Adds a row: a cell for each column.
    pub(super) fn push<const N: usize>(&mut self, row: [Value<'a>; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.cells.extend(row);
    }

    /// Adds a row that stands for any: for the planner's eyes.
    pub(super) fn push_any(&mut self) {
        self.cells.extend(self.columns.iter().map(|column| match column.kind {
            Kind::Text => Value::Text(Some("x".into())),
            Kind::Int => Value::Int(Some(1)),
            Kind::Bytes | Kind::Utf8 => Value::Bytes(Some(b"x")),
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// As an array of arrays.
    pub(super) fn to_json(&self) -> String {
        let mut out = Vec::with_capacity(self.cells.len() * 40);
        let quoted = |out: &mut Vec<u8>, text: &str| {
            // Neither writing to a Vec nor serialising a string can fail.
            let _ = serde_json::to_writer(out, text);
        };
        for (n, cell) in self.cells.iter().enumerate() {
            let column = self.columns[n % self.columns.len()];
            out.extend_from_slice(match n {
                0 => b"[[",
                _ if n % self.columns.len() == 0 => b"],[",
                _ => b",",
            });
            match cell {
                Value::Text(Some(text)) => quoted(&mut out, text),
                Value::Int(Some(int)) => out.extend_from_slice(int.to_string().as_bytes()),
                Value::Bytes(Some(bytes)) if column.kind == Kind::Utf8 => {
                    quoted(&mut out, &String::from_utf8_lossy(bytes));
                }
                Value::Bytes(Some(bytes)) => quoted(&mut out, &hex::encode(bytes)),
                Value::Text(None) | Value::Int(None) | Value::Bytes(None) => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(if self.is_empty() { b"[]" } else { b"]]" });
        // All of it was written as UTF-8 above.
        String::from_utf8(out).unwrap_or_default()
    }

    /// As an array per column.
    pub(super) fn bind_arrays<'q>(&self, mut query: PgQuery<'q>) -> PgQuery<'q> {
        for (n, column) in self.columns.iter().enumerate() {
            let cells = self.cells.iter().skip(n).step_by(self.columns.len());
            query = match column.kind {
                Kind::Text => query.bind(
                    cells
                        .map(|cell| match cell {
                            Value::Text(text) => text.as_deref(),
                            Value::Int(_) | Value::Bytes(_) => None,
                        })
                        .collect::<Vec<Option<&str>>>(),
                ),
                Kind::Int => query.bind(
                    cells
                        .map(|cell| match cell {
                            Value::Int(int) => *int,
                            Value::Text(_) | Value::Bytes(_) => None,
                        })
                        .collect::<Vec<Option<i64>>>(),
                ),
                Kind::Bytes | Kind::Utf8 => query.bind(
                    cells
                        .map(|cell| match cell {
                            Value::Bytes(bytes) => *bytes,
                            Value::Text(_) | Value::Int(_) => None,
                        })
                        .collect::<Vec<Option<&[u8]>>>(),
                ),
            };
        }
        query
    }
}

impl<'a> From<Option<Cow<'a, str>>> for Value<'a> {
    fn from(value: Option<Cow<'a, str>>) -> Self {
        Value::Text(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_travel_as_json() {
        const COLUMNS: &[Column] = &[text("a"), int("b"), bytes("c"), utf8("d")];
        let mut rows = Rows::new(COLUMNS);
        assert_eq!(rows.to_json(), "[]");
        rows.push(["quote\"".into(), 7.into(), (&[0_u8, 255][..]).into(), (&b"{\"x\":1}"[..]).into()]);
        rows.push([Value::Text(None), None::<i64>.into(), Value::Bytes(None), Value::Bytes(None)]);
        assert_eq!(rows.to_json(), r#"[["quote\"",7,"00ff","{\"x\":1}"],[null,null,null,null]]"#);
    }
}
