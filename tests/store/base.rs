//! A database of one backend, and the things that cases put into it.

use encrata_webhooks::EventKind;
use encrata_webhooks_server::api::created_event;
use encrata_webhooks_server::model::api_key::{NewKey, Role};
use encrata_webhooks_server::model::delivery::{Attempt, Claim, Delivery, Next};
use encrata_webhooks_server::model::event::{Idempotency, NewBatch, NewEvent};
use encrata_webhooks_server::model::ids::{EventId, KeyId, WebhookId, WorkspaceId};
use encrata_webhooks_server::model::outcome::Outcome;
use encrata_webhooks_server::model::webhook::{HttpsUrl, Secrets, Webhook};
use encrata_webhooks_server::store::{DatabaseUrl, Filter, Finish, Finished, NewApiKey, Store, Want};
use encrata_webhooks_server::vault::Sealed;
use sqlx::{ConnectOptions as _, Row as _};
use tempfile::TempDir;

/// When every case begins: the store is told the time.
pub(crate) const T: i64 = 1_800_000_000_000;
/// How long the leases of the cases last.
pub(crate) const LEASE: i64 = 30_000;

/// A new database.
pub(crate) struct Base {
    home: TempDir,
}

impl Base {
    /// On SQLite.
    pub(crate) fn sqlite() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// Another handle on it: another owner of leases.
    pub(crate) async fn open(&self) -> Store {
        let url: DatabaseUrl =
            format!("sqlite:{}", self.home.path().join("test.db").display()).parse().unwrap();
        Store::open(&url).await.unwrap()
    }

    /// Does to the database what the store has no method for.
    pub(crate) async fn execute(&self, statement: &'static str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.home.path().join("test.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }

    /// A number that the store has no method for.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.home.path().join("test.db"));
        let mut connection = options.connect().await.unwrap();
        let row =
            sqlx::query(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await.unwrap();
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
    let id = WebhookId::new(T);
    let webhook = Webhook {
        id,
        workspace_id,
        url: HttpsUrl::parse("https://example.com/hook").unwrap(),
        events: vec![EventKind::LookupCompleted],
        is_active: true,
        description: String::new(),
        created_by: KeyId::new(T),
        created_ms: T,
        updated_ms: T,
        secrets: Secrets { current: Sealed::from_bytes(vec![7]), previous: None },
    };
    store.create_webhook(&webhook, u32::MAX).await.unwrap();
    id
}

/// A request of `n` events, accepted at `now_ms`.
pub(crate) fn batch(workspace_id: WorkspaceId, n: usize, now_ms: i64) -> NewBatch {
    let event = |n| NewEvent {
        id: EventId::new(now_ms),
        kind: EventKind::LookupCompleted,
        body: format!("{{\"n\":{n}}}").into_bytes(),
    };
    NewBatch { workspace_id, events: (0..n).map(event).collect(), idempotency: None, now_ms }
}

/// The same, under an idempotency key; `what` stands for the request's content.
pub(crate) fn keyed(batch: NewBatch, key: &str, what: &str) -> NewBatch {
    NewBatch { idempotency: Some(Idempotency::new(key.to_owned(), [what.as_bytes()])), ..batch }
}

/// Records events, which must be accepted.
pub(crate) async fn record(store: &Store, batch: NewBatch) {
    for answer in store.record(&[batch]).await.unwrap() {
        answer.unwrap();
    }
}

/// Claims up to `rows` of one webhook, until [`LEASE`] after `now_ms`.
pub(crate) async fn claim(store: &Store, webhook_id: WebhookId, rows: usize, now_ms: i64) -> Vec<Claim> {
    store.claim(&[Want { webhook_id, rows }], now_ms, now_ms + LEASE).await.unwrap()
}

/// The one claim that there is.
pub(crate) async fn claim_one(store: &Store, webhook_id: WebhookId, now_ms: i64) -> Claim {
    let mut claims = claim(store, webhook_id, 10, now_ms).await;
    assert_eq!(claims.len(), 1);
    claims.remove(0)
}

/// The end of an attempt with this status code.
pub(crate) fn ended(claim: Claim, status: u16, next: Next) -> Finish {
    let outcome = Outcome::Answered { status, body: b"answer".to_vec(), retry_after_s: None };
    Finish { attempt: Attempt::new(T + 1, T + 3, outcome), claim, next }
}

/// Finishes one claim.
pub(crate) async fn finish(store: &Store, claim: Claim, status: u16, next: Next) -> Finished {
    store.finish(&[ended(claim, status, next)]).await.unwrap().remove(0)
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
