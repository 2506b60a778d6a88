//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// What our connections are called at a Postgres server.
pub(in crate::store) const APPLICATION: &str = "encrata-webhooks";

/// Where the database is: `sqlite:PATH` or `postgres://…`.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file, with one server.
    Sqlite(SqlitePath),
    /// A PostgreSQL server, which any number of servers share.
    Postgres(Box<PgConnectOptions>),
}

impl DatabaseUrl {
    /// As it is, but that connections to a server have this name of their own there.
    #[must_use]
    pub fn with_application_name(self, name: &str) -> Self {
        match self {
            Self::Sqlite(_) => self,
            Self::Postgres(options) => Self::Postgres(Box::new(options.application_name(name))),
        }
    }
}

/// The path of a SQLite database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlitePath(PathBuf);

impl SqlitePath {
    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file beside the database whose name is the database's and `suffix`.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// The same file under the one name that it has, whichever way it was spelled or linked to.
    pub(super) fn canonical(&self) -> Self {
        Self(self.0.canonicalize().unwrap_or_else(|_| self.0.clone()))
    }
}

/// As a person would name it; never with the password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{}", file.path().display()),
            Self::Postgres(options) => {
                let host = options
                    .get_socket()
                    .map_or_else(|| options.get_host().to_owned(), |socket| socket.display().to_string());
                let database = options.get_database().unwrap_or(options.get_username());
                write!(f, "postgres://{host}:{}/{database}", options.get_port())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            return sqlite(rest).map(|path| Self::Sqlite(SqlitePath(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The driver's error quotes nothing of the URL, which may hold a password.
            let options = PgConnectOptions::from_str(text)
                .map_err(|error| format!("this is not a URL of a Postgres database: {error}"))?;
            return Ok(Self::Postgres(Box::new(options.application_name(APPLICATION))));
        }
        let scheme = text.split(':').next().unwrap_or_default();
        Err(format!("'{scheme}' is not a database this server can use: write sqlite:PATH or postgres://…"))
    }
}

fn sqlite(rest: &str) -> Result<PathBuf, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains(":memory:") {
        return Err("a database in memory would lose accepted events: write sqlite:PATH".into());
    }
    if path.contains('?') {
        return Err("a SQLite URL takes no parameters: write sqlite:PATH".into());
    }
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls() {
        let shown = |text: &str| text.parse::<DatabaseUrl>().map(|url| url.to_string());
        assert_eq!(shown("sqlite:encrata.db").unwrap(), "encrata.db");
        assert_eq!(shown("sqlite:///var/lib/encrata.db").unwrap(), "/var/lib/encrata.db");
        for text in ["", "encrata.db", "mysql://h/db", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=ro"] {
            assert!(shown(text).is_err(), "{text}");
        }
        let DatabaseUrl::Sqlite(file) = "sqlite:a/b.db".parse().unwrap() else { panic!("not SQLite") };
        assert_eq!(file.beside(".lock"), Path::new("a/b.db.lock"));
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl = "postgres://app:pa55word@db.internal:5433/webhooks".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://db.internal:5433/webhooks");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(postgres://db.internal:5433/webhooks)");
        let wrong = "postgres://app:pa55word@db.internal:port/x".parse::<DatabaseUrl>().unwrap_err();
        assert!(!wrong.contains("pa55word"), "{wrong}");
    }
}
