//! The server's own port: what it does not wait for, does not read, and does not look up.

use std::time::{Duration, Instant};

use encrata_webhooks_tests::{Answer, Api, PATIENCE, Server, Setup, raise_file_limit};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::sql::execute;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(address(server)).await.unwrap()
}

fn address(server: &Server) -> std::net::SocketAddr {
    server.base().strip_prefix("http://").unwrap().parse().unwrap()
}

/// What comes until the connection ends, and after how long.
async fn to_the_end(mut stream: TcpStream) -> (String, Duration) {
    let (started, mut bytes) = (Instant::now(), Vec::new());
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it stays open");
    (String::from_utf8_lossy(&bytes).into_owned(), started.elapsed())
}

/// The first bytes of an answer, whole lines of it at least.
async fn beginning(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read =
            tokio::time::timeout(PATIENCE, stream.read_buf(&mut bytes)).await.expect("no answer").unwrap();
        assert!(read > 0, "it ended: {}", String::from_utf8_lossy(&bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn who_sends_no_head_or_no_body_is_not_waited_for() {
    let server = Setup::new().option("--metrics-listen", "127.0.0.1:0").start().await;
    let metrics = server.metrics_url().await;
    let metrics = metrics.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let metrics = TcpStream::connect(metrics).await.unwrap();
    let (silent, mut half, mut preface) =
        (connect(&server).await, connect(&server).await, connect(&server).await);
    half.write_all(b"GET /api/health/live HTTP/1.1\r\nhost: x\r\nx-y: ").await.unwrap();
    preface.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut body = connect(&server).await;
    body.write_all(b"POST /api/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{")
        .await
        .unwrap();
    let (silent, half, preface, body, metrics) = tokio::join!(
        to_the_end(silent),
        to_the_end(half),
        to_the_end(preface),
        to_the_end(body),
        to_the_end(metrics)
    );
    let in_time = Duration::from_secs(8)..Duration::from_secs(30);
    let lives =
        [("silent", &silent), ("half", &half), ("preface", &preface), ("body", &body), ("metrics", &metrics)];
    for (what, (_, lived)) in lives {
        assert!(in_time.contains(lived), "{what}: {lived:?}");
    }
    let (answer, _) = body;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("the body broke off"), "{answer}");
}

#[tokio::test]
async fn a_head_is_as_large_as_it_may_be() {
    let server = Setup::new().start().await;
    let nobody = server.anonymous();
    for prefix in ["/api", "/api/agent"] {
        let path = format!("{prefix}/health/live");
        let fits = "x".repeat(31 * 1024);
        nobody.send(Method::GET, &path, &[("x-large", &fits)], None).await.expect(200);
        let large = "x".repeat(33 * 1024);
        let by_header = nobody.send(Method::GET, &path, &[("x-large", &large)], None).await;
        let by_target = nobody.get(&format!("{path}?{large}")).await;
        for refused in [by_header, by_target] {
            assert!(refused.clone().expect(431).error().contains("32768 bytes"), "{refused:?}");
            assert_eq!(refused.json()["c"] == 431, prefix == "/api/agent", "{refused:?}");
        }
    }
    // Beyond that the protocol refuses, and hangs up.
    let headers = "x: y\r\n";
    for (what, head) in [
        ("too many", format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", headers.repeat(101))),
        (
            "far too large",
            format!("GET / HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(256 * 1024)),
        ),
        ("endless", format!("GET /{}", "x".repeat(256 * 1024))),
    ] {
        let mut stream = connect(&server).await;
        // It may hang up before it has all.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut first = [0; 13];
        if stream.read_exact(&mut first).await.is_ok() {
            assert_eq!(&first, b"HTTP/1.1 431 ", "{what}");
        }
    }
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /\x01 HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(to_the_end(stream).await.0.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn nesting_without_end_is_refused_and_nothing_else_happens() {
    let server = Setup::new().start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook_at("https://example.com/", &["lookup.completed"]).await;
    let deep = |n: usize| {
        [("[", "]"), ("{\"a\":", "}")].map(|(open, close)| open.repeat(n) + "1" + &close.repeat(n))
    };
    // Closed and unclosed, as the whole and as a part of it.
    for nested in deep(100_000).into_iter().chain(deep(30_000)).chain(["[".repeat(60_000)]) {
        let data = format!(
            r#"{{"workspace_id":"{}","event":"lookup.completed","data":{{"email":"a@example.com","lookup_id":"x","more":{nested}}}}}"#,
            admin.workspace_id
        );
        for (path, body) in [
            ("/api/events", &nested),
            ("/api/events", &data),
            ("/api/events/batch", &nested),
            ("/api/events/batch", &format!("[{data}]")),
        ] {
            let answer = publisher.send(Method::POST, path, &[JSON], Some(body.clone().into())).await;
            assert!([400, 413].contains(&answer.status), "{path}: {answer:?}");
            assert!(answer.status == 400 || body.len() > 256 * 1024, "{path}: {answer:?}");
        }
        let url =
            format!(r#"{{"url":"https://example.com/","events":["credits.low"],"description":{nested}}}"#);
        let update = format!(r#"{{"id":"{}","url":"https://example.com/","description":{nested}}}"#, hook.id);
        for (method, path, body) in [
            (Method::POST, "/api/webhooks", &nested),
            (Method::POST, "/api/webhooks", &url),
            (Method::PUT, "/api/webhooks", &update),
            (Method::DELETE, "/api/webhooks", &nested),
            (Method::POST, "/api/session", &nested),
        ] {
            // Without a key it may not be heard to its end, and then sees no answer.
            if path == "/api/session" && body.len() > 64 * 1024 {
                continue;
            }
            let most = if path == "/api/session" { 1024 } else { 64 * 1024 };
            let answer = admin.send(method, path, &[JSON], Some(body.clone().into())).await;
            let expected = if body.len() > most { 413 } else { 400 };
            assert_eq!(answer.status, expected, "{path}: {answer:?}");
        }
    }
    // What nobody reads is skipped, however deep.
    let [skipped, _] = deep(30_000);
    let update = format!(r#"{{"id":"{}","url":"https://example.com/","unknown":{skipped}}}"#, hook.id);
    admin.send(Method::PUT, "/api/webhooks", &[JSON], Some(update.into())).await.expect(200);
    admin.get("/api/webhooks").await.expect(200);
}

#[tokio::test]
async fn who_shows_no_key_is_answered_before_the_body_comes() {
    let server = Setup::new().start().await;
    server.key("acme", "admin");
    execute(&server.setup().database_file(), "alter table api_keys rename to away").await;
    let long = format!("authorization: Bearer {}\r\n", "x".repeat(300));
    for credentials in [
        "",
        "authorization: Bearer \r\n",
        "authorization: Basic eDp5\r\n",
        "authorization: Bearer a b\r\n",
        &long,
        "cookie: encrata_session=short\r\n",
    ] {
        for path in ["/api/events/batch", "/api/webhooks"] {
            let mut stream = connect(&server).await;
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\n{credentials}content-type: application/json\r\ncontent-length: 8000000\r\n\r\n"
            );
            let asked = Instant::now();
            stream.write_all(head.as_bytes()).await.unwrap();
            // Neither the body, which would be waited for 10 s, nor the table, which is away, is needed for it.
            let answer = beginning(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 401 "), "{path} {credentials}: {answer}");
            assert!(asked.elapsed() < Duration::from_secs(9), "{path} {credentials}: {:?}", asked.elapsed());
        }
    }
    // One that could be a key is looked up.
    server.anonymous().with_key("enc_live_x").get("/api/webhooks").await.expect(503);
}

async fn ask(api: &Api, from: &str) -> Answer {
    api.send(Method::GET, "/api/webhooks", &[("x-forwarded-for", from)], None).await
}

async fn get(api: &Api, from: &str) -> u16 {
    ask(api, from).await.status
}

#[tokio::test]
async fn many_wrong_keys_are_not_looked_up_and_a_good_one_goes_on() {
    const FLOODS: &str = "198.51.100.7";
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    assert_eq!(get(&admin, FLOODS).await, 200);
    let session = admin.sign_in().await;
    assert_eq!(get(&session, FLOODS).await, 200);
    // A minute may end meanwhile, once.
    let mut wrong = 0;
    let stranger = |n: usize| admin.with_key(&format!("enc_live_{n}"));
    let refused = loop {
        let answer = ask(&stranger(wrong), FLOODS).await;
        if answer.status == 429 {
            break answer;
        }
        answer.expect(401);
        wrong += 1;
        assert!(wrong <= 240, "nobody stopped it");
    };
    assert!(wrong >= 120, "{wrong}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let file = server.setup().database_file();
    // What opened something before goes on, and other addresses are others.
    assert_eq!(get(&admin, FLOODS).await, 200);
    assert_eq!(get(&session, FLOODS).await, 200);
    assert_eq!(get(&stranger(0), "198.51.100.8").await, 401);
    // The database is not asked for the rest, in whatever way it is shown.
    execute(&file, "alter table api_keys rename to away").await;
    assert_eq!(get(&stranger(1), "198.51.100.8").await, 503, "that would be seen");
    let token = format!("encrata_session={}", "0".repeat(64));
    for stranger in [stranger(0), stranger(10_000), admin.with_cookie(&token)] {
        // The minute may have ended.
        assert!([429, 503].contains(&get(&stranger, FLOODS).await));
    }
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    const PER_ADDRESS: usize = 1024;
    assert!(raise_file_limit() >= 2 * PER_ADDRESS, "this process may not have enough files open");
    let server = Setup::new().option("--trusted-proxy", "none").start().await;
    let mut kept = Vec::new();
    let refused = loop {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap_or_default();
        let mut first = [0; 13];
        match stream.read_exact(&mut first).await {
            Ok(_) if &first == b"HTTP/1.1 200 " => kept.push(stream),
            // The refusal may be lost, as what was sent is not read.
            _ => break kept.len(),
        }
        assert!(kept.len() <= PER_ADDRESS, "nobody stopped it");
    };
    assert!((PER_ADDRESS - 50..=PER_ADDRESS).contains(&refused), "{refused}");
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(address(&server)).await.unwrap();
    other.write_all(b"GET /api/health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(beginning(&mut other).await.starts_with("HTTP/1.1 200 "));
    drop(kept);
    let limit = "encrata_connections_refused_total{limit=\"address\"}";
    server.metrics_when("the refusal is counted", |scrape| scrape.value(limit) >= 1.0).await;
    // Those that ended make room.
    let again = async {
        loop {
            let mut stream = connect(&server).await;
            let _ =
                stream.write_all(b"GET /api/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            if to_the_end(stream).await.0.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("no room is made");
}

/// Streams that are opened and reset at once cost the server work and the client nothing (CVE-2023-44487).
#[tokio::test]
async fn a_flood_of_resets_ends_its_connection() {
    let server = Setup::new().start().await;
    let (client, connection) = h2::client::handshake(connect(&server).await).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut opened = 0;
    let flooded = async {
        loop {
            let request = http::Request::get("http://x/api/health/live").body(()).unwrap();
            let Ok((answer, mut body)) = client.send_request(request, false) else { return };
            body.send_reset(h2::Reason::CANCEL);
            drop(answer);
            opened += 1;
            match client.ready().await {
                Ok(ready) => client = ready,
                Err(_) => return,
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, flooded).await.expect("the flood goes on for ever");
    let ended = tokio::time::timeout(PATIENCE, connection).await.unwrap().unwrap();
    // It is said, and may be lost as what was sent is not read.
    let reason = ended.unwrap_err().reason();
    assert!(
        reason.is_none_or(|reason| reason == h2::Reason::ENHANCE_YOUR_CALM),
        "after {opened}: {reason:?}"
    );
    server.anonymous().get("/api/health").await.expect(200);
}

/// Settings of HTTP/2 that bound what one connection may cost.
#[tokio::test]
async fn over_http2_streams_and_heads_are_bounded() {
    let server = Setup::new().start().await;
    let (client, connection) = h2::client::handshake(connect(&server).await).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let large =
        http::Request::get("http://x/api/health/live").header("x-large", "x".repeat(33 * 1024)).body(());
    let (answer, _) = client.send_request(large.unwrap(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 431);
    let mut client = client.ready().await.unwrap();
    let huge =
        http::Request::get("http://x/api/health/live").header("x-large", "x".repeat(100 * 1024)).body(());
    let refused = match client.send_request(huge.unwrap(), true) {
        Ok((answer, _)) => answer.await.map_or(true, |answer| answer.status() == 431),
        Err(_) => true,
    };
    assert!(refused);
    assert_eq!(client.current_max_send_streams(), 100);
    connection.abort();
    let body = json!({"status": "ok"});
    assert_eq!(server.anonymous().get("/api/health").await.expect(200).json(), body);
}
