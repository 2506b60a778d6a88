//! `encrata-webhooks import`: webhooks and keys from elsewhere, so that nobody has to change a receiver or a key.

mod fields;
mod file;
mod rows;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::output::{note, out};
use super::progress::Progress;
use super::{Database, Failure, MasterKeyArg};
use crate::clock::now_ms;
use crate::master_key;
use crate::model::import::Import;
use crate::store::{How, ImportError, Store};

/// How many things that are wrong are told.
const SHOWN: usize = 50;

/// Bring in webhooks and keys from elsewhere
///
/// Webhooks with the secrets that their receivers know, and API keys or their hashes, from CSV files with a head or JSON
/// files with an array of objects. All rows are checked first; if one is wrong, each that is wrong is told, and nothing is kept. It works
/// while the server runs.
///
/// Webhooks: workspace, url, events (an array, or text with spaces or commas between), secret; and if wanted id (a UUID), description,
/// is_active, rate_limit, created_at. Keys: workspace, name, role, and key, or key_hash (the SHA-256 of the key, 64 hex digits) with
/// key_preview; and if wanted id, is_active, credit_limit, total_requests, created_at, last_used.
#[derive(Debug, Args)]
pub(super) struct ImportFiles {
    /// A file of webhooks: .csv or .json
    #[arg(long, value_name = "FILE", required_unless_present = "keys")]
    webhooks: Option<PathBuf>,
    /// A file of API keys: .csv or .json
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Only check: what would be brought in, and what is in the way
    #[arg(long)]
    check: bool,
    /// Leave alone what is there already (the same id, the same key, or without an id the same URL in the same workspace)
    #[arg(long)]
    skip_existing: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    master_key: MasterKeyArg,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl ImportFiles {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        let mut import = Import::default();
        if let Some(path) = &self.webhooks {
            import.webhooks = rows::webhooks(file::read(path)?, &mut wrong);
        }
        if let Some(path) = &self.keys {
            import.keys = rows::keys(file::read(path)?, &mut wrong);
        }
        refuse(&wrong)?;

        let (database, source) = (&self.database.database, self.master_key.source()?);
        master_key::check_source(&source, database)?;
        Store::inspect(database).await?;
        // Then there is nothing that could be in the way, and to look makes no database.
        if self.check && !Store::is_made(database).await? {
            return self.told(import.webhooks.len(), import.keys.len(), 0);
        }
        let store = self.database.open().await?;
        let done = self.import(&store, &import).await;
        store.close().await;
        done
    }

    async fn import(&self, store: &Store, import: &Import) -> Result<(), Failure> {
        let keyring =
            master_key::load(&self.master_key.source()?, None, &self.database.database, store).await?;
        let (key, under) = keyring.to_seal(store).await?;
        let how = How { skip_existing: self.skip_existing, only_check: self.check };
        let (progress, all) = (Progress::new(self.json), import.webhooks.len() + import.keys.len());
        let what = if self.check { "looked for" } else { "written" };
        let show = |rows| progress.show(format_args!("{rows} of {all} rows {what}"));
        let done = store.import(import, (key, &under), how, now_ms(), show).await;
        drop(progress);
        match done {
            Ok(done) => self.told(done.webhooks, done.keys, done.skipped),
            Err(ImportError::InTheWay(in_the_way)) => refuse(&in_the_way),
            Err(other) => Err(other.into()),
        }
    }

    fn told(&self, webhooks: usize, keys: usize, skipped: usize) -> Result<(), Failure> {
        let status = if self.check { "checked" } else { "imported" };
        if self.json {
            return out!(
                "{}",
                json!({"status": status, "webhooks": webhooks, "keys": keys, "skipped": skipped})
            );
        }
        let left = if skipped > 0 { format!("; {skipped} rows are there already") } else { String::new() };
        let what = format!("{webhooks} webhooks and {keys} keys");
        match self.check {
            true => out!("{what} can be brought in{left}; nothing was kept"),
            false => out!("{what} were brought in{left}"),
        }
    }
}

fn refuse(wrong: &[String]) -> Result<(), Failure> {
    if wrong.is_empty() {
        return Ok(());
    }
    for one in wrong.iter().take(SHOWN) {
        note!("{one}");
    }
    let more = wrong.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Err(format!("nothing was kept: {} rows are wrong{more}", wrong.len()).into())
}
