//! Recording events: the event, one delivery per subscribed webhook and the idempotency key, in one
//! transaction. Whole groups of requests share that transaction, so that they share its fsync.

use std::collections::HashMap;

use serde_json::json;
use sqlx::Row as _;

use super::rows::parse;
use super::{Store, StoreError, Write};
use crate::model::event::{Accepted, Idempotency, MAX_BATCH_DELIVERIES, NewBatch};
use crate::model::ids::{DeliveryId, WebhookId};

/// How long an idempotency key is remembered: 72 hours.
pub(super) const IDEMPOTENCY_MS: i64 = 72 * 60 * 60 * 1000;

/// What became of a publish request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was recorded now.
    New(Vec<Accepted>),
    /// It was recorded before, under the same idempotency key: the same answer again.
    Before(Vec<Accepted>),
}

impl Recorded {
    /// The answer.
    pub fn accepted(self) -> Vec<Accepted> {
        let (Self::New(accepted) | Self::Before(accepted)) = self;
        accepted
    }
}

/// Why a publish request was not recorded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordError {
    /// The idempotency key belongs to another request.
    #[error(
        "this Idempotency-Key was used for another request in the last 72 hours: use a new key for a new event"
    )]
    KeyReused,
    /// It fans out too far.
    #[error("these events make {deliveries} deliveries; a request may make {MAX_BATCH_DELIVERIES}: split it")]
    TooManyDeliveries {
        /// How many it would make.
        deliveries: usize,
    },
}

impl Store {
    /// Records a group of publish requests in one transaction: when this returns `Ok`, all that was
    /// accepted is on disk. The answers stand in the order of the requests; a refused one costs the others
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the transaction failed: then nothing of the group was kept.
    pub async fn record(&self, group: &[NewBatch]) -> Result<Vec<Result<Recorded, RecordError>>, StoreError> {
        let mut tx = self.begin().await?;
        let answers = record_in(&mut tx, group).await?;
        tx.commit().await?;
        Ok(answers)
    }
}

/// Publishes an event that is part of another change. Answers whether anything is to be delivered.
pub(super) async fn announce(tx: &mut Write, batch: &NewBatch) -> Result<bool, StoreError> {
    let answers = record_in(tx, std::slice::from_ref(batch)).await?;
    Ok(answers.into_iter().flatten().flat_map(Recorded::accepted).any(|accepted| accepted.deliveries > 0))
}

async fn record_in(
    tx: &mut Write,
    group: &[NewBatch],
) -> Result<Vec<Result<Recorded, RecordError>>, StoreError> {
    let mut known = known_keys(tx, group).await?;
    let subscribed = subscribed(tx, group).await?;
    let mut rows = Rows::default();
    let mut answers = Vec::with_capacity(group.len());
    for batch in group {
        let workspace_id = batch.workspace_id.to_string();
        let key =
            batch.idempotency.as_ref().map(|idempotency| (workspace_id.clone(), idempotency.key.clone()));
        if let (Some(key), Some(idempotency)) = (&key, &batch.idempotency)
            && let Some((hash, accepted)) = known.get(key)
        {
            let same = *hash == idempotency.request_hash;
            answers.push(if same {
                Ok(Recorded::Before(accepted.clone()))
            } else {
                Err(RecordError::KeyReused)
            });
            continue;
        }
        let none = Vec::new();
        let webhooks_of = |kind: encrata_webhooks::EventKind| {
            subscribed.get(&(workspace_id.clone(), kind.as_str().to_owned())).unwrap_or(&none)
        };
        let deliveries: usize = batch.events.iter().map(|event| webhooks_of(event.kind).len()).sum();
        if deliveries > MAX_BATCH_DELIVERIES {
            answers.push(Err(RecordError::TooManyDeliveries { deliveries }));
            continue;
        }
        let accepted: Vec<Accepted> =
            batch.events.iter().map(|event| rows.event(batch, event, webhooks_of(event.kind))).collect();
        if let (Some(key), Some(idempotency)) = (key, &batch.idempotency) {
            rows.idempotency(batch, idempotency, &accepted);
            known.insert(key, (idempotency.request_hash.to_vec(), accepted.clone()));
        }
        answers.push(Ok(Recorded::New(accepted)));
    }
    rows.insert(tx).await?;
    Ok(answers)
}

/// $1 rows of `[workspace, key]`, $2 the time at which keys are forgotten.
pub(super) const KNOWN_KEYS: &str = "
    select i.workspace_id, i.key, i.request_hash, i.answer
    from json_each($1) as asked cross join idempotency i
    where i.workspace_id = asked.value ->> 0 and i.key = asked.value ->> 1 and i.created_ms > $2";

/// $1 rows of `[workspace, event type]`.
pub(super) const SUBSCRIBED: &str = "
    select s.workspace_id, s.event_type, s.webhook_id
    from json_each($1) as asked cross join subscriptions s cross join webhooks w
    where s.workspace_id = asked.value ->> 0 and s.event_type = asked.value ->> 1
      and w.workspace_id = s.workspace_id and w.id = s.webhook_id and w.is_active = 1 and w.deleted_ms is null";

type Known = HashMap<(String, String), (Vec<u8>, Vec<Accepted>)>;

/// The group's idempotency keys that were used before.
async fn known_keys(tx: &mut Write, group: &[NewBatch]) -> Result<Known, StoreError> {
    let keys: Vec<_> = group
        .iter()
        .filter_map(|batch| Some((batch.workspace_id, &batch.idempotency.as_ref()?.key)))
        .collect();
    if keys.is_empty() {
        return Ok(Known::new());
    }
    let rows = sqlx::query(KNOWN_KEYS)
        .bind(json!(keys).to_string())
        .bind(group.iter().map(|batch| batch.now_ms).min().unwrap_or(0) - IDEMPOTENCY_MS)
        .fetch_all(&mut **tx)
        .await?;
    let mut known = Known::new();
    for row in &rows {
        let accepted = serde_json::from_str(row.try_get("answer")?)
            .map_err(|error| super::rows::unreadable("idempotency answer", &error))?;
        known.insert(
            (row.try_get("workspace_id")?, row.try_get("key")?),
            (row.try_get("request_hash")?, accepted),
        );
    }
    Ok(known)
}

/// Who subscribes to what the group brings. Read inside the transaction, not from a cache: a webhook that
/// was deleted before the event was accepted never gets it.
async fn subscribed(
    tx: &mut Write,
    group: &[NewBatch],
) -> Result<HashMap<(String, String), Vec<WebhookId>>, StoreError> {
    let mut asked: Vec<(String, &str)> = group
        .iter()
        .flat_map(|batch| {
            batch.events.iter().map(|event| (batch.workspace_id.to_string(), event.kind.as_str()))
        })
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let rows = sqlx::query(SUBSCRIBED).bind(json!(asked).to_string()).fetch_all(&mut **tx).await?;
    let mut subscribed: HashMap<_, Vec<_>> = HashMap::new();
    for row in &rows {
        let of = (row.try_get("workspace_id")?, row.try_get("event_type")?);
        subscribed.entry(of).or_default().push(parse(row, "webhook_id")?);
    }
    Ok(subscribed)
}

/// The rows of a group, one JSON array per table: a statement each, however many rows.
#[derive(Default)]
struct Rows {
    events: Vec<serde_json::Value>,
    queue: Vec<serde_json::Value>,
    idempotency: Vec<serde_json::Value>,
}

impl Rows {
    fn event(
        &mut self,
        batch: &NewBatch,
        event: &crate::model::event::NewEvent,
        webhooks: &[WebhookId],
    ) -> Accepted {
        let (kind, now_ms) = (event.kind.as_str(), batch.now_ms);
        // An envelope is JSON that the core wrote: UTF-8.
        let body = String::from_utf8_lossy(&event.body);
        self.events.push(json!([batch.workspace_id, event.id, kind, body, now_ms]));
        for webhook_id in webhooks {
            let id = DeliveryId::new(now_ms);
            self.queue.push(json!([batch.workspace_id, webhook_id, id, event.id, kind, now_ms]));
        }
        let deliveries = u32::try_from(webhooks.len()).unwrap_or(u32::MAX);
        Accepted { id: event.id.to_string(), deliveries }
    }

    fn idempotency(&mut self, batch: &NewBatch, idempotency: &Idempotency, accepted: &[Accepted]) {
        let hash = hex::encode(idempotency.request_hash);
        let answer = json!(accepted).to_string();
        self.idempotency.push(json!([batch.workspace_id, idempotency.key, hash, answer, batch.now_ms]));
    }

    async fn insert(self, tx: &mut Write) -> Result<(), StoreError> {
        for (rows, statement) in [
            (
                self.events,
                "insert into events (workspace_id, id, event_type, body, created_ms)
                 select value ->> 0, value ->> 1, value ->> 2, cast(value ->> 3 as blob), value ->> 4
                 from json_each($1)",
            ),
            (
                self.queue,
                "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
                 select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 5
                 from json_each($1)",
            ),
            (
                self.idempotency,
                "insert into idempotency (workspace_id, key, request_hash, answer, created_ms)
                 select value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
                 from json_each($1) where true
                 on conflict (workspace_id, key) do update set
                 request_hash = excluded.request_hash, answer = excluded.answer, created_ms = excluded.created_ms",
            ),
        ] {
            if !rows.is_empty() {
                let rows = serde_json::Value::Array(rows).to_string();
                sqlx::query(statement).bind(rows).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }
}
