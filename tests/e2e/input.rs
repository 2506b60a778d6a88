//! Wrong requests: the right status, and a sentence that says what to change.

use encrata_webhooks_tests::{Answer, Setup};
use reqwest::Method;
use serde_json::json;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

#[tokio::test]
async fn every_wrong_request_is_told_what_to_change() {
    let server = Setup::new().start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook_at("https://example.com/hook", &["credits.low"]).await;
    let id = hook.id.as_str();
    let known = "lookup.completed, monitor.run.completed, apikey.created, apikey.revoked, credits.low, credits.exhausted";
    let url = "https://example.com/";
    let long = |n: usize| "x".repeat(n);

    // Management: method, path, body, status, what the sentence must say.
    let post = |path: &'static str, body: serde_json::Value, status: u16, says: &str| {
        (Method::POST, path.to_owned(), body.to_string(), status, says.to_owned())
    };
    let put = |path: &'static str, body: serde_json::Value, status: u16, says: &str| {
        (Method::PUT, path.to_owned(), body.to_string(), status, says.to_owned())
    };
    let raw = |method: Method, path: &str, body: &str, status: u16, says: &str| {
        (method, path.to_owned(), body.to_owned(), status, says.to_owned())
    };
    let hooks = "/api/webhooks";
    let wrong = vec![
        post(hooks, json!({"events": ["credits.low"]}), 400, "url is missing"),
        post(hooks, json!({"url": "", "events": ["credits.low"]}), 400, "url is missing"),
        post(hooks, json!({"url": null, "events": ["credits.low"]}), 400, "url is missing"),
        post(hooks, json!({"url": 7, "events": ["credits.low"]}), 400, "line 1 column"),
        post(hooks, json!({"url": "example.com", "events": ["credits.low"]}), 400, "not an absolute URL"),
        post(hooks, json!({"url": "http://example.com/", "events": ["credits.low"]}), 400, "only https"),
        post(hooks, json!({"url": "https://a:b@example.com/", "events": ["credits.low"]}), 400, "password"),
        post(hooks, json!({"url": "https://example.com/#f", "events": ["credits.low"]}), 400, "fragment"),
        post(
            hooks,
            json!({"url": format!("{url}{}", long(2048)), "events": ["credits.low"]}),
            400,
            "limit is 2048",
        ),
        post(hooks, json!({"url": url}), 400, &format!("events is missing: name at least one of {known}")),
        post(
            hooks,
            json!({"url": url, "events": []}),
            400,
            &format!("events is empty: name at least one of {known}"),
        ),
        post(
            hooks,
            json!({"url": url, "events": ["credits.low", "no.such"]}),
            400,
            &format!("'no.such' is not an event to subscribe to: name at least one of {known}"),
        ),
        post(hooks, json!({"url": url, "events": ["test"]}), 400, "'test' is not an event to subscribe to"),
        post(hooks, json!({"url": url, "events": "credits.low"}), 400, "does not fit"),
        post(
            hooks,
            json!({"url": url, "events": ["credits.low"], "description": long(501)}),
            400,
            "limit is 500",
        ),
        post(
            hooks,
            json!({"url": url, "events": ["credits.low"], "description": "a\u{7}"}),
            400,
            "control character",
        ),
        raw(Method::POST, hooks, "", 400, "the body is empty"),
        raw(
            Method::POST,
            hooks,
            "{\"url\": \"https://example.com/\",\n \"events\": [}",
            400,
            "line 2 column 13",
        ),
        raw(Method::POST, hooks, "{\"url\": ", 400, "ends too early"),
        raw(Method::POST, hooks, "[]", 400, "expected a JSON object"),
        raw(
            Method::POST,
            hooks,
            r#"["https://a.example/",["lookup.completed"],"d"]"#,
            400,
            "expected a JSON object",
        ),
        raw(Method::POST, hooks, "{} x", 400, "not valid JSON"),
        raw(Method::POST, hooks, "{\"url\": \"\u{0}\"}", 400, "not valid JSON"),
        raw(Method::POST, hooks, &format!("{{\"url\": \"{}\"}}", long(70_000)), 413, "larger than"),
        raw(Method::POST, hooks, &format!("{}{}", "[".repeat(200), "]".repeat(200)), 400, "line 1 column"),
        put(hooks, json!({"url": url}), 400, "id is missing"),
        put(hooks, json!({"id": id}), 400, "url is missing"),
        put(hooks, json!({"id": id, "url": "http://example.com/"}), 400, "only https"),
        put(hooks, json!({"id": id, "url": url, "events": []}), 400, "events is empty"),
        put(hooks, json!({"id": id, "url": url, "events": ["no.such"]}), 400, "'no.such'"),
        put(hooks, json!({"id": id, "url": url, "is_active": "no"}), 400, "does not fit"),
        put(hooks, json!({"id": "42", "url": url}), 404, "webhook"),
        raw(Method::DELETE, hooks, "{}", 400, "id is missing"),
        raw(Method::DELETE, hooks, "{", 400, "ends too early"),
        raw(Method::DELETE, hooks, r#"{"id": "42"}"#, 404, "webhook"),
        raw(Method::GET, "/api/webhooks?id=42", "", 404, "webhook"),
        raw(Method::GET, "/api/webhooks?id=", "", 400, "id is missing"),
        post("/api/webhooks/test", json!({}), 400, "id is missing"),
        post("/api/webhooks/test", json!({"id": "42"}), 404, "webhook"),
        post("/api/webhooks/rotate", json!({}), 400, "id is missing"),
        raw(Method::GET, "/api/webhooks/deliveries", "", 400, "webhook_id is missing"),
        raw(Method::GET, "/api/webhooks/deliveries?webhook_id=42", "", 404, "webhook"),
        raw(
            Method::GET,
            &format!("/api/webhooks/deliveries?webhook_id={id}&limit=0"),
            "",
            400,
            "from 1 to 500",
        ),
        raw(
            Method::GET,
            &format!("/api/webhooks/deliveries?webhook_id={id}&limit=501"),
            "",
            400,
            "from 1 to 500",
        ),
        raw(Method::GET, &format!("/api/webhooks/deliveries?webhook_id={id}&limit=ten"), "", 400, "limit"),
        raw(
            Method::GET,
            &format!("/api/webhooks/deliveries?webhook_id={id}&status=done"),
            "",
            400,
            "pending, success or failed",
        ),
        raw(
            Method::GET,
            &format!("/api/webhooks/deliveries?webhook_id={id}&event=no.such"),
            "",
            400,
            "event must be one of",
        ),
        raw(
            Method::GET,
            &format!("/api/webhooks/deliveries?webhook_id={id}&since=today"),
            "",
            400,
            "RFC 3339",
        ),
        raw(
            Method::GET,
            &format!("/api/webhooks/deliveries?webhook_id={id}&cursor=x"),
            "",
            400,
            "Link header",
        ),
        post("/api/webhooks/deliveries/retry", json!({}), 400, "either id"),
        post("/api/webhooks/deliveries/retry", json!({"webhook_id": id}), 400, "since"),
        post("/api/webhooks/deliveries/retry", json!({"webhook_id": id, "since": "x"}), 400, "RFC 3339"),
        post("/api/webhooks/deliveries/retry", json!({"id": "42"}), 404, "delivery"),
        post("/api/keys", json!({}), 400, "name is missing"),
        post("/api/keys", json!({"name": "  "}), 400, "name is missing"),
        post("/api/keys", json!({"name": long(101)}), 400, "limit is 100"),
        put("/api/keys", json!({"name": "x"}), 400, "id is missing"),
        put("/api/keys", json!({"id": "42", "name": "x"}), 404, "key"),
        raw(
            Method::PATCH,
            &format!("/api/keys?id={}&action=explode", admin.key_id),
            "",
            400,
            "enable or disable",
        ),
        raw(Method::PATCH, &format!("/api/keys?id={}", admin.key_id), "", 400, "enable or disable"),
        raw(Method::PATCH, "/api/keys?action=enable", "", 400, "id is missing"),
        post("/api/keys/limit", json!({"id": admin.key_id, "credit_limit": -1}), 400, "negative"),
        post("/api/keys/limit", json!({"id": admin.key_id}), 400, "credit_limit is missing"),
        post("/api/keys/limit", json!({"id": admin.key_id, "credit_limit": "many"}), 400, "does not fit"),
        raw(Method::DELETE, "/api/keys", "", 400, "id is missing"),
        raw(Method::GET, "/api/nothing", "", 404, "nothing at /api/nothing"),
        raw(Method::GET, "/settings", "", 404, "nothing at /"),
        raw(Method::PATCH, hooks, "{}", 405, "PATCH is not a method of /api/webhooks"),
    ];
    for (method, path, body, status, says) in wrong {
        let what = format!("{method} {path} {}", body.chars().take(120).collect::<String>());
        let headers = if body.is_empty() { &[] } else { JSON };
        let body = (!body.is_empty() || method == Method::POST).then(|| body.into_bytes());
        refused(&what, &admin.send(method, &path, headers, body).await, status, &says);
    }

    // Publishing.
    let good = json!({"email": "ada@example.com", "lookup_id": "lu_1"});
    for (body, status, says) in [
        (json!({"data": good}), 400, "event is missing"),
        (json!({"event": "lookup.completed"}), 400, "data is missing"),
        (
            json!({"event": "no.such", "data": {}}),
            400,
            "'no.such' is not an event that can be published: it is one of lookup.completed,",
        ),
        (
            json!({"event": "test", "data": {"message": "x"}}),
            400,
            "'test' is not an event that can be published",
        ),
        (json!({"event": "lookup.completed", "data": []}), 400, "does not fit"),
        (json!({"event": "lookup.completed", "data": {"email": "ada@example.com"}}), 400, "lookup_id"),
        (
            json!({"event": "credits.low", "data": {"credits_remaining": "5", "threshold": 1}}),
            400,
            "credits_remaining",
        ),
        (
            json!({"event": "lookup.completed", "data": good, "created_at": "yesterday"}),
            400,
            "'yesterday' is not an RFC 3339 time",
        ),
        (
            json!({"event": "lookup.completed", "data": good, "created_at": "2026-01-01T00:00:00"}),
            400,
            "RFC 3339",
        ),
        (json!({"workspace_id": "42", "event": "lookup.completed", "data": good}), 400, "workspace_id"),
        (json!([]), 400, "does not fit"),
    ] {
        refused(&body.to_string(), &publisher.post("/api/events", body).await, status, says);
    }
    refused("not an array", &publisher.post("/api/events/batch", json!({})).await, 400, "does not fit");
    let event = json!({"event": "lookup.completed", "data": good}).to_string();
    for key in ["", " ", "a b", "ü", &long(256)] {
        let headers = [JSON[0], ("idempotency-key", key)];
        let answer = publisher.send(Method::POST, "/api/events", &headers, Some(event.clone().into())).await;
        refused(&format!("Idempotency-Key {key:?}"), &answer, 400, "1 to 255 visible ASCII characters");
    }
}

fn refused(what: &str, answer: &Answer, status: u16, says: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}: {answer:?}");
    let body = answer.json();
    assert!(body.as_object().unwrap().len() == 1, "{what}: {body}");
    assert!(answer.error().contains(says), "{what}: {body} does not say '{says}'");
}

#[tokio::test]
async fn a_method_that_is_not_there_names_those_that_are() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    for (method, path, allowed) in [
        (Method::PATCH, "/api/webhooks", ["GET", "POST", "PUT", "DELETE"].as_slice()),
        (Method::GET, "/api/webhooks/test", &["POST"]),
        (Method::DELETE, "/api/me", &["GET"]),
        (Method::POST, "/api/health", &["GET"]),
        (Method::POST, "/api/openapi.json", &["GET"]),
        (Method::PUT, "/api/webhooks/deliveries", &["GET"]),
    ] {
        let answer = admin.send(method.clone(), path, &[], None).await.expect(405);
        let allow = answer.header("allow").unwrap_or_else(|| panic!("{method} {path}: no Allow")).to_owned();
        let named: Vec<&str> = allow.split(',').map(str::trim).collect();
        assert!(allowed.iter().all(|method| named.contains(method)), "{method} {path}: {allow}");
        assert!(answer.error().contains("Allow"));
    }
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    let body = json!({"url": "https://example.com/", "events": ["credits.low"]}).to_string();
    for headers in
        [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/x-www-form-urlencoded")]]
    {
        let answer =
            admin.send(Method::POST, "/api/webhooks", headers, Some(body.clone().into())).await.expect(415);
        assert!(answer.error().contains("application/json"), "{answer:?}");
    }
    for declared in ["application/json; charset=utf-8", "Application/JSON"] {
        let headers = [("content-type", declared)];
        admin.send(Method::POST, "/api/webhooks", &headers, Some(body.clone().into())).await.expect(201);
    }
    admin.send(Method::GET, "/api/webhooks", JSON, None).await.expect(200);
    admin.send(Method::GET, "/api/webhooks", &[("content-type", "text/plain")], None).await.expect(200);
}
