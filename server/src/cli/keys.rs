//! `encrata-webhooks keys`: API keys from the command line, also while the server runs.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{note, out};
use super::{Database, Failure, List};
use crate::api::{created_event, key_event};
use crate::clock::{now_ms, rfc3339_ms};
use crate::model::api_key::{ApiKey, MAX_NAME_CHARS, NewKey, Role};
use crate::model::ids::KeyId;
use crate::store::{NewApiKey, Store};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key; it is printed once
    Create(Create),
    /// List the keys of every workspace
    List(List),
    /// Revoke a key: it opens nothing any more
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The workspace's name; it is made when it is new
    #[arg(long)]
    workspace: String,
    /// What to call the key
    #[arg(long)]
    name: String,
    /// What it may do: admin, member, readonly, or publisher (for the services that publish events)
    #[arg(long)]
    role: Role,
    #[command(flatten)]
    database: Database,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The key's id (not the key)
    #[arg(long)]
    id: KeyId,
    #[command(flatten)]
    database: Database,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Keys {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => run_list(list).await,
            Self::Revoke(revoke) => revoke.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let workspace = printable("--workspace", &self.workspace)?;
        let name = printable("--name", &self.name)?;
        let store = self.database.open().await?;
        let now_ms = now_ms();
        let made = NewKey::generate()?;
        let key = NewApiKey {
            id: KeyId::new(now_ms),
            name,
            role: self.role,
            hash: made.hash(),
            preview: made.preview(),
        };
        let announce = |workspace_id| created_event(workspace_id, &key, now_ms);
        let workspace_id = store.create_key_in(workspace, &key, now_ms, announce).await?;
        store.close().await;
        let unseen = |why| {
            format!("{why}; nobody saw the key that was made: revoke it with keys revoke --id {}", key.id)
        };
        if self.json {
            let created = json!({
                "id": key.id, "key": made.expose(), "workspace_id": workspace_id, "workspace": workspace,
                "name": name, "role": self.role.as_str(), "key_preview": key.preview,
                "created_at": rfc3339_ms(now_ms),
            });
            out!("{created}").map_err(unseen)?;
        } else {
            out!("{}", made.expose()).map_err(unseen)?;
            note!(
                "This is the {} key '{name}' of workspace '{workspace}' ({workspace_id}). It is not shown again.",
                self.role
            );
        }
        Ok(())
    }
}

async fn run_list(List { database, json }: List) -> Result<(), Failure> {
    let store = Store::open_existing(&database.database).await?;
    let mut rows: Vec<(String, ApiKey)> = Vec::new();
    for workspace in store.workspaces().await? {
        let keys = store.keys(workspace.id).await?;
        rows.extend(keys.into_iter().map(|key| (workspace.name.clone(), key)));
    }
    store.close().await;
    if json {
        let rows: Vec<Value> = rows.iter().map(|(workspace, key)| row(workspace, key)).collect();
        return out!("{}", Value::Array(rows));
    }
    for (workspace, key) in rows {
        let state = if key.is_active { "active" } else { "inactive" };
        let ApiKey { id, name, role, key_preview, .. } = key;
        out!("{id}  {state:<8}  {:<9}  {key_preview:<7}  {workspace} / {name}", role.as_str())?;
    }
    Ok(())
}

fn row(workspace: &str, key: &ApiKey) -> Value {
    json!({
        "id": key.id, "workspace_id": key.workspace_id, "workspace": workspace, "name": key.name,
        "role": key.role.as_str(), "key_preview": key.key_preview, "is_active": key.is_active,
        "created_at": rfc3339_ms(key.created_ms), "last_used": key.last_used_ms.map(rfc3339_ms),
        "total_requests": key.total_requests,
    })
}

impl Revoke {
    async fn run(self) -> Result<(), Failure> {
        let store = Store::open_existing(&self.database.database).await?;
        let mut found = None;
        for workspace in store.workspaces().await? {
            found = found.or(store.key(workspace.id, self.id).await?);
        }
        let key = found.ok_or_else(|| format!("there is no key with the id {}: see keys list", self.id))?;
        let now_ms = now_ms();
        let data = (key.id, key.name.as_str(), key.key_preview.as_str());
        let announce = key_event(encrata_webhooks::EventKind::ApiKeyRevoked, key.workspace_id, data, now_ms)?;
        store.revoke_key(key.workspace_id, key.id, false, &announce).await?;
        store.close().await;
        match self.json {
            true => out!("{}", json!({"id": key.id, "status": "revoked"})),
            false => out!("revoked '{}' ({})", key.name, key.key_preview),
        }
    }
}

/// A name that a person can read.
fn printable<'a>(flag: &str, text: &'a str) -> Result<&'a str, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME_CHARS || text.chars().any(char::is_control) {
        return Err(
            format!("{flag} must have 1 to {MAX_NAME_CHARS} characters, and no control characters").into()
        );
    }
    Ok(text)
}
