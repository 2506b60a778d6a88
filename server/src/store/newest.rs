//! The newest deliveries of a webhook, without their bodies: who listens looks again and again, and most of the time
//! nothing has changed.

use super::deliveries::from_to;
use super::row::{Row, unreadable};
use super::statement::Statement;
use super::{Filter, Page, Store, StoreError};
use crate::model::delivery::Status;
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};

/// How many of a webhook's deliveries are looked through for those that are wanted.
const LOOKED_THROUGH: i64 = 1000;

/// A delivery, and what changes when something happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it stands.
    pub status: Status,
    /// How many attempts were made.
    pub attempts: i64,
    /// When it is due, or until when it is being sent.
    pub next_ms: Option<i64>,
}

impl Store {
    /// The newest deliveries that fit a filter's status and event, newest first and as many as it limits, among the
    /// webhook's newest thousand.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn newest(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        filter: &Filter,
    ) -> Result<Vec<Head>, StoreError> {
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        let statements: &[&'static Statement] = match filter.status {
            None => &[&HEADS_SENT, &HEADS_NEVER_SENT],
            Some(Status::Pending) => &[&HEADS_PENDING],
            Some(Status::Success | Status::Failed) => &[&HEADS_SENT],
        };
        // One snapshot: a delivery that is sent between two statements must not be missed.
        let mut tx = self.db.read().await?;
        let mut heads = Vec::new();
        for statement in statements {
            let query = statement.query().bind(workspace_id).bind(webhook_id);
            let query = query.bind(filter.event.map(encrata_webhooks::EventKind::as_str));
            let query = query.bind(filter.status.map(Status::as_str)).bind(limit).bind(LOOKED_THROUGH);
            for row in &query.all(&mut tx).await? {
                heads.push(head(row)?);
            }
        }
        heads.sort_unstable_by_key(|head| std::cmp::Reverse(head.id));
        heads.truncate(filter.limit);
        Ok(heads)
    }

    /// The deliveries from `oldest` to `newest` that fit a filter's status and event: a page of as many as it limits.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn deliveries_between(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        filter: &Filter,
        (oldest, newest): (DeliveryId, DeliveryId),
    ) -> Result<Page, StoreError> {
        let (from, before) = from_to(oldest, newest);
        let before = filter.before.map_or(before, |cursor| cursor.to_string());
        self.page(workspace_id, webhook_id, filter, &(from, before)).await
    }
}

fn head(row: &Row) -> Result<Head, StoreError> {
    let status = row.text("status")?;
    Ok(Head {
        id: row.parse("id")?,
        status: Status::parse(status).ok_or_else(|| unreadable("status", &status))?,
        attempts: row.int("attempts")?,
        next_ms: row.maybe_int("next_ms")?,
    })
}

// $1 workspace, $2 webhook, $3 event type or null, $4 status or null, $5 limit, $6 how many are looked through. A lease
// moves next_ms, so it shows there that something is being sent.

pub(super) static HEADS_SENT: Statement = Statement::new(
    "select part.id, part.status, part.attempts, q.next_ms
     from (
        select d.* from deliveries d where d.workspace_id = $1 and d.webhook_id = $2 order by d.id desc limit $6
     ) as part
     {find queue q on q.workspace_id = part.workspace_id and q.webhook_id = part.webhook_id and q.id = part.id}
     where (cast($3 as text) is null or part.event_type = $3) and (cast($4 as text) is null or part.status = $4)
     order by part.id desc limit $5",
);

macro_rules! queued {
    ($and:literal) => {
        Statement::new(concat!(
            "select part.id, 'pending' as status, part.attempts, part.next_ms
             from (
                select q.* from queue q where q.workspace_id = $1 and q.webhook_id = $2 order by q.id desc limit $6
             ) as part
             where (cast($3 as text) is null or part.event_type = $3) and (cast($4 as text) is null or $4 = 'pending')",
            $and,
            " order by part.id desc limit $5"
        ))
    };
}

pub(super) static HEADS_PENDING: Statement = queued!("");
pub(super) static HEADS_NEVER_SENT: Statement = queued!(" and part.attempts = 0");
