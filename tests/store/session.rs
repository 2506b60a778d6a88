//! Sessions of the page.

use encrata_webhooks_server::model::api_key::{ApiKey, KeyHash};
use encrata_webhooks_server::model::session::{IDLE, LIFETIME, MAX_PER_KEY, NewToken};
use encrata_webhooks_server::store::Store;

use crate::base::{Base, T, workspace};

const LIFETIME_MS: i64 = LIFETIME.as_millis() as i64;
const IDLE_MS: i64 = IDLE.as_millis() as i64;

async fn key(store: &Store, name: &str) -> ApiKey {
    let id = workspace(store, name).await;
    store.keys(id).await.unwrap().remove(0)
}

async fn session(store: &Store, key: &ApiKey) -> KeyHash {
    let token = NewToken::generate().unwrap().hash();
    store.create_session(&token, key).await.unwrap();
    token
}

pub(crate) async fn a_session_lasts_as_long_as_it_is_used_and_its_key_is_good(base: &Base) {
    let store = base.open().await;
    let (one, other) = (key(&store, "one").await, key(&store, "other").await);
    let token = NewToken::generate().unwrap().hash();
    assert!(store.session(&token).await.unwrap().is_none());
    assert_eq!(store.at(T).create_session(&token, &one).await.unwrap(), T + LIFETIME_MS);
    let found = store.at(T + IDLE_MS - 1).session(&token).await.unwrap().unwrap();
    assert_eq!((found.key.id, found.key.workspace_id), (one.id, one.workspace_id));
    assert_eq!((found.expires_ms, found.idle_ms), (T + LIFETIME_MS, IDLE_MS - 1));
    assert!(store.at(T + IDLE_MS).session(&token).await.unwrap().is_none(), "it was idle for too long");

    for hour in 1..12 {
        let now = T + hour * 3_600_000;
        store.at(now).touch_session(&token).await.unwrap();
        assert_eq!(store.session(&token).await.unwrap().unwrap().idle_ms, 0);
    }
    assert!(store.at(T + LIFETIME_MS - 1).session(&token).await.unwrap().is_some());
    assert!(store.at(T + LIFETIME_MS).session(&token).await.unwrap().is_none(), "busy as it was");

    store.at(T);
    let (ones, others) = (session(&store, &one).await, session(&store, &other).await);
    store.switch_key(one.workspace_id, one.id, false).await.unwrap();
    assert!(store.session(&ones).await.unwrap().is_none(), "its key is switched off");
    store.switch_key(one.workspace_id, one.id, true).await.unwrap();
    assert!(store.session(&ones).await.unwrap().is_none(), "it ended for good");
    let ones = session(&store, &one).await;
    assert!(store.session(&ones).await.unwrap().is_some());
    store.end_session(&ones).await.unwrap();
    assert!(store.session(&ones).await.unwrap().is_none());
    assert!(store.session(&others).await.unwrap().is_some(), "another's is another's");
}

pub(crate) async fn an_ended_session_is_erased(base: &Base) {
    let store = base.open().await;
    let key = key(&store, "one").await;
    for n in 0..3 {
        store.at(T + n);
        session(&store, &key).await;
    }
    assert!(!store.at(T + LIFETIME_MS - 1).forget_sessions().await.unwrap());
    assert!(store.at(T + LIFETIME_MS + 1).forget_sessions().await.unwrap());
    assert!(!store.forget_sessions().await.unwrap());
    assert_eq!(base.number("select count(*) from sessions").await, 1);
    let announce = encrata_webhooks_server::api::created_event(key.workspace_id, &new(), T).unwrap();
    store.revoke_key(key.workspace_id, key.id, true, &announce).await.unwrap();
    assert_eq!(base.number("select count(*) from sessions").await, 0, "its key is no more");
}

fn new() -> encrata_webhooks_server::store::NewApiKey<'static> {
    use encrata_webhooks_server::model::api_key::{NewKey, Role};
    use encrata_webhooks_server::model::ids::KeyId;
    let key = NewKey::generate().unwrap();
    let (hash, preview) = (key.hash(), key.preview());
    encrata_webhooks_server::store::NewApiKey {
        id: KeyId::new(T),
        name: "x",
        role: Role::Admin,
        hash,
        preview,
    }
}

pub(crate) async fn a_key_has_so_many_sessions(base: &Base) {
    let store = base.open().await;
    let (one, other) = (key(&store, "one").await, key(&store, "other").await);
    let others = session(&store, &other).await;
    let mut tokens = Vec::new();
    for n in 0..=MAX_PER_KEY {
        store.at(T + n);
        tokens.push(session(&store, &one).await);
    }
    assert!(store.session(&tokens[0]).await.unwrap().is_none(), "the oldest has ended");
    assert!(store.session(&tokens[1]).await.unwrap().is_some());
    assert!(store.session(&others).await.unwrap().is_some());
}
