//! The happy path: what a receiver gets, to the byte.

use encrata_webhooks::EventKind;
use encrata_webhooks_tests::{
    Flaw, GOLDEN_BODY, GOLDEN_SECRET, GOLDEN_SIGNATURE, MASTER_KEY, Receiver, Reply, Server, Setup,
    plant_event, plant_webhook,
};
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

#[tokio::test]
async fn the_golden_vector_is_what_goes_over_the_wire() {
    let receiver = Receiver::start().await;
    let setup = Setup::new().trusting(&[&receiver]).env("ENCRATA_MASTER_KEY", MASTER_KEY);
    let key = setup.create_key("acme", "admin");
    let workspace_id = key["workspace_id"].as_str().unwrap();
    let store = setup.store().await;
    plant_webhook(&store, workspace_id, &receiver.url("/golden"), GOLDEN_SECRET, EventKind::Test).await;
    plant_event(&store, workspace_id, EventKind::Test, GOLDEN_BODY).await;
    store.close().await;
    receiver.expect_secret("/golden", GOLDEN_SECRET);

    let _server = setup.start().await;
    let request = receiver.wait_for("/golden", 1).await.remove(0);
    assert_eq!(request.body, GOLDEN_BODY.as_bytes());
    assert_eq!(request.header("x-encrata-signature"), GOLDEN_SIGNATURE);
}

#[tokio::test]
async fn every_attempt_has_the_same_bytes_and_id_and_a_timestamp_of_its_own() {
    let receiver = Receiver::start().await;
    // Far enough apart that the timestamps differ.
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "1300ms").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |request| Reply::status(if request.nth == 1 { 500 } else { 200 }));
    let id = publisher.lookup(&admin.workspace_id, "lu_1").await;

    receiver.wait_for("/hook", 2).await;
    let delivery = admin.delivery_when(&hook.id, "success").await;
    admin.post("/api/webhooks/deliveries/retry", json!({"id": delivery["id"]})).await.expect(202);
    let requests = receiver.wait_for("/hook", 3).await;
    for request in &requests {
        assert_eq!(request.body, requests[0].body);
        assert_eq!(request.header("webhook-id"), id);
        assert_eq!(request.header("x-encrata-delivery"), delivery["id"]);
        assert_eq!(request.header("x-encrata-signature"), requests[0].header("x-encrata-signature"));
        let sent_s: i64 = request.header("webhook-timestamp").parse().unwrap();
        assert!((request.at_ms / 1000 - sent_s).abs() <= 5, "{request:?}");
    }
    assert_ne!(requests[0].header("webhook-timestamp"), requests[1].header("webhook-timestamp"));
    assert_ne!(requests[0].header("webhook-signature"), requests[1].header("webhook-signature"));
}

#[tokio::test]
async fn an_event_goes_to_those_who_subscribe_to_it_and_to_no_other_workspace() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let stranger = server.key("other", "admin");
    admin.webhook(&receiver, "/one", &["lookup.completed", "credits.low"]).await;
    admin.webhook(&receiver, "/two", &["lookup.completed"]).await;
    admin.webhook(&receiver, "/not-subscribed", &["credits.exhausted"]).await;
    stranger.webhook(&receiver, "/stranger", &["lookup.completed", "credits.low"]).await;

    let data = json!({"email": "ada@example.com", "lookup_id": "lu_1"});
    let accepted = publisher.publish(&admin.workspace_id, "lookup.completed", data).await.expect(202).json();
    assert_eq!(accepted["deliveries"], 2);
    receiver.wait_for("/one", 1).await;
    receiver.wait_for("/two", 1).await;
    // Whatever was due before this one has been sent by then.
    let data = json!({"credits_remaining": 5, "threshold": 10});
    publisher.publish(&stranger.workspace_id, "credits.low", data).await.expect(202);
    let last = receiver.wait_for("/stranger", 1).await;
    assert_eq!((last.len(), last[0].header("x-encrata-event")), (1, "credits.low"));
    assert!(receiver.received("/not-subscribed").is_empty());
    assert_eq!((receiver.received("/one").len(), receiver.received("/two").len()), (1, 1));
}

#[tokio::test]
async fn a_receiver_that_speaks_http2_gets_the_same() {
    let receiver = Receiver::with(Flaw::None, &["h2", "http/1.1"]).await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let request = receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(request.protocol, "HTTP/2");
    assert_eq!(request.header("content-length"), request.body.len().to_string());
    assert_eq!(admin.delivery_when(&hook.id, "success").await["attempts"], 1);
}

#[tokio::test]
async fn connections_are_used_again() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    for n in 1..=20 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
        // Once an outcome is kept, its connection is free again.
        let kept = |found: &[serde_json::Value]| found.len() == n && found[0]["status"] == "success";
        admin.deliveries_when(&hook.id, "kept", kept).await;
    }
    assert!(receiver.handshakes() <= 2, "{} handshakes for 20 deliveries", receiver.handshakes());
}
