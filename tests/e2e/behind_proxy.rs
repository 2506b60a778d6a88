//! Behind a proxy: whose word counts for who calls.

use encrata_webhooks_tests::{Answer, Api, Setup, run};
use reqwest::Method;
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn sign_in(nobody: &Api, key: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[JSON], headers].concat();
    let body = json!({"key": key}).to_string();
    nobody.send(Method::POST, "/api/session", &headers, Some(body.into())).await
}

/// How many sign-ins from as many claimed addresses fail before one is refused; as many as there were if none is.
async fn guesses(nobody: &Api, claim: impl Fn(usize) -> String) -> usize {
    const MOST: usize = 40;
    for n in 0..MOST {
        let claimed = claim(n);
        let answer = sign_in(nobody, "enc_live_guess", &[("x-forwarded-for", &claimed)]).await;
        if answer.status == 429 {
            return n;
        }
        answer.expect(401);
    }
    MOST
}

#[tokio::test]
async fn a_header_of_somebody_who_is_no_proxy_changes_nothing() {
    // Whoever connects here is from 127.0.0.1, which is no proxy of these.
    for trusted in ["none", "192.0.2.0/24"] {
        let server = Setup::new().option("--trusted-proxy", trusted).start().await;
        let nobody = server.anonymous();
        // A minute may end meanwhile, once.
        let made = guesses(&nobody, |n| format!("198.51.100.{n}")).await;
        assert!((10..=20).contains(&made), "{trusted}: {made}");
        let key = server.key("acme", "admin").key.unwrap();
        let tls = [("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.7")];
        let mut answer = sign_in(&nobody, &key, &tls).await;
        if answer.status == 429 {
            let server = Setup::new().option("--trusted-proxy", trusted).start().await;
            let key = server.key("acme", "admin").key.unwrap();
            answer = sign_in(&server.anonymous(), &key, &tls).await;
        }
        assert!(!answer.expect(201).header("set-cookie").unwrap().contains("Secure"));
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_who_calls_and_how() {
    let server =
        Setup::new().option("--trusted-proxy", "127.0.0.1,10.0.0.0/8").option("--log", "debug").start().await;
    let nobody = server.anonymous();
    // What the caller claims itself stands before what proxies added, and does not count.
    let made = guesses(&nobody, |n| format!("203.0.113.{n}, 198.51.100.7, 10.0.0.{n}")).await;
    assert!((10..=20).contains(&made), "{made}");
    assert_eq!(guesses(&nobody, |n| format!("198.51.100.7, 203.0.113.{n}")).await, 40, "each is another");
    let key = server.key("acme", "admin").key.unwrap();
    for (proto, secure) in [("https", true), ("http", false), ("https, http", false), ("", false)] {
        let answer = sign_in(&nobody, &key, &[("x-forwarded-proto", proto)]).await.expect(201);
        let cookie = answer.header("set-cookie").unwrap();
        assert_eq!(cookie.ends_with("; Secure"), secure, "{proto}: {cookie}");
    }
    for garbage in
        ["", ",", "someone", "[::1", "1.2.3.4.5", "for=192.0.2.1;proto=https", "\u{e9}", "256.1.1.1:99999"]
    {
        sign_in(&nobody, &key, &[("x-forwarded-for", garbage), ("x-forwarded-proto", garbage)])
            .await
            .expect(201);
    }
    // The log names the caller.
    let forwarded = [("x-forwarded-for", "198.51.100.99")];
    nobody.send(Method::GET, "/api/webhooks", &forwarded, None).await.expect(401);
    server.log_when("caller=198.51.100.99").await;
}

#[test]
fn a_proxy_is_named_by_its_network() {
    let refused = run(&["serve", "--trusted-proxy", "proxy.internal"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("'proxy.internal' is not a network"), "{refused:?}");
}
