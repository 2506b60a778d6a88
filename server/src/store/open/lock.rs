//! One server per SQLite file.

use std::fs::{File, TryLockError};

use super::{OpenError, SqlitePath};

/// Held by the one process that serves from a database file.
#[derive(Debug)]
pub struct ServeLock(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl ServeLock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// [`OpenError::Served`] when another process holds it, [`OpenError::Lock`] when there can be none.
    pub fn take(file: &SqlitePath) -> Result<Self, OpenError> {
        let path = file.canonical().beside(".lock");
        let failed = |error| OpenError::Lock { path: path.clone(), error };
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self(lock)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served { path: file.path().to_path_buf() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
