//! Webhooks and what they subscribe to.

use std::collections::HashMap;

use encrata_webhooks::EventKind;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteExecutor};

use super::rows::{parse, unreadable};
use super::{Store, StoreError, Write};
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::model::webhook::{HttpsUrl, Secrets, Webhook};
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
}

/// Why a webhook was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The workspace has as many as it may have.
    #[error("this workspace has {limit} webhooks, which is the limit: delete one first")]
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const SELECT_BY_ID: &str =
    "select * from webhooks where workspace_id = $1 and deleted_ms is null and id = $2";

impl Store {
    /// Keeps a new webhook.
    ///
    /// # Errors
    ///
    /// [`CreateError`].
    pub async fn create_webhook(&self, webhook: &Webhook, limit: u32) -> Result<(), CreateError> {
        let mut tx = self.begin().await.map_err(StoreError::from)?;
        let row =
            sqlx::query("select count(*) as n from webhooks where workspace_id = $1 and deleted_ms is null")
                .bind(webhook.workspace_id.to_string())
                .fetch_one(&mut *tx)
                .await
                .map_err(StoreError::from)?;
        if row.try_get::<i64, _>("n").map_err(StoreError::from)? >= i64::from(limit) {
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
        let mut tx = self.reader.begin().await?;
        let rows =
            sqlx::query("select * from webhooks where workspace_id = $1 and deleted_ms is null order by id")
                .bind(workspace_id.to_string())
                .fetch_all(&mut *tx)
                .await?;
        let subscribed = sqlx::query(
            "select webhook_id, event_type from subscriptions where workspace_id = $1 order by webhook_id, position",
        )
        .bind(workspace_id.to_string())
        .fetch_all(&mut *tx)
        .await?;
        let mut events: HashMap<WebhookId, Vec<EventKind>> = HashMap::new();
        for row in &subscribed {
            events.entry(parse(row, "webhook_id")?).or_default().push(event_kind(row)?);
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
        let mut tx = self.reader.begin().await?;
        let row = sqlx::query(SELECT_BY_ID)
            .bind(workspace_id.to_string())
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let events = subscriptions(&mut *tx, workspace_id, id).await?;
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
        let mut tx = self.begin().await?;
        let changed = sqlx::query(
            "update webhooks set url = coalesce($3, url), description = coalesce($4, description),
             is_active = coalesce($5, is_active), updated_ms = $6
             where workspace_id = $1 and id = $2 and deleted_ms is null",
        )
        .bind(workspace_id.to_string())
        .bind(id.to_string())
        .bind(change.url.map(HttpsUrl::as_str))
        .bind(change.description)
        .bind(change.is_active.map(i64::from))
        .bind(now_ms)
        .execute(&mut *tx)
        .await?
        .rows_affected();
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
    /// current one. Answers whether they were.
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
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let changed = sqlx::query(
            "update webhooks set secret = $4, previous_secret = $5, overlap_until_ms = $6, updated_ms = $7
             where workspace_id = $1 and id = $2 and deleted_ms is null and secret = $3",
        )
        .bind(workspace_id.to_string())
        .bind(id.to_string())
        .bind(expected.as_bytes())
        .bind(secrets.current.as_bytes())
        .bind(secrets.previous.as_ref().map(|(sealed, _)| sealed.as_bytes()))
        .bind(secrets.previous.as_ref().map(|(_, until_ms)| *until_ms))
        .bind(now_ms)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Deletes a webhook: it is gone at once, its rows are erased afterwards ([`Store::erase_deleted`]).
    /// Answers whether there was such a webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn delete_webhook(
        &self,
        workspace_id: WorkspaceId,
        id: WebhookId,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let deleted = sqlx::query(
            "update webhooks set deleted_ms = $3 where workspace_id = $1 and id = $2 and deleted_ms is null",
        )
        .bind(workspace_id.to_string())
        .bind(id.to_string())
        .bind(now_ms)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        unsubscribe(&mut tx, workspace_id, id).await?;
        tx.commit().await?;
        Ok(deleted == 1)
    }
}

async fn insert(tx: &mut Write, webhook: &Webhook) -> Result<(), StoreError> {
    sqlx::query(
        "insert into webhooks (workspace_id, id, url, description, is_active, created_by, created_ms, updated_ms, secret)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(webhook.workspace_id.to_string())
    .bind(webhook.id.to_string())
    .bind(webhook.url.as_str())
    .bind(&webhook.description)
    .bind(i64::from(webhook.is_active))
    .bind(webhook.created_by.to_string())
    .bind(webhook.created_ms)
    .bind(webhook.updated_ms)
    .bind(webhook.secrets.current.as_bytes())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn subscribe(
    tx: &mut Write,
    workspace_id: WorkspaceId,
    id: WebhookId,
    events: &[EventKind],
) -> Result<(), StoreError> {
    for (position, kind) in (0_i64..).zip(events) {
        sqlx::query(
            "insert into subscriptions (workspace_id, event_type, webhook_id, position) values ($1, $2, $3, $4)",
        )
        .bind(workspace_id.to_string())
        .bind(kind.as_str())
        .bind(id.to_string())
        .bind(position)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn unsubscribe(tx: &mut Write, workspace_id: WorkspaceId, id: WebhookId) -> Result<(), StoreError> {
    sqlx::query("delete from subscriptions where workspace_id = $1 and webhook_id = $2")
        .bind(workspace_id.to_string())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn subscriptions(
    executor: impl SqliteExecutor<'_>,
    workspace_id: WorkspaceId,
    id: WebhookId,
) -> Result<Vec<EventKind>, StoreError> {
    let rows = sqlx::query(
        "select event_type from subscriptions where workspace_id = $1 and webhook_id = $2 order by position",
    )
    .bind(workspace_id.to_string())
    .bind(id.to_string())
    .fetch_all(executor)
    .await?;
    rows.iter().map(event_kind).collect()
}

fn event_kind(row: &SqliteRow) -> Result<EventKind, StoreError> {
    parse(row, "event_type")
}

fn webhook(row: &SqliteRow) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        id: parse(row, "id")?,
        workspace_id: parse(row, "workspace_id")?,
        url: url(row)?,
        events: Vec::new(),
        is_active: row.try_get::<i64, _>("is_active")? != 0,
        description: row.try_get("description")?,
        created_by: parse(row, "created_by")?,
        created_ms: row.try_get("created_ms")?,
        updated_ms: row.try_get("updated_ms")?,
        secrets: secrets(row)?,
    })
}

pub(super) fn url(row: &SqliteRow) -> Result<HttpsUrl, StoreError> {
    HttpsUrl::parse(row.try_get("url")?).map_err(|why| unreadable("url", &why))
}

pub(super) fn secrets(row: &SqliteRow) -> Result<Secrets, StoreError> {
    let previous: Option<Vec<u8>> = row.try_get("previous_secret")?;
    let until_ms: Option<i64> = row.try_get("overlap_until_ms")?;
    Ok(Secrets {
        current: Sealed::from_bytes(row.try_get("secret")?),
        previous: previous.map(Sealed::from_bytes).zip(until_ms),
    })
}
