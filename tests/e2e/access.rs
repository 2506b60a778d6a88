//! Who may do what: every route, with every kind of caller. [`routes`] is the table; a route without a row fails a test.

use std::collections::BTreeSet;
use std::path::Path;

use encrata_webhooks_tests::{Answer, Api, Receiver, Server, Setup, execute};
use reqwest::Method;
use serde_json::{Value, json};

/// What the routes are called with.
#[derive(Clone)]
struct Ids {
    webhook: String,
    delivery: String,
    key: String,
    workspace: String,
    /// A key to sign in with.
    signs_in: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reads,
    Writes,
    Publishes,
    /// For whoever has signed in.
    OfSession,
    /// For everybody, also without a key.
    Open,
}

struct Route {
    kind: Kind,
    status: u16,
    method: Method,
    /// Below one of the three prefixes.
    path: String,
    body: Option<Value>,
    /// Whether it names something of the workspace.
    names: bool,
    /// Whether it stands at this very path, and is no part of the API.
    is_page: bool,
}

impl Route {
    fn new(kind: Kind, status: u16, method: Method, path: impl Into<String>) -> Self {
        Self { kind, status, method, path: path.into(), body: None, names: false, is_page: false }
    }

    fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn names(self) -> Self {
        Self { names: true, ..self }
    }

    fn page(self) -> Self {
        Self { is_page: true, ..self }
    }

    fn name(&self) -> String {
        format!("{} {} {:?}", self.method, self.path, self.body)
    }
}

fn routes(ids: &Ids) -> Vec<Route> {
    use Kind::{OfSession, Open, Publishes, Reads, Writes};
    let Ids { webhook, delivery, key, workspace, signs_in } = ids;
    let get = |kind, path: String| Route::new(kind, 200, Method::GET, path);
    let post = |status, path: &str, body| Route::new(Writes, status, Method::POST, path).body(body);
    let url = "https://example.com/hook";
    let event =
        json!({"workspace_id": workspace, "event": "credits.exhausted", "data": {"credits_remaining": 0}});
    vec![
        get(Reads, "/webhooks".into()),
        get(Reads, format!("/webhooks?id={webhook}")).names(),
        post(201, "/webhooks", json!({"url": url, "events": ["credits.low"]})),
        Route::new(Writes, 200, Method::PUT, "/webhooks").body(json!({"id": webhook, "url": url})).names(),
        post(200, "/webhooks/test", json!({"id": webhook})).names(),
        post(200, "/webhooks/check", json!({"url": url})),
        post(200, "/webhooks/rotate", json!({"id": webhook, "overlap_seconds": 0})).names(),
        get(Reads, format!("/webhooks/deliveries?webhook_id={webhook}")).names(),
        get(Reads, format!("/webhooks/deliveries?webhook_id={webhook}&id={delivery}")).names(),
        get(Reads, format!("/webhooks/deliveries?id={delivery}&fresh=true")).names(),
        get(Reads, format!("/webhooks/deliveries/stream?webhook_id={webhook}")).names(),
        // Whoever has a signed request can send it: as much as writing.
        get(Writes, format!("/webhooks/deliveries/listen?webhook_id={webhook}")).names(),
        get(Reads, format!("/webhooks/stats?webhook_id={webhook}")).names(),
        get(Reads, "/webhooks/stats".into()),
        get(Reads, "/webhooks/overview".into()),
        get(Reads, "/webhooks/notices".into()),
        post(202, "/webhooks/deliveries/retry", json!({"id": delivery})).names(),
        post(
            202,
            "/webhooks/deliveries/retry",
            json!({"webhook_id": webhook, "since": "2026-01-01T00:00:00Z"}),
        )
        .names(),
        get(Reads, "/keys".into()),
        post(201, "/keys", json!({"name": "x"})),
        Route::new(Writes, 200, Method::PUT, "/keys").body(json!({"id": key, "name": "y"})).names(),
        Route::new(Writes, 200, Method::PATCH, format!("/keys?id={key}&action=disable")).names(),
        Route::new(Writes, 200, Method::PATCH, format!("/keys?id={key}&action=enable")).names(),
        post(200, "/keys/limit", json!({"id": key, "credit_limit": 1})).names(),
        Route::new(Writes, 200, Method::DELETE, format!("/keys?id={key}")).names(),
        get(Reads, "/me".into()),
        get(Reads, "/auth/me".into()),
        Route::new(Publishes, 202, Method::POST, "/events").body(event.clone()),
        Route::new(Publishes, 202, Method::POST, "/events/batch").body(json!([event])),
        get(OfSession, "/session".into()),
        get(Open, "/health".into()),
        get(Open, "/health/live".into()),
        get(Open, "/health/ready".into()),
        get(Open, "/openapi.json".into()),
        get(Open, "/".into()).page(),
        get(Open, "/settings/webhooks".into()).page(),
        get(Open, "/settings/webhooks/".into()).page(),
        get(Open, "/settings/webhooks/keys".into()).page(),
        // From this machine.
        get(Open, "/metrics".into()).page(),
        // Last: they end what the others name, or whoever calls.
        Route::new(Writes, 200, Method::DELETE, "/webhooks").body(json!({"id": webhook})).names(),
        Route::new(Writes, 200, Method::DELETE, format!("/keys?id={key}&permanent=true")).names(),
        Route::new(Open, 201, Method::POST, "/session").body(json!({"key": signs_in})),
        Route::new(Open, 200, Method::DELETE, "/session"),
    ]
}

async fn call(api: &Api, prefix: &str, route: &Route) -> Answer {
    call_with(&[], api, prefix, route).await
}

async fn call_with(headers: &[(&str, &str)], api: &Api, prefix: &str, route: &Route) -> Answer {
    let mut headers = headers.to_vec();
    if route.body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let body = route.body.as_ref().map(|body| body.to_string().into());
    let prefix = if route.is_page { "" } else { prefix };
    api.send(route.method.clone(), &format!("{prefix}{}", route.path), &headers, body).await
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
        signs_in: admin.key.clone().unwrap(),
    }
}

async fn start() -> (Receiver, Server, Api, Api) {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    (receiver, server, admin, publisher)
}

/// Both ways: what is described has a row, and a row is described.
#[tokio::test]
async fn every_route_has_a_row_in_the_table() {
    let server = Setup::new().start().await;
    let none = || String::new();
    let ids = Ids { webhook: none(), delivery: none(), key: none(), workspace: none(), signs_in: none() };
    let rows: BTreeSet<(String, String)> = routes(&ids)
        .into_iter()
        .map(|route| {
            let path = route.path.split('?').next().unwrap().to_owned();
            (route.method.to_string(), if route.is_page { path } else { format!("/api{path}") })
        })
        .collect();
    let description = server.anonymous().get("/api/openapi.json").await.expect(200).json();
    let described: BTreeSet<(String, String)> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    assert!(described.len() > 25, "{described:?}");
    let not_described = [
        "/api/auth/me",
        "/api/openapi.json",
        "/",
        "/settings/webhooks",
        "/settings/webhooks/",
        "/settings/webhooks/keys",
        "/metrics",
    ];
    let not_described = not_described.map(|path| ("GET".to_owned(), path.to_owned()));
    assert_eq!(rows, described.into_iter().chain(not_described).collect::<BTreeSet<_>>());

    // What is described nowhere is added by hand, in the code as in the list above.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/api");
    let mut by_hand = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for call in source.split(".route(").skip(1) {
            by_hand.insert(call.split(',').next().unwrap().trim_matches('"').to_owned());
        }
    }
    let known = [
        "/",
        "/auth/me",
        "/metrics",
        "/openapi.json",
        "/settings/webhooks/",
        "/settings/webhooks/{*path}",
        "PATH",
    ];
    assert_eq!(by_hand, BTreeSet::from(known.map(str::to_owned)));
}

#[tokio::test]
async fn each_role_may_do_what_it_may_and_nothing_else() {
    let (receiver, server, admin, publisher) = start().await;
    for (workspace, role, may) in [
        ("acme", "readonly", &[Kind::Reads, Kind::Open][..]),
        ("acme", "publisher", &[Kind::Publishes, Kind::Open]),
        // For any workspace, but nothing else in any.
        ("operator", "publisher", &[Kind::Publishes, Kind::Open]),
        ("acme", "admin", &[Kind::Reads, Kind::Writes, Kind::Open]),
        ("acme", "member", &[Kind::Reads, Kind::Writes, Kind::Open]),
        ("acme", "tech", &[Kind::Reads, Kind::Writes, Kind::Open]),
    ] {
        let key = server.key(workspace, role);
        let ids = things(&server, &receiver, &admin, &publisher).await;
        for route in routes(&ids) {
            let (answer, name) = (call(&key, "/api", &route).await, route.name());
            if route.path != "/metrics" {
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{role}, {name}");
            }
            if may.contains(&route.kind) {
                assert_eq!(answer.status, route.status, "{role}, {name}: {answer:?}");
            } else if route.kind == Kind::OfSession {
                assert_eq!(answer.status, 401, "{role}, {name}: {answer:?}");
            } else {
                assert_eq!(answer.status, 403, "{role}, {name}: {answer:?}");
                assert_eq!(answer.json(), json!({"error": "forbidden"}));
            }
        }
    }
}

/// What can be done to a key goes by whose it is as well: nobody changes more than they could make, and the operator's keys are
/// unknown to everybody. Whether it is active makes no difference: one that was brought in switched off is opened by
/// nobody who could not have made it.
#[tokio::test]
async fn a_key_is_changed_by_those_alone_who_could_make_it() {
    let (receiver, server, admin, publisher) = start().await;
    let ids = things(&server, &receiver, &admin, &publisher).await;
    let database = server.setup().database();
    for (caller, target, status) in [
        ("admin", "admin", 200),
        ("admin", "member", 200),
        ("admin", "readonly", 200),
        ("admin", "publisher", 403),
        ("member", "admin", 403),
        ("member", "member", 200),
        ("member", "readonly", 200),
        ("member", "publisher", 403),
        ("readonly", "readonly", 403),
        ("readonly", "publisher", 403),
    ] {
        let key = server.key("acme", caller);
        let session = key.sign_in().await;
        for (by, is_active) in [(&key, true), (&session, true), (&key, false)] {
            let of = server.key("acme", target);
            if !is_active {
                let off = "update api_keys set is_active = 0, disabled_by_admin = 1";
                execute(&database, &format!("{off} where id = '{}'", of.key_id)).await;
            }
            let ids = Ids { key: of.key_id.clone(), ..ids.clone() };
            let mut tried = 0;
            for route in routes(&ids).iter().filter(|route| route.names && route.path.starts_with("/keys")) {
                // What was revoked a moment ago can still be deleted.
                let (answer, name) = (call(by, "/api", route).await, route.name());
                assert_eq!(answer.status, status, "{caller}, {target}, {name}: {answer:?}");
                tried += 1;
            }
            assert!(tried >= 6);
            if status != 200 {
                let opens = if target == "publisher" { 403 } else { 200 };
                of.get("/api/keys").await.expect(if is_active { opens } else { 401 });
            }
        }
    }
    for reader in ["admin", "member", "readonly"] {
        let listed = server.key("acme", reader).get("/api/keys").await.expect(200).json();
        let roles = listed["keys"].as_array().unwrap().iter().map(|key| key["role"].as_str().unwrap());
        let roles: BTreeSet<&str> = roles.collect();
        assert_eq!(
            roles,
            BTreeSet::from(["admin", "member", "publisher", "readonly"]),
            "whoever may read them sees all"
        );
    }
}

#[tokio::test]
async fn a_session_may_do_what_its_key_may_and_never_publishes() {
    let (receiver, server, admin, publisher) = start().await;
    for (role, may) in [
        ("readonly", &[Kind::Reads, Kind::OfSession, Kind::Open][..]),
        ("admin", &[Kind::Reads, Kind::Writes, Kind::OfSession, Kind::Open]),
        ("member", &[Kind::Reads, Kind::Writes, Kind::OfSession, Kind::Open]),
    ] {
        let session = server.key("acme", role).sign_in().await;
        let ids = things(&server, &receiver, &admin, &publisher).await;
        for route in routes(&ids) {
            let status = if may.contains(&route.kind) { route.status } else { 403 };
            let (answer, name) = (call(&session, "/api", &route).await, route.name());
            assert_eq!(answer.status, status, "{role}, {name}: {answer:?}");
            if route.kind != Kind::Open {
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{role}, {name}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_good_key_there_is_nothing() {
    let (receiver, server, admin, publisher) = start().await;
    let ids = things(&server, &receiver, &admin, &publisher).await;
    let nobody = server.anonymous();
    let mut callers = vec![
        nobody.clone(),
        nobody.with_key("enc_live_00000000000000000000000000000000"),
        nobody.with_key("ü"),
        nobody.with_cookie(&format!("encrata_session={}", "0".repeat(64))),
    ];
    for ends in [
        "PATCH /api/keys?id={}&action=disable",
        "DELETE /api/keys?id={}",
        "DELETE /api/keys?id={}&permanent=true",
    ] {
        let (method, path) = ends.split_once(' ').unwrap();
        for role in ["admin", "member", "readonly"] {
            let key = server.key("acme", role);
            callers.push(key.sign_in().await);
            let path = path.replace("{}", &key.key_id);
            admin.send(method.parse().unwrap(), &path, &[], None).await.expect(200);
            callers.push(key);
        }
    }
    for (n, caller) in callers.into_iter().enumerate() {
        // Each from an address of its own: of one, so many wrong keys would not be looked at.
        let address = format!("192.0.2.{n}");
        let forwarded = [("x-forwarded-for", address.as_str())];
        for route in routes(&ids) {
            // Metrics are for nobody who comes by way of a proxy.
            let headers = if route.is_page { &[][..] } else { &forwarded };
            let (answer, name) = (call_with(headers, &caller, "/api", &route).await, route.name());
            if route.kind == Kind::Open {
                assert_eq!(answer.status, route.status, "{name}: {answer:?}");
            } else {
                assert_eq!(answer.status, 401, "{name}: {answer:?}");
                assert_eq!(answer.json(), json!({"error": "unauthorized"}));
            }
        }
    }
}

/// All that an answer says, but for when it was made.
fn said(answer: Answer) -> (u16, String, Vec<(String, String)>) {
    let changes = ["date", "x-ratelimit-remaining", "x-ratelimit-reset"];
    let headers = answer.headers.iter().filter(|(name, _)| !changes.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, answer.text, headers.collect())
}

/// 404, not 403: whether an id exists elsewhere is nobody's business. The answer is the same to the letter, and is found by
/// the same statement, which names the workspace: the row of another is not read and then refused, so neither can it be
/// told by the time that it takes.
#[tokio::test]
async fn ids_of_another_workspace_are_unknown() {
    let (receiver, server, admin, publisher) = start().await;
    let ids = things(&server, &receiver, &admin, &publisher).await;
    let (stranger, reader) = (server.key("other", "admin"), server.key("other", "readonly"));
    // Ids that look as good as those.
    let unknown = Ids {
        webhook: ids.key.clone(),
        delivery: format!("{}{}", &ids.delivery[..ids.delivery.len() - 4], "0000"),
        key: ids.webhook.clone(),
        ..ids.clone()
    };
    let malformed = Ids { webhook: "x".into(), delivery: "x".into(), key: "x".into(), ..ids.clone() };
    let session = stranger.sign_in().await;
    for caller in [&stranger, &session, &reader] {
        for ((of_another, of_nobody), of_no_shape) in routes(&ids)
            .into_iter()
            .zip(routes(&unknown))
            .zip(routes(&malformed))
            .filter(|((route, _), _)| route.names)
        {
            let name = of_another.name();
            if caller.key == reader.key && of_another.kind == Kind::Writes {
                continue;
            }
            let answer = said(call(caller, "/api", &of_another).await);
            assert_eq!(answer.0, 404, "{name}: {answer:?}");
            assert_eq!(answer, said(call(caller, "/api", &of_nobody).await), "{name}");
            assert_eq!(answer, said(call(caller, "/api", &of_no_shape).await), "{name}");
        }
    }
    assert_eq!(stranger.get("/api/webhooks").await.expect(200).text, "[]");
    let keys = stranger.get("/api/keys").await.expect(200).json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert_eq!(admin.get("/api/webhooks").await.json().as_array().unwrap().len(), 1, "nothing was changed");
    assert_eq!(admin.deliveries(&ids.webhook, "").await.len(), 1, "nor sent");
}

#[tokio::test]
async fn the_three_prefixes_serve_the_same_and_agents_get_two_more_fields() {
    let (receiver, server, admin, publisher) = start().await;
    for prefix in ["/api", "/api/agent", "/api/cli"] {
        let ids = things(&server, &receiver, &admin, &publisher).await;
        for route in routes(&ids) {
            let session = match route.kind {
                Kind::OfSession => Some(admin.sign_in().await),
                _ => None,
            };
            let key =
                if route.kind == Kind::Publishes { &publisher } else { session.as_ref().unwrap_or(&admin) };
            let answer = call(key, prefix, &route).await;
            assert_eq!(answer.status, route.status, "{prefix}, {}: {answer:?}", route.name());
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
