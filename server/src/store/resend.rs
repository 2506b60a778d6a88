//! Sending deliveries again, and sending what was missed.

use std::future::Future;

use super::rows::{int, text};
use super::statement::{Statement, sql};
use super::{Store, StoreError, Tx};
use crate::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};

/// How many rows one transaction looks at.
const ROWS: i64 = 1000;

impl Store {
    /// The webhook that a delivery goes to; none when there is no such delivery in the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn webhook_of_delivery(
        &self,
        workspace_id: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<WebhookId>, StoreError> {
        // One seek per webhook of the workspace: rows are kept by webhook.
        let row = sql(
            "select w.id from webhooks w where w.workspace_id = $1 and w.deleted_ms is null and (
                exists (select 1 from deliveries d where d.workspace_id = $1 and d.webhook_id = w.id and d.id = $2)
                or exists (select 1 from queue q where q.workspace_id = $1 and q.webhook_id = w.id and q.id = $2))",
        )
        .bind(workspace_id)
        .bind(id)
        .optional(&self.db)
        .await?;
        row.map(|row| row.parse("id")).transpose()
    }

    /// Makes one delivery due now, whatever came of it before; its retry schedule starts again. Answers `false`,
    /// with nothing changed, when it is being sent just now.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn resend(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        id: DeliveryId,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let queued = self.requeue(&mut tx, workspace_id, webhook_id, &[id.to_string()]).await?;
        tx.commit().await?;
        Ok(queued == 1)
    }

    /// Makes every delivery of a webhook due now that failed for good and was accepted at `since_ms` or
    /// later. Answers how many. Works in transactions of a thousand: if one after the first fails, the answer is how
    /// many were queued, and asking again goes on with the rest.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn resend_failed(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        since_ms: i64,
    ) -> Result<u64, StoreError> {
        let after = DeliveryId::floor(since_ms).to_string();
        in_parts(after, async |after| self.resend_some(workspace_id, webhook_id, &after).await).await
    }

    /// Queues the next failed deliveries after an id, in one transaction. Answers how many, and the last one.
    async fn resend_some(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        after: &str,
    ) -> Result<Part, StoreError> {
        let mut tx = self.db.write().await?;
        let rows =
            sql(FAILED_SINCE).bind(workspace_id).bind(webhook_id).bind(after).bind(ROWS).all(&mut tx).await?;
        let ids: Vec<String> =
            rows.iter().map(|row| Ok(row.text("id")?.to_owned())).collect::<Result<_, StoreError>>()?;
        self.requeue(&mut tx, workspace_id, webhook_id, &ids).await?;
        tx.commit().await?;
        Ok(Part { queued: ids.len() as u64, last: ids.into_iter().next_back() })
    }

    /// Queues every event that was accepted at `since_ms` or later, that the webhook subscribes to, and that it was
    /// never sent: it was paused or switched off, or did not subscribe yet. Answers how many; works in parts as
    /// [`Self::resend_failed`] does. Asking again queues nothing twice, because an event's delivery has one id.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn send_missed(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        since_ms: i64,
    ) -> Result<u64, StoreError> {
        let after = EventId::floor(since_ms).to_string();
        in_parts(after, async |after| self.send_some_missed(workspace_id, webhook_id, &after).await).await
    }

    async fn send_some_missed(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        after: &str,
    ) -> Result<Part, StoreError> {
        let mut tx = self.db.write().await?;
        let events =
            sql(EVENTS_SINCE).bind(workspace_id).bind(webhook_id).bind(after).bind(ROWS).all(&mut tx).await?;
        let (mut rows, mut ids) = (QUEUE_MISSED.rows(), SENT_MEANWHILE.rows());
        for event in &events {
            // Events of other types are looked at too, so that one part is bounded.
            if event.flag("is_subscribed")? {
                let id = DeliveryId::of(event.parse("id")?, webhook_id);
                ids.push([id.into()]);
                rows.push([
                    id.into(),
                    event.text("id")?.into(),
                    event.text("event_type")?.into(),
                    event.int("created_ms")?.into(),
                ]);
            }
        }
        let queued = if rows.is_empty() {
            0
        } else {
            let queue = QUEUE_MISSED.query().bind(&self.clock).bind(workspace_id).bind(webhook_id);
            let queued = queue.bind_rows(rows).execute(&mut tx).await?;
            let sent = SENT_MEANWHILE.query().bind(workspace_id).bind(webhook_id);
            queued - sent.bind_rows(ids).execute(&mut tx).await?
        };
        tx.commit().await?;
        let last =
            events.last().map(|event| Ok::<_, StoreError>(event.text("id")?.to_owned())).transpose()?;
        Ok(Part { queued, last })
    }

    /// Queues deliveries that were sent before, and makes those due now that are queued and not being sent. Answers
    /// how many are due now.
    async fn requeue(
        &self,
        tx: &mut Tx,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        ids: &[String],
    ) -> Result<u64, StoreError> {
        let about = |statement: &'static Statement| {
            let mut rows = statement.rows();
            for id in ids {
                rows.push([id.as_str().into()]);
            }
            (statement.query().bind(workspace_id).bind(webhook_id), rows)
        };
        if ids.is_empty() {
            return Ok(0);
        }
        let (queue, rows) = about(&QUEUE);
        queue.bind(&self.clock).bind_rows(rows).execute(tx).await?;
        let (make_due, rows) = about(&MAKE_DUE);
        let due = make_due.bind(&self.clock).bind_rows(rows).execute(tx).await?;
        let (count, rows) = about(&COUNT_ATTEMPTS);
        count.bind_rows(rows).execute(tx).await?;
        let (make_pending, rows) = about(&MAKE_PENDING);
        make_pending.bind_rows(rows).execute(tx).await?;
        Ok(due)
    }
}

/// What one transaction of a long work did.
struct Part {
    queued: u64,
    /// Where the next one goes on; none when nothing is left.
    last: Option<String>,
}

/// Works from part to part until nothing is left.
async fn in_parts<F>(mut after: String, part: impl Fn(String) -> F) -> Result<u64, StoreError>
where
    F: Future<Output = Result<Part, StoreError>>,
{
    let mut queued = 0;
    loop {
        match part(after).await {
            Ok(done) => {
                queued += done.queued;
                let Some(last) = done.last else { return Ok(queued) };
                after = last;
            }
            // An error now would be asked again, and what fails once more meanwhile be sent yet again.
            Err(error) if queued > 0 => {
                tracing::error!(%error, queued, "not all could be queued");
                return Ok(queued);
            }
            Err(error) => return Err(error),
        }
    }
}

/// $1 workspace, $2 webhook, $3 after this id, $4 limit.
pub(super) const FAILED_SINCE: &str = "
    select id from deliveries where workspace_id = $1 and webhook_id = $2 and status = 'failed' and is_test = 0
    and id > $3
    order by id limit $4";

/// As [`FAILED_SINCE`], of events.
pub(super) const EVENTS_SINCE: &str = "
    select e.id, e.event_type, e.created_ms,
        cast(case when exists (
            select 1 from subscriptions s
            where s.workspace_id = $1 and s.event_type = e.event_type and s.webhook_id = $2
        ) then 1 else 0 end as bigint) as is_subscribed
    from events e where e.workspace_id = $1 and e.id > $3 order by e.id limit $4";

/// $1 now, $2 workspace, $3 webhook.
pub(super) static QUEUE_MISSED: Statement = Statement::new(
    "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
     select $2, $3, r.id, r.event_id, r.event_type, r.created_ms, now($1) from {rows}
     where not exists (
        select 1 from deliveries d where d.workspace_id = $2 and d.webhook_id = $3 and d.id = r.id
     )
     on conflict do nothing",
)
.with_rows(&[text("id"), text("event_id"), text("event_type"), int("created_ms")]);

/// $1 workspace, $2 webhook. The insert may have had to wait for an attempt's end, of which it did not know yet: what
/// was being sent was not missed.
static SENT_MEANWHILE: Statement = Statement::new(
    "delete from queue
     where workspace_id = $1 and webhook_id = $2 and owner is null and attempts = 0 and id in (
        select r.id from {rows} {seek deliveries d on d.workspace_id = $1 and d.webhook_id = $2 and d.id = r.id}
     )",
)
.with_rows(&[text("id")]);

// $1 workspace, $2 webhook, $3 now.

static QUEUE: Statement = Statement::new(
    "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms, attempts)
     select d.workspace_id, d.webhook_id, d.id, d.event_id, d.event_type, d.created_ms, now($3), d.attempts
     from {rows} {seek deliveries d on d.workspace_id = $1 and d.webhook_id = $2 and d.id = r.id} where true
     on conflict do nothing",
)
.with_rows(&[text("id")]);
static MAKE_DUE: Statement = Statement::new(
    "update queue set next_ms = now($3), step = 0
     where workspace_id = $1 and webhook_id = $2 and id in (select r.id from {rows}) and owner is null",
)
.with_rows(&[text("id")]);
/// As [`SENT_MEANWHILE`]: it goes on from where the attempt ended.
static COUNT_ATTEMPTS: Statement = Statement::new(
    "update queue set attempts = d.attempts
     from {rows} {seek deliveries d on d.workspace_id = $1 and d.webhook_id = $2 and d.id = r.id}
     where queue.workspace_id = $1 and queue.webhook_id = $2 and queue.id = r.id
       and queue.owner is null and queue.attempts <> d.attempts",
)
.with_rows(&[text("id")]);
static MAKE_PENDING: Statement = Statement::new(
    "update deliveries set status = 'pending'
     where workspace_id = $1 and webhook_id = $2 and id in (select r.id from {rows}) and status <> 'pending'",
)
.with_rows(&[text("id")]);
