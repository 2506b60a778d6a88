//! The queue: which lanes have work, claim, release.
//!
//! A lane is the waiting deliveries of one webhook. A claim is a lease: until it ends, nobody else sends.
//! The fence is the store's owner and the row's epoch, so that whoever lost a lease writes nothing. The attempts belong
//! to it too: a delivery that is resent gets a new row, whose epochs begin again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pace::{use_up, used_ms};
use super::row::{Row, unreadable};
use super::rows::{int, text};
use super::statement::Statement;
use super::webhooks::{secrets, url};
use super::{Store, StoreError, Tx};
use crate::duration::ms;
use crate::model::delivery::{Claim, Target};
use crate::model::ids::WebhookId;

/// A webhook with waiting deliveries that may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// In how many milliseconds something may be sent to it; when negative, for how long it could have been.
    pub due_in_ms: i64,
    /// Whether nothing succeeded at it lately.
    pub is_failing: bool,
    /// Whether it takes only so many a second.
    pub is_limited: bool,
}

/// How many deliveries of a lane are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// The lane.
    pub webhook_id: WebhookId,
    /// At most this many.
    pub rows: usize,
    /// Whether it takes only so many a second.
    pub is_limited: bool,
}

impl Store {
    /// The lanes with waiting deliveries, except those of paused and deleted webhooks. One index seek per
    /// lane, however long the lanes are.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn lanes(&self) -> Result<Vec<Lane>, StoreError> {
        let rows = LANES.query().bind(&self.clock).all(&self.db).await?;
        rows.iter()
            .map(|row| {
                let paced_ms = row.maybe_int("rate_limit")?.map_or(Ok(0), |per_second| {
                    Ok::<_, StoreError>(row.int("paced_ms")? + used_ms(1, per_second))
                })?;
                let due_ms = row.int("next_ms")?.max(row.int("not_before_ms")?).max(paced_ms);
                Ok(Lane {
                    webhook_id: row.parse("webhook_id")?,
                    due_in_ms: due_ms - row.int("now_ms")?,
                    is_failing: row.maybe_int("failing_since_ms")?.is_some(),
                    is_limited: row.maybe_int("rate_limit")?.is_some(),
                })
            })
            .collect()
    }

    /// Claims deliveries that are due, for as long as `lease` lasts.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing is claimed.
    pub async fn claim(&self, wanted: &[Want], lease: Duration) -> Result<Vec<Claim>, StoreError> {
        let asked = Instant::now();
        let mut tx = self.db.write_lightly().await?;
        let limited = self.limits(&mut tx, wanted).await?;
        // A statement has one limit: lanes that want as many go together.
        let mut by_rows: BTreeMap<usize, Vec<WebhookId>> = BTreeMap::new();
        for want in wanted {
            let allowed = limited.get(&want.webhook_id).map_or(usize::MAX, |limit| limit.allowed);
            by_rows.entry(want.rows.min(allowed)).or_default().push(want.webhook_id);
        }
        by_rows.remove(&0);
        let mut rows = Vec::new();
        for (limit, webhook_ids) in by_rows {
            let mut lanes = CLAIM.rows();
            for id in webhook_ids {
                lanes.push([id.into()]);
            }
            let claim = CLAIM
                .query()
                .bind(&self.clock)
                .bind(ms(lease))
                .bind(&*self.owner)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX));
            rows.extend(claim.bind_rows(lanes).all(&mut tx).await?);
        }
        use_up(&mut tx, &limited, &rows).await?;
        let claims = claims(&mut tx, &rows, asked + lease).await?;
        tx.commit().await?;
        Ok(claims)
    }

    /// Hands claims back unsent: they are due at once and cost no attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn release(&self, claims: &[Claim]) -> Result<(), StoreError> {
        let mut rows = RELEASE.rows();
        for claim in claims {
            rows.push([
                claim.workspace_id.into(),
                claim.webhook_id.into(),
                claim.delivery_id.into(),
                claim.epoch.into(),
                claim.attempts.into(),
            ]);
        }
        let mut tx = self.db.write_lightly().await?;
        RELEASE.query().bind(&self.clock).bind(&*self.owner).bind_rows(rows).execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Frees every lease of a SQLite file, at the start of the one process that serves from it: whatever is leased
    /// then was leased by a process that is gone. On Postgres, where others may be at work, leases end by themselves.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn free_all_leases(&self) -> Result<u64, StoreError> {
        if self.is_shared() {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        let freed = FREE.query().bind(&self.clock).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(freed)
    }
}

/// Steps from webhook to webhook over the index (a loose scan), then looks at the head of each lane.
///
/// That `next_ms > 0` tells Postgres that it may use the index by lane.
pub(super) static LANES: Statement = Statement::new(
    "with recursive lane (id) as (
        select (
            select q.webhook_id from queue q where q.webhook_id > '' {postgres: and q.next_ms > 0} order by q.webhook_id limit 1
        )
        union all
        select (
            select q.webhook_id from queue q where q.webhook_id > lane.id {postgres: and q.next_ms > 0} order by q.webhook_id limit 1
        ) from lane where lane.id is not null
    )
    select w.id as webhook_id,
           (select q.next_ms from queue q where q.webhook_id = w.id {postgres: and q.next_ms > 0} order by q.next_ms limit 1) as next_ms,
           w.not_before_ms, w.rate_limit, w.paced_ms, w.failing_since_ms, now($1) as now_ms
    from lane {seek webhooks w on w.id = lane.id and w.is_active = 1 and w.deleted_ms is null}",
);

/// $1 now, $2 how long the lease lasts, $3 owner, $4 rows per lane.
///
/// A parameter that is all of a limit makes SQLite compile the statement anew for each call, so it is a sum.
///
/// On SQLite the head of each lane is read off the index and passed on as JSON: joined to `queue` by `id in (…)`
/// instead, it walks the whole lane.
pub(super) static CLAIM: Statement = Statement::each(
    "update queue set next_ms = now($1) + $2, owner = $3, epoch = epoch + 1
    where (workspace_id, webhook_id, id) in (
        select w.workspace_id, w.id, due.value
        from {rows}
        cross join webhooks w
        cross join json_each((
            select json_group_array(head.id) from (
                select q.id from queue q where q.webhook_id = w.id and q.next_ms <= now($1)
                order by q.next_ms limit 0 + $4
            ) as head
        )) as due
        where w.id = r.webhook_id and w.is_active = 1 and w.deleted_ms is null and w.not_before_ms <= now($1)
    )
    returning workspace_id, webhook_id, id, event_id, event_type, created_ms, attempts, step, epoch,
        (select e.body from events e where e.workspace_id = queue.workspace_id and e.id = event_id) as body,
        (select e.traceparent from events e where e.workspace_id = queue.workspace_id and e.id = event_id) as traceparent",
    "update queue set next_ms = now($1) + $2, owner = $3, epoch = epoch + 1
    from (
        select due.* from {rows} {seek webhooks w on w.id = r.webhook_id and w.is_active = 1 and w.deleted_ms is null}
        cross join lateral (
            select q.workspace_id, q.webhook_id, q.id from queue q
            where q.webhook_id = w.id and q.next_ms > 0 and q.next_ms <= now($1)
            order by q.next_ms limit 0 + $4
            for update skip locked
        ) as due
        where w.not_before_ms <= now($1)
    ) as due
    where {probe queue.workspace_id = due.workspace_id} and queue.webhook_id = due.webhook_id and queue.id = due.id
    returning queue.workspace_id, queue.webhook_id, queue.id, event_id, event_type, created_ms, attempts, step, epoch,
        (select e.body from events e where e.workspace_id = queue.workspace_id and e.id = event_id) as body,
        (select e.traceparent from events e where e.workspace_id = queue.workspace_id and e.id = event_id) as traceparent",
)
.with_rows(&[text("webhook_id")]);

/// $1 now, $2 owner.
pub(super) static RELEASE: Statement = Statement::new(
    "update queue set owner = null, next_ms = now($1) from {rows}
     where {probe queue.workspace_id = r.workspace_id} and queue.webhook_id = r.webhook_id and queue.id = r.id
       and queue.epoch = r.epoch and queue.attempts = r.attempts and queue.owner = $2",
)
.with_rows(&[text("workspace_id"), text("webhook_id"), text("id"), int("epoch"), int("attempts")]);

/// $1 now.
static FREE: Statement =
    Statement::new("update queue set owner = null, next_ms = min(next_ms, now($1)) where owner is not null");

pub(super) static TARGETS: Statement = Statement::new(
    "select w.id, w.url, w.secret, w.previous_secret, w.overlap_until_ms, w.failing_since_ms from {rows}
     {seek webhooks w on w.workspace_id = r.workspace_id and w.id = r.id}",
)
.with_rows(&[text("workspace_id"), text("id")]);

/// Adds to claimed rows what is needed to send them.
async fn claims(tx: &mut Tx, rows: &[Row], lease_end: Instant) -> Result<Vec<Claim>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let targets = targets(tx, rows).await?;
    let mut claims = Vec::with_capacity(rows.len());
    for row in rows {
        match claim(row, &targets, lease_end) {
            Ok(claim) => claims.push(claim),
            // It stays leased and is looked at again when the lease ends; the others must not wait for it.
            Err(error) => {
                tracing::error!(%error, delivery = row.text("id")?, "a delivery can't be read");
            }
        }
    }
    Ok(claims)
}

fn claim(
    row: &Row,
    targets: &HashMap<WebhookId, Arc<Target>>,
    lease_end: Instant,
) -> Result<Claim, StoreError> {
    let webhook_id: WebhookId = row.parse("webhook_id")?;
    let gone = |what| unreadable(what, &"the row is gone");
    Ok(Claim {
        workspace_id: row.parse("workspace_id")?,
        webhook_id,
        delivery_id: row.parse("id")?,
        event_id: row.parse("event_id")?,
        event_type: row.text("event_type")?.to_owned(),
        created_ms: row.int("created_ms")?,
        epoch: row.int("epoch")?,
        attempts: row.int("attempts")?,
        step: row.int("step")?,
        lease_end,
        body: row.maybe_bytes("body")?.ok_or_else(|| gone("event"))?.into(),
        traceparent: row.maybe_text("traceparent")?.map(str::to_owned),
        target: targets.get(&webhook_id).cloned().ok_or_else(|| gone("webhook"))?,
    })
}

async fn targets(tx: &mut Tx, claimed: &[Row]) -> Result<HashMap<WebhookId, Arc<Target>>, StoreError> {
    let mut rows = TARGETS.rows();
    let mut of: Vec<(&str, &str)> = claimed
        .iter()
        .map(|row| Ok((row.text("workspace_id")?, row.text("webhook_id")?)))
        .collect::<Result<_, StoreError>>()?;
    of.sort_unstable();
    of.dedup();
    for (workspace_id, id) in of {
        rows.push([workspace_id.into(), id.into()]);
    }
    let rows = TARGETS.query().bind_rows(rows).all(tx).await?;
    let mut targets = HashMap::new();
    for row in &rows {
        match target(row) {
            Ok(target) => {
                targets.insert(row.parse("id")?, Arc::new(target));
            }
            Err(error) => tracing::error!(%error, "a webhook can't be read"),
        }
    }
    Ok(targets)
}

/// What sending needs to know of a webhook.
pub(super) fn target(row: &Row) -> Result<Target, StoreError> {
    Ok(Target {
        url: url(row)?,
        secrets: secrets(row)?,
        failing_since_ms: row.maybe_int("failing_since_ms")?,
    })
}
