//! Finding the master key at start, and telling a wrong one before anything is served.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::config::MasterKeySource;
use crate::store::{DatabaseUrl, Store, StoreError};
use crate::vault::{MasterKey, VaultError};

/// Why there is no master key to work with.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The database is sealed, and the key is not where it should be.
    #[error(
        "the secrets in this database are sealed under a master key, which is not at {path}: restore it, or name it with --master-key-file"
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A shared database needs one key on all nodes.
    #[error(
        "nodes on Postgres share one master key: make it once with `openssl rand -hex 32`, and give it to each with --master-key-file or ENCRATA_MASTER_KEY"
    )]
    NotGiven,
    /// The key is another one.
    #[error("this is not the master key that the secrets in this database are sealed under")]
    Wrong,
    /// The file can't be read or made.
    #[error("cannot use the master key file {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// What was given is no key, or none could be made.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The check value can't be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the master key and checks it against the database. The first start on a new database makes a key,
/// unless one is given, and keeps its check value.
///
/// # Errors
///
/// [`MasterKeyError`].
pub async fn load(
    source: &MasterKeySource,
    database: &DatabaseUrl,
    store: &Store,
) -> Result<MasterKey, MasterKeyError> {
    let check = store.master_key_check().await?;
    let text = match source {
        MasterKeySource::Value(text) => text.clone(),
        // Nodes that each made a key of their own could not read each other's secrets.
        MasterKeySource::File(path) => {
            read_or_make(path, check.is_none() && matches!(database, DatabaseUrl::Sqlite(_)))?
        }
        MasterKeySource::Beside => match database {
            DatabaseUrl::Sqlite(file) => read_or_make(&file.beside(".master-key"), check.is_none())?,
            DatabaseUrl::Postgres(_) => return Err(MasterKeyError::NotGiven),
        },
    };
    let key = MasterKey::from_hex(&text)?;
    match check {
        Some(check) if key.matches(&check) => Ok(key),
        Some(_) => Err(MasterKeyError::Wrong),
        None => {
            store.set_master_key_check(&key.check_value()?).await?;
            // Another node may have been first.
            match store.master_key_check().await? {
                Some(check) if key.matches(&check) => Ok(key),
                _ => Err(MasterKeyError::Wrong),
            }
        }
    }
}

/// Finds what is wrong with a source by itself, before a database is made for it.
///
/// # Errors
///
/// [`MasterKeyError`].
pub fn check_source(source: &MasterKeySource, database: &DatabaseUrl) -> Result<(), MasterKeyError> {
    let text = match source {
        MasterKeySource::Beside => {
            return match database {
                DatabaseUrl::Sqlite(_) => Ok(()),
                DatabaseUrl::Postgres(_) => Err(MasterKeyError::NotGiven),
            };
        }
        MasterKeySource::Value(text) => text.clone(),
        MasterKeySource::File(path) => match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            // It may be made, where there is a folder for it.
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    && path
                        .parent()
                        .is_some_and(|folder| folder.as_os_str().is_empty() || folder.is_dir()) =>
            {
                return Ok(());
            }
            Err(error) => return Err(MasterKeyError::File { path: path.clone(), error }),
        },
    };
    MasterKey::from_hex(&text)?;
    Ok(())
}

fn read_or_make(path: &Path, is_new: bool) -> Result<Zeroizing<String>, MasterKeyError> {
    let failed = |error| MasterKeyError::File { path: path.to_path_buf(), error };
    match fs::read_to_string(path) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && is_new => {
            let text = MasterKey::generate_hex()?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path).map_err(failed)?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            tracing::warn!(path = %path.display(), "made a master key: keep a copy of it apart from the database");
            Ok(text)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(MasterKeyError::Missing { path: path.to_path_buf() })
        }
        Err(error) => Err(failed(error)),
    }
}
