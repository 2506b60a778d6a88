//! `encrata-webhooks backup`: a copy of a SQLite database, also while the server runs.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::output::{note, out};
use super::progress::Progress;
use super::{Database, Failure, stop_signal};
use crate::store::{Backup, DatabaseUrl};

/// Copy a SQLite database into a new file, also while the server runs
///
/// The copy is of one moment; all that was accepted before it is in it. The file appears whole and on disk, or not at all; only its owner may read it. The master key is not in it: keep that apart.
///
/// To go back to it: stop the server, put the copy in the database's place, remove the -wal and -shm files beside it, start the
/// server. On PostgreSQL use pg_dump, or its own continuous archiving.
#[derive(Debug, Args)]
pub(super) struct BackUp {
    /// The new file; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: Database,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl BackUp {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let DatabaseUrl::Sqlite(from) = &self.database.database else {
            return Err(
                "only a SQLite database is copied by this command: on PostgreSQL use pg_dump, or its own continuous archiving"
                    .into(),
            );
        };
        let backup = Backup::begin(from, &self.file).await?;
        let part = backup.part();
        let progress = Progress::new(self.json);
        let watching = async {
            loop {
                if let Ok(file) = part.metadata() {
                    progress.show(format_args!("{} MB copied", file.len() / 1_000_000));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let bytes = tokio::select! {
            done = backup.finish() => done?,
            () = watching => unreachable!("it goes on"),
            () = stop_signal() => return Err("stopped: nothing was kept".into()),
        };
        drop(progress);
        if self.json {
            return out!(
                "{}",
                json!({"status": "copied", "file": self.file.to_string_lossy(), "bytes": bytes})
            );
        }
        out!("{} is a copy of {}: {bytes} bytes", self.file.display(), self.database.database)?;
        note!(
            "Keep the master key as well, apart from it: without it the signing secrets in the copy can't be read."
        );
        Ok(())
    }
}
