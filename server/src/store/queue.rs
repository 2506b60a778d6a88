//! The queue: which lanes have work, claim, finish, release.
//!
//! A lane is the waiting deliveries of one webhook. A claim is a lease: until it ends, nobody else sends.
//! The fence is the store's owner and the row's epoch, so that whoever lost a lease writes nothing.
//!
//! `cross join` is a join whose order SQLite keeps: from the few rows that are asked for to the many that there are.
//! Left to choose, it once read a whole table for every claim.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite};

use super::rows::{parse, small};
use super::webhooks::{secrets, url};
use super::{Store, StoreError, Write, attempts};
use crate::model::delivery::{Attempt, Claim, Next, Target};
use crate::model::ids::{DeliveryId, WebhookId};

/// A webhook with waiting deliveries that may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// When its first delivery is due, in milliseconds since the Unix epoch.
    pub next_ms: i64,
}

/// How many deliveries of a lane are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// The lane.
    pub webhook_id: WebhookId,
    /// At most this many.
    pub rows: usize,
}

/// The end of an attempt: what is to be written for it.
#[derive(Debug)]
pub struct Finish {
    /// The claim, given away.
    pub claim: Claim,
    /// What happened.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub next: Next,
}

/// What became of a [`Finish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It was written.
    Written,
    /// The lease had gone to somebody else, or the webhook was deleted: nothing was written.
    LeaseLost,
}

impl Store {
    /// The lanes with waiting deliveries, except those of paused and deleted webhooks. One index seek per
    /// lane, however long the lanes are.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn lanes(&self) -> Result<Vec<Lane>, StoreError> {
        let rows = sqlx::query(LANES).fetch_all(&self.reader).await?;
        rows.iter()
            .map(|row| Ok(Lane { webhook_id: parse(row, "webhook_id")?, next_ms: row.try_get("next_ms")? }))
            .collect()
    }

    /// Claims deliveries that are due at `now_ms`, until `lease_end_ms`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing is claimed.
    pub async fn claim(
        &self,
        wanted: &[Want],
        now_ms: i64,
        lease_end_ms: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut by_rows: HashMap<usize, Vec<WebhookId>> = HashMap::new();
        for want in wanted.iter().filter(|want| want.rows > 0) {
            by_rows.entry(want.rows).or_default().push(want.webhook_id);
        }
        let mut tx = self.begin().await?;
        let mut rows = Vec::new();
        for (limit, lanes) in by_rows {
            let claimed = sqlx::query(CLAIM)
                .bind(json!(lanes).to_string())
                .bind(now_ms)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .bind(lease_end_ms)
                .bind(&*self.owner)
                .fetch_all(&mut *tx)
                .await?;
            rows.extend(claimed);
        }
        let claims = claims(&mut tx, &rows, lease_end_ms).await?;
        tx.commit().await?;
        Ok(claims)
    }

    /// Writes the ends of attempts, in one transaction: the attempt, the delivery's new state and the
    /// release of its lease. The answers stand in the order of the group.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the transaction failed: then nothing of the group was written.
    pub async fn finish(&self, group: &[Finish]) -> Result<Vec<Finished>, StoreError> {
        let mut tx = self.begin().await?;
        let mut held =
            fenced(&mut tx, FINISH_RETRY, group, &self.owner, |next| matches!(next, Next::Retry { .. }))
                .await?;
        held.extend(
            fenced(&mut tx, FINISH_FINAL, group, &self.owner, |next| !matches!(next, Next::Retry { .. }))
                .await?,
        );
        let finished: Vec<Finished> = group
            .iter()
            .map(|finish| match held.contains_key(&finish.claim.delivery_id) {
                true => Finished::Written,
                false => Finished::LeaseLost,
            })
            .collect();
        let written = group.iter().filter(|finish| held.contains_key(&finish.claim.delivery_id));
        attempts::write(&mut tx, written).await?;
        tx.commit().await?;
        Ok(finished)
    }

    /// Hands claims back unsent: they are due at once and cost no attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn release(&self, claims: &[Claim], now_ms: i64) -> Result<(), StoreError> {
        let rows: Vec<Value> = claims.iter().map(|claim| json!([key(claim), claim.epoch])).collect();
        let mut tx = self.begin().await?;
        sqlx::query(RELEASE)
            .bind(Value::Array(rows).to_string())
            .bind(&*self.owner)
            .bind(now_ms)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Frees every lease. Only for the one process that serves from the file, at its start: whatever is
    /// leased then was leased by a process that is gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn free_all_leases(&self, now_ms: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let freed =
            sqlx::query("update queue set owner = null, next_ms = min(next_ms, $1) where owner is not null")
                .bind(now_ms)
                .execute(&mut *tx)
                .await?
                .rows_affected();
        tx.commit().await?;
        Ok(freed)
    }
}

/// Steps from webhook to webhook over the index (a loose scan), then looks at the head of each lane.
pub(super) const LANES: &str = "
    with recursive lane (id) as (
        select min(webhook_id) from queue
        union all
        select (select min(q.webhook_id) from queue q where q.webhook_id > lane.id) from lane where lane.id is not null
    )
    select w.id as webhook_id, (select min(q.next_ms) from queue q where q.webhook_id = w.id) as next_ms
    from lane cross join webhooks w
    where w.id = lane.id and w.is_active = 1 and w.deleted_ms is null";

/// $1 lanes, $2 now, $3 rows per lane, $4 end of the lease, $5 owner.
///
/// The head of each lane is read off the index and passed on as JSON. Joined to `queue` by `id in (…)` instead, SQLite
/// walks the whole lane for it.
pub(super) const CLAIM: &str = "
    update queue set next_ms = $4, owner = $5, epoch = epoch + 1
    where (workspace_id, webhook_id, id) in (
        select w.workspace_id, w.id, due.value
        from json_each($1) as lane
        cross join webhooks w
        cross join json_each((
            select json_group_array(head.id) from (
                select q.id from queue q where q.webhook_id = w.id and q.next_ms <= $2 order by q.next_ms limit $3
            ) as head
        )) as due
        where w.id = lane.value and w.is_active = 1 and w.deleted_ms is null
    )
    returning workspace_id, webhook_id, id, event_id, event_type, created_ms, attempts, step, epoch";

/// $1 rows of `[[workspace, webhook, delivery], epoch, next_ms]`, $2 owner.
pub(super) const FINISH_RETRY: &str = "
    update queue set owner = null, attempts = attempts + 1, step = step + 1, next_ms = done.value ->> 2
    from json_each($1) as done
    where queue.workspace_id = done.value ->> '$[0][0]' and queue.webhook_id = done.value ->> '$[0][1]'
      and queue.id = done.value ->> '$[0][2]' and queue.epoch = done.value ->> 1 and queue.owner = $2
    returning queue.id";

/// As [`FINISH_RETRY`].
pub(super) const FINISH_FINAL: &str = "
    delete from queue
    where (workspace_id, webhook_id, id) in (
        select held.workspace_id, held.webhook_id, held.id
        from json_each($1) as done
        cross join queue held
        where held.workspace_id = done.value ->> '$[0][0]'
          and held.webhook_id = done.value ->> '$[0][1]' and held.id = done.value ->> '$[0][2]'
          and held.epoch = done.value ->> 1 and held.owner = $2
    )
    returning id";

/// $1 rows of `[[workspace, webhook, delivery], epoch]`, $2 owner, $3 now.
pub(super) const RELEASE: &str = "
    update queue set owner = null, next_ms = $3
    from json_each($1) as done
    where queue.workspace_id = done.value ->> '$[0][0]' and queue.webhook_id = done.value ->> '$[0][1]'
      and queue.id = done.value ->> '$[0][2]' and queue.epoch = done.value ->> 1 and queue.owner = $2";

/// $1 rows of `[workspace, event]`.
pub(super) const BODIES: &str = "
    select e.id, e.body from json_each($1) as asked
    cross join events e where e.workspace_id = asked.value ->> 0 and e.id = asked.value ->> 1";

/// $1 rows of `[workspace, webhook]`.
pub(super) const TARGETS: &str = "
    select w.id, w.url, w.secret, w.previous_secret, w.overlap_until_ms from json_each($1) as asked
    cross join webhooks w where w.workspace_id = asked.value ->> 0 and w.id = asked.value ->> 1";

fn key(claim: &Claim) -> Value {
    json!([claim.workspace_id, claim.webhook_id, claim.delivery_id])
}

/// Runs one of the fenced statements over the part of the group that it is for, and says which rows were
/// still held.
async fn fenced(
    tx: &mut Write,
    statement: &'static str,
    group: &[Finish],
    owner: &str,
    of: impl Fn(Next) -> bool,
) -> Result<HashMap<DeliveryId, ()>, StoreError> {
    let rows: Vec<Value> = group
        .iter()
        .filter(|finish| of(finish.next))
        .map(|finish| {
            let next_ms = match finish.next {
                Next::Retry { at_ms } => Some(at_ms),
                Next::Succeeded | Next::Failed => None,
            };
            json!([key(&finish.claim), finish.claim.epoch, next_ms])
        })
        .collect();
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let held: Vec<SqliteRow> = sqlx::query::<Sqlite>(statement)
        .bind(Value::Array(rows).to_string())
        .bind(owner)
        .fetch_all(&mut **tx)
        .await?;
    held.iter().map(|row| Ok((parse(row, "id")?, ()))).collect()
}

/// Adds to claimed rows what is needed to send them: bodies and targets, each read once.
async fn claims(tx: &mut Write, rows: &[SqliteRow], lease_end_ms: i64) -> Result<Vec<Claim>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut events: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| Ok((row.try_get("workspace_id")?, row.try_get("event_id")?)))
        .collect::<Result<_, sqlx::Error>>()?;
    events.sort_unstable();
    events.dedup();
    let bodies = bodies(tx, &events).await?;
    let mut webhooks: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| Ok((row.try_get("workspace_id")?, row.try_get("webhook_id")?)))
        .collect::<Result<_, sqlx::Error>>()?;
    webhooks.sort_unstable();
    webhooks.dedup();
    let targets = targets(tx, &webhooks).await?;

    let mut claims = Vec::with_capacity(rows.len());
    for row in rows {
        match claim(row, &bodies, &targets, lease_end_ms) {
            Ok(claim) => claims.push(claim),
            // It stays leased and is looked at again when the lease ends; the others must not wait for it.
            Err(error) => {
                tracing::error!(%error, delivery = row.try_get::<&str, _>("id")?, "a delivery can't be read");
            }
        }
    }
    Ok(claims)
}

fn claim(
    row: &SqliteRow,
    bodies: &HashMap<String, Arc<[u8]>>,
    targets: &HashMap<WebhookId, Arc<Target>>,
    lease_end_ms: i64,
) -> Result<Claim, StoreError> {
    let webhook_id: WebhookId = parse(row, "webhook_id")?;
    let missing = |what| StoreError::Unreadable { what, why: "the row is gone".into() };
    Ok(Claim {
        workspace_id: parse(row, "workspace_id")?,
        webhook_id,
        delivery_id: parse(row, "id")?,
        event_id: parse(row, "event_id")?,
        event_type: row.try_get("event_type")?,
        created_ms: row.try_get("created_ms")?,
        epoch: row.try_get("epoch")?,
        attempts: row.try_get("attempts")?,
        step: row.try_get("step")?,
        lease_end_ms,
        body: bodies.get(row.try_get::<&str, _>("event_id")?).cloned().ok_or_else(|| missing("event"))?,
        target: targets.get(&webhook_id).cloned().ok_or_else(|| missing("webhook"))?,
    })
}

async fn bodies(tx: &mut Write, events: &[(&str, &str)]) -> Result<HashMap<String, Arc<[u8]>>, StoreError> {
    let rows = sqlx::query(BODIES).bind(json!(events).to_string()).fetch_all(&mut **tx).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get::<&[u8], _>("body")?.into()))).collect()
}

async fn targets(
    tx: &mut Write,
    webhooks: &[(&str, &str)],
) -> Result<HashMap<WebhookId, Arc<Target>>, StoreError> {
    let rows = sqlx::query(TARGETS).bind(json!(webhooks).to_string()).fetch_all(&mut **tx).await?;
    let mut targets = HashMap::new();
    for row in &rows {
        match (url(row), secrets(row)) {
            (Ok(url), Ok(secrets)) => {
                targets.insert(parse(row, "id")?, Arc::new(Target { url, secrets }));
            }
            (Err(error), _) | (_, Err(error)) => tracing::error!(%error, "a webhook can't be read"),
        }
    }
    Ok(targets)
}

impl Finish {
    /// Which attempt of the delivery this was; the first is 1.
    pub fn number(&self) -> i64 {
        self.claim.attempts + 1
    }
}

/// A status code column.
pub(super) fn status_code(row: &SqliteRow) -> Result<Option<u16>, StoreError> {
    let code: Option<i64> = row.try_get("response_status")?;
    code.map(|code| small("response_status", code)).transpose()
}
