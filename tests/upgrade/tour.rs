//! Every kind of request to one node, so that each of its connections has met the statements behind them.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use encrata_webhooks_tests::{Api, Receiver, Reply};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// At once, so that each connection of the node has its share.
const AT_ONCE: usize = 16;

/// Asks a node for everything, many times at once. Each must be answered as ever.
pub(crate) async fn tour(admin: &Api, publisher: &Api, receiver: &Receiver) {
    let seen = Mutex::new(HashSet::new());
    // All but tests fail once, so that there are second attempts.
    receiver.script("/tour", move |request| {
        let is_new = seen.lock().unwrap().insert(request.header("x-encrata-delivery").to_owned());
        Reply::status(if is_new && request.header("x-encrata-event") != "test" { 500 } else { 200 })
    });
    receiver.script("/gone", |_| Reply::status(410));
    let mut tours = JoinSet::new();
    for _ in 0..AT_ONCE {
        tours.spawn(once(admin.clone(), publisher.clone(), receiver.url("/tour"), receiver.url("/gone")));
    }
    tours.join_all().await;
}

async fn once(admin: Api, publisher: Api, url: String, gone: String) {
    const SINCE: &str = "2026-01-01T00:00:00Z";
    let made = json!({"url": url, "events": ["credits.low"]});
    let made = admin.post("/api/webhooks", made).await.expect(201);
    let id = made.field("id");
    let data = json!({"credits_remaining": 5, "threshold": 10});
    publisher.publish(&admin.workspace_id, "credits.low", data).await.expect(202);
    // A workspace has only so many under way.
    let test = loop {
        let test = admin.post("/api/webhooks/test", json!({"id": id})).await;
        if test.status != 429 {
            break test.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(test.field("status"), "delivered");
    admin.put("/api/webhooks", json!({"id": id, "url": url, "description": "x"})).await.expect(200);
    admin.post("/api/webhooks/rotate", json!({"id": id})).await.expect(200);
    let again = json!({"webhook_id": id, "since": SINCE});
    admin.post("/api/webhooks/deliveries/retry", again).await.expect(202);
    let missed = json!({"webhook_id": id, "since": SINCE, "missed": true});
    admin.post("/api/webhooks/deliveries/retry", missed).await.expect(202);
    let session = admin.sign_in().await;
    for path in [
        "/api/webhooks",
        &format!("/api/webhooks?id={id}"),
        &format!("/api/webhooks/deliveries?webhook_id={id}"),
        &format!("/api/webhooks/stats?since={SINCE}&step=day"),
        "/api/webhooks/overview",
        "/api/webhooks/notices",
        "/api/keys",
        "/api/me",
    ] {
        admin.get(path).await.expect(200);
        session.get(path).await.expect(200);
    }
    let twice = |one: &Value| one["attempts"] == 2;
    let deliveries = admin.deliveries_when(&id, "a second attempt", |all| all.iter().any(twice)).await;
    let one = deliveries.iter().find(|one| twice(one)).unwrap()["id"].as_str().unwrap();
    admin.get(&format!("/api/webhooks/deliveries?webhook_id={id}&id={one}")).await.expect(200);
    // One that the server switches off, which makes a notice.
    let gone = admin.webhook_at(&gone, &["credits.exhausted"]).await;
    publisher
        .publish(&admin.workspace_id, "credits.exhausted", json!({"credits_remaining": 0}))
        .await
        .expect(202);
    admin.deliveries_when(&gone.id, "an attempt", |all| !all.is_empty()).await;
    admin.delete_with("/api/webhooks", json!({"id": gone.id})).await.expect(200);
    let key = admin.post("/api/keys", json!({"name": "tour"})).await.expect(201).field("id");
    admin.post("/api/keys/limit", json!({"id": key, "credit_limit": 5})).await.expect(200);
    admin.delete(&format!("/api/keys?id={key}&permanent=true")).await.expect(200);
    session.delete("/api/session").await;
    admin.delete_with("/api/webhooks", json!({"id": id})).await.expect(200);
}
