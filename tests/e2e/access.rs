//! Who may do what: every route, with every kind of key.

use encrata_webhooks_tests::{Answer, Api, Receiver, Server, Setup};
use reqwest::Method;
use serde_json::{Value, json};

/// What the routes are called with.
struct Ids {
    webhook: String,
    delivery: String,
    key: String,
    workspace: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reads,
    Writes,
    Publishes,
}

struct Route {
    name: &'static str,
    kind: Kind,
    status: u16,
    /// Whether it names something of the workspace.
    names: bool,
    method: Method,
    path: String,
    body: Option<Value>,
}

fn routes(ids: &Ids) -> Vec<Route> {
    let route = |name, kind, status, names, method, path: String, body| Route {
        name,
        kind,
        status,
        names,
        method,
        path,
        body,
    };
    let Ids { webhook, delivery, key, workspace } = ids;
    let url = "https://example.com/hook";
    let event =
        json!({"workspace_id": workspace, "event": "credits.exhausted", "data": {"credits_remaining": 0}});
    vec![
        route("list webhooks", Kind::Reads, 200, false, Method::GET, "/webhooks".into(), None),
        route("one webhook", Kind::Reads, 200, true, Method::GET, format!("/webhooks?id={webhook}"), None),
        route(
            "create webhook",
            Kind::Writes,
            201,
            false,
            Method::POST,
            "/webhooks".into(),
            Some(json!({"url": url, "events": ["credits.low"]})),
        ),
        route(
            "change webhook",
            Kind::Writes,
            200,
            true,
            Method::PUT,
            "/webhooks".into(),
            Some(json!({"id": webhook, "url": url})),
        ),
        route(
            "test",
            Kind::Writes,
            200,
            true,
            Method::POST,
            "/webhooks/test".into(),
            Some(json!({"id": webhook})),
        ),
        route(
            "check",
            Kind::Writes,
            200,
            false,
            Method::POST,
            "/webhooks/check".into(),
            Some(json!({"url": url})),
        ),
        route(
            "rotate",
            Kind::Writes,
            200,
            true,
            Method::POST,
            "/webhooks/rotate".into(),
            Some(json!({"id": webhook, "overlap_seconds": 0})),
        ),
        route(
            "deliveries",
            Kind::Reads,
            200,
            true,
            Method::GET,
            format!("/webhooks/deliveries?webhook_id={webhook}"),
            None,
        ),
        route(
            "one delivery",
            Kind::Reads,
            200,
            true,
            Method::GET,
            format!("/webhooks/deliveries?webhook_id={webhook}&id={delivery}"),
            None,
        ),
        route(
            "stats",
            Kind::Reads,
            200,
            true,
            Method::GET,
            format!("/webhooks/stats?webhook_id={webhook}"),
            None,
        ),
        route("overview", Kind::Reads, 200, false, Method::GET, "/webhooks/overview".into(), None),
        route(
            "resend one",
            Kind::Writes,
            202,
            true,
            Method::POST,
            "/webhooks/deliveries/retry".into(),
            Some(json!({"id": delivery})),
        ),
        route(
            "resend all",
            Kind::Writes,
            202,
            true,
            Method::POST,
            "/webhooks/deliveries/retry".into(),
            Some(json!({"webhook_id": webhook, "since": "2026-01-01T00:00:00Z"})),
        ),
        route("list keys", Kind::Reads, 200, false, Method::GET, "/keys".into(), None),
        route(
            "create key",
            Kind::Writes,
            201,
            false,
            Method::POST,
            "/keys".into(),
            Some(json!({"name": "x"})),
        ),
        route(
            "rename key",
            Kind::Writes,
            200,
            true,
            Method::PUT,
            "/keys".into(),
            Some(json!({"id": key, "name": "y"})),
        ),
        route(
            "disable key",
            Kind::Writes,
            200,
            true,
            Method::PATCH,
            format!("/keys?id={key}&action=disable"),
            None,
        ),
        route(
            "limit key",
            Kind::Writes,
            200,
            true,
            Method::POST,
            "/keys/limit".into(),
            Some(json!({"id": key, "credit_limit": 1})),
        ),
        route("revoke key", Kind::Writes, 200, true, Method::DELETE, format!("/keys?id={key}"), None),
        route("me", Kind::Reads, 200, false, Method::GET, "/me".into(), None),
        route("auth/me", Kind::Reads, 200, false, Method::GET, "/auth/me".into(), None),
        route("publish", Kind::Publishes, 202, false, Method::POST, "/events".into(), Some(event.clone())),
        route(
            "publish batch",
            Kind::Publishes,
            202,
            false,
            Method::POST,
            "/events/batch".into(),
            Some(json!([event])),
        ),
        // Last: they end what the others name.
        route(
            "delete webhook",
            Kind::Writes,
            200,
            true,
            Method::DELETE,
            "/webhooks".into(),
            Some(json!({"id": webhook})),
        ),
        route(
            "delete key",
            Kind::Writes,
            200,
            true,
            Method::DELETE,
            format!("/keys?id={key}&permanent=true"),
            None,
        ),
    ]
}

async fn call(api: &Api, prefix: &str, route: &Route) -> Answer {
    let headers: &[(&str, &str)] =
        if route.body.is_some() { &[("content-type", "application/json")] } else { &[] };
    let body = route.body.as_ref().map(|body| body.to_string().into());
    api.send(route.method.clone(), &format!("{prefix}{}", route.path), headers, body).await
}

/// A webhook with a delivery, and a key that nobody uses.
async fn things(server: &Server, receiver: &Receiver, admin: &Api, publisher: &Api) -> Ids {
    let hook = admin.webhook_at(&receiver.url("/hook"), &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "success").await;
    let key = server.setup().create_key("acme", "member");
    Ids {
        webhook: hook.id,
        delivery: delivery["id"].as_str().unwrap().to_owned(),
        key: key["id"].as_str().unwrap().to_owned(),
        workspace: admin.workspace_id.clone(),
    }
}

async fn start() -> (Receiver, Server, Api, Api) {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    (receiver, server, admin, publisher)
}

#[tokio::test]
async fn each_role_may_do_what_it_may_and_nothing_else() {
    let (receiver, server, admin, publisher) = start().await;
    for (role, may) in [
        ("readonly", &[Kind::Reads][..]),
        ("publisher", &[Kind::Publishes]),
        ("admin", &[Kind::Reads, Kind::Writes]),
        ("member", &[Kind::Reads, Kind::Writes]),
        ("tech", &[Kind::Reads, Kind::Writes]),
    ] {
        let key = server.key("acme", role);
        let ids = things(&server, &receiver, &admin, &publisher).await;
        for route in routes(&ids) {
            let answer = call(&key, "/api", &route).await;
            if may.contains(&route.kind) {
                assert_eq!(answer.status, route.status, "{role}, {}: {answer:?}", route.name);
            } else {
                assert_eq!(answer.status, 403, "{role}, {}: {answer:?}", route.name);
                assert_eq!(answer.json(), json!({"error": "forbidden"}));
            }
        }
    }
}

#[tokio::test]
async fn a_session_may_do_what_its_key_may_and_never_publishes() {
    let (receiver, server, admin, publisher) = start().await;
    for (role, may) in [
        ("readonly", &[Kind::Reads][..]),
        ("admin", &[Kind::Reads, Kind::Writes]),
        ("member", &[Kind::Reads, Kind::Writes]),
    ] {
        let session = server.key("acme", role).sign_in().await;
        let ids = things(&server, &receiver, &admin, &publisher).await;
        for route in routes(&ids) {
            let status = if may.contains(&route.kind) { route.status } else { 403 };
            let answer = call(&session, "/api", &route).await;
            assert_eq!(answer.status, status, "{role}, {}: {answer:?}", route.name);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{role}, {}", route.name);
        }
    }
}

#[tokio::test]
async fn without_a_good_key_there_is_nothing() {
    let (receiver, server, admin, publisher) = start().await;
    let ids = things(&server, &receiver, &admin, &publisher).await;
    let nobody = server.anonymous();
    for key in [
        nobody.clone(),
        nobody.with_key("enc_live_00000000000000000000000000000000"),
        nobody.with_key("ü"),
        nobody.with_cookie(&format!("encrata_session={}", "0".repeat(64))),
    ] {
        for route in routes(&ids) {
            let answer = call(&key, "/api", &route).await;
            assert_eq!(answer.status, 401, "{}: {answer:?}", route.name);
            assert_eq!(answer.json(), json!({"error": "unauthorized"}));
        }
    }
    nobody.get("/api/health").await.expect(200);
    nobody.get("/api/openapi.json").await.expect(200);
}

/// 404, not 403: whether an id exists elsewhere is nobody's business.
#[tokio::test]
async fn ids_of_another_workspace_are_unknown() {
    let (receiver, server, admin, publisher) = start().await;
    let ids = things(&server, &receiver, &admin, &publisher).await;
    let stranger = server.key("other", "admin");
    for route in routes(&ids).into_iter().filter(|route| route.names) {
        let answer = call(&stranger, "/api", &route).await;
        assert_eq!(answer.status, 404, "{}: {answer:?}", route.name);
    }
    let mut unknown = ids;
    for id in [&mut unknown.webhook, &mut unknown.delivery, &mut unknown.key] {
        "none-of-ours".clone_into(id);
    }
    for route in routes(&unknown).into_iter().filter(|route| route.names) {
        let answer = call(&admin, "/api", &route).await;
        assert_eq!(answer.status, 404, "{}: {answer:?}", route.name);
    }
    assert_eq!(stranger.get("/api/webhooks").await.expect(200).text, "[]");
    let keys = stranger.get("/api/keys").await.expect(200).json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/api/webhooks").await.json().as_array().unwrap().len(), 1, "nothing was changed");
}

#[tokio::test]
async fn the_three_prefixes_serve_the_same_and_agents_get_two_more_fields() {
    let (receiver, server, admin, publisher) = start().await;
    for prefix in ["/api", "/api/agent", "/api/cli"] {
        let ids = things(&server, &receiver, &admin, &publisher).await;
        for route in routes(&ids) {
            let key = if route.kind == Kind::Publishes { &publisher } else { &admin };
            let answer = call(key, prefix, &route).await;
            assert_eq!(answer.status, route.status, "{prefix}, {}: {answer:?}", route.name);
        }
        let shaped = |status: u16, text: &str| match prefix {
            "/api/agent" => json!({"error": text, "c": status, "m": text}),
            _ => json!({"error": text}),
        };
        let unauthorized = server.anonymous().get(&format!("{prefix}/webhooks")).await.expect(401);
        assert_eq!(unauthorized.json(), shaped(401, "unauthorized"));
        for (answer, status) in [
            (admin.get(&format!("{prefix}/webhooks?id=x")).await, 404),
            (admin.get(&format!("{prefix}/nothing")).await, 404),
            (admin.patch(&format!("{prefix}/webhooks")).await, 405),
            (admin.post(&format!("{prefix}/webhooks"), json!({})).await, 400),
            (publisher.get(&format!("{prefix}/webhooks")).await, 403),
        ] {
            let answer = answer.expect(status);
            assert_eq!(answer.json(), shaped(status, &answer.error()));
            let length: usize = answer.header("content-length").unwrap().parse().unwrap();
            assert_eq!(length, answer.text.len());
        }
        server.anonymous().get(&format!("{prefix}/health")).await.expect(200);
    }
}
