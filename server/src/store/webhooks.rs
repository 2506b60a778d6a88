//! Webhooks and what they subscribe to.

use std::collections::HashMap;

use encrata_webhooks::EventKind;

use super::master_key::is_under;
use super::row::{Row, unreadable};
use super::statement::{Statement, sql};
use super::{Store, StoreError, Tx};
use crate::model::api_key::MAX_KEYS;
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::model::webhook::{Disabled, HttpsUrl, Secrets, Webhook};
use crate::vault::Sealed;

/// What an admin changes of a webhook; `None` leaves a part as it is.
#[derive(Debug, Default)]
pub struct Change<'a> {
    /// The new URL.
    pub url: Option<&'a HttpsUrl>,
    /// The new list of events.
    pub events: Option<&'a [EventKind]>,
    /// The new description; empty clears it.
    pub description: Option<&'a str>,
    /// Pause (`false`) or resume (`true`).
    pub is_active: Option<bool>,
    /// The new rate limit; 0 lifts it.
    pub rate_limit: Option<u32>,
}

/// Why a webhook or a key was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The workspace has as many as it may have.
    #[error("this workspace has {limit} webhooks, which is the limit: delete one first")]
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// The workspace has [`MAX_KEYS`].
    #[error("this workspace has {MAX_KEYS} API keys, which is the limit: delete one first (permanent=true)")]
    TooManyKeys,
    /// Its id ends as another's does, so that their deliveries could not be told apart. Chance: another id will do.
    #[error("the new webhook got an id that can't be used: ask again")]
    SameTag,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Two that are made at once must not both be the last one allowed.
pub(super) static ONE_AT_A_TIME: Statement =
    Statement::new("select id from workspaces where id = $1 {postgres: for update}");

/// What [`webhook`] reads, by name: a table may get columns from a newer version while this one runs. $1 workspace.
macro_rules! select_webhooks {
    ($which:literal) => {
        concat!(
            "select id, workspace_id, url, is_active, description, created_by, created_ms, updated_ms, secret,
                previous_secret, overlap_until_ms, rate_limit, failing_since_ms, disabled_ms, disabled_reason
             from webhooks where workspace_id = $1 and deleted_ms is null ",
            $which
        )
    };
}

const SELECT_BY_ID: &str = select_webhooks!("and id = $2");

impl Store {
    /// Keeps a new webhook, whose secret is sealed under the master key with the check value `under`.
    ///
    /// # Errors
    ///
    /// [`CreateError`].
    pub async fn create_webhook(
        &self,
        webhook: &Webhook,
        limit: u32,
        under: &Sealed,
    ) -> Result<(), CreateError> {
        let mut tx = self.db.write().await.map_err(StoreError::from)?;
        is_under(&mut tx, under).await?;
        ONE_AT_A_TIME.query().bind(webhook.workspace_id).one(&mut tx).await?;
        let others = sql("select id, deleted_ms from webhooks where workspace_id = $1")
            .bind(webhook.workspace_id)
            .all(&mut tx)
            .await?;
        let mut active = 0;
        for other in &others {
            active += u32::from(other.maybe_int("deleted_ms")?.is_none());
            if other.parse::<WebhookId>("id")?.tag() == webhook.id.tag() {
                return Err(CreateError::SameTag);
            }
        }
        if active >= limit {
            return Err(CreateError::TooMany { limit });
        }
        insert(&mut tx, webhook).await?;
        subscribe(&mut tx, webhook.workspace_id, webhook.id, &webhook.events).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// A workspace's webhooks, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn webhooks(&self, workspace_id: WorkspaceId) -> Result<Vec<Webhook>, StoreError> {
        // One snapshot: a webhook that is deleted in between must not show without its events.
        let mut tx = self.db.read().await?;
        let rows = sql(select_webhooks!("order by id")).bind(workspace_id).all(&mut tx).await?;
        let subscribed = sql(
            "select webhook_id, event_type from subscriptions where workspace_id = $1 order by webhook_id, position",
        )
        .bind(workspace_id)
        .all(&mut tx)
        .await?;
        let mut events: HashMap<WebhookId, Vec<EventKind>> = HashMap::new();
        for row in &subscribed {
            events.entry(row.parse("webhook_id")?).or_default().push(event_kind(row)?);
        }
        rows.iter()
            .map(|row| {
                let webhook = webhook(row)?;
                Ok(Webhook { events: events.remove(&webhook.id).unwrap_or_default(), ..webhook })
            })
            .collect()
    }

    /// One webhook of a workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn webhook(
        &self,
        workspace_id: WorkspaceId,
        id: WebhookId,
    ) -> Result<Option<Webhook>, StoreError> {
        let mut tx = self.db.read().await?;
        let row = sql(SELECT_BY_ID).bind(workspace_id).bind(id).optional(&mut tx).await?;
        let Some(row) = row else { return Ok(None) };
        let events = subscriptions(&mut tx, workspace_id, id).await?;
        Ok(Some(Webhook { events, ..webhook(&row)? }))
    }

    /// Changes a webhook. Answers whether there is such a webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn change_webhook(
        &self,
        workspace_id: WorkspaceId,
        id: WebhookId,
        change: &Change<'_>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let changed = sql(
            // Switched on or off by its owner, it is not switched off by the server any more, and starts afresh.
            "update webhooks set url = coalesce($3, url), description = coalesce($4, description),
             is_active = coalesce($5, is_active), updated_ms = $6,
             rate_limit = case when $7 = 0 then null else coalesce($7, rate_limit) end,
             disabled_ms = case when $5 is null then disabled_ms end,
             disabled_reason = case when $5 is null then disabled_reason end,
             failing_since_ms = case when $5 = 1 then null else failing_since_ms end,
             not_before_ms = case when $5 = 1 then 0 else not_before_ms end
             where workspace_id = $1 and id = $2 and deleted_ms is null",
        )
        .bind(workspace_id)
        .bind(id)
        .bind(change.url.map(HttpsUrl::as_str))
        .bind(change.description)
        .bind(change.is_active.map(i64::from))
        .bind(now_ms)
        .bind(change.rate_limit.map(i64::from))
        .execute(&mut tx)
        .await?;
        if changed == 0 {
            return Ok(false);
        }
        if let Some(events) = change.events {
            unsubscribe(&mut tx, workspace_id, id).await?;
            subscribe(&mut tx, workspace_id, id, events).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Replaces a webhook's secrets, when they are still the ones that the caller saw: `expected` is the
    /// current one. Answers whether they were. What is new of them is sealed under the master key with the check value
    /// `under`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn replace_secrets(
        &self,
        workspace_id: WorkspaceId,
        id: WebhookId,
        expected: &Sealed,
        secrets: &Secrets,
        under: &Sealed,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        is_under(&mut tx, under).await?;
        let changed = sql(
            "update webhooks set secret = $4, previous_secret = $5, overlap_until_ms = $6, updated_ms = $7
             where workspace_id = $1 and id = $2 and deleted_ms is null and secret = $3",
        )
        .bind(workspace_id)
        .bind(id)
        .bind(expected.as_bytes())
        .bind(secrets.current.as_bytes())
        .bind(secrets.previous.as_ref().map(|(sealed, _)| sealed.as_bytes()))
        .bind(secrets.previous.as_ref().map(|(_, until_ms)| *until_ms))
        .bind(now_ms)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Deletes a webhook: it is gone at once, its rows are erased afterwards ([`Store::erase_deleted`]).
    /// Answers whether there was such a webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn delete_webhook(&self, workspace_id: WorkspaceId, id: WebhookId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let deleted = DELETE.query().bind(workspace_id).bind(id).bind(&self.clock).execute(&mut tx).await?;
        unsubscribe(&mut tx, workspace_id, id).await?;
        tx.commit().await?;
        Ok(deleted == 1)
    }
}

static DELETE: Statement = Statement::new(
    "update webhooks set deleted_ms = now($3) where workspace_id = $1 and id = $2 and deleted_ms is null",
);

pub(super) async fn insert(tx: &mut Tx, webhook: &Webhook) -> Result<(), StoreError> {
    sql(
        "insert into webhooks (workspace_id, id, url, description, is_active, created_by, created_ms, updated_ms, secret,
            rate_limit)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(webhook.workspace_id)
    .bind(webhook.id)
    .bind(webhook.url.as_str())
    .bind(&*webhook.description)
    .bind(webhook.is_active)
    .bind(webhook.created_by)
    .bind(webhook.created_ms)
    .bind(webhook.updated_ms)
    .bind(webhook.secrets.current.as_bytes())
    .bind(webhook.rate_limit.map(i64::from))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn subscribe(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: WebhookId,
    events: &[EventKind],
) -> Result<(), StoreError> {
    for (position, kind) in (0_i64..).zip(events) {
        sql(
            "insert into subscriptions (workspace_id, event_type, webhook_id, position) values ($1, $2, $3, $4)",
        )
        .bind(workspace_id)
        .bind(kind.as_str())
        .bind(id)
        .bind(position)
        .execute(tx)
        .await?;
    }
    Ok(())
}

async fn unsubscribe(tx: &mut Tx, workspace_id: WorkspaceId, id: WebhookId) -> Result<(), StoreError> {
    sql("delete from subscriptions where workspace_id = $1 and webhook_id = $2")
        .bind(workspace_id)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

async fn subscriptions(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: WebhookId,
) -> Result<Vec<EventKind>, StoreError> {
    let rows = sql(
        "select event_type from subscriptions where workspace_id = $1 and webhook_id = $2 order by position",
    )
    .bind(workspace_id)
    .bind(id)
    .all(tx)
    .await?;
    rows.iter().map(event_kind).collect()
}

fn event_kind(row: &Row) -> Result<EventKind, StoreError> {
    row.parse("event_type")
}

fn webhook(row: &Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        url: url(row)?,
        events: Vec::new(),
        is_active: row.flag("is_active")?,
        description: row.text("description")?.to_owned(),
        created_by: row.parse("created_by")?,
        created_ms: row.int("created_ms")?,
        updated_ms: row.int("updated_ms")?,
        secrets: secrets(row)?,
        rate_limit: row.maybe_int("rate_limit")?.map(|_| row.small("rate_limit")).transpose()?,
        failing_since_ms: row.maybe_int("failing_since_ms")?,
        disabled: disabled(row)?,
    })
}

fn disabled(row: &Row) -> Result<Option<Disabled>, StoreError> {
    let (reason, at_ms) = (row.maybe_text("disabled_reason")?, row.maybe_int("disabled_ms")?);
    Ok(reason.zip(at_ms).map(|(reason, at_ms)| Disabled { reason: reason.to_owned(), at_ms }))
}

pub(super) fn url(row: &Row) -> Result<HttpsUrl, StoreError> {
    HttpsUrl::parse(row.text("url")?).map_err(|why| unreadable("url", &why))
}

pub(super) fn secrets(row: &Row) -> Result<Secrets, StoreError> {
    let previous = row.maybe_bytes("previous_secret")?.map(<[u8]>::to_vec);
    let until_ms = row.maybe_int("overlap_until_ms")?;
    Ok(Secrets {
        current: Sealed::from_bytes(row.bytes("secret")?.to_vec()),
        previous: previous.map(Sealed::from_bytes).zip(until_ms),
    })
}
