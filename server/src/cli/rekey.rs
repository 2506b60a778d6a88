//! `encrata-webhooks rekey`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::output::{note, out};
use super::progress::Progress;
use super::{Database, Failure, MasterKeyArg, key_source};
use crate::config::MasterKeySource;
use crate::master_key;
use crate::rekey::rekey;
use crate::store::{DatabaseUrl, OpenError, ServeLock, Store};

/// The environment variable that holds the new master key itself.
const NEW_MASTER_KEY: &str = "ENCRATA_NEW_MASTER_KEY";

#[derive(Debug, Args)]
pub(super) struct Rekey {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    master_key: MasterKeyArg,
    /// The file with the new master key: 64 hex digits, as `openssl rand -hex 32` prints them. ENCRATA_NEW_MASTER_KEY may
    /// hold the key itself instead
    #[arg(long, env = "ENCRATA_NEW_MASTER_KEY_FILE", value_name = "PATH")]
    new_master_key_file: Option<PathBuf>,
    /// Go on although servers run. Each must have been started with both keys: the new one as its master key, the one to
    /// replace as --old-master-key-file. Any other stops by itself
    #[arg(long)]
    while_serving: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Rekey {
    pub(super) async fn run(self) -> Result<(), Failure> {
        // So that it does not take itself for a server.
        let url = self.database.database.with_application_name("encrata-webhooks rekey");
        let beside = match (&url, self.master_key.source()?) {
            (DatabaseUrl::Sqlite(file), MasterKeySource::Beside) => Some(file.beside(".master-key")),
            _ => None,
        };
        let old = master_key::read(&self.master_key.source()?, &url)?;
        let new = key_source(self.new_master_key_file, NEW_MASTER_KEY)?
            .ok_or("there is no new master key: make one with `openssl rand -hex 32`, and give it with --new-master-key-file")?;
        let new = master_key::read(&new, &url)?;

        let store = Store::open_existing(&url).await?;
        let _lock = match &url {
            DatabaseUrl::Sqlite(file) if !self.while_serving => Some(ServeLock::take(file).map_err(served)?),
            DatabaseUrl::Postgres(_) if !self.while_serving => {
                no_servers(&store).await?;
                None
            }
            _ => None,
        };
        let progress = Progress::new(self.json);
        let show = |secrets: usize| progress.show(format_args!("{secrets} secrets sealed anew"));
        let done = rekey(&store, &old, &new, self.while_serving, show).await;
        store.close().await;
        drop(progress);
        let secrets = done?;
        if self.json {
            return out!("{}", json!({"status": "rekeyed", "secrets": secrets}));
        }
        out!("every signing secret is under the new master key; {secrets} were sealed anew")?;
        match beside {
            Some(file) => note!("Put the new key in place of {} before the server starts.", file.display()),
            None => note!("Start servers with the new key alone from now on."),
        }
        note!("Keep the old key as long as backups from before: they are under it.");
        Ok(())
    }
}

const RUNNING: &str = "servers run on this database: stop them, or start each with the new master key and the old one as \
    --old-master-key-file, and say so with --while-serving; nothing was changed";

fn served(error: OpenError) -> Failure {
    match error {
        OpenError::Served { .. } => RUNNING.into(),
        other => other.into(),
    }
}

/// Waits a little for servers that have just ended.
async fn no_servers(store: &Store) -> Result<(), Failure> {
    for _ in 0..20 {
        if store.named_connections().await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(RUNNING.into())
}
