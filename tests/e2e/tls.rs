//! HTTPS and nothing less: which TLS is offered, whose certificates are taken, and that no door takes `http:`.

use encrata_webhooks_tests::{Flaw, MASTER_KEY, Receiver, Reply, Setup, run};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::sql::execute;

const TLS_1_2: u16 = 0x0303;
const TLS_1_3: u16 = 0x0304;
const SUPPORTED_VERSIONS: usize = 43;

/// A number of so many bytes at a place.
fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Reads a `ClientHello` (RFC 8446 section 4.1.2).
async fn client_hello(stream: &mut TcpStream) -> Vec<u8> {
    let mut record = [0; 5];
    stream.read_exact(&mut record).await.unwrap();
    assert_eq!(record[0], 22, "a handshake");
    let mut hello = vec![0; number(&record, 3, 2)];
    stream.read_exact(&mut hello).await.unwrap();
    assert_eq!(hello[0], 1, "a ClientHello");
    hello
}

/// The versions of TLS that a `ClientHello` offers.
fn offered(hello: &[u8]) -> Vec<u16> {
    // Type, length, version, random; then session, cipher suites and compression, each behind its length.
    let mut at = 1 + 3 + 2 + 32;
    at += 1 + number(hello, at, 1);
    at += 2 + number(hello, at, 2);
    at += 1 + number(hello, at, 1);
    let end = at + 2 + number(hello, at, 2);
    at += 2;
    while at < end {
        let (kind, length) = (number(hello, at, 2), number(hello, at + 2, 2));
        let extension = &hello[at + 4..at + 4 + length];
        if kind == SUPPORTED_VERSIONS {
            return extension[1..]
                .chunks(2)
                .map(|version| u16::from_be_bytes([version[0], version[1]]))
                .collect();
        }
        at += 4 + length;
    }
    vec![u16::from_be_bytes([hello[4], hello[5]])]
}

/// What a server that speaks nothing newer than this version answers: a `ServerHello`.
fn server_hello(version: u16) -> Vec<u8> {
    let version = version.to_be_bytes();
    // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    let body = [&version[..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let handshake = [&[2, 0, 0, body.len() as u8][..], &body].concat();
    [&[22, version[0], version[1], 0, handshake.len() as u8][..], &handshake].concat()
}

#[tokio::test]
async fn nothing_older_than_tls_1_2_is_offered_or_taken() {
    let old = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", old.local_addr().unwrap());
    let server = Setup::new().option("--retry-schedule", "").start().await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook_at(&url, &["lookup.completed"]).await;
    for version in [0x0300, 0x0301, 0x0302] {
        let answering = async {
            let (mut stream, _) = old.accept().await.unwrap();
            let hello = client_hello(&mut stream).await;
            stream.write_all(&server_hello(version)).await.unwrap();
            // Until it hangs up.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            (offered(&hello), rest)
        };
        let testing = admin.post("/api/webhooks/test", json!({"id": hook.id}));
        let ((versions, rest), tested) = tokio::join!(answering, testing);
        assert!(
            !versions.is_empty() && versions.iter().all(|v| [TLS_1_2, TLS_1_3].contains(v)),
            "{versions:x?}"
        );
        assert!(versions.contains(&TLS_1_2), "{versions:x?}");
        assert_eq!(rest.first(), Some(&21), "an alert and nothing else: {rest:x?}");
        let error = tested.expect(200).field("error");
        assert!(error.starts_with("TLS failed: "), "{version:x}: {error}");
    }
}

#[tokio::test]
async fn a_certificate_that_vouches_for_itself_gets_nothing() {
    let good = Receiver::start().await;
    let alone = Receiver::with(Flaw::SelfSigned, &["http/1.1"]).await;
    let server = Setup::new().trusting(&[&good, &alone]).option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook_at(&alone.url("/hook"), &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "failed").await;
    assert!(delivery["error"].as_str().unwrap().starts_with("TLS failed: "), "{delivery}");
    assert!(alone.connections() > 0 && alone.received("/hook").is_empty());
}

/// A plain receiver behind every door: created, updated, checked, written into the database, and redirected to.
#[tokio::test]
async fn no_door_takes_http() {
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", plain.local_addr().unwrap());
    let receiver = Receiver::start().await;
    let location = url.clone();
    receiver.script("/moved", move |_| Reply::status(307).header("Location", location.clone()));
    let setup = Setup::new().env("ENCRATA_MASTER_KEY", MASTER_KEY).trusting(&[&receiver]);
    let server = setup.option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let moved = admin.webhook(&receiver, "/moved", &["lookup.completed"]).await;
    for written in
        [url.clone(), url.replace("http:", "HTTP:"), url.replace("http:", "ftp:"), url.replace("http:", "")]
    {
        let input = json!({"url": written, "events": ["lookup.completed"]});
        admin.post("/api/webhooks", input).await.expect(400);
        admin.put("/api/webhooks", json!({"id": hook.id, "url": written})).await.expect(400);
        let checked = admin.post("/api/webhooks/check", json!({"url": written})).await.expect(200).json();
        assert_eq!(checked["ok"], false, "{checked}");
    }
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    admin.delivery_when(&hook.id, "success").await;
    admin.delivery_when(&moved.id, "failed").await;

    let connections = receiver.connections();
    let planted = "update webhooks set url = replace(url, 'https:', 'http:')";
    execute(&server.setup().database_file(), planted).await;
    publisher.lookup(&admin.workspace_id, "lu_2").await;
    server.log_when("can't be read").await;
    assert_eq!(admin.post("/api/webhooks/test", json!({"id": hook.id})).await.status, 500);
    let came = tokio::time::timeout(std::time::Duration::from_millis(500), plain.accept()).await;
    assert!(came.is_err(), "somebody came without TLS");
    assert_eq!((receiver.received("/hook").len(), receiver.connections()), (1, connections));
}

/// Every setting there is. One that is added here has been asked whether deliveries are as safe with it as without.
#[test]
fn no_setting_turns_verification_off() {
    const SETTINGS: [&str; 25] = [
        "--allow-network",
        "--config",
        "--database",
        "--disable-after",
        "--egress-proxy",
        "--extra-ca",
        "--help",
        "--listen",
        "--log",
        "--log-format",
        "--master-key-file",
        "--metrics-listen",
        "--notify-secret-file",
        "--notify-url",
        "--old-master-key-file",
        "--otlp-endpoint",
        "--public-url",
        "--retention",
        "--retry-schedule",
        "--trusted-proxy",
        "--version",
        "--webhook-rate-limit",
        "--webhooks-per-workspace",
        "ENCRATA_MASTER_KEY",
        "ENCRATA_OLD_MASTER_KEY",
    ];
    let help = run(&["serve", "--help"]).stdout;
    let words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let flags = words.clone().filter(|word| word.starts_with("--") && word.len() > 2);
    // Their variables are named after them.
    let variables = words.filter(|word| word.starts_with("ENCRATA_")).filter(|word| {
        let flag = format!("--{}", word.trim_start_matches("ENCRATA_").to_lowercase().replace('_', "-"));
        !SETTINGS.contains(&flag.replace("database-url", "database").as_str())
    });
    let mut found: Vec<&str> = flags.chain(variables).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, SETTINGS);
}
