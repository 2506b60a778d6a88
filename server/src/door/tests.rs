//! The port with limits short enough to be waited for.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http_body_util::channel::Channel;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::caller::TrustedProxies;
use super::limits::Limits;
use super::{Door, serve};

/// Anything that must happen does within it.
const PATIENCE: Duration = Duration::from_secs(20);
const FIRST_REQUEST: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_millis(900);
const BODY_PAUSE: Duration = Duration::from_millis(300);
const BODY: Duration = Duration::from_millis(900);
const UNREAD: Duration = Duration::from_millis(300);
const LONG_BYTES: usize = 400_000;

struct Port {
    address: SocketAddr,
    stopping: CancellationToken,
    serving: AbortOnDropHandle<()>,
}

async fn open(change: impl FnOnce(&mut Limits)) -> Port {
    let mut limits = Limits {
        first_request: FIRST_REQUEST,
        idle: IDLE,
        body_pause: BODY_PAUSE,
        body: BODY,
        unread: UNREAD,
        ..Limits::of_this_process()
    };
    change(&mut limits);
    let read =
        |body: Result<Bytes, _>| async move { body.map_or("cut".into(), |body| body.len().to_string()) };
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/body", post(read))
        .route("/slow", get(slow))
        .route("/long", get(|| async { vec![b'x'; LONG_BYTES] }))
        .route("/endless", get(endless));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stopping) = (listener.local_addr().unwrap(), CancellationToken::new());
    let door = Door { router, proxies: TrustedProxies::default(), limits };
    let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, door, stopping.clone())));
    Port { address, stopping, serving }
}

/// An answer that takes three times as long as a connection may be idle.
async fn slow() -> Body {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        for _ in 0..3 {
            tokio::time::sleep(IDLE).await;
            let _ = sender.send_data("still ".into()).await;
        }
        let _ = sender.send_data("here".into()).await;
    });
    Body::new(body)
}

async fn endless() -> Body {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move { while sender.send_data(Bytes::from_static(&[b'x'; 65_536])).await.is_ok() {} });
    Body::new(body)
}

impl Port {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// What comes until the connection is closed, and after how long.
async fn to_the_end(stream: &mut TcpStream) -> (String, Duration) {
    let (started, mut bytes) = (Instant::now(), Vec::new());
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it stays open");
    (String::from_utf8_lossy(&bytes).into_owned(), started.elapsed())
}

/// Reads until the answer has come that ends with `end`.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut bytes = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await.expect(end).unwrap();
        assert!(read > 0, "it ended: {text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    text
}

/// Sends a byte now and then until the connection is gone; says how long it lived.
async fn drip(mut stream: TcpStream, first: &[u8]) -> Duration {
    let started = Instant::now();
    stream.write_all(first).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut nothing = [0; 1];
    loop {
        tokio::select! {
            _ = reading.read(&mut nothing) => return started.elapsed(),
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                if writing.write_all(b"x").await.is_err() {
                    return started.elapsed();
                }
            }
        }
        assert!(started.elapsed() < PATIENCE, "it goes on for ever");
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_closes_the_connection() {
    let port = open(|_| {}).await;
    for begin in [&b""[..], b"G", b"GET / HTTP/1.1\r\nhost: x\r\nx-y: "] {
        let lived = drip(port.connect().await, begin).await;
        assert!((FIRST_REQUEST..FIRST_REQUEST * 4).contains(&lived), "{begin:?}: {lived:?}");
    }
    for begin in ["", "PRI * HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = port.connect().await;
        stream.write_all(begin.as_bytes()).await.unwrap();
        let (answer, lived) = to_the_end(&mut stream).await;
        assert!(!answer.starts_with("HTTP/1.1") && lived < FIRST_REQUEST * 4, "{lived:?}: {answer}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_a_while_and_a_busy_one_for_as_long_as_it_is() {
    let port = open(|_| {}).await;
    let mut stream = port.connect().await;
    for _ in 0..3 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        answer(&mut stream, "here").await;
        // Longer than a first request may take.
        tokio::time::sleep(FIRST_REQUEST * 2).await;
    }
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    answer(&mut stream, "4\r\nhere\r\n0\r\n\r\n").await;
    let (nothing, lived) = to_the_end(&mut stream).await;
    assert!(nothing.is_empty() && (IDLE / 2..IDLE * 3).contains(&lived), "{nothing} {lived:?}");

    // Not even by the beginning of another request.
    let mut stream = port.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    answer(&mut stream, "here").await;
    let lived = drip(stream, b"GET / HTTP/1.1\r\nx: ").await;
    assert!(lived < IDLE * 4, "{lived:?}");
}

#[tokio::test]
async fn over_http2_an_idle_connection_ends_and_a_long_answer_does_not() {
    let port = open(|_| {}).await;
    let (client, connection) = h2::client::handshake(port.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let slow = axum::http::Request::get("http://x/slow").body(()).unwrap();
    let mut body = client.send_request(slow, true).unwrap().0.await.unwrap().into_body();
    let mut text = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.expect("it was cut");
        body.flow_control().release_capacity(piece.len()).unwrap();
        text.extend(piece);
    }
    assert!(text.ends_with(b"here"));
    let asked = Instant::now();
    tokio::time::timeout(PATIENCE, connection).await.expect("it stays open").unwrap().unwrap();
    assert!((IDLE / 2..IDLE * 4).contains(&asked.elapsed()), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let port = open(|_| {}).await;
    let head = "POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";
    // It stops.
    let mut stream = port.connect().await;
    stream.write_all(format!("{head}some").as_bytes()).await.unwrap();
    let (text, lived) = to_the_end(&mut stream).await;
    assert!(text.ends_with("cut") && (BODY_PAUSE..BODY_PAUSE * 5).contains(&lived), "{lived:?} {text}");
    // It drips.
    let lived = drip(port.connect().await, head.as_bytes()).await;
    assert!((BODY..BODY * 4).contains(&lived), "{lived:?}");
    // It comes in pieces, and in time.
    let mut stream = port.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..4 {
        tokio::time::sleep(BODY_PAUSE / 3).await;
        stream.write_all(&[b'x'; 250]).await.unwrap();
    }
    answer(&mut stream, "1000").await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let port = open(|_| {}).await;
    let mut stream = port.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // What lay in buffers, and then the end.
    let (text, lived) = to_the_end(&mut stream).await;
    assert!(!text.is_empty() && lived < Duration::from_secs(10), "{lived:?}");
}

/// A client of HTTP/2 that reads what it gets, and opens this window for each answer.
async fn client_with_window(
    port: &Port,
    bytes: u32,
) -> (h2::client::SendRequest<Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>) {
    let handshake = h2::client::Builder::new().initial_window_size(bytes).handshake(port.connect().await);
    let (client, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    (client.ready().await.unwrap(), connection)
}

#[tokio::test]
async fn over_http2_answers_that_nobody_reads_end_the_connection() {
    // Nothing of the answer is taken, or its first byte, and it stays in the connection's buffer.
    for window in [0, 1] {
        let port = open(|limits| limits.idle = PATIENCE * 2).await;
        let (mut client, connection) = client_with_window(&port, window).await;
        let mut answers = Vec::new();
        for path in ["/", "/endless"] {
            let request = axum::http::Request::get(format!("http://x{path}")).body(()).unwrap();
            answers.push(client.send_request(request, true).unwrap().0.await.unwrap());
        }
        let asked = Instant::now();
        // Requests that are answered do not keep it open.
        let ended = async {
            while !connection.is_finished() {
                let request = axum::http::Request::head("http://x/").body(()).unwrap();
                if let Ok((answer, _)) = client.send_request(request, true) {
                    let _ = answer.await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("it stays open");
        assert!(asked.elapsed() >= UNREAD / 2, "{:?}", asked.elapsed());
        drop(answers);
    }
}

#[tokio::test]
async fn over_http2_who_reads_slowly_gets_all() {
    let unread = UNREAD * 5;
    let port = open(|limits| limits.unread = unread).await;
    let (mut client, _connection) = client_with_window(&port, 20_000).await;
    let request = axum::http::Request::get("http://x/long").body(()).unwrap();
    let mut body = client.send_request(request, true).unwrap().0.await.unwrap().into_body();
    let (begun, mut read) = (Instant::now(), 0);
    while let Some(piece) = body.data().await {
        let piece = piece.expect("it was cut");
        read += piece.len();
        tokio::time::sleep(unread / 50).await;
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert!(read == LONG_BYTES && begun.elapsed() > unread, "{read} bytes in {:?}", begun.elapsed());
}

#[tokio::test]
async fn connections_have_an_end_and_those_who_get_none_are_told() {
    let port = open(|limits| (limits.connections, limits.per_address) = (3, 2)).await;
    let ask = async |stream: &mut TcpStream| {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        answer(stream, "here").await;
    };
    let (mut one, mut two) = (port.connect().await, port.connect().await);
    ask(&mut one).await;
    ask(&mut two).await;
    let (refused, _) = to_the_end(&mut port.connect().await).await;
    assert!(
        refused.starts_with("HTTP/1.1 503 ") && refused.contains(r#"{"error":"your address"#),
        "{refused}"
    );
    let from = async |address: &str| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(address.parse().unwrap()).unwrap();
        socket.connect(port.address).await.unwrap()
    };
    let mut other = from("127.0.0.2:0").await;
    ask(&mut other).await;
    let (refused, _) = to_the_end(&mut from("127.0.0.3:0").await).await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains(r#"{"error":"this node"#), "{refused}");
    // One that ends makes room.
    drop(one);
    let room = async {
        loop {
            let mut again = port.connect().await;
            again.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
            if to_the_end(&mut again).await.0.ends_with("here") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, room).await.expect("no room is made");
}

#[tokio::test]
async fn stopping_waits_for_answers_and_for_nothing_else() {
    // Nothing but the end of serving closes a connection here.
    let port = open(|limits| (limits.first_request, limits.idle) = (PATIENCE * 10, PATIENCE * 10)).await;
    let (mut busy, mut idle, fresh) = (port.connect().await, port.connect().await, port.connect().await);
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    answer(&mut idle, "here").await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    answer(&mut busy, "\r\n\r\n").await;
    port.stopping.cancel();
    assert!(to_the_end(&mut busy).await.0.ends_with("4\r\nhere\r\n0\r\n\r\n"));
    tokio::time::timeout(PATIENCE, port.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(port.address).await.is_err(), "it still listens");
    drop((idle, fresh));
}
