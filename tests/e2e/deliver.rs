//! The happy path: what a receiver gets, to the byte.

use encrata_webhooks_tests::{Receiver, Server};
use serde_json::json;

#[tokio::test]
async fn a_published_event_reaches_a_receiver_that_verifies_it() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;

    let event = json!({
        "workspace_id": admin.workspace_id,
        "event": "lookup.completed",
        "data": {"lookup_id": "lu_42", "email": "ada@example.com", "z": {"b": [1, {"d": 1, "c": "é"}], "a": null}},
        "created_at": "2026-01-01T01:00:00.900+01:00",
    });
    let accepted = publisher.post("/api/events", event).await.expect(202).json();
    assert_eq!(accepted["deliveries"], 1);

    let request = receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(request.method, "POST");
    assert_eq!(
        std::str::from_utf8(&request.body).unwrap(),
        r#"{"created_at":"2026-01-01T00:00:00Z","data":{"email":"ada@example.com","lookup_id":"lu_42","z":{"a":null,"b":[1,{"c":"é","d":1}]}},"event":"lookup.completed"}"#
    );
    let event = request.verify(&hook.secret).unwrap();
    assert_eq!(event.id.as_deref(), accepted["id"].as_str());

    assert_eq!(request.header("content-length"), request.body.len().to_string());
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("user-agent"), concat!("Encrata-Webhooks/", env!("CARGO_PKG_VERSION")));
    assert_eq!(request.header("x-encrata-event"), "lookup.completed");
    assert_eq!(request.header("webhook-id"), accepted["id"]);
    assert!(request.header("webhook-signature").starts_with("v1,"));
    assert_eq!(request.header("x-encrata-signature").len(), 64);
    for absent in ["transfer-encoding", "content-encoding", "expect"] {
        assert!(!request.has(absent), "{absent}: {:?}", request.headers);
    }
    let sent_s: i64 = request.header("webhook-timestamp").parse().unwrap();
    assert!((request.at_ms / 1000 - sent_s).abs() <= 5);

    let delivery = admin.delivery_when(&hook.id, "success").await;
    assert_eq!(delivery["id"], request.header("x-encrata-delivery"));
    assert_eq!(delivery["event_id"], accepted["id"]);
    assert_eq!((&delivery["attempts"], &delivery["response_status"]), (&json!(1), &json!(200)));
    assert_eq!(delivery["payload"], request.json());
}
