//! The way in: the event, one delivery per subscribed webhook and the idempotency key, in one transaction. Whole
//! groups of requests share that transaction, so that they share its fsync.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::db::Db;
use super::queue::target;
use super::row::unreadable;
use super::rows::{Rows, bytes, int, text, utf8};
use super::statement::{Statement, Value};
use super::{Store, StoreError, TRIES, Turn, Tx};
use crate::model::delivery::{Claim, Target};
use crate::model::event::{Accepted, Idempotency, MAX_BATCH_DELIVERIES, NewBatch, NewEvent};
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};

/// How long an idempotency key is remembered: 72 hours.
pub(super) const IDEMPOTENCY_MS: i64 = 72 * 60 * 60 * 1000;

/// How long to find out whether a commit happened whose answer was lost.
const DOUBT: Duration = Duration::from_secs(10);

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
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
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

/// Says which deliveries this node can send at once.
pub trait Admit: Send {
    /// Whether there is room now to send a body of this many bytes to the webhook. A yes is binding: the delivery
    /// is recorded with a lease.
    fn admit(&mut self, webhook_id: WebhookId, bytes: usize) -> bool;
    /// Takes every yes back: the transaction is tried anew.
    fn start_over(&mut self);
}

/// Sends nothing at once.
impl Admit for () {
    fn admit(&mut self, _: WebhookId, _: usize) -> bool {
        false
    }
    fn start_over(&mut self) {}
}

/// A group that was recorded.
#[derive(Debug)]
pub struct RecordedGroup {
    /// An answer for each request, in order.
    pub answers: Vec<Result<Recorded, RecordError>>,
    /// The deliveries that were admitted, in order: leased, to be sent at once.
    pub claims: Vec<Claim>,
    /// Whether there are others, which wait in the queue.
    pub waiting: bool,
}

impl Store {
    /// Records a group of publish requests in one transaction: when this returns `Ok`, all that was accepted is on
    /// disk. A refused request costs the others nothing. What `admit` has room for is recorded with a lease that
    /// lasts for `lease`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the transaction failed: then nothing of the group was kept.
    pub async fn record(
        &self,
        group: &[NewBatch],
        lease: Duration,
        admit: &mut dyn Admit,
    ) -> Result<RecordedGroup, StoreError> {
        self.record_in(self.turn().await, group, lease, admit).await
    }

    /// As [`Self::record`], in the turn that the caller has.
    ///
    /// # Errors
    ///
    /// As [`Self::record`].
    pub async fn record_in(
        &self,
        turn: Turn,
        group: &[NewBatch],
        lease: Duration,
        admit: &mut dyn Admit,
    ) -> Result<RecordedGroup, StoreError> {
        let (mut turn, mut tries) = (turn, 1);
        loop {
            match self.try_record(turn, group, lease, admit).await {
                Err(error) if error.is_a_collision() && tries < TRIES => tries += 1,
                result => return result,
            }
            admit.start_over();
            turn = self.turn().await;
        }
    }

    async fn try_record(
        &self,
        turn: Turn,
        group: &[NewBatch],
        lease: Duration,
        admit: &mut dyn Admit,
    ) -> Result<RecordedGroup, StoreError> {
        let asked = Instant::now();
        let mut tx = self.db.write_in(turn).await?;
        let mut recording = Recording::new(Some((lease, admit)));
        let answers = recording.run(&mut tx, self, group).await?;
        let (waiting, leased) = (recording.waiting, recording.leased);
        if let Err(error) = tx.commit().await {
            self.committed_after_all(&error, group, &answers).await.then_some(()).ok_or(error)?;
        }
        let claims = leased.into_iter().map(|leased| leased.claim(asked + lease)).collect();
        Ok(RecordedGroup { answers, claims, waiting })
    }

    /// Whether a commit happened whose answer did not come: the connection broke, and the group may be there, all of
    /// it or nothing. An answer that says "not kept" must be true.
    async fn committed_after_all(
        &self,
        error: &sqlx::Error,
        group: &[NewBatch],
        answers: &[Result<Recorded, RecordError>],
    ) -> bool {
        if matches!((&self.db, error), (Db::Sqlite { .. }, _) | (_, sqlx::Error::Database(_))) {
            return false;
        }
        let new = group.iter().zip(answers).find(|(_, answer)| matches!(answer, Ok(Recorded::New(_))));
        let Some((batch, event)) = new.and_then(|(batch, _)| Some((batch, batch.events.first()?))) else {
            return true;
        };
        tracing::warn!(%error, "the answer to a commit was lost: finding out what came of it");
        let until = Instant::now() + DOUBT;
        loop {
            let found = EVENT.query().bind(batch.workspace_id).bind(event.id).optional(&self.db).await;
            match found {
                Ok(found) => return found.is_some(),
                Err(error) if Instant::now() >= until => {
                    tracing::error!(%error, "whether a group of events was kept is unknown: it is answered as not kept");
                    return false;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

static EVENT: Statement = Statement::new("select id from events where workspace_id = $1 and id = $2");

/// Publishes an event that is part of another change. Answers whether anything is to be delivered.
pub(super) async fn announce(tx: &mut Tx, store: &Store, batch: &NewBatch) -> Result<bool, StoreError> {
    let mut recording = Recording::new(None);
    recording.run(tx, store, std::slice::from_ref(batch)).await?;
    Ok(recording.waiting)
}

/// A group on its way into the tables.
struct Recording<'a> {
    /// For how long deliveries are leased, and which.
    lease: Option<(Duration, &'a mut dyn Admit)>,
    leased: Vec<Leased>,
    waiting: bool,
}

/// A delivery that is recorded with a lease.
struct Leased {
    workspace_id: WorkspaceId,
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    event: NewEvent,
    created_ms: i64,
    target: Arc<Target>,
}

impl Leased {
    fn claim(self, lease_end: Instant) -> Claim {
        Claim {
            workspace_id: self.workspace_id,
            webhook_id: self.webhook_id,
            delivery_id: self.delivery_id,
            event_id: self.event.id,
            event_type: self.event.kind.as_str().to_owned(),
            created_ms: self.created_ms,
            epoch: FIRST_EPOCH,
            attempts: 0,
            step: 0,
            lease_end,
            body: self.event.body,
            traceparent: self.event.traceparent,
            target: self.target,
        }
    }
}

/// A lease that a delivery is recorded with is its first claim.
const FIRST_EPOCH: i64 = 1;

impl<'a> Recording<'a> {
    fn new(lease: Option<(Duration, &'a mut dyn Admit)>) -> Self {
        Self { lease, leased: Vec::new(), waiting: false }
    }

    async fn run(
        &mut self,
        tx: &mut Tx,
        store: &Store,
        group: &[NewBatch],
    ) -> Result<Vec<Result<Recorded, RecordError>>, StoreError> {
        let subscribed = subscribed(tx, store, group).await?;
        // What each would be answered if it were new; the keys decide which are.
        let mut answers: Vec<Result<Recorded, RecordError>> = group
            .iter()
            .map(|batch| {
                let accepted: Vec<Accepted> =
                    batch.events.iter().map(|event| subscribed.accepted(batch, event)).collect();
                let deliveries = accepted.iter().map(|one| one.deliveries as usize).sum();
                if deliveries > MAX_BATCH_DELIVERIES {
                    return Err(RecordError::TooManyDeliveries { deliveries });
                }
                Ok(Recorded::New(accepted))
            })
            .collect();
        settle_keys(tx, group, &mut answers).await?;

        let mut events = EVENTS.rows();
        let mut queue = QUEUE.rows();
        let new = group.iter().zip(&answers).filter(|(_, answer)| matches!(answer, Ok(Recorded::New(_))));
        for (batch, _) in new {
            for event in &batch.events {
                let kind = event.kind.as_str();
                events.push([
                    batch.workspace_id.into(),
                    event.id.into(),
                    kind.into(),
                    (&*event.body).into(),
                    batch.now_ms.into(),
                    event.traceparent.as_deref().into(),
                ]);
                for webhook in subscribed.of(batch, event) {
                    let id = DeliveryId::of(event.id, webhook.id);
                    let leased_ms = self.lease(batch, event, webhook, id);
                    queue.push([
                        batch.workspace_id.into(),
                        webhook.id.into(),
                        id.into(),
                        event.id.into(),
                        kind.into(),
                        batch.now_ms.into(),
                        leased_ms.into(),
                    ]);
                }
            }
        }
        if !events.is_empty() {
            EVENTS.query().bind_rows(events).execute(tx).await?;
        }
        if !queue.is_empty() {
            let owner = &*store.owner;
            QUEUE.query().bind(&store.clock).bind(owner).bind_rows(queue).execute(tx).await?;
        }
        Ok(answers)
    }

    /// Leases a delivery if there is room to send it at once; answers for how long, in milliseconds.
    fn lease(
        &mut self,
        batch: &NewBatch,
        event: &NewEvent,
        webhook: &Subscriber,
        delivery_id: DeliveryId,
    ) -> Option<i64> {
        if let (Some((lease, admit)), Some(target)) = (&mut self.lease, &webhook.target)
            && admit.admit(webhook.id, event.body.len())
        {
            self.leased.push(Leased {
                workspace_id: batch.workspace_id,
                webhook_id: webhook.id,
                delivery_id,
                event: event.clone(),
                created_ms: batch.now_ms,
                target: Arc::clone(target),
            });
            return Some(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        }
        self.waiting = true;
        None
    }
}

/// Writes the idempotency keys of new requests, and turns the answers of those whose key was used before into what
/// was said then.
async fn settle_keys(
    tx: &mut Tx,
    group: &[NewBatch],
    answers: &mut [Result<Recorded, RecordError>],
) -> Result<(), StoreError> {
    // A key belongs to the first request of the group that has it. Sorted, so that two nodes that have the same keys
    // don't wait for each other.
    let mut firsts: HashMap<(WorkspaceId, &str), usize> = HashMap::new();
    for (n, batch) in group.iter().enumerate() {
        if let (Some(idempotency), Ok(_)) = (&batch.idempotency, &answers[n]) {
            firsts.entry((batch.workspace_id, &idempotency.key)).or_insert(n);
        }
    }
    if firsts.is_empty() {
        return Ok(());
    }
    let mut keys: Vec<_> = firsts.iter().collect();
    keys.sort_unstable();
    let now_ms = group.iter().map(|batch| batch.now_ms).min().unwrap_or(0);
    let mut rows = KEYS.rows();
    for ((workspace_id, key), n) in &keys {
        let (Some(Idempotency { request_hash, .. }), Ok(Recorded::New(accepted))) =
            (&group[**n].idempotency, &answers[**n])
        else {
            continue;
        };
        rows.push([
            (*workspace_id).into(),
            (*key).into(),
            (&request_hash[..]).into(),
            json!(accepted).to_string().into(),
            group[**n].now_ms.into(),
        ]);
    }
    let taken = KEYS.query().bind(now_ms - IDEMPOTENCY_MS).bind_rows(rows).all(&mut *tx).await?;
    let taken: HashSet<(WorkspaceId, String)> = taken
        .iter()
        .map(|row| Ok((row.parse("workspace_id")?, row.text("key")?.to_owned())))
        .collect::<Result<_, StoreError>>()?;

    // What was said before. A statement of its own: another node may have committed the key just now.
    let mut rows = KNOWN_KEYS.rows();
    for ((workspace_id, key), _) in keys {
        if !taken.contains(&(*workspace_id, (*key).to_owned())) {
            rows.push([(*workspace_id).into(), (*key).into()]);
        }
    }
    let mut said: HashMap<(WorkspaceId, String), (Vec<u8>, Vec<Accepted>)> = HashMap::new();
    if !rows.is_empty() {
        for row in &KNOWN_KEYS.query().bind_rows(rows).all(tx).await? {
            let accepted = serde_json::from_str(row.text("answer")?)
                .map_err(|error| unreadable("idempotency answer", &error))?;
            said.insert(
                (row.parse("workspace_id")?, row.text("key")?.to_owned()),
                (row.bytes("request_hash")?.to_vec(), accepted),
            );
        }
    }
    for (n, batch) in group.iter().enumerate() {
        let (Some(idempotency), Ok(_)) = (&batch.idempotency, &answers[n]) else { continue };
        let first = firsts[&(batch.workspace_id, &*idempotency.key)];
        let (hash, accepted) = if taken.contains(&(batch.workspace_id, idempotency.key.clone())) {
            if first == n {
                continue;
            }
            match (&group[first].idempotency, &answers[first]) {
                (Some(of), Ok(Recorded::New(accepted))) => (of.request_hash.to_vec(), accepted.clone()),
                _ => continue,
            }
        } else {
            let before = said.get(&(batch.workspace_id, idempotency.key.clone()));
            // It was there when the key was refused: gone again only if housekeeping forgot it in between.
            before.cloned().ok_or_else(|| unreadable("idempotency key", &"it was forgotten just now"))?
        };
        let same = hash == idempotency.request_hash;
        answers[n] = if same { Ok(Recorded::Before(accepted)) } else { Err(RecordError::KeyReused) };
    }
    Ok(())
}

/// $1 the time up to which keys are forgotten.
pub(super) static KEYS: Statement = Statement::new(
    "insert into idempotency (workspace_id, key, request_hash, answer, created_ms)
     select r.workspace_id, r.key, r.request_hash, r.answer, r.created_ms from {rows} where true
     on conflict (workspace_id, key) do update set
        request_hash = excluded.request_hash, answer = excluded.answer, created_ms = excluded.created_ms
     where idempotency.created_ms <= $1
     returning workspace_id, key",
)
.with_rows(&[text("workspace_id"), text("key"), bytes("request_hash"), text("answer"), int("created_ms")]);

pub(super) static KNOWN_KEYS: Statement = Statement::new(
    "select i.workspace_id, i.key, i.request_hash, i.answer from {rows}
     {seek idempotency i on i.workspace_id = r.workspace_id and i.key = r.key}",
)
.with_rows(&[text("workspace_id"), text("key")]);

static EVENTS: Statement = Statement::new(
    "insert into events (workspace_id, id, event_type, body, created_ms, traceparent)
     select r.workspace_id, r.id, r.event_type, r.body, r.created_ms, r.traceparent from {rows}",
)
.with_rows(&[
    text("workspace_id"),
    text("id"),
    text("event_type"),
    utf8("body"),
    int("created_ms"),
    text("traceparent"),
]);

/// $1 now, $2 owner of the leased ones. Those without a lease are due now.
static QUEUE: Statement = Statement::new(
    "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms, owner, epoch)
     select r.workspace_id, r.webhook_id, r.id, r.event_id, r.event_type, r.created_ms,
        now($1) + coalesce(r.leased_ms, 0),
        case when r.leased_ms is not null then $2 end, case when r.leased_ms is null then 0 else 1 end
     from {rows}",
)
.with_rows(&[
    text("workspace_id"),
    text("webhook_id"),
    text("id"),
    text("event_id"),
    text("event_type"),
    int("created_ms"),
    int("leased_ms"),
]);

/// $1 now.
pub(super) static SUBSCRIBED: Statement = Statement::new(
    "select s.workspace_id, s.event_type, w.id, w.url, w.secret, w.previous_secret, w.overlap_until_ms,
        w.failing_since_ms,
        cast(case when w.rate_limit is null and w.failing_since_ms is null and w.not_before_ms <= now($1) then 1 else 0 end as bigint) as is_open
     from {rows}
     {seek subscriptions s on s.workspace_id = r.workspace_id and s.event_type = r.event_type}
     {seek webhooks w on w.workspace_id = s.workspace_id and w.id = s.webhook_id and w.is_active = 1 and w.deleted_ms is null}",
)
.with_rows(&[text("workspace_id"), text("event_type")]);

/// A webhook that gets an event.
struct Subscriber {
    id: WebhookId,
    /// What sending needs; none when nothing can be sent to it at once.
    target: Option<Arc<Target>>,
}

/// Who subscribes to what a group brings.
struct Subscribed(HashMap<(WorkspaceId, String), Vec<Subscriber>>);

impl Subscribed {
    fn of(&self, batch: &NewBatch, event: &NewEvent) -> &[Subscriber] {
        self.0.get(&(batch.workspace_id, event.kind.as_str().to_owned())).map_or(&[], Vec::as_slice)
    }

    fn accepted(&self, batch: &NewBatch, event: &NewEvent) -> Accepted {
        let deliveries = u32::try_from(self.of(batch, event).len()).unwrap_or(u32::MAX);
        Accepted { id: event.id.to_string(), deliveries }
    }
}

/// Read inside the transaction, not from a cache: a webhook that was deleted before the event was accepted never
/// gets it.
async fn subscribed(tx: &mut Tx, store: &Store, group: &[NewBatch]) -> Result<Subscribed, StoreError> {
    let mut asked: Vec<(WorkspaceId, &str)> = group
        .iter()
        .flat_map(|batch| batch.events.iter().map(|event| (batch.workspace_id, event.kind.as_str())))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let mut rows: Rows<'_> = SUBSCRIBED.rows();
    for (workspace_id, kind) in asked {
        rows.push([workspace_id.into(), Value::from(kind)]);
    }
    let rows = SUBSCRIBED.query().bind(&store.clock).bind_rows(rows).all(tx).await?;
    let mut subscribed: HashMap<_, Vec<_>> = HashMap::new();
    let mut targets: HashMap<WebhookId, Option<Arc<Target>>> = HashMap::new();
    for row in &rows {
        let id = row.parse("id")?;
        let target = match targets.get(&id) {
            Some(target) => target.clone(),
            // One that can't be read waits in the queue, where the claim says so.
            None if row.flag("is_open")? => target(row).ok().map(Arc::new),
            None => None,
        };
        targets.insert(id, target.clone());
        let of = (row.parse("workspace_id")?, row.text("event_type")?.to_owned());
        subscribed.entry(of).or_default().push(Subscriber { id, target });
    }
    Ok(Subscribed(subscribed))
}
