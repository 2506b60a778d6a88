//! A database of one backend, and the things that cases put into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use encrata_webhooks::EventKind;
use encrata_webhooks_server::api::created_event;
use encrata_webhooks_server::model::api_key::{NewKey, Role};
use encrata_webhooks_server::model::delivery::{Attempt, Claim, Delivery, Next, Verdict};
use encrata_webhooks_server::model::event::{Idempotency, NewBatch, NewEvent};
use encrata_webhooks_server::model::ids::{EventId, KeyId, WebhookId, WorkspaceId};
use encrata_webhooks_server::model::outcome::Outcome;
use encrata_webhooks_server::model::webhook::{HttpsUrl, Secrets, Webhook};
use encrata_webhooks_server::store::{
    Admit, Clock, DatabaseUrl, Filter, Finish, Finished, NewApiKey, RecordError, Recorded, Store, StoreError,
    Want,
};
use encrata_webhooks_server::vault::Sealed;
use encrata_webhooks_tests::{PATIENCE, Postgres};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tempfile::TempDir;

/// When every case begins: the store is told the time.
pub(crate) const T: i64 = 1_800_000_000_000;
/// How long the leases of the cases last, in milliseconds.
pub(crate) const LEASE_MS: i64 = 30_000;
/// The same.
pub(crate) const LEASE: Duration = Duration::from_millis(LEASE_MS as u64);
/// How long a webhook of the cases may fail.
pub(crate) const DISABLE_AFTER: Duration = Duration::from_secs(5 * 86_400);

/// A new database, and the time there.
pub(crate) struct Base {
    url: String,
    clock: Arc<AtomicI64>,
    /// Where the file is, if it is one.
    _home: Option<TempDir>,
}

/// A handle on a database: an owner of leases.
#[derive(Clone)]
pub(crate) struct Handle {
    store: Store,
    clock: Arc<AtomicI64>,
}

impl std::ops::Deref for Handle {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Handle {
    /// The store, at this time.
    pub(crate) fn at(&self, now_ms: i64) -> &Store {
        self.clock.store(now_ms, Ordering::SeqCst);
        &self.store
    }
}

impl Base {
    /// On SQLite.
    pub(crate) async fn sqlite() -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", home.path().join("test.db").display());
        Some(Self { url, clock: Arc::new(AtomicI64::new(T)), _home: Some(home) })
    }

    /// On PostgreSQL, if there is one.
    pub(crate) async fn postgres() -> Option<Self> {
        Some(Self::at(Postgres::shared()?.new_database().await))
    }

    /// On the database of this URL.
    pub(crate) fn at(url: String) -> Self {
        Self { url, clock: Arc::new(AtomicI64::new(T)), _home: None }
    }

    /// Another handle on it: another owner of leases.
    pub(crate) async fn open(&self) -> Handle {
        let store = self.open_with_its_own_clock().await;
        Handle {
            store: store.with_clock(Clock::Given(Arc::clone(&self.clock))),
            clock: Arc::clone(&self.clock),
        }
    }

    /// A handle that goes by the clock that the server goes by.
    pub(crate) async fn open_with_its_own_clock(&self) -> Store {
        let url: DatabaseUrl = self.url.parse().unwrap();
        Store::open(&url).await.unwrap()
    }

    /// Whether it is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres:")
    }

    /// Does to the database what the store has no method for.
    pub(crate) async fn execute(&self, statement: &str) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// PostgreSQL: a connection of the test's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// PostgreSQL: lets nobody write to the queue as long as the connection is open.
    pub(crate) async fn lock_queue(&self) -> PgConnection {
        let mut connection = self.connect().await;
        let lock = "begin; lock table queue in share row exclusive mode";
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        connection
    }

    /// PostgreSQL: waits until so many connections wait for what `pg_stat_activity` calls so, like a `Lock`.
    pub(crate) async fn until_waiting(&self, connections: i64, wait_event: &str) {
        let waiting = format!(
            "select count(*) from pg_stat_activity where datname = current_database()
             and '{wait_event}' in (wait_event_type, wait_event)"
        );
        let waited = async {
            while self.number(&waiting).await < connections {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waited).await.is_ok(), "nobody waits for a {wait_event}");
    }

    /// PostgreSQL: its functions may be replaced by those of this name in the schema `public`, for connections from
    /// now on.
    pub(crate) async fn prefer_public(&self) {
        let prefer = "do $$ begin
            execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$";
        self.execute(prefer).await;
    }

    /// SQLite: how long its write-ahead log is.
    pub(crate) fn wal_bytes(&self) -> u64 {
        let file = self.url.strip_prefix("sqlite:").unwrap();
        std::fs::metadata(format!("{file}-wal")).unwrap().len()
    }

    /// A number that the store has no method for.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        row.try_get(0).unwrap()
    }
}

/// A workspace of that name.
pub(crate) async fn workspace(store: &Store, name: &str) -> WorkspaceId {
    let made = NewKey::generate().unwrap();
    let (hash, preview) = (made.hash(), made.preview());
    let key = NewApiKey { id: KeyId::new(T), name: "key", role: Role::Admin, hash, preview };
    store.create_key_in(name, &key, T, |id| created_event(id, &key, T)).await.unwrap()
}

/// A webhook that subscribes to `lookup.completed`.
pub(crate) async fn webhook(store: &Store, workspace_id: WorkspaceId) -> WebhookId {
    limited_webhook(store, workspace_id, None).await
}

/// The same, that takes so many deliveries a second.
pub(crate) async fn limited_webhook(
    store: &Store,
    workspace_id: WorkspaceId,
    rate_limit: Option<u32>,
) -> WebhookId {
    let webhook = new_webhook(workspace_id, rate_limit);
    store.set_master_key_check(&under()).await.unwrap();
    store.create_webhook(&webhook, u32::MAX, &under()).await.unwrap();
    webhook.id
}

/// One that is not kept yet.
pub(crate) fn new_webhook(workspace_id: WorkspaceId, rate_limit: Option<u32>) -> Webhook {
    Webhook {
        id: WebhookId::new(T),
        workspace_id,
        url: HttpsUrl::parse("https://example.com/hook").unwrap(),
        events: vec![EventKind::LookupCompleted],
        is_active: true,
        description: String::new(),
        created_by: KeyId::new(T),
        created_ms: T,
        updated_ms: T,
        secrets: Secrets { current: Sealed::from_bytes(vec![7]), previous: None },
        rate_limit,
        failing_since_ms: None,
        disabled: None,
    }
}

/// The check value of a master key that nobody has.
pub(crate) fn under() -> Sealed {
    Sealed::from_bytes(vec![1])
}

/// A request of `n` events whose ids are as old as `now_ms`: those of [`batch`] never go back in time.
pub(crate) fn aged_batch(workspace_id: WorkspaceId, n: usize, now_ms: i64) -> NewBatch {
    let mut batch = batch(workspace_id, n, T);
    for (event, n) in batch.events.iter_mut().zip(0..) {
        event.id = EventId::floor(now_ms + n);
    }
    NewBatch { now_ms, ..batch }
}

/// A request of `n` events, accepted at `now_ms`.
pub(crate) fn batch(workspace_id: WorkspaceId, n: usize, now_ms: i64) -> NewBatch {
    let event = |n| NewEvent {
        id: EventId::new(now_ms),
        kind: EventKind::LookupCompleted,
        body: format!("{{\"n\":{n}}}").into_bytes().into(),
        traceparent: None,
    };
    NewBatch { workspace_id, events: (0..n).map(event).collect(), idempotency: None, now_ms }
}

/// The same, under an idempotency key; `what` stands for the request's content.
pub(crate) fn keyed(batch: NewBatch, key: &str, what: &str) -> NewBatch {
    NewBatch { idempotency: Some(Idempotency::new(key.to_owned(), [what.as_bytes()])), ..batch }
}

/// Records a group, at the time of its first request; nothing is sent at once.
pub(crate) async fn record_group(
    store: &Handle,
    group: &[NewBatch],
) -> Result<Vec<Result<Recorded, RecordError>>, StoreError> {
    Ok(store.at(group[0].now_ms).record(group, LEASE, &mut ()).await?.answers)
}

/// Room for so many deliveries, and what it was asked.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) places: usize,
    /// Since it last started over.
    pub(crate) asked: Vec<(WebhookId, usize)>,
    pub(crate) started_over: usize,
}

impl Admit for Room {
    fn admit(&mut self, webhook_id: WebhookId, bytes: usize) -> bool {
        self.asked.push((webhook_id, bytes));
        self.asked.len() <= self.places
    }

    fn start_over(&mut self) {
        self.asked.clear();
        self.started_over += 1;
    }
}

/// Records events, as many with a lease as there are places; gives the claims.
pub(crate) async fn record_warm(store: &Handle, batch: NewBatch, places: usize) -> Vec<Claim> {
    let mut room = Room { places, ..Room::default() };
    let recorded = store.at(batch.now_ms).record(&[batch], LEASE, &mut room).await.unwrap();
    assert!(recorded.answers[0].is_ok());
    recorded.claims
}

/// Records events, which must be accepted.
pub(crate) async fn record(store: &Handle, batch: NewBatch) {
    for answer in record_group(store, &[batch]).await.unwrap() {
        answer.unwrap();
    }
}

/// Claims up to `rows` of one webhook at `now_ms`, for [`LEASE`].
pub(crate) async fn claim(store: &Handle, webhook_id: WebhookId, rows: usize, now_ms: i64) -> Vec<Claim> {
    store.at(now_ms).claim(&[Want { webhook_id, rows, is_limited: true }], LEASE).await.unwrap()
}

/// The one claim that there is.
pub(crate) async fn claim_one(store: &Handle, webhook_id: WebhookId, now_ms: i64) -> Claim {
    let mut claims = claim(store, webhook_id, 10, now_ms).await;
    assert_eq!(claims.len(), 1);
    claims.remove(0)
}

/// The end of an attempt with this status code.
pub(crate) fn ended(claim: Claim, status: u16, next: Next) -> Finish {
    let outcome = Outcome::Answered { status, body: b"answer".to_vec(), retry_after_s: None };
    let verdict = if outcome.is_success() { Verdict::Healthy } else { Verdict::Failing };
    Finish { attempt: Attempt::new(T + 1, T + 3, outcome), claim, next, verdict }
}

/// The end of a failed attempt that says this of its webhook; the delivery failed for good.
pub(crate) fn judged(claim: Claim, verdict: Verdict) -> Finish {
    Finish { verdict, ..ended(claim, 500, Next::Failed) }
}

/// Finishes one claim.
pub(crate) async fn finish(store: &Store, claim: Claim, status: u16, next: Next) -> Finished {
    store.finish(&[ended(claim, status, next)], DISABLE_AFTER).await.unwrap().remove(0)
}

/// All deliveries of a webhook, newest first.
pub(crate) async fn deliveries(
    store: &Store,
    workspace_id: WorkspaceId,
    webhook_id: WebhookId,
) -> Vec<Delivery> {
    let filter =
        Filter { status: None, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit: 10_000 };
    store.deliveries(workspace_id, webhook_id, &filter).await.unwrap().deliveries
}
