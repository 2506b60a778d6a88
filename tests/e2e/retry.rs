//! What follows a failed attempt.

use encrata_webhooks_tests::{Gate, Receiver, Reply, Server, Setup};
use serde_json::json;

#[tokio::test]
async fn a_500_is_followed_by_another_attempt_and_both_are_in_the_log() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |request| match request.nth {
        1 => Reply::status(500).body("broken"),
        2 => Reply::status(404),
        _ => Reply::status(204),
    });
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "success").await;
    assert_eq!((&delivery["attempts"], &delivery["response_status"]), (&json!(3), &json!(204)));
    assert!(delivery.get("error").is_none() && delivery.get("next_attempt_at").is_none(), "{delivery}");
    let log = delivery["attempt_log"].as_array().unwrap();
    let statuses: Vec<_> = log.iter().map(|attempt| attempt["response_status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [500, 404, 204]);
    assert_eq!(log[0]["response_body"], "broken");
    assert!(log[1]["error"].as_str().unwrap().contains("404"), "{log:?}");
    assert_eq!(delivery["last_attempt_at"], log[2]["started_at"]);
}

#[tokio::test]
async fn a_delivery_fails_once_the_schedule_is_used_up() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "20ms,20ms").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |_| Reply::status(500));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "failed").await;
    assert_eq!(delivery["attempts"], 3);
    assert!(delivery.get("next_attempt_at").is_none(), "{delivery}");
    assert_eq!(receiver.received("/hook").len(), 3);
}

#[tokio::test]
async fn retry_after_lengthens_the_delay() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    for (path, status) in [("/429", 429), ("/503", 503)] {
        admin.webhook(&receiver, path, &["lookup.completed"]).await;
        receiver.script(path, move |request| match request.nth {
            1 => Reply::status(status).header("Retry-After", "2"),
            _ => Reply::ok(),
        });
    }
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    for path in ["/429", "/503"] {
        let requests = receiver.wait_for(path, 2).await;
        let waited_ms = requests[1].at_ms - requests[0].at_ms;
        assert!(waited_ms >= 1_990, "{path}: {waited_ms} ms");
    }
}

#[tokio::test]
async fn retry_after_never_shortens_the_delay() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "1h").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |_| Reply::status(503).header("Retry-After", "0"));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let tried = |deliveries: &[serde_json::Value]| deliveries.len() == 1 && deliveries[0]["attempts"] == 1;
    let delivery = admin.deliveries_when(&hook.id, "tried once", tried).await.remove(0);
    assert_eq!(delivery["status"], "pending");
    let at = |name: &str| {
        let text = delivery[name].as_str().unwrap();
        encrata_webhooks_server::clock::parse_rfc3339(text).unwrap()
    };
    let delay_s = (at("next_attempt_at") - at("last_attempt_at")) / 1000;
    assert!((48 * 60..=73 * 60).contains(&delay_s), "{delay_s} s");
}

#[tokio::test]
async fn the_next_attempt_goes_to_the_new_url() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/old", &["lookup.completed"]).await;
    receiver.expect_secret("/new", &hook.secret);
    let moved = Gate::new();
    let gate = moved.clone();
    receiver.script("/old", move |_| Reply::status(500).after(&gate));
    let id = publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/old", 1).await;
    let url = receiver.url("/new");
    admin.put("/api/webhooks", json!({"id": hook.id, "url": url})).await.expect(200);
    moved.open();
    let request = receiver.wait_for("/new", 1).await.remove(0);
    assert_eq!(request.header("webhook-id"), id);
    assert_eq!(receiver.received("/old").len(), 1);
}
