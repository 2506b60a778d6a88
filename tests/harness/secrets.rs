//! Every secret that a test saw, and the search for it where none may be: in what a server writes to its outputs, in its
//! answers, in its database.
//!
//! It goes on by itself. Whatever an [`Api`](crate::Api) or a call of the command line is answered is looked through for
//! secrets to keep in mind; only the answers that make one may hold it. When a server's process ends, its outputs and its
//! database are searched for all of them, and a find fails the test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use memchr::memmem;
use reqwest::Method;
use reqwest::header::{HeaderMap, SET_COOKIE};
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::Postgres;

/// How secrets begin, and how many characters of `[0-9a-z]` follow.
const SHAPES: [(&str, usize); 2] = [("whsec_", 64), ("enc_live_", 32)];

/// The secrets that were made with one database.
#[derive(Debug, Default, Clone)]
pub struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    /// Keeps a secret in mind.
    pub fn note(&self, secret: &str) {
        self.0.lock().unwrap().insert(secret.to_owned());
    }

    /// What has the shape of a secret in a text.
    pub fn shaped_in(text: &str) -> Vec<&str> {
        shaped(text).collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Keeps in mind what a text holds of secrets.
    pub(crate) fn learn(&self, text: &str) {
        for secret in shaped(text) {
            self.note(secret);
        }
    }

    /// Looks at an answer: only those that make a secret hold one, and a cookie.
    pub(crate) fn answered(&self, method: &Method, path: &str, status: u16, headers: &HeaderMap, text: &str) {
        let route = path.split('?').next().unwrap_or_default();
        let route = route
            .strip_prefix("/api/agent")
            .or(route.strip_prefix("/api/cli"))
            .or(route.strip_prefix("/api"));
        let makes = matches!(
            (method.as_str(), route, status),
            ("POST", Some("/webhooks" | "/keys"), 201) | ("POST", Some("/webhooks/rotate"), 200)
        );
        if makes {
            assert!(shaped(text).count() <= 1, "{method} {path} shows more than the one secret it made");
            // All but what it made, which was not known before.
            self.must_not_be_in(&format!("the answer to {method} {path}"), text.as_bytes());
            self.learn(text);
        } else {
            let shown = shaped(text).next();
            assert!(shown.is_none(), "{method} {path} answered {status} with {shown:?}");
            self.must_not_be_in(&format!("the answer to {method} {path}"), text.as_bytes());
        }
        for cookie in headers.get_all(SET_COOKIE) {
            let token = cookie.to_str().unwrap().split(['=', ';']).nth(1).unwrap_or_default();
            if !token.is_empty() {
                self.note(token);
            }
        }
    }

    /// The secrets that stand in `bytes`: as they are, without their prefix, or decoded.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let known = self.0.lock().unwrap();
        let is_there =
            |secret: &&String| forms(secret).iter().any(|form| memmem::find(bytes, form).is_some());
        known.iter().filter(is_there).cloned().collect()
    }

    /// Fails when a secret stands in `bytes`.
    #[track_caller]
    pub fn must_not_be_in(&self, place: &str, bytes: &[u8]) {
        let found = self.found_in(bytes);
        assert!(found.is_empty(), "{place} holds {found:?}");
    }

    /// Fails when a secret stands in a database, as far as it can be reached.
    pub(crate) fn must_not_be_kept_in(&self, database: &Database) {
        for (place, bytes) in database.contents() {
            self.must_not_be_in(&place, &bytes);
        }
    }
}

/// What has the shape of a secret.
fn shaped(text: &str) -> impl Iterator<Item = &str> {
    SHAPES.into_iter().flat_map(move |(prefix, len)| {
        text.match_indices(prefix).filter_map(move |(at, _)| {
            let whole = text.get(at..at + prefix.len() + len)?;
            whole[prefix.len()..]
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                .then_some(whole)
        })
    })
}

/// A secret in each form in which it is as good.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bare = SHAPES.iter().find_map(|(prefix, _)| secret.strip_prefix(prefix)).unwrap_or(secret);
    let mut forms = vec![secret.as_bytes().to_vec(), bare.as_bytes().to_vec()];
    let digits: Option<Vec<u8>> = bare.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    if let Some(digits) = digits {
        forms.push(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect());
    }
    if secret.starts_with("whsec_") {
        forms.push(base64(bare));
    }
    forms
}

/// The bytes that stand behind base64 without padding.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets: Vec<u32> = text.chars().filter_map(|c| Some(ALPHABET.find(c)? as u32)).collect();
    let group = |four: &[u32]| four.iter().fold(0, |bits, sextet| bits << 6 | sextet).to_be_bytes();
    sextets.chunks_exact(4).flat_map(|four| group(four).into_iter().skip(1)).collect()
}

/// A server's database, to be searched.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// A file, with those beside it that SQLite makes.
    File(PathBuf),
    /// The URL of one on PostgreSQL.
    Postgres(String),
}

impl Database {
    pub(crate) fn of(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(file) => Self::File(file.into()),
            None => Self::Postgres(url.to_owned()),
        }
    }

    /// What it holds, part by part. Nothing when it is gone, as a test may have wanted.
    fn contents(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::File(file) => {
                ["", "-wal", "-journal"].iter().filter_map(|suffix| read(file, suffix)).collect()
            }
            Self::Postgres(url) => {
                // The test's own runtime can't be waited for here.
                std::thread::scope(|scope| scope.spawn(|| dump(url)).join().unwrap())
            }
        }
    }
}

fn read(file: &Path, suffix: &str) -> Option<(String, Vec<u8>)> {
    let file = format!("{}{suffix}", file.display());
    std::fs::read(&file).ok().map(|bytes| (file, bytes))
}

/// Every row of every table as text, where `bytea` is hexadecimal, and as its bytes; and the log of the server that all
/// tests share.
fn dump(url: &str) -> Vec<(String, Vec<u8>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut dumped = runtime.block_on(rows(url)).unwrap_or_default();
    if let Some(shared) =
        Postgres::shared_if_started().filter(|shared| url.contains(&format!(":{}/", shared.port())))
    {
        dumped.push(("the log of PostgreSQL".into(), shared.log().into_bytes()));
    }
    dumped
}

async fn rows(url: &str) -> Result<Vec<(String, Vec<u8>)>, sqlx::Error> {
    let mut connection = tokio::time::timeout(std::time::Duration::from_secs(5), PgConnection::connect(url))
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    // A test may hold a lock.
    sqlx::raw_sql("set statement_timeout = '10s'").execute(&mut connection).await?;
    let tables = "select tablename::text from pg_tables where schemaname = 'public'";
    let mut dumped = Vec::new();
    for table in sqlx::query(tables).fetch_all(&mut connection).await? {
        let table: String = table.get(0);
        let all = format!("select t::text from {table} t");
        let rows = sqlx::query(sqlx::AssertSqlSafe(all)).fetch_all(&mut connection).await?;
        let texts: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let bytes = texts.iter().flat_map(|text| hexadecimal(text)).collect();
        dumped.push((format!("the table {table}"), texts.join("\n").into_bytes()));
        dumped.push((format!("the bytes in the table {table}"), bytes));
    }
    connection.close().await?;
    Ok(dumped)
}

/// What stands as `\x…` in a row, decoded.
fn hexadecimal(row: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in row.split("\\x").skip(1) {
        let digits: Vec<u32> = part.chars().map_while(|c| c.to_digit(16)).collect();
        bytes.extend(digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8));
        bytes.push(b'\n');
    }
    bytes
}
