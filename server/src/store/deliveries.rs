//! Reading deliveries back.

use std::collections::HashMap;

use encrata_webhooks::EventKind;

use super::row::{Row, unreadable};
use super::rows::text;
use super::statement::{Statement, sql};
use super::{Store, StoreError, Tx};
use crate::model::delivery::{Attempt, Delivery, Status};
use crate::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};

/// How many bytes of bodies a page has at most, unless one body alone has more. A shorter page has a cursor too.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Which deliveries of a webhook are wanted, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Only of this status.
    pub status: Option<Status>,
    /// Only of this event type.
    pub event: Option<EventKind>,
    /// Only those accepted at this time or later (milliseconds since the Unix epoch).
    pub since_ms: i64,
    /// Only those accepted before this time.
    pub until_ms: i64,
    /// Only those older than this one: the last of the page before.
    pub before: Option<DeliveryId>,
    /// At most this many.
    pub limit: usize,
}

/// Deliveries, newest first, and whether there are more.
#[derive(Debug)]
pub struct Page {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// The cursor of the next page; none on the last.
    pub next: Option<DeliveryId>,
}

impl Store {
    /// A page of a webhook's deliveries.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn deliveries(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        filter: &Filter,
    ) -> Result<Page, StoreError> {
        let before = DeliveryId::floor(filter.until_ms).to_string();
        let before = filter.before.map_or(before.clone(), |cursor| before.min(cursor.to_string()));
        let range = (DeliveryId::floor(filter.since_ms).to_string(), before);
        self.page(workspace_id, webhook_id, filter, &range).await
    }

    /// One delivery of a webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn delivery(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        let any =
            Filter { status: None, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit: 1 };
        let page = self.page(workspace_id, webhook_id, &any, &from_to(id, id)).await?;
        Ok(page.deliveries.into_iter().next())
    }

    /// The trace context of the request that brought an event.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn traceparent(
        &self,
        workspace_id: WorkspaceId,
        id: EventId,
    ) -> Result<Option<String>, StoreError> {
        let event = sql("select traceparent from events where workspace_id = $1 and id = $2");
        let row = event.bind(workspace_id).bind(id).optional(&self.db).await?;
        row.map_or(Ok(None), |row| Ok(row.maybe_text("traceparent")?.map(str::to_owned)))
    }

    /// The newest deliveries of a range of ids, from the first on and before the second.
    pub(super) async fn page(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        filter: &Filter,
        (from, before): &(String, String),
    ) -> Result<Page, StoreError> {
        let statements: &[&'static Statement] = match filter.status {
            None => &[&SENT, &NEVER_SENT],
            Some(Status::Pending) => &[&PENDING],
            Some(Status::Success) => &[&SUCCEEDED],
            Some(Status::Failed) => &[&FAILED],
        };
        let one_more = i64::try_from(filter.limit).unwrap_or(i64::MAX).saturating_add(1);
        // One snapshot: a delivery that is sent between two statements must not be on the page twice.
        let mut tx = self.db.read().await?;
        let mut rows = Vec::new();
        for statement in statements {
            let found = statement
                .query()
                .bind(workspace_id)
                .bind(webhook_id)
                .bind(&**before)
                .bind(&**from)
                .bind(filter.event.map(EventKind::as_str))
                .bind(one_more)
                .all(&mut tx)
                .await?;
            for row in &found {
                rows.push(listed(row, webhook_id)?);
            }
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.delivery.id));
        let fits = page_rows(rows.iter().map(|row| row.bytes), filter.limit);
        let more = rows.len() > fits;
        rows.truncate(fits);
        let events: Vec<_> = rows.iter().map(|row| (workspace_id, row.delivery.event_id)).collect();
        let mut bodies = bodies(&mut tx, &events).await?;
        let later: Vec<DeliveryId> =
            rows.iter().filter(|row| row.attempts > 1).map(|row| row.delivery.id).collect();
        let mut later = later_attempts(&mut tx, workspace_id, webhook_id, &later).await?;
        let deliveries: Vec<Delivery> = rows
            .into_iter()
            .map(|Listed { mut delivery, .. }| {
                delivery.attempts.extend(later.remove(&delivery.id).unwrap_or_default());
                // A webhook gets an event once, so no two deliveries of a page share a body.
                delivery.body = bodies.remove(&delivery.event_id).unwrap_or_default();
                delivery
            })
            .collect();
        let next = if more { deliveries.last().map(|delivery| delivery.id) } else { None };
        Ok(Page { deliveries, next })
    }
}

/// The range from the one id to the other, both included.
pub(super) fn from_to(oldest: DeliveryId, newest: DeliveryId) -> (String, String) {
    // What follows an id directly, for all ids have one length.
    (oldest.to_string(), format!("{newest}-"))
}

// $1 workspace, $2 webhook, $3 before this id, $4 from this id on, $5 event type or null, $6 limit.

macro_rules! sent {
    ($and:literal) => {
        Statement::new(concat!(
            "select d.id, d.event_id, d.event_type, d.created_ms, d.status, d.attempts, d.started_ms,
                    d.duration_ms, d.response_status, d.response_body, d.error, cast(length(e.body) as bigint) as bytes, q.next_ms, q.owner
             from deliveries d
             {seek events e on e.workspace_id = d.workspace_id and e.id = d.event_id}
             {find queue q on q.workspace_id = d.workspace_id and q.webhook_id = d.webhook_id and q.id = d.id}
             where d.workspace_id = $1 and d.webhook_id = $2 and d.id < $3 and d.id >= $4
               and (cast($5 as text) is null or d.event_type = $5)",
            $and,
            " order by d.id desc limit $6"
        ))
    };
}

macro_rules! queued {
    ($and:literal) => {
        Statement::new(concat!(
            "select q.id, q.event_id, q.event_type, q.created_ms, 'pending' as status, q.attempts, d.started_ms,
                    d.duration_ms, d.response_status, d.response_body, d.error, cast(length(e.body) as bigint) as bytes, q.next_ms, q.owner
             from queue q
             {seek events e on e.workspace_id = q.workspace_id and e.id = q.event_id}
             {find deliveries d on d.workspace_id = q.workspace_id and d.webhook_id = q.webhook_id and d.id = q.id}
             where q.workspace_id = $1 and q.webhook_id = $2 and q.id < $3 and q.id >= $4
               and (cast($5 as text) is null or q.event_type = $5)",
            $and,
            " order by q.id desc limit $6"
        ))
    };
}

pub(super) static SENT: Statement = sent!("");
pub(super) static SUCCEEDED: Statement = sent!(" and d.status = 'success'");
pub(super) static FAILED: Statement = sent!(" and d.status = 'failed'");
pub(super) static PENDING: Statement = queued!("");
pub(super) static NEVER_SENT: Statement = queued!(" and q.attempts = 0");

pub(super) static BODIES: Statement = Statement::new(
    "select e.id, e.body from {rows}
     {seek events e on e.workspace_id = r.workspace_id and e.id = r.id}",
)
.with_rows(&[text("workspace_id"), text("id")]);

/// $1 workspace, $2 webhook.
static LATER: Statement = Statement::new(
    "select a.delivery_id, a.started_ms, a.duration_ms, a.response_status, a.response_body, a.error
     from {rows} {seek attempts a on a.workspace_id = $1 and a.webhook_id = $2 and a.delivery_id = r.id}
     order by a.delivery_id, a.number",
)
.with_rows(&[text("id")]);

async fn later_attempts(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    webhook_id: WebhookId,
    ids: &[DeliveryId],
) -> Result<HashMap<DeliveryId, Vec<Attempt>>, StoreError> {
    let mut attempts: HashMap<DeliveryId, Vec<Attempt>> = HashMap::new();
    if ids.is_empty() {
        return Ok(attempts);
    }
    let mut wanted = LATER.rows();
    for id in ids {
        wanted.push([(*id).into()]);
    }
    let rows = LATER.query().bind(workspace_id).bind(webhook_id).bind_rows(wanted).all(tx).await?;
    for row in &rows {
        attempts.entry(row.parse("delivery_id")?).or_default().push(attempt(row)?);
    }
    Ok(attempts)
}

/// A row of a listing.
struct Listed {
    /// The delivery with its first attempt, if there was one, and without its body.
    delivery: Delivery,
    /// How many attempts there were.
    attempts: i64,
    /// How long its body is.
    bytes: usize,
}

/// How many rows make a page: as many as were asked for, and no more than [`PAGE_BYTES`] of bodies, but one.
fn page_rows(bytes: impl Iterator<Item = usize>, limit: usize) -> usize {
    let mut total = 0;
    let fits = bytes.take(limit).take_while(|bytes| {
        total += bytes;
        total <= PAGE_BYTES
    });
    fits.count().max(1)
}

async fn bodies(
    tx: &mut Tx,
    events: &[(WorkspaceId, EventId)],
) -> Result<HashMap<EventId, Vec<u8>>, StoreError> {
    let mut wanted = BODIES.rows();
    for (workspace_id, id) in events {
        wanted.push([(*workspace_id).into(), (*id).into()]);
    }
    let rows = BODIES.query().bind_rows(wanted).all(tx).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, row.bytes("body")?.to_vec()))).collect()
}

fn listed(row: &Row, webhook_id: WebhookId) -> Result<Listed, StoreError> {
    let status = row.text("status")?;
    let attempts = row.int("attempts")?;
    let leased = row.maybe_text("owner")?.is_some();
    let next_ms = row.maybe_int("next_ms")?;
    let delivery = Delivery {
        id: row.parse("id")?,
        webhook_id,
        event_id: row.parse("event_id")?,
        event_type: row.text("event_type")?.to_owned(),
        body: Vec::new(),
        status: Status::parse(status).ok_or_else(|| unreadable("status", &status))?,
        created_ms: row.int("created_ms")?,
        // While it is being sent, next_ms is the end of the lease.
        next_ms: next_ms.filter(|_| !leased),
        attempts: if attempts > 0 { vec![attempt(row)?] } else { Vec::new() },
    };
    Ok(Listed { delivery, attempts, bytes: row.small("bytes")? })
}

fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    let code = row.maybe_int("response_status")?;
    Ok(Attempt {
        started_ms: row.int("started_ms")?,
        duration_ms: row.int("duration_ms")?,
        response_status: code.map(|_| row.small("response_status")).transpose()?,
        response_body: row.maybe_bytes("response_body")?.map(<[u8]>::to_vec),
        error: row.maybe_text("error")?.map(str::to_owned),
    })
}
