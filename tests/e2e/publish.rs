//! Publishing: idempotency, batches and limits.

use encrata_webhooks_tests::{Answer, Api, Hook, Receiver, Server, Setup};
use reqwest::Method;
use serde_json::{Value, json};

async fn publish_with_key(publisher: &Api, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    publisher.send(Method::POST, path, &headers, Some(body.to_string().into())).await
}

fn lookup(workspace_id: &str, lookup_id: &str) -> Value {
    json!({"workspace_id": workspace_id, "event": "lookup.completed",
           "data": {"email": "ada@example.com", "lookup_id": lookup_id}})
}

/// Publishes one more event, waits until nothing waits any more, and counts what came beside that event.
async fn settle(receiver: &Receiver, admin: &Api, publisher: &Api, hook: &Hook) -> usize {
    let id = publisher.lookup(&admin.workspace_id, "lu_last").await;
    let all_sent =
        |found: &[Value]| found[0]["event_id"] == *id && found.iter().all(|one| one["status"] == "success");
    admin.deliveries_when(&hook.id, "all sent", all_sent).await;
    receiver.received("/hook").len() - 1
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_one_delivery() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let event = lookup(&admin.workspace_id, "lu_1");
    let first = publish_with_key(&publisher, "/api/events", "k-1", &event).await.expect(202);
    for _ in 0..3 {
        let again = publish_with_key(&publisher, "/api/events", "k-1", &event).await.expect(202);
        assert_eq!(again.json(), first.json());
    }
    let other =
        publish_with_key(&publisher, "/api/events", "k-1", &lookup(&admin.workspace_id, "lu_2")).await;
    assert!(other.expect(409).error().contains("Idempotency-Key"));
    // A key names a request of one workspace.
    let elsewhere = lookup(&publisher.workspace_id, "lu_1");
    let elsewhere = publish_with_key(&publisher, "/api/events", "k-1", &elsewhere).await.expect(202);
    assert_ne!(elsewhere.field("id"), first.field("id"));

    assert_eq!(settle(&receiver, &admin, &publisher, &hook).await, 1);
    assert_eq!(admin.deliveries(&hook.id, "").await.len(), 2);
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_recorded() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let event = lookup(&admin.workspace_id, "lu_1");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (publisher, event) = (publisher.clone(), event.clone());
        tasks.spawn(async move {
            publish_with_key(&publisher, "/api/events", "k-1", &event).await.expect(202).field("id")
        });
    }
    let mut ids = tasks.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(settle(&receiver, &admin, &publisher, &hook).await, 1);
}

#[tokio::test]
async fn a_batch_has_one_key() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let batch: Value = (0..5).map(|n| lookup(&admin.workspace_id, &format!("lu_{n}"))).collect();
    let first = publish_with_key(&publisher, "/api/events/batch", "k-1", &batch).await.expect(202).json();
    let again = publish_with_key(&publisher, "/api/events/batch", "k-1", &batch).await.expect(202).json();
    assert_eq!(first, again);
    assert_eq!(first.as_array().unwrap().len(), 5);
    let shorter: Value = batch.as_array().unwrap()[..4].into();
    publish_with_key(&publisher, "/api/events/batch", "k-1", &shorter).await.expect(409);
    publish_with_key(&publisher, "/api/events", "k-1", &batch[0]).await.expect(409);
    assert_eq!(settle(&receiver, &admin, &publisher, &hook).await, 5);
    let sent: Vec<String> =
        receiver.received("/hook")[..5].iter().map(|r| r.header("webhook-id").to_owned()).collect();
    for accepted in first.as_array().unwrap() {
        assert!(sent.iter().any(|id| accepted["id"] == **id) && accepted["deliveries"] == 1, "{accepted}");
    }
}

#[tokio::test]
async fn one_bad_event_refuses_the_batch_and_is_named() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let mut batch: Vec<Value> = (0..5).map(|n| lookup(&admin.workspace_id, &format!("lu_{n}"))).collect();
    for bad in [
        json!({"workspace_id": admin.workspace_id, "event": "lookup.finished", "data": {}}),
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed"}),
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed", "data": {"email": 1}}),
    ] {
        batch[3] = bad;
        let refused = publisher.post("/api/events/batch", batch.clone().into()).await.expect(400);
        assert!(refused.error().starts_with("event 3 of the batch: "), "{refused:?}");
    }
    batch[3] = lookup(&publisher.workspace_id, "lu_3");
    let refused = publisher.post("/api/events/batch", batch.into()).await.expect(400);
    assert!(refused.error().contains("one workspace"), "{refused:?}");
    assert_eq!(settle(&receiver, &admin, &publisher, &hook).await, 0);
}

#[tokio::test]
async fn what_is_too_much_is_refused_whole() {
    let server = Setup::new().start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let sized = |bytes: usize| {
        let mut event = lookup(&admin.workspace_id, "lu_1");
        event["data"]["filler"] = "x".repeat(bytes).into();
        event
    };
    let refused = publisher.post("/api/events", sized(256 * 1024)).await.expect(413);
    assert!(refused.error().contains("262144"), "{refused:?}");
    publisher.post("/api/events", sized(256 * 1024 - 200)).await.expect(202);
    // Beyond what is read at all. It is read to its end all the same: a client that is still sending would else
    // find the connection closed, and the next request on it would fail too.
    let large: Value = (0..40).map(|_| sized(220 * 1024)).collect();
    for _ in 0..5 {
        let refused = publisher.post("/api/events", sized(600 * 1024)).await.expect(413);
        assert!(refused.error().contains("larger than the 524288 bytes"), "{refused:?}");
        let refused = publisher.post("/api/events/batch", large.clone()).await.expect(413);
        assert!(refused.error().contains("larger than the 8388608 bytes"), "{refused:?}");
    }

    let batch = |n: usize| -> Value { (0..n).map(|n| lookup(&admin.workspace_id, &n.to_string())).collect() };
    for n in [0, 1001] {
        let refused = publisher.post("/api/events/batch", batch(n)).await.expect(400);
        assert!(refused.error().contains(&format!("has {n} events")), "{refused:?}");
    }
    publisher.post("/api/events/batch", batch(1000)).await.expect(202);

    for n in 0..21 {
        admin.webhook_at(&format!("https://example.com/{n}"), &["lookup.completed"]).await;
    }
    let refused = publisher.post("/api/events/batch", batch(1000)).await.expect(400);
    assert!(refused.error().contains("21000 deliveries"), "{refused:?}");
    for webhook in admin.get("/api/webhooks").await.json().as_array().unwrap() {
        assert!(admin.deliveries(webhook["id"].as_str().unwrap(), "").await.is_empty());
    }
}

#[tokio::test]
async fn fields_that_are_not_known_are_passed_on() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let mut event = lookup(&admin.workspace_id, "lu_1");
    event["data"]["score"] = json!(0.1);
    event["data"]["big"] = json!(9_007_199_254_740_993_u64);
    publisher.post("/api/events", event.clone()).await.expect(202);
    let request = receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(request.json()["data"], event["data"]);
}

#[tokio::test]
async fn a_publishers_own_workspace_is_the_default() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("operator", "admin");
    let publisher = server.key("operator", "publisher");
    admin.webhook(&receiver, "/hook", &["credits.exhausted"]).await;
    let event = json!({"event": "credits.exhausted", "data": {"credits_remaining": 0}});
    publisher.post("/api/events", event).await.expect(202);
    receiver.wait_for("/hook", 1).await;
}
