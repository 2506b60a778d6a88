//! Test sends: one attempt, now, and its outcome in the answer.

use encrata_webhooks_tests::{Gate, Receiver, Reply, Server, Setup};
use serde_json::json;
use tokio::task::JoinSet;

const TEST: &str = "/api/webhooks/test";

#[tokio::test]
async fn a_test_send_is_delivered_verified_and_kept() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |_| Reply::status(202).body("thanks"));
    let sent = admin.post(TEST, json!({"id": hook.id})).await.expect(200).json();
    assert_eq!((&sent["status"], &sent["status_code"]), (&json!("delivered"), &json!(202)));
    assert_eq!((&sent["url"], &sent["response_body"]), (&json!(hook.url), &json!("thanks")));
    assert!(sent.get("error").is_none(), "{sent}");
    let request = receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(sent["signature"], request.header("x-encrata-signature"));
    assert_eq!(request.json()["event"], "test");
    assert_eq!(request.json()["data"], json!({"message": "This is a test webhook from Encrata"}));
    assert_eq!(request.header("x-encrata-event"), "test");

    admin.post(TEST, json!({"id": hook.id})).await.expect(200);
    let requests = receiver.wait_for("/hook", 2).await;
    assert_ne!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    let kept = admin.deliveries(&hook.id, "&event=test").await;
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|delivery| delivery["status"] == "success" && delivery["attempts"] == 1));
    assert_eq!(kept[1]["payload"], request.json());
    assert_eq!(kept[1]["id"], request.header("x-encrata-delivery"));
}

#[tokio::test]
async fn a_sample_of_an_event_says_that_it_is_a_test() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["credits.low"]).await;
    let events = [
        "lookup.completed",
        "monitor.run.completed",
        "apikey.created",
        "apikey.revoked",
        "credits.low",
        "credits.exhausted",
    ];
    for (n, event) in events.into_iter().enumerate() {
        admin.post(TEST, json!({"id": hook.id, "event": event})).await.expect(200);
        let request = receiver.wait_for("/hook", n + 1).await.remove(n);
        assert_eq!(
            (&request.json()["event"], &request.json()["data"]["test"]),
            (&json!(event), &json!(true))
        );
    }
    let refused = admin.post(TEST, json!({"id": hook.id, "event": "lookup.finished"})).await.expect(400);
    assert!(
        refused.error().contains("'lookup.finished'") && refused.error().contains("credits.low"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_target_that_fails_is_a_200_that_says_failed() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["credits.low"]).await;
    receiver.script("/hook", |_| Reply::status(503).body("down").header("Retry-After", "1"));
    let sent = admin.post(TEST, json!({"id": hook.id})).await.expect(200).json();
    assert_eq!((&sent["status"], &sent["status_code"]), (&json!("failed"), &json!(503)));
    assert_eq!(sent["response_body"], "down");
    assert!(sent.get("error").is_none() && sent["signature"].as_str().unwrap().len() == 64, "{sent}");

    receiver.script("/hook", |_| Reply::close());
    let sent = admin.post(TEST, json!({"id": hook.id})).await.expect(200).json();
    assert_eq!(sent["status"], "failed");
    assert!(sent.get("status_code").is_none() && sent.get("response_body").is_none(), "{sent}");
    assert!(sent["error"].as_str().unwrap().contains("the connection broke"), "{sent}");

    let kept = admin.deliveries(&hook.id, "").await;
    assert_eq!(kept.len(), 2);
    for delivery in kept {
        assert_eq!((&delivery["status"], &delivery["attempts"]), (&json!("failed"), &json!(1)));
        assert!(delivery.get("next_attempt_at").is_none(), "{delivery}");
    }
    // Not even when all that failed is sent again.
    let again = json!({"webhook_id": hook.id, "since": "2026-01-01T00:00:00Z"});
    let queued = admin.post("/api/webhooks/deliveries/retry", again).await.expect(202).json();
    assert_eq!(queued["deliveries"], 0);
    assert_eq!(receiver.received("/hook").len(), 2, "one attempt each");
}

#[tokio::test]
async fn a_test_send_waits_five_seconds_at_most() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["credits.low"]).await;
    receiver.script("/hook", |_| Reply::never());
    let sent = admin.post(TEST, json!({"id": hook.id})).await.expect(200).json();
    assert!(sent["error"].as_str().unwrap().contains("5000 ms"), "{sent}");
}

#[tokio::test]
async fn a_paused_webhook_can_be_tested() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["credits.low"]).await;
    let pause = json!({"id": hook.id, "url": hook.url, "is_active": false});
    admin.put("/api/webhooks", pause).await.expect(200);
    let sent = admin.post(TEST, json!({"id": hook.id})).await.expect(200).json();
    assert_eq!(sent["status"], "delivered");
}

#[tokio::test]
async fn a_workspace_has_four_test_sends_under_way_however_many_keys_it_has() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, other) = (server.key("acme", "admin"), server.key("other", "admin"));
    let mut hooks = Vec::new();
    for path in ["/one", "/two"] {
        hooks.push(admin.webhook(&receiver, path, &["credits.low"]).await);
    }
    let elsewhere = other.webhook(&receiver, "/other", &["credits.low"]).await;
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/one", move |_| Reply::ok().after(&held));
    let mut tests = JoinSet::new();
    for _ in 0..4 {
        let (key, test) = (server.key("acme", "member"), json!({"id": hooks[0].id}));
        tests.spawn(async move { key.post(TEST, test).await });
    }
    receiver.wait_for("/one", 4).await;
    for hook in &hooks {
        let refused = admin.post(TEST, json!({"id": hook.id})).await.expect(429);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.error(), "Rate limit exceeded. Please try again later.");
    }
    let sent = other.post(TEST, json!({"id": elsewhere.id})).await.expect(200).json();
    assert_eq!(sent["status"], "delivered");
    gate.open();
    for tested in tests.join_all().await {
        assert_eq!(tested.expect(200).json()["status"], "delivered");
    }
    // Their places are free again.
    let sent = admin.post(TEST, json!({"id": hooks[1].id})).await.expect(200).json();
    assert_eq!(sent["status"], "delivered");
    assert_eq!((receiver.received("/one").len(), receiver.received("/two").len()), (4, 1));
}
