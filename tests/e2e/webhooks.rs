//! Managing webhooks: create, read, change, pause, delete.

use encrata_webhooks_tests::{Gate, Receiver, Reply, Server, Setup};
use reqwest::Method;
use serde_json::{Value, json};

const ZERO: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn the_secret_is_in_the_create_answer_and_nowhere_else() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    assert_eq!(admin.get("/api/webhooks").await.expect(200).text, "[]");

    let url = "https://example.com/hook";
    let made =
        admin.post("/api/webhooks", json!({"url": url, "events": ["lookup.completed"]})).await.expect(201);
    let mut object = made.json();
    let secret = object["secret"].as_str().unwrap();
    let digits = secret.strip_prefix("whsec_").unwrap();
    assert!(
        digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
        "{secret}"
    );
    object.as_object_mut().unwrap().remove("secret");
    let mut names: Vec<&String> = object.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "created_at",
            "created_by",
            "description",
            "events",
            "id",
            "is_active",
            "updated_at",
            "url",
            "workspace_id"
        ]
    );
    assert_eq!((&object["description"], &object["is_active"]), (&json!(""), &json!(true)));
    assert_eq!(
        (&object["created_by"], &object["workspace_id"]),
        (&json!(admin.key_id), &json!(admin.workspace_id))
    );

    let id = made.field("id");
    assert_eq!(admin.get("/api/webhooks").await.expect(200).json(), json!([object]));
    assert_eq!(admin.get(&format!("/api/webhooks?id={id}")).await.expect(200).json(), object);
    admin.get(&format!("/api/webhooks?id={ZERO}")).await.expect(404);
}

#[tokio::test]
async fn a_put_is_a_merge() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    let url = "https://example.com/hook";
    let new = json!({"url": url, "events": ["credits.low", "lookup.completed"], "description": "first"});
    let id = admin.post("/api/webhooks", new).await.expect(201).field("id");
    let path = format!("/api/webhooks?id={id}");
    let change = async |change: Value| {
        let mut body = json!({"id": id, "url": url});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = admin.put("/api/webhooks", body).await;
        if answer.status == 200 {
            assert_eq!(answer.json(), json!({"status": "updated"}));
        }
        (answer, admin.get(&path).await.expect(200).json())
    };
    for nothing in [json!({}), json!({"events": null, "description": null, "is_active": null})] {
        let (_, now) = change(nothing).await;
        assert_eq!(now["events"], json!(["credits.low", "lookup.completed"]));
        assert_eq!((&now["description"], &now["is_active"]), (&json!("first"), &json!(true)));
    }
    assert_eq!(change(json!({"description": ""})).await.1["description"], "");
    assert_eq!(change(json!({"is_active": false})).await.1["is_active"], false);
    assert_eq!(
        change(json!({"events": ["credits.exhausted"]})).await.1["events"],
        json!(["credits.exhausted"])
    );
    let (refused, now) = change(json!({"events": []})).await;
    assert_eq!((refused.status, &now["events"]), (400, &json!(["credits.exhausted"])));
    let moved = "https://example.org/hook";
    assert_eq!(change(json!({"url": moved})).await.1["url"], moved);
    let refused = admin.put("/api/webhooks", json!({"id": id})).await.expect(400);
    assert!(refused.error().starts_with("url is missing"), "{refused:?}");
    admin.put("/api/webhooks", json!({"id": ZERO, "url": url})).await.expect(404);
}

#[tokio::test]
async fn a_delete_names_the_webhook_in_its_body_or_in_the_query() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    let one = admin.webhook_at("https://example.com/1", &["credits.low"]).await;
    let two = admin.webhook_at("https://example.com/2", &["credits.low"]).await;
    let deleted = admin.delete_with("/api/webhooks", json!({"id": one.id})).await.expect(200);
    assert_eq!(deleted.json(), json!({"status": "deleted"}));
    // A client library that always says what it sends, also when it sends nothing.
    let path = format!("/api/webhooks?id={}", two.id);
    admin.send(Method::DELETE, &path, &[("content-type", "application/json")], None).await.expect(200);
    assert_eq!(admin.get("/api/webhooks").await.text, "[]");
    for gone in [one, two] {
        admin.delete_with("/api/webhooks", json!({"id": gone.id})).await.expect(404);
        admin.get(&format!("/api/webhooks/deliveries?webhook_id={}", gone.id)).await.expect(404);
        admin.put("/api/webhooks", json!({"id": gone.id, "url": gone.url})).await.expect(404);
        admin.post("/api/webhooks/test", json!({"id": gone.id})).await.expect(404);
        admin.post("/api/webhooks/rotate", json!({"id": gone.id})).await.expect(404);
    }
    admin.delete("/api/webhooks").await.expect(400);
}

/// A delivery that is tried again later than the 50 ms of the schedule; once it came, whatever was due before it
/// would have come too.
fn late_marker(receiver: &Receiver, path: &str) {
    receiver.script(path, |request| match request.nth {
        1 => Reply::status(503).header("Retry-After", "1"),
        _ => Reply::ok(),
    });
}

#[tokio::test]
async fn a_deleted_webhook_gets_nothing_more() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let doomed = admin.webhook(&receiver, "/doomed", &["lookup.completed"]).await;
    admin.webhook(&receiver, "/marker", &["credits.low"]).await;
    late_marker(&receiver, "/marker");
    let deleted = Gate::new();
    let gate = deleted.clone();
    receiver.script("/doomed", move |_| Reply::status(500).after(&gate));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/doomed", 1).await;

    admin.delete(&format!("/api/webhooks?id={}", doomed.id)).await.expect(200);
    deleted.open();
    let data = json!({"email": "ada@example.com", "lookup_id": "lu_2"});
    let accepted = publisher.publish(&admin.workspace_id, "lookup.completed", data).await.expect(202).json();
    assert_eq!(accepted["deliveries"], 0);
    let data = json!({"credits_remaining": 5, "threshold": 10});
    publisher.publish(&admin.workspace_id, "credits.low", data).await.expect(202);
    receiver.wait_for("/marker", 2).await;
    assert_eq!(receiver.received("/doomed").len(), 1);
    admin.get(&format!("/api/webhooks/deliveries?webhook_id={}", doomed.id)).await.expect(404);
}

#[tokio::test]
async fn a_paused_webhook_gets_nothing_and_then_what_waited() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    admin.webhook(&receiver, "/marker", &["credits.low"]).await;
    late_marker(&receiver, "/marker");
    let paused = Gate::new();
    let gate = paused.clone();
    receiver.script("/hook", move |request| match request.nth {
        1 => Reply::status(500).after(&gate),
        _ => Reply::ok(),
    });
    let waiting = publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/hook", 1).await;
    let switch = async |on: bool| {
        let change = json!({"id": hook.id, "url": hook.url, "is_active": on});
        admin.put("/api/webhooks", change).await.expect(200);
    };
    switch(false).await;
    paused.open();
    let data = json!({"credits_remaining": 5, "threshold": 10});
    publisher.publish(&admin.workspace_id, "credits.low", data).await.expect(202);
    receiver.wait_for("/marker", 2).await;
    assert_eq!(receiver.received("/hook").len(), 1);
    assert_eq!(admin.deliveries(&hook.id, "&status=pending").await.len(), 1);

    switch(true).await;
    let requests = receiver.wait_for("/hook", 2).await;
    assert_eq!(requests[1].header("webhook-id"), waiting);
    admin.delivery_when(&hook.id, "success").await;
}

#[tokio::test]
async fn a_workspace_has_fifty_webhooks_at_most() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    let mut last = None;
    for n in 0..50 {
        last = Some(admin.webhook_at(&format!("https://example.com/{n}"), &["credits.low"]).await);
    }
    let one_more = json!({"url": "https://example.com/50", "events": ["credits.low"]});
    let refused = admin.post("/api/webhooks", one_more.clone()).await.expect(409);
    assert!(refused.error().contains("50 webhooks"), "{refused:?}");
    assert_eq!(admin.get("/api/webhooks").await.json().as_array().unwrap().len(), 50);
    // Another workspace has its own fifty, and a deleted one makes room.
    server.key("other", "admin").webhook_at("https://example.com/", &["credits.low"]).await;
    admin.delete(&format!("/api/webhooks?id={}", last.unwrap().id)).await.expect(200);
    admin.post("/api/webhooks", one_more).await.expect(201);
}

/// The check says what creating would, and makes nothing.
#[tokio::test]
async fn a_url_is_checked_as_creating_checks_it() {
    let server = Setup::bare().start().await;
    let admin = server.key("acme", "admin");
    let check =
        async |url: Value| admin.post("/api/webhooks/check", json!({"url": url})).await.expect(200).json();
    let good = check(json!("https://Example.com/a b".replace(' ', "%20"))).await;
    assert_eq!(good, json!({"ok": true, "url": "https://example.com/a%20b"}));
    for url in [
        json!("http://example.com/"),
        json!("https://user@example.com/"),
        json!("https://127.0.0.1/"),
        json!("https://[::1]:8443/"),
        json!("example.com"),
        json!(""),
    ] {
        let create = json!({"url": url, "events": ["credits.low"]});
        let refused = admin.post("/api/webhooks", create).await.expect(400).error();
        assert_eq!(check(url).await, json!({"ok": false, "error": refused}));
    }
    for (url, is_local) in [
        ("http://example.com/", true),
        ("HTTP://LOCALHOST:3000/hook", true),
        ("https://127.0.0.1/", true),
        ("https://localhost/", true),
        ("https://[::1]:8443/", true),
        ("https://[::ffff:127.0.0.1]/", true),
        ("https://10.0.0.1/", false),
        ("ftp://example.com/", false),
    ] {
        let error = check(json!(url)).await["error"].as_str().unwrap().to_owned();
        let hint = "; for a receiver on your laptop: encrata-webhooks listen --forward-to URL";
        assert_eq!(error.ends_with(hint), is_local, "{error}");
    }
    for nothing in [json!({}), json!({"url": null})] {
        admin.post("/api/webhooks/check", nothing).await.expect(400);
    }
    assert_eq!(admin.get("/api/webhooks").await.expect(200).text, "[]");
}
