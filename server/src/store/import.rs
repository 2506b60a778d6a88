//! Bringing in what comes from elsewhere: all of it in one transaction, or nothing.

use std::collections::HashMap;

use super::master_key::is_under;
use super::statement::sql;
use super::webhooks::{insert, subscribe};
use super::{Store, StoreError, Tx, workspaces};
use crate::model::ids::{KeyId, WebhookId, WorkspaceId};
use crate::model::import::{Import, ImportedKey, ImportedWebhook};
use crate::model::webhook::{Secrets, Webhook};
use crate::vault::{MasterKey, Sealed, VaultError};

/// Why nothing was brought in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// What is there already is in the way: a sentence each.
    #[error("{}", .0.join("\n"))]
    InTheWay(Vec<String>),
    /// A secret can't be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is done with rows.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Rows that are there already are left as they are, in place of being in the way.
    pub skip_existing: bool,
    /// Nothing is kept: it is only found out whether it could be.
    pub only_check: bool,
}

/// How much was brought in.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Webhooks.
    pub webhooks: usize,
    /// Keys.
    pub keys: usize,
    /// Rows that were there already.
    pub skipped: usize,
}

impl Imported {
    fn rows(&self) -> usize {
        self.webhooks + self.keys + self.skipped
    }
}

impl Store {
    /// Keeps webhooks, their secrets sealed under `key`, whose check value is `under`, and API keys. Nobody is told of the keys: they are
    /// not new. The limit of webhooks per workspace does not count. Tells `progress` how many rows are done, after each.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; then nothing was kept.
    pub async fn import(
        &self,
        import: &Import,
        (key, under): (&MasterKey, &Sealed),
        how: How,
        now_ms: i64,
        mut progress: impl FnMut(usize),
    ) -> Result<Imported, ImportError> {
        let mut tx = self.db.write().await.map_err(StoreError::from)?;
        is_under(&mut tx, under).await?;
        let mut incoming = Incoming { tx, how, now_ms, workspaces: HashMap::new(), in_the_way: Vec::new() };
        let mut imported = Imported::default();
        for webhook in &import.webhooks {
            match incoming.webhook(webhook, key).await? {
                true => imported.webhooks += 1,
                false => imported.skipped += 1,
            }
            progress(imported.rows());
        }
        for key in &import.keys {
            match incoming.key(key).await? {
                true => imported.keys += 1,
                false => imported.skipped += 1,
            }
            progress(imported.rows());
        }
        if !incoming.in_the_way.is_empty() {
            return Err(ImportError::InTheWay(incoming.in_the_way));
        }
        if !how.only_check {
            incoming.tx.commit().await.map_err(StoreError::from)?;
        }
        Ok(imported)
    }
}

/// A transaction into which rows come.
struct Incoming {
    tx: Tx,
    how: How,
    now_ms: i64,
    workspaces: HashMap<String, WorkspaceId>,
    in_the_way: Vec<String>,
}

impl Incoming {
    async fn workspace(&mut self, name: &str) -> Result<WorkspaceId, StoreError> {
        if let Some(known) = self.workspaces.get(name) {
            return Ok(*known);
        }
        let id = workspaces::find_or_make(&mut self.tx, name, self.now_ms).await?;
        self.workspaces.insert(name.to_owned(), id);
        Ok(id)
    }

    /// Notes that something is there already, or that it is to be left alone.
    fn exists(&mut self, place: &str, what: &str) -> bool {
        if !self.how.skip_existing {
            self.in_the_way.push(format!("{place}: {what}"));
        }
        false
    }

    /// Answers whether it was brought in.
    async fn webhook(&mut self, row: &ImportedWebhook, key: &MasterKey) -> Result<bool, ImportError> {
        let workspace_id = self.workspace(&row.workspace).await?;
        let id = row.id.unwrap_or_else(|| WebhookId::new(self.now_ms));
        // The queue knows lanes by webhook alone, so an id is unique over all workspaces.
        let same_id = sql("select id from webhooks where id = $1").bind(id).optional(&mut self.tx).await?;
        if same_id.is_some() {
            return Ok(self.exists(&row.place, "a webhook with this id is there already"));
        }
        let others =
            sql("select id, url, deleted_ms from webhooks where workspace_id = $1").bind(workspace_id);
        for other in &others.all(&mut self.tx).await? {
            if other.parse::<WebhookId>("id")?.tag() == id.tag() {
                let why = "its id ends like that of another webhook of its workspace: leave the id out";
                self.in_the_way.push(format!("{}: {why}", row.place));
                return Ok(false);
            }
            let is_there = other.maybe_int("deleted_ms")?.is_none();
            if row.id.is_none() && is_there && other.text("url")? == row.url.as_str() {
                let what = "a webhook with this URL is in this workspace already (one with an id of its own is let in)";
                return Ok(self.exists(&row.place, what));
            }
        }
        let sealed = key.seal_secret(workspace_id, id, row.secret.expose())?;
        let created_ms = row.created_ms.unwrap_or(self.now_ms);
        let webhook = Webhook {
            id,
            workspace_id,
            url: row.url.clone(),
            events: row.events.clone(),
            is_active: row.is_active,
            description: row.description.clone(),
            // Nobody's.
            created_by: KeyId::floor(0),
            created_ms,
            updated_ms: self.now_ms,
            secrets: Secrets { current: sealed, previous: None },
            rate_limit: row.rate_limit,
            failing_since_ms: None,
            disabled: None,
        };
        insert(&mut self.tx, &webhook).await?;
        subscribe(&mut self.tx, workspace_id, id, &row.events).await?;
        Ok(true)
    }

    /// Answers whether it was brought in.
    async fn key(&mut self, row: &ImportedKey) -> Result<bool, ImportError> {
        let same = sql("select id from api_keys where key_hash = $1").bind(row.hash.as_bytes());
        if same.optional(&mut self.tx).await?.is_some() {
            return Ok(self.exists(&row.place, "this key is there already"));
        }
        let workspace_id = self.workspace(&row.workspace).await?;
        let id = row.id.unwrap_or_else(|| KeyId::new(self.now_ms));
        let same_id = sql("select id from api_keys where workspace_id = $1 and id = $2");
        if same_id.bind(workspace_id).bind(id).optional(&mut self.tx).await?.is_some() {
            return Ok(self.exists(&row.place, "another key with this id is there already"));
        }
        sql("insert into api_keys (workspace_id, id, name, role, key_hash, key_prefix, key_preview, created_ms,
                last_used_ms, total_requests, credit_limit, is_active, disabled_by_admin)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
        .bind(workspace_id)
        .bind(id)
        .bind(&*row.name)
        .bind(row.role.as_str())
        .bind(row.hash.as_bytes())
        .bind(&*row.prefix)
        .bind(&*row.preview)
        .bind(row.created_ms.unwrap_or(self.now_ms))
        .bind(row.last_used_ms)
        .bind(row.total_requests)
        .bind(row.credit_limit)
        .bind(row.is_active)
        // Switched off, not revoked: it can be switched on again.
        .bind(!row.is_active)
        .execute(&mut self.tx)
        .await?;
        Ok(true)
    }
}
