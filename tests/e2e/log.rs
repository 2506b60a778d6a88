//! What the log never holds.

use encrata_webhooks_tests::{MASTER_KEY, Receiver, Reply, Setup};
use serde_json::json;

/// A run with everything that could be logged, at the level at which most is.
#[tokio::test]
async fn the_log_holds_no_secret_no_key_and_no_body() {
    let receiver = Receiver::start().await;
    let setup = Setup::new().trusting(&[&receiver]).option("--log", "debug");
    let server = setup.env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook =
        admin.webhook_at(&receiver.url("/hook-mark-url?token=mark-query"), &["lookup.completed"]).await;
    receiver.script("/hook-mark-url?token=mark-query", |request| match request.nth {
        1 => Reply::status(500).body("mark-answer"),
        2 => Reply::close(),
        _ => Reply::ok().body("mark-answer"),
    });
    publisher.lookup(&admin.workspace_id, "mark-body").await;
    admin.delivery_when(&hook.id, "success").await;
    let rotated =
        admin.post("/api/webhooks/rotate", json!({"id": hook.id})).await.expect(200).field("secret");
    admin.post("/api/webhooks/test", json!({"id": hook.id})).await.expect(200);
    let made = admin.post("/api/keys", json!({"name": "x"})).await.expect(201).field("key");
    admin.with_key("enc_live_mark-wrong-key").get("/api/webhooks?id=mark-query").await.expect(401);
    admin.post("/api/webhooks", json!({"url": "http://mark-bad-input"})).await.expect(400);
    publisher.publish(&admin.workspace_id, "mark-bad-event", json!({})).await.expect(400);
    let (_, status, log) = server.terminate().await;
    assert!(status.success());

    assert!(log.contains(&hook.id) && log.contains("attempt"), "the log says what happened:\n{log}");
    let keys = [admin.key.clone().unwrap(), publisher.key.clone().unwrap()];
    let words = [&hook.secret, &rotated, &made, &keys[0], &keys[1], MASTER_KEY];
    let marks =
        ["mark-body", "mark-answer", "mark-wrong-key", "mark-query", "mark-bad-input", "mark-bad-event"];
    for word in words.into_iter().chain(marks) {
        let line = log.lines().find(|line| line.contains(word));
        assert!(line.is_none(), "the log holds {word}: {line:?}");
    }
}

/// A log that can't be written is a lost log, and nothing more.
#[tokio::test]
async fn a_full_disk_below_the_log_stops_no_delivery() {
    let receiver = Receiver::start().await;
    // A line for each delivery.
    let setup = Setup::new().trusting(&[&receiver]).option("--log", "debug");
    let server = setup.traced_by(&["sh", "-c", r#"exec "$0" "$@" 2>/dev/full"#]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    for n in 1..=3 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
        let all =
            |all: &[serde_json::Value]| all.len() == n && all.iter().all(|one| one["status"] == "success");
        admin.deliveries_when(&hook.id, "all delivered", all).await;
    }
    assert_eq!(receiver.received("/hook").len(), 3);
}
