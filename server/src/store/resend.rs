//! Sending deliveries again, and sending what was missed.

use std::future::Future;

use super::rows::{Column, int, text};
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
        let row = WEBHOOK_OF.query().bind(workspace_id).bind(id).optional(&self.db).await?;
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
                ids.push([workspace_id.into(), webhook_id.into(), id.into()]);
                rows.push([
                    workspace_id.into(),
                    webhook_id.into(),
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
            let queue = QUEUE_MISSED.query().bind(&self.clock).bind_rows(rows);
            let queued = queue.execute(&mut tx).await?;
            queued - SENT_MEANWHILE.query().bind_rows(ids).execute(&mut tx).await?
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
                rows.push([workspace_id.into(), webhook_id.into(), id.as_str().into()]);
            }
            (statement.query(), rows)
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

/// $1 now.
pub(super) static QUEUE_MISSED: Statement = Statement::new(
    "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
     select r.workspace_id, r.webhook_id, r.id, r.event_id, r.event_type, r.created_ms, now($1) from {rows}
     {find deliveries d on d.workspace_id = r.workspace_id and d.webhook_id = r.webhook_id and d.id = r.id}
     where d.id is null
     on conflict do nothing",
)
.with_rows(&[
    text("workspace_id"),
    text("webhook_id"),
    text("id"),
    text("event_id"),
    text("event_type"),
    int("created_ms"),
]);

/// $1 workspace, $2 delivery. One seek per webhook of the workspace: rows are kept by webhook.
pub(super) static WEBHOOK_OF: Statement = Statement::new(
    "select w.id from webhooks w
     {find deliveries d on d.workspace_id = w.workspace_id and d.webhook_id = w.id and d.id = $2}
     {find queue q on q.workspace_id = w.workspace_id and q.webhook_id = w.id and q.id = $2}
     where w.workspace_id = $1 and w.deleted_ms is null and (d.id is not null or q.id is not null)",
);

/// The key of a delivery.
const KEY: &[Column] = &[text("workspace_id"), text("webhook_id"), text("id")];

/// The insert may have had to wait for an attempt's end, of which it did not know yet: what was being sent was not
/// missed.
pub(super) static SENT_MEANWHILE: Statement = Statement::each(
    "delete from queue
     where owner is null and attempts = 0 and (workspace_id, webhook_id, id) in (
        select d.workspace_id, d.webhook_id, d.id from {rows}
        {seek deliveries d on d.workspace_id = r.workspace_id and d.webhook_id = r.webhook_id and d.id = r.id}
     )",
    "delete from queue using {rows}
     {seek deliveries d on d.workspace_id = r.workspace_id and d.webhook_id = r.webhook_id and d.id = r.id}
     where {probe queue.workspace_id = r.workspace_id} and queue.webhook_id = r.webhook_id and queue.id = r.id
       and queue.owner is null and queue.attempts = 0",
)
.with_rows(KEY);

/// $1 now.
pub(super) static QUEUE: Statement = Statement::new(
    "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms, attempts)
     select d.workspace_id, d.webhook_id, d.id, d.event_id, d.event_type, d.created_ms, now($1), d.attempts
     from {rows} {seek deliveries d on d.workspace_id = r.workspace_id and d.webhook_id = r.webhook_id and d.id = r.id}
     where true on conflict do nothing",
)
.with_rows(KEY);

/// $1 now.
pub(super) static MAKE_DUE: Statement = Statement::new(
    "update queue set next_ms = now($1), step = 0 from {rows}
     where {probe queue.workspace_id = r.workspace_id} and queue.webhook_id = r.webhook_id and queue.id = r.id
       and queue.owner is null",
)
.with_rows(KEY);

/// As [`SENT_MEANWHILE`]: it goes on from where the attempt ended.
pub(super) static COUNT_ATTEMPTS: Statement = Statement::new(
    "update queue set attempts = d.attempts
     from {rows} {seek deliveries d on d.workspace_id = r.workspace_id and d.webhook_id = r.webhook_id and d.id = r.id}
     where {probe queue.workspace_id = r.workspace_id} and queue.webhook_id = r.webhook_id and queue.id = r.id
       and queue.owner is null and queue.attempts <> d.attempts",
)
.with_rows(KEY);

pub(super) static MAKE_PENDING: Statement = Statement::new(
    "update deliveries set status = 'pending' from {rows}
     where {probe deliveries.workspace_id = r.workspace_id} and deliveries.webhook_id = r.webhook_id
       and deliveries.id = r.id and status <> 'pending'",
)
.with_rows(KEY);
