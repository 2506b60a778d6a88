//! Statements: one text for both databases where they agree.
//!
//! What they can't agree on is written in the text as a token, and spelled out once per database:
//!
//! | Token | SQLite | Postgres |
//! | --- | --- | --- |
//! | `now($1)` | the parameter | the parameter, or the database's own clock when it is null |
//! | `{rows}` | one JSON parameter, taken apart | an array parameter per column, as a table `r` |
//! | `{seek t x on …}` | `cross join t x on …` | a lateral join that stays one |
//! | `{find t x on …}` | `left join t x on …` | a lateral left join that stays one |
//! | `{probe a = b}` | `a = b` | the same, of which no merge join can be made |
//! | `{postgres: …}` | nothing | `…` |
//!
//! A seek is a join whose order both keep: from the few rows that are asked for to the many that there are; finding is
//! seeking what may not be there. Left to choose, SQLite once read a whole table for every claim.
//!
//! A probe stands where a seek can't: at the first column of the key of what is updated or deleted. Postgres takes a table
//! for empty that was so at its last vacuum, and would then read its index from end to end, for each row the rows given.
//! It only thinks of that because the index has the order of a merge join; without one, what is left is the key.
//!
//! Rows come after all other parameters.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use super::db::Kind;
use super::rows::{Column, Rows};

/// A statement with tokens. Made once, as a `static`.
#[derive(Debug)]
pub(super) struct Statement {
    sqlite: &'static str,
    postgres: &'static str,
    columns: &'static [Column],
    rendered: [OnceLock<Arc<str>>; 2],
}

impl Statement {
    /// The same text for both.
    pub(super) const fn new(text: &'static str) -> Self {
        Self::each(text, text)
    }

    /// A text for each: where the planners need to be told differently.
    pub(super) const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres, columns: &[], rendered: [OnceLock::new(), OnceLock::new()] }
    }

    /// With rows of these columns as its last parameter.
    pub(super) const fn with_rows(mut self, columns: &'static [Column]) -> Self {
        self.columns = columns;
        self
    }

    /// No rows yet, of its columns.
    pub(super) fn rows<'a>(&self) -> Rows<'a> {
        Rows::new(self.columns)
    }

    /// A call of it.
    pub(super) fn query<'a>(&'static self) -> Query<'a> {
        Query { sql: Sql::Tokens(self), values: Vec::new(), rows: None }
    }

    /// As it is sent to a database.
    pub(super) fn text(&self, kind: Kind) -> Arc<str> {
        let (text, rendered) = match kind {
            Kind::Sqlite => (self.sqlite, &self.rendered[0]),
            Kind::Postgres => (self.postgres, &self.rendered[1]),
        };
        Arc::clone(rendered.get_or_init(|| render(text, self.columns, kind).into()))
    }
}

fn render(text: &str, columns: &[Column], kind: Kind) -> String {
    let parameters = (1..).take_while(|n| text.contains(&format!("${n}"))).count();
    let mut out = String::with_capacity(text.len() + 200);
    let mut rest = text;
    while let Some(at) = rest.find(['{', 'n']) {
        let (before, token) = rest.split_at(at);
        out.push_str(before);
        let closing = |end: char| token.find(end).unwrap_or(token.len() - 1) + 1;
        rest = if let Some(after) = token.strip_prefix("{rows}") {
            source(&mut out, columns, parameters + 1, kind);
            after
        } else if let Some(seek) = token.strip_prefix("{seek ") {
            join(&mut out, "cross join", "", seek, kind)
        } else if let Some(find) = token.strip_prefix("{find ") {
            join(&mut out, "left join", " on true", find, kind)
        } else if let Some(probe) = token.strip_prefix("{probe ") {
            let (probe, after) = probe.split_once('}').unwrap_or((probe, ""));
            let (column, value) = probe.split_once(" = ").unwrap_or((probe, ""));
            match kind {
                Kind::Sqlite => out.push_str(probe),
                Kind::Postgres => out.push_str(&format!("{column} = any (array[{value}])")),
            }
            after
        } else if token.starts_with("{postgres: ") {
            let end = closing('}');
            if kind == Kind::Postgres {
                out.push_str(&token["{postgres: ".len()..end - 1]);
            }
            &token[end..]
        } else if token.starts_with("now($") && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            let end = closing(')');
            let parameter = &token["now(".len()..end - 1];
            match kind {
                Kind::Sqlite => out.push_str(parameter),
                // Not writing to a String can't fail.
                Kind::Postgres => {
                    let _ = write!(
                        out,
                        "coalesce({parameter}::bigint, (extract(epoch from statement_timestamp()) * 1000)::bigint)"
                    );
                }
            }
            &token[end..]
        } else {
            let (first, after) = token.split_at(1);
            out.push_str(first);
            after
        };
    }
    out.push_str(rest);
    out
}

/// The join of a table that is sought: `t x on …}`. Answers what follows it.
fn join<'a>(out: &mut String, join: &str, on_true: &str, token: &'a str, kind: Kind) -> &'a str {
    let (seek, after) = token.split_once('}').unwrap_or((token, ""));
    let (table, on) = seek.split_once(" on ").unwrap_or((seek, "true"));
    let alias = table.rsplit(' ').next().unwrap_or(table);
    out.push_str(&match kind {
        Kind::Sqlite => format!("{join} {table} on {on}"),
        // The offset keeps the planner from taking it apart.
        Kind::Postgres => {
            let on = render(on, &[], kind);
            format!("{join} lateral (select * from {table} where {on} offset 0) as {alias}{on_true}")
        }
    });
    after
}

/// The rows as a table `r`.
fn source(out: &mut String, columns: &[Column], first: usize, kind: Kind) {
    let join = |parts: Vec<String>| parts.join(", ");
    let numbered = columns.iter().enumerate();
    let text = match kind {
        Kind::Sqlite => {
            let columns = numbered.map(|(n, column)| format!("{} as {}", column.in_json(n), column.name));
            format!("(select {} from json_each(${first})) as r", join(columns.collect()))
        }
        Kind::Postgres => {
            let arrays = numbered.map(|(n, column)| format!("${}::{}[]", first + n, column.postgres_type()));
            let names = columns.iter().map(|column| column.name.to_owned());
            format!("unnest({}) as r ({})", join(arrays.collect()), join(names.collect()))
        }
    };
    out.push_str(&text);
}

/// A text without tokens, run as it is on both.
pub(super) fn sql<'a>(text: &'static str) -> Query<'a> {
    Query { sql: Sql::Plain(text), values: Vec::new(), rows: None }
}

#[derive(Debug, Clone, Copy)]
enum Sql {
    Plain(&'static str),
    Tokens(&'static Statement),
}

/// A statement and its parameters.
#[derive(Debug)]
pub(super) struct Query<'a> {
    sql: Sql,
    pub(super) values: Vec<Value<'a>>,
    pub(super) rows: Option<Rows<'a>>,
}

impl<'a> Query<'a> {
    /// With the next parameter.
    pub(super) fn bind(mut self, value: impl Into<Value<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// With its rows.
    pub(super) fn bind_rows(mut self, rows: Rows<'a>) -> Self {
        self.rows = Some(rows);
        self
    }

    pub(super) fn text(&self, kind: Kind) -> Arc<str> {
        match self.sql {
            Sql::Plain(text) => text.into(),
            Sql::Tokens(statement) => statement.text(kind),
        }
    }
}

/// A parameter.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Int(Option<i64>),
    Bytes(Option<&'a [u8]>),
}

macro_rules! values {
    ($($type:ty, $value:ident => $made:expr;)*) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}

values! {
    i64, value => Value::Int(Some(value));
    Option<i64>, value => Value::Int(value);
    bool, value => Value::Int(Some(i64::from(value)));
    String, value => Value::Text(Some(value.into()));
    &'a str, value => Value::Text(Some(value.into()));
    Option<&'a str>, value => Value::Text(value.map(Cow::from));
    &'a [u8], value => Value::Bytes(Some(value));
    Option<&'a [u8]>, value => Value::Bytes(value);
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<crate::model::ids::$id> for Value<'_> {
            fn from(id: crate::model::ids::$id) -> Self {
                Value::Text(Some(id.to_string().into()))
            }
        }
    )*};
}

ids!(WorkspaceId, WebhookId, KeyId, EventId, DeliveryId, NoticeId);

#[cfg(test)]
mod tests {
    use super::super::rows::{int, text, utf8};
    use super::*;

    static BOTH: Statement = Statement::new(
        "insert into t select r.id, now($1), known($2) from {rows} {seek u x on x.id = r.id} {find v on v.n = x.n} \
         {postgres: for update} \
         where now_ms = now($1) and {probe t.id = r.id}",
    )
    .with_rows(&[text("id"), int("n"), utf8("body")]);

    #[test]
    fn tokens_are_spelled_out_per_database() {
        assert_eq!(
            &*BOTH.text(Kind::Sqlite),
            "insert into t select r.id, $1, known($2) from (select value ->> 0 as id, value ->> 1 as n, \
             cast(value ->> 2 as blob) as body from json_each($3)) as r cross join u x on x.id = r.id left join v on v.n = x.n  where now_ms = $1 and t.id = r.id"
        );
        let now = "coalesce($1::bigint, (extract(epoch from statement_timestamp()) * 1000)::bigint)";
        assert_eq!(
            *BOTH.text(Kind::Postgres),
            format!(
                "insert into t select r.id, {now}, known($2) from unnest($3::text[], $4::bigint[], $5::bytea[]) \
                 as r (id, n, body) cross join lateral (select * from u x where x.id = r.id offset 0) as x left join lateral \
                 (select * from v where v.n = x.n offset 0) as v on true for update where now_ms = {now} and t.id = any (array[r.id])"
            )
        );
    }
}
