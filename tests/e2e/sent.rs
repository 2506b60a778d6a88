//! The very request of an attempt, as the API shows it.

use encrata_webhooks_tests::{Received, Receiver, Reply, Server};
use reqwest::Method;
use serde_json::{Value, json};

/// What is shown is what came, header by header, but for what the connection adds.
fn assert_same(shown: &Value, came: &Received, url: &str) {
    assert_eq!(shown["url"], url);
    assert_eq!(shown["body"].as_str().unwrap().as_bytes(), came.body);
    let headers: Vec<(&str, &str)> = shown["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect();
    for (name, value) in &headers {
        assert_eq!(came.header(name), *value, "{name}");
    }
    let shown: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    for (name, _) in &came.headers {
        let name = name.to_ascii_lowercase();
        let of_the_connection = ["host", "content-length", "accept", "connection"].contains(&&*name);
        assert!(of_the_connection || shown.contains(&&*name), "{name} came and is not shown: {shown:?}");
    }
}

#[tokio::test]
async fn one_delivery_has_the_request_of_its_last_attempt() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |request| match request.nth {
        // A second passes, so that the attempts have different times.
        1 => Reply::status(503).header("Retry-After", "2"),
        _ => Reply::ok(),
    });
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let event = json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
                       "data": {"email": "ada@example.com", "lookup_id": "lu_1"}});
    let headers = [("content-type", "application/json"), ("traceparent", trace)];
    publisher.send(Method::POST, "/api/events", &headers, Some(event.to_string().into())).await.expect(202);
    let delivery = admin.delivery_when(&hook.id, "success").await;
    assert!(delivery.get("request").is_none(), "a list has none: {delivery}");
    let path =
        format!("/api/webhooks/deliveries?webhook_id={}&id={}", hook.id, delivery["id"].as_str().unwrap());
    let mut one = admin.get(&path).await.expect(200).json();
    let request = one.as_object_mut().unwrap().remove("request").unwrap();
    assert_eq!(one, delivery);
    let came = receiver.received("/hook");
    assert_eq!(came.len(), 2);
    assert_ne!(came[0].header("webhook-timestamp"), came[1].header("webhook-timestamp"));
    assert_same(&request, &came[1], &hook.url);
    assert_eq!(came[1].header("traceparent"), trace);

    // With a signature a reader could send the event himself.
    let reader = server.key("acme", "readonly");
    for reader in [reader.sign_in().await, reader] {
        let mut read = reader.get(&path).await.expect(200).json();
        assert_eq!(read["request"]["body"], request["body"]);
        let headers = read["request"]["headers"].as_array_mut().unwrap();
        let (shown, all) = (headers.len(), request["headers"].as_array().unwrap());
        assert!(headers.iter().all(|header| all.contains(header)), "{headers:?}");
        let is_signature = |pair: &Value| pair[0].as_str().unwrap().ends_with("-signature");
        assert_eq!((headers.iter().any(is_signature), shown), (false, all.len() - 2), "{headers:?}");
    }

    let other = admin.webhook(&receiver, "/other", &["credits.low"]).await;
    let elsewhere = path.replace(&hook.id, &other.id);
    let answer = admin.get(&elsewhere).await.expect(404);
    assert!(answer.error().contains("delivery"), "{answer:?}");
    admin.get(&path.replace("&id=", "&id=x")).await.expect(404);
    admin.get(&format!("/api/webhooks/deliveries?webhook_id={}&id=", hook.id)).await.expect(400);
}

#[tokio::test]
async fn what_waits_has_the_request_to_come() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    // Sixty-four are on their way, and the next is not.
    receiver.script("/hook", |_| Reply::never());
    for n in 0..70 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    let last = admin.deliveries(&hook.id, "&limit=1").await.remove(0);
    assert_eq!((&last["attempts"], &last["status"]), (&json!(0), &json!("pending")));
    let path = format!("/api/webhooks/deliveries?webhook_id={}&id={}", hook.id, last["id"].as_str().unwrap());
    let one = admin.get(&path).await.expect(200).json();
    let body: Value = serde_json::from_str(one["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body, &body["data"]["lookup_id"]), (&last["payload"], &json!("lu_69")));
}

#[tokio::test]
async fn a_test_send_shows_its_request() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["credits.low"]).await;
    let sent = admin.post("/api/webhooks/test", json!({"id": hook.id})).await.expect(200).json();
    let came = receiver.wait_for("/hook", 1).await.remove(0);
    assert_same(&sent["request"], &came, &hook.url);
    let path = format!(
        "/api/webhooks/deliveries?webhook_id={}&id={}",
        hook.id,
        sent["delivery_id"].as_str().unwrap()
    );
    assert_eq!(admin.get(&path).await.expect(200).json()["request"], sent["request"]);
}
