//! Ten thousand who connect and do nothing more.

use std::time::{Duration, Instant};

use encrata_webhooks_tests::{PATIENCE, Receiver, Server, Setup, raise_file_limit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 10_000;
/// What an idle connection may cost a server.
const BYTES_EACH: f64 = 32.0 * 1024.0;
/// Files that this process and the server need for all else.
const OTHER_FILES: usize = 500;

/// A connection on which one request was answered: what it took to read and write is there, too.
async fn answered(address: String) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "a connection was refused");
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

async fn memory(server: &Server) -> f64 {
    server.scrape().await.value("process_resident_memory_bytes")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_cost_little_memory_and_nobody_else() {
    // A server leaves a quarter of its files to its database and receivers.
    let files = raise_file_limit();
    let connections = CONNECTIONS.min((files / 4 * 3).saturating_sub(OTHER_FILES));
    if connections < CONNECTIONS {
        let limit = format!(
            "{files} files may be open here, so {connections} idle connections are opened, not {CONNECTIONS}"
        );
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{limit}: in CI all are needed");
        println!("SKIPPED in part: {limit}");
    }
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let address = server.base().strip_prefix("http://").unwrap().to_owned();
    drop(answered(address.clone()).await);
    let before = memory(&server).await;

    let (mut opening, mut idle) = (JoinSet::new(), Vec::with_capacity(connections));
    while idle.len() < connections {
        while opening.len() < 64 && idle.len() + opening.len() < connections {
            opening.spawn(answered(address.clone()));
        }
        let opened = tokio::time::timeout(PATIENCE, opening.join_next()).await.unwrap();
        idle.push(opened.unwrap().unwrap());
    }
    let open = server.scrape().await.value("encrata_connections");
    assert!(open >= connections as f64, "{open} are counted");
    let each = (memory(&server).await - before) / connections as f64;
    println!("{connections} idle connections: {:.1} KiB each", each / 1024.0);
    assert!(each <= BYTES_EACH, "an idle connection costs {each} bytes");

    // Somebody who comes now is served as ever.
    let asked = Instant::now();
    admin.get("/api/webhooks").await.expect(200);
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    admin.delivery_when(&hook.id, "success").await;
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    drop(idle);
    server.metrics_when("all are closed", |scrape| scrape.value("encrata_connections") < 100.0).await;
}
