//! Signing in to the page: a key becomes a cookie, and the cookie opens what the key opens, to the page alone.

use encrata_webhooks_tests::{Answer, Api, Postgres, Server, Setup};
use reqwest::Method;
use serde_json::json;

use crate::sql;

async fn start() -> Server {
    Setup::new().start().await
}

async fn post(api: &Api, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let body = json!({"url": "https://example.com/hook", "events": ["credits.low"]}).to_string();
    api.send(Method::POST, "/api/webhooks", &headers, Some(body.into())).await
}

/// A session as a browser has it, without what the page adds.
fn bare(server: &Server, session: &Api) -> (Api, String) {
    let cookie = session.cookie.clone().unwrap();
    (server.anonymous(), cookie)
}

#[tokio::test]
async fn a_key_becomes_a_session_and_the_key_is_not_needed_again() {
    let server = start().await;
    let admin = server.key("acme", "admin");
    let nobody = server.anonymous();
    let signed_in = nobody.post("/api/session", json!({"key": admin.key})).await.expect(201);
    let view = signed_in.json();
    assert_eq!(
        (&view["name"], &view["role"], &view["workspace"]),
        (&json!("admin"), &json!("admin"), &json!("acme"))
    );
    let expires =
        encrata_webhooks_server::clock::parse_rfc3339(view["expires_at"].as_str().unwrap()).unwrap();
    let in_s = (expires - encrata_webhooks_server::clock::now_ms()) / 1000;
    assert!((43_100..=43_200).contains(&in_s), "{view}");
    let cookie = signed_in.header("set-cookie").unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    let token = pair.strip_prefix("encrata_session=").unwrap();
    assert!(token.len() == 64 && !cookie.contains(admin.key.as_deref().unwrap()), "{cookie}");
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));

    let session = nobody.with_cookie(pair);
    assert_eq!(session.get("/api/session").await.expect(200).json(), view);
    assert_eq!(session.get("/api/me").await.expect(200).json()["workspace"]["name"], "acme");
    // The token is no key, and the key no token.
    nobody.with_key(token).get("/api/webhooks").await.expect(401);
    let key = format!("encrata_session={}", admin.key.unwrap());
    nobody.with_cookie(&key).get("/api/webhooks").await.expect(401);
    nobody.get("/api/session").await.expect(401);
    let log = server.log();
    assert!(!log.contains(token), "{log}");
}

#[tokio::test]
async fn a_session_ends_by_itself_with_its_key_and_when_it_is_told_to() {
    let server = start().await;
    let admin = server.key("acme", "admin");
    let member = server.key("acme", "member");
    let (one, other) = (member.sign_in().await, member.sign_in().await);
    let out = one.delete("/api/session").await.expect(200);
    assert_eq!(out.json(), json!({"status": "signed out"}));
    assert!(out.header("set-cookie").unwrap().starts_with("encrata_session=; "), "{out:?}");
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"), "{out:?}");
    one.get("/api/session").await.expect(401);
    one.get("/api/webhooks").await.expect(401);
    one.delete("/api/session").await.expect(200);
    other.get("/api/webhooks").await.expect(200);

    admin.patch(&format!("/api/keys?id={}&action=disable", member.key_id)).await.expect(200);
    other.get("/api/webhooks").await.expect(401);
    admin.patch(&format!("/api/keys?id={}&action=enable", member.key_id)).await.expect(200);
    other.get("/api/webhooks").await.expect(401);
    let other = member.sign_in().await;
    // Who signs in again has one session, not two.
    let body = json!({"key": member.key}).to_string();
    let headers = [("content-type", "application/json"), ("cookie", other.cookie.as_deref().unwrap())];
    let signed_in =
        server.anonymous().send(Method::POST, "/api/session", &headers, Some(body.into())).await.expect(201);
    other.get("/api/webhooks").await.expect(401);
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let other = server.anonymous().with_cookie(&cookie);
    other.get("/api/webhooks").await.expect(200);
    admin.delete(&format!("/api/keys?id={}", member.key_id)).await.expect(200);
    other.get("/api/webhooks").await.expect(401);
    other.get("/api/session").await.expect(401);
    admin.delete(&format!("/api/keys?id={}&permanent=true", member.key_id)).await.expect(200);
    other.get("/api/session").await.expect(401);
}

#[tokio::test]
async fn only_the_page_changes_something_by_session() {
    let server = start().await;
    let session = server.key("acme", "admin").sign_in().await;
    let (browser, cookie) = bare(&server, &session);
    let cookie = ("cookie", &*cookie);
    let page = ("x-encrata-page", "1");
    let host = server.base().strip_prefix("http://").unwrap();
    let (own, foreign) = (format!("http://{host}"), "https://evil.example".to_owned());
    for (headers, status) in [
        (&[][..], 403),
        (&[("x-encrata-page", "0")], 403),
        (&[page], 201),
        (&[page, ("sec-fetch-site", "same-origin")], 201),
        (&[page, ("origin", &own)], 201),
        (&[page, ("sec-fetch-site", "same-site")], 403),
        (&[page, ("sec-fetch-site", "cross-site")], 403),
        (&[page, ("origin", &foreign)], 403),
        (&[page, ("origin", "null")], 403),
        (&[("sec-fetch-site", "same-origin"), ("origin", &own)], 403),
    ] {
        let answer = post(&browser, &[&[cookie], headers].concat()).await;
        assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
        assert!(status == 201 || answer.error().len() > 20, "{answer:?}");
    }
    browser.send(Method::GET, "/api/webhooks", &[cookie], None).await.expect(200);
    browser.send(Method::DELETE, "/api/session", &[cookie], None).await.expect(403);
    session.get("/api/session").await.expect(200);
    // With both, the header decides: it needs nothing else, and a bad one is not made good by a cookie.
    let key = server.key("acme", "admin");
    post(&key, &[cookie]).await.expect(201);
    post(&browser.with_key("enc_live_0"), &[cookie, page]).await.expect(401);
}

#[tokio::test]
async fn who_can_not_sign_in_is_told_why_and_guesses_are_few() {
    let server = start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let nobody = server.anonymous();
    for body in [json!({}), json!({"key": ""}), json!({"key": null})] {
        nobody.post("/api/session", body).await.expect(400);
    }
    nobody.post("/api/session", json!({"key": publisher.key})).await.expect(403);
    let foreign = [("content-type", "application/json"), ("origin", "https://evil.example")];
    let body = json!({"key": admin.key}).to_string();
    nobody.send(Method::POST, "/api/session", &foreign, Some(body.clone().into())).await.expect(403);

    let from = |address: &'static str, key: &str| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
        let body = json!({"key": key}).to_string();
        let nobody = nobody.clone();
        async move { nobody.send(Method::POST, "/api/session", &headers, Some(body.into())).await }
    };
    // A minute may end meanwhile, once.
    let mut failed = 0;
    let refused = loop {
        let answer = from("198.51.100.7", "enc_live_guess").await;
        if answer.status == 429 {
            break answer;
        }
        answer.expect(401);
        failed += 1;
        assert!(failed <= 20, "nobody stopped it");
    };
    assert!(failed >= 10, "{failed}");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{refused:?}");
    // All at once they are not more. A minute may end meanwhile.
    let guesses = (0..60).map(|_| tokio::spawn(from("198.51.100.9", "enc_live_guess")));
    let mut guessed = 0;
    for guess in guesses.collect::<Vec<_>>() {
        guessed += usize::from(guess.await.unwrap().status == 401);
    }
    assert!((10..=20).contains(&guessed), "{guessed}");
    // Who succeeds is not counted.
    for _ in 0..12 {
        from("198.51.100.8", admin.key.as_deref().unwrap()).await.expect(201);
    }
    from("198.51.100.8", admin.key.as_deref().unwrap()).await.expect(201);
}

#[tokio::test]
async fn a_session_has_a_limit_that_no_person_meets() {
    let server = Setup::bare().option("--webhook-rate-limit", "2").start().await;
    let admin = server.key("acme", "admin");
    let session = admin.sign_in().await;
    for _ in 0..40 {
        let answer = session.get("/api/webhooks").await.expect(200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("600"));
    }
    let before = session.get("/api/me").await;
    let left: i64 = before.header("x-ratelimit-remaining").unwrap().parse().unwrap();
    assert!((550..=599).contains(&left), "{left}");
    // Another session begins no other count, or there would be no limit.
    let more = admin.sign_in().await.get("/api/webhooks").await.expect(200);
    let after: i64 = more.header("x-ratelimit-remaining").unwrap().parse().unwrap();
    assert!(
        after < left
            || after == 599 && more.header("x-ratelimit-reset") != before.header("x-ratelimit-reset")
    );
    // The key's own count is untouched.
    assert_eq!(admin.get("/api/webhooks").await.expect(200).header("x-ratelimit-remaining"), Some("1"));
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_tls_alone() {
    let server = Setup::new().option("--public-url", "https://hooks.example.com").start().await;
    let admin = server.key("acme", "admin");
    let signed_in = server.anonymous().post("/api/session", json!({"key": admin.key})).await.expect(201);
    let cookie = signed_in.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-encrata_session=") && cookie.ends_with("; Secure"), "{cookie}");
    let session = admin.sign_in().await;
    session.get("/api/webhooks").await.expect(200);
    // That of a page without TLS is not taken.
    let plain = session.cookie.clone().unwrap().replace("__Host-", "");
    session.with_cookie(&plain).get("/api/webhooks").await.expect(401);
    post(&session, &[("origin", "https://hooks.example.com")]).await.expect(201);
    post(&session, &[("origin", server.base())]).await.expect(403);

    // Without --public-url the browser says it.
    let server = start().await;
    let host = server.base().strip_prefix("http://").unwrap();
    let (nobody, body) = (server.anonymous(), json!({"key": server.key("acme", "admin").key}).to_string());
    for (scheme, secure) in [("https", true), ("http", false)] {
        let origin = format!("{scheme}://{host}");
        let headers = [("content-type", "application/json"), ("origin", &*origin)];
        let sent = nobody.send(Method::POST, "/api/session", &headers, Some(body.clone().into()));
        let answer = sent.await.expect(201);
        assert_eq!(answer.header("set-cookie").unwrap().ends_with("; Secure"), secure, "{answer:?}");
    }

    let refused = Setup::new().option("--public-url", "hooks.example.com").serve_to_the_end();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("is not an origin"), "{refused:?}");
}

#[tokio::test]
async fn nodes_share_sessions() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    let one = Setup::new().on_postgres(&url).start().await;
    let other = Setup::new().on_postgres(&url).start().await;
    let session = one.key("acme", "admin").sign_in().await;
    let there = other.anonymous().with_cookie(session.cookie.as_deref().unwrap());
    there.get("/api/webhooks").await.expect(200);
    there.delete("/api/session").await.expect(200);
    session.get("/api/webhooks").await.expect(401);
}

#[tokio::test]
async fn a_session_that_is_used_goes_on() {
    let server = Setup::new().start().await;
    let session = server.key("acme", "admin").sign_in().await;
    // Two hours would end it, 110 minutes and then 20 do not: the use in between is kept.
    for later in
        ["update sessions set used_ms = used_ms - 6600000", "update sessions set used_ms = used_ms - 1200000"]
    {
        sql::execute(&server.setup().database_file(), later).await;
        session.get("/api/session").await.expect(200);
        session.get("/api/webhooks").await.expect(200);
    }
    sql::execute(&server.setup().database_file(), "update sessions set used_ms = used_ms - 7200000").await;
    session.get("/api/webhooks").await.expect(401);
}
