//! Rows that no client could make: planted in the database before the server starts.

use encrata_webhooks::EventKind;
use encrata_webhooks_server::clock::now_ms;
use encrata_webhooks_server::model::event::{NewBatch, NewEvent};
use encrata_webhooks_server::model::ids::{EventId, KeyId, WebhookId, WorkspaceId};
use encrata_webhooks_server::model::webhook::{HttpsUrl, Secrets, Webhook};
use encrata_webhooks_server::store::Store;
use encrata_webhooks_server::vault::MasterKey;

/// A master key for `ENCRATA_MASTER_KEY`.
pub const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// Keeps a webhook with this secret, sealed under [`MASTER_KEY`]; gives its id.
pub async fn plant_webhook(
    store: &Store,
    workspace_id: &str,
    url: &str,
    secret: &str,
    event: EventKind,
) -> String {
    let workspace_id: WorkspaceId = workspace_id.parse().unwrap();
    let now_ms = now_ms();
    let id = WebhookId::new(now_ms);
    let key = MasterKey::from_hex(MASTER_KEY).unwrap();
    let sealed = key.seal_secret(workspace_id, id, secret).unwrap();
    // Unless it is there already.
    store.set_master_key_check(&key.check_value().unwrap()).await.unwrap();
    let under = store.master_key_checks().await.unwrap().current.unwrap();
    let webhook = Webhook {
        id,
        workspace_id,
        url: HttpsUrl::parse(url).unwrap(),
        events: vec![event],
        is_active: true,
        description: String::new(),
        created_by: KeyId::new(now_ms),
        created_ms: now_ms,
        updated_ms: now_ms,
        secrets: Secrets { current: sealed, previous: None },
        rate_limit: None,
        failing_since_ms: None,
        disabled: None,
    };
    store.create_webhook(&webhook, u32::MAX, &under).await.unwrap();
    id.to_string()
}

/// Records an event with this very body; gives its id.
pub async fn plant_event(store: &Store, workspace_id: &str, kind: EventKind, body: &str) -> String {
    let now_ms = now_ms();
    let event = NewEvent { id: EventId::new(now_ms), kind, body: body.as_bytes().into(), traceparent: None };
    let id = event.id.to_string();
    let batch = NewBatch {
        workspace_id: workspace_id.parse().unwrap(),
        events: vec![event],
        idempotency: None,
        now_ms,
    };
    let lease = std::time::Duration::from_secs(30);
    for answer in store.record(&[batch], lease, &mut ()).await.unwrap().answers {
        answer.unwrap();
    }
    id
}
