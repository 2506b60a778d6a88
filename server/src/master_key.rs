//! Finding the master key at start, and telling a wrong one before anything is served.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::config::MasterKeySource;
use crate::keyring::Keyring;
use crate::store::{DatabaseUrl, Store, StoreError};
use crate::vault::{MasterKey, VaultError};

/// How often a server looks whether it still has the key that the database is under.
pub const LOOK: Duration = Duration::from_secs(1);

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
    #[error(
        "this is not the master key that the secrets in this database are sealed under; after `encrata-webhooks rekey` it is the new one"
    )]
    Wrong,
    /// The key was replaced, or its replacement was begun.
    #[error(
        "this is the old master key, and a rekey that replaces it was begun: start with the new one, and with this one as --old-master-key-file until `encrata-webhooks rekey` has run to its end"
    )]
    Replaced,
    /// Some secrets are still under the old key, which is not there.
    #[error(
        "a rekey of this database was begun and is not finished: run `encrata-webhooks rekey` again with the same two keys, or give the old one as well, with --old-master-key-file"
    )]
    Unfinished,
    /// The file can't be read or made.
    #[error("cannot use the master key file {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was given is no key, or none could be made.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The check value can't be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the master key, and the one that it replaces if there is one, and checks them against the database. The first
/// start on a new database makes a key, unless one is given, and keeps its check value.
///
/// # Errors
///
/// [`MasterKeyError`].
pub async fn load(
    source: &MasterKeySource,
    old: Option<&MasterKeySource>,
    database: &DatabaseUrl,
    store: &Store,
) -> Result<Keyring, MasterKeyError> {
    let checks = store.master_key_checks().await?;
    let is_new = checks.current.is_none();
    let text = match source {
        MasterKeySource::Value(text) => text.clone(),
        // Nodes that each made a key of their own could not read each other's secrets.
        MasterKeySource::File(path) => {
            read_or_make(path, is_new && matches!(database, DatabaseUrl::Sqlite(_)))?
        }
        MasterKeySource::Beside => match database {
            DatabaseUrl::Sqlite(file) => read_or_make(&file.beside(".master-key"), is_new)?,
            DatabaseUrl::Postgres(_) => return Err(MasterKeyError::NotGiven),
        },
    };
    let key = MasterKey::from_hex(&text)?;
    if is_new {
        store.set_master_key_check(&key.check_value()?).await?;
    }
    let old = old.map(|old| read(old, database)).transpose()?;
    // Another node may have been first.
    let checks = store.master_key_checks().await?;
    let current = checks.current.ok_or(MasterKeyError::Wrong)?;
    let was = |key: &MasterKey| checks.old.as_ref().is_some_and(|old| key.matches(old));
    if !key.matches(&current) && was(&key) {
        return Err(MasterKeyError::Replaced);
    }
    let keys = Keyring::new(key, old);
    if keys.key_of(&current).is_none() {
        return Err(MasterKeyError::Wrong);
    }
    if checks.old.is_some_and(|old| keys.key_of(&old).is_none()) {
        return Err(MasterKeyError::Unfinished);
    }
    Ok(keys)
}

/// Reads a master key that must be there.
///
/// # Errors
///
/// [`MasterKeyError`].
pub fn read(source: &MasterKeySource, database: &DatabaseUrl) -> Result<MasterKey, MasterKeyError> {
    let text = match (source, database) {
        (MasterKeySource::Value(text), _) => text.clone(),
        (MasterKeySource::File(path), _) => read_or_make(path, false)?,
        (MasterKeySource::Beside, DatabaseUrl::Sqlite(file)) => {
            read_or_make(&file.beside(".master-key"), false)?
        }
        (MasterKeySource::Beside, DatabaseUrl::Postgres(_)) => return Err(MasterKeyError::NotGiven),
    };
    Ok(MasterKey::from_hex(&text)?)
}

/// Returns once the database is under a key that is not among `keys`: nothing can be signed then. Else runs until `stop`.
pub(crate) async fn watch(store: Store, keys: std::sync::Arc<Keyring>, stop: CancellationToken) {
    let changed = async {
        loop {
            tokio::time::sleep(LOOK).await;
            // A database that does not answer is told of elsewhere.
            if let Ok(checks) = store.master_key_checks().await
                && checks.current.is_none_or(|current| keys.key_of(&current).is_none())
            {
                return;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = changed => tracing::error!(
            "the master key of this database was replaced: start again with the new one, and with the old one as \
             --old-master-key-file until the rekey is finished"
        ),
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
        MasterKeySource::File(path) => match read_text(path) {
            Ok(text) => text,
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
    match read_text(path) {
        Ok(text) => Ok(text),
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

/// Reads a file into memory that is wiped. It never grows, which would leave a copy behind: what is longer is no key.
fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    const MOST: usize = 1024;
    let mut text = Zeroizing::new(String::with_capacity(MOST));
    File::open(path)?.take(MOST as u64).read_to_string(&mut text)?;
    Ok(text)
}
