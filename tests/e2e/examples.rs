//! The receivers to copy run, accept what is signed and refuse what is not.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use encrata_webhooks::Webhook;
use encrata_webhooks_tests::{GOLDEN_BODY, GOLDEN_SECRET, binary};
use reqwest::{Client, StatusCode};

/// A running example; it ends with the test.
struct Example {
    process: Child,
    url: String,
    /// Open, for it goes on printing.
    _stdout: BufReader<ChildStdout>,
}

impl Example {
    fn start(name: &str) -> Self {
        // Built beside the server.
        let path = binary().with_file_name(name);
        if !path.is_file() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            let target = path.parent().and_then(Path::parent).unwrap();
            cargo.args(["build", "--quiet", "-p", name, "--target-dir"]).arg(target).current_dir(root);
            assert!(cargo.status().unwrap().success(), "{name} can't be built");
        }
        Self::run(name, Command::new(path).env("LISTEN", "127.0.0.1:0"))
    }

    /// Runs a receiver, which says where it listens.
    fn run(name: &str, command: &mut Command) -> Self {
        command.env("ENCRATA_WEBHOOK_SECRET", GOLDEN_SECRET);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{name} said {line:?}"));
        Self { process, url: format!("{url}/webhooks"), _stdout: stdout }
    }

    /// Posts the published example, signed as of `timestamp`.
    async fn post(&self, body: &'static str, timestamp: i64) -> (StatusCode, String) {
        let signed =
            Webhook::new(GOLDEN_SECRET).unwrap().sign(GOLDEN_BODY.as_bytes(), "evt_1", timestamp).unwrap();
        let mut request = Client::new().post(&self.url).body(body);
        for (name, value) in &signed {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn the_axum_receiver_verifies() {
    let example = Example::start("example-rust-axum");
    let now = encrata_webhooks_server::clock::now_ms() / 1000;
    assert_eq!(example.post(GOLDEN_BODY, now).await.0, StatusCode::NO_CONTENT);
    let refused = |code: &str| (StatusCode::UNAUTHORIZED, format!("{{\"error\":\"{code}\"}}"));
    assert_eq!(example.post("{}", now).await, refused("signature_mismatch"));
    assert_eq!(example.post(GOLDEN_BODY, now - 3600).await, refused("timestamp_too_old"));
}

#[tokio::test]
async fn the_go_receiver_verifies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let made = tempfile::tempdir().unwrap();
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(made.path().join("receiver")).arg(".").current_dir(root.join("examples/go"));
    let Ok(built) = go.status() else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "Go is needed in CI");
        println!("SKIPPED: the receiver in Go (Debian: apt-get install golang-go)");
        return;
    };
    assert!(built.success());
    let example = Example::run("go", Command::new(made.path().join("receiver")).env("PORT", "0"));
    let now = encrata_webhooks_server::clock::now_ms() / 1000;
    assert_eq!(example.post(GOLDEN_BODY, now).await.0, StatusCode::NO_CONTENT);
    assert_eq!(example.post("{}", now).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(example.post(GOLDEN_BODY, now - 3600).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(example.post(GOLDEN_BODY, now + 3600).await.0, StatusCode::UNAUTHORIZED);
}
