//! A copy of a SQLite database, made while it is served from.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::NamedTempFile;

use super::{DatabaseUrl, OpenError, SqlitePath, Store};

/// Why there is no copy. Nothing was left behind.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error("{} is there already: a backup overwrites nothing", .0.display())]
    Exists(PathBuf),
    /// What is to be copied is no database that this version knows.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be read, or the copy not be written.
    #[error("cannot copy the database: {0}")]
    Copy(#[from] sqlx::Error),
    /// The file could not be made.
    #[error("cannot write {path}: {error}")]
    File {
        /// The copy.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A file that is being filled.
#[derive(Debug)]
pub struct Backup {
    from: SqlitePath,
    to: PathBuf,
    /// Beside `to`, readable to its owner alone; removed unless it gets its name.
    copy: NamedTempFile,
    /// Its path, as SQL takes it.
    name: String,
}

impl Backup {
    /// Makes room for a copy of the database in a new file. The schema of the database is left as it is.
    ///
    /// # Errors
    ///
    /// [`BackupError`].
    pub async fn begin(from: &SqlitePath, to: &Path) -> Result<Self, BackupError> {
        if to.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(to.to_path_buf()));
        }
        if !from.path().exists() {
            let (database, error) = (from.path().display().to_string(), "there is no such file".into());
            return Err(OpenError::Unusable { database, error }.into());
        }
        Store::inspect(&DatabaseUrl::Sqlite(from.clone())).await?;
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".part-");
        let copy = tempfile::Builder::new().prefix(&name).tempfile_in(folder(to));
        let failed = |error| BackupError::File { path: to.to_path_buf(), error };
        let copy = copy.map_err(failed)?;
        let name = copy.path().to_str().map(str::to_owned);
        let name = name.ok_or_else(|| failed(io::Error::other("its path is not UTF-8")))?;
        Ok(Self { from: from.clone(), to: to.to_path_buf(), copy, name })
    }

    /// The file that grows meanwhile.
    pub fn part(&self) -> PathBuf {
        self.copy.path().to_path_buf()
    }

    /// Copies the database as it is at one moment, waits until the copy is on disk, and gives it its name. Writers go
    /// on meanwhile. Answers how many bytes it has.
    ///
    /// # Errors
    ///
    /// [`BackupError`].
    pub async fn finish(self) -> Result<u64, BackupError> {
        let options = SqliteConnectOptions::new().filename(self.from.path()).read_only(true);
        let mut connection = options.connect().await?;
        sqlx::query("vacuum into $1").bind(&*self.name).execute(&mut connection).await?;
        sqlx::Connection::close(connection).await?;
        let (to, copy) = (self.to, self.copy);
        let named = tokio::task::spawn_blocking({
            let to = to.clone();
            move || keep(copy, &to)
        });
        match named.await.map_err(io::Error::other).flatten() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::Exists(to)),
            Err(error) => Err(BackupError::File { path: to, error }),
            Ok(bytes) => Ok(bytes),
        }
    }
}

/// SQLite leaves it to us to wait for the disk (its documentation of VACUUM INTO says so).
fn keep(copy: NamedTempFile, to: &Path) -> io::Result<u64> {
    copy.as_file().sync_all()?;
    let bytes = copy.as_file().metadata()?.len();
    copy.persist_noclobber(to)?;
    // The name is on disk once its folder is.
    #[cfg(unix)]
    File::open(folder(to))?.sync_all()?;
    Ok(bytes)
}

fn folder(of: &Path) -> &Path {
    of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
