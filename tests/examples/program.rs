//! An example that runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use encrata_webhooks_tests::{PATIENCE, Running, binary};
use serde_json::Value;

use crate::shown;

/// Below the ports that the system chooses from, so that nobody gets it before the example does.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() % 10_000;
    loop {
        let port = 20_000 + (u32::from(NEXT.fetch_add(1, Ordering::Relaxed)) + first) % 10_000;
        let port = u16::try_from(port).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What is not tested without a tool: in CI a failure.
fn needed(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "needed in CI: {what}");
    skipped(what);
}

fn skipped(what: &str) {
    // Not what the test harness keeps to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// The folder in which run.sh has the examples, with what they need.
pub(crate) fn copies() -> PathBuf {
    let Some(folder) = std::env::var_os("ENCRATA_TEST_EXAMPLES") else {
        panic!("ENCRATA_TEST_EXAMPLES names no folder: run tests/examples/run.sh")
    };
    folder.into()
}

fn host(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A running example.
pub(crate) struct Program {
    running: Running,
    is_function: bool,
}

impl Program {
    /// Starts the example of this folder and waits until it listens; none when it can't be tested here.
    pub(crate) async fn start(folder: &str, port: u16, secret: &str) -> Option<Self> {
        let folder_path = copies().join(folder);
        let mut command = match folder {
            "aws-lambda-node" => on_host("node", "lambda.mjs", &["index.mjs", "handler", "work"]),
            "aws-lambda-python" => {
                on_host("python3", "lambda.py", &["lambda_function.py", "lambda_handler", "work"])
            }
            "hono" => bundled_worker(&folder_path, port, secret),
            "go" | "go-standardwebhooks" => Command::new(built_go(&folder_path)?),
            "rust-axum" => Command::new(built_axum()),
            _ => told(&folder_path, port),
        };
        command.current_dir(folder_path);
        Some(Self::run(folder, command, port, secret).await)
    }

    /// Starts a receiver that is shown elsewhere, as [`start`](Self::start) does.
    pub(crate) async fn start_shown(name: &str, port: u16, secret: &str) -> Option<Self> {
        Some(Self::run(name, shown::command(name, port)?, port, secret).await)
    }

    async fn run(name: &str, mut command: Command, port: u16, secret: &str) -> Self {
        command.env("PORT", port.to_string()).env("ENCRATA_WEBHOOK_SECRET", secret);
        command.env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1").env("NO_COLOR", "1");
        command.env("NEXT_TELEMETRY_DISABLED", "1").env("DENO_NO_UPDATE_CHECK", "1");
        let mut running = Running::of(command);
        let listens = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                assert!(!running.has_ended(), "{name} ended: {:#?}", running.lines());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, listens).await.is_ok(), "{name}: {:#?}", running.lines());
        Self { running, is_function: name.starts_with("aws-lambda") }
    }

    /// Waits for a line that holds `words`.
    pub(crate) async fn says(&self, words: &str) {
        self.running.says(words).await;
    }

    pub(crate) fn id(&self) -> u32 {
        self.running.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.running.has_ended()
    }

    /// What it has printed.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.running.lines()
    }

    /// Whether it gets whole bodies from a host, which is here the test's own.
    pub(crate) fn is_function(&self) -> bool {
        self.is_function
    }
}

impl Drop for Program {
    /// Not killed at once: some have processes of their own to end.
    fn drop(&mut self) {
        self.running.terminate();
    }
}

/// The command in the example's README, with this port.
fn told(folder: &Path, port: u16) -> Command {
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut quoted = readme.split('`').skip(1).step_by(2);
    let starts =
        |code: &&str| code.starts_with("ENCRATA_WEBHOOK_SECRET=whsec_… ") || code.contains(" http.server ");
    let code = quoted.find(starts).unwrap_or_else(|| panic!("no command in {readme}"));
    let code = code.trim_start_matches("ENCRATA_WEBHOOK_SECRET=whsec_… ").trim_start_matches("npx ");
    let code = code.replace("3000", &port.to_string());
    let mut words = code.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command
}

/// What stands for the cloud around an example.
fn on_host(program: &str, script: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg(host(script)).args(args);
    command
}

/// Cloudflare's runtime with the worker.
fn bundled_worker(folder: &Path, port: u16, secret: &str) -> Command {
    let mut bundling = on_host("node", "worker.mjs", &[&port.to_string(), secret]);
    assert!(bundling.current_dir(folder).status().unwrap().success());
    let mut command = Command::new("workerd");
    command.args(["serve", "workerd.capnp"]);
    command
}

fn built_axum() -> PathBuf {
    let path = binary().with_file_name("example-rust-axum");
    assert!(path.is_file(), "{} is not built: run tests/examples/run.sh", path.display());
    path
}

/// The receiver, built; none without Go, or without its library where modules can't be had.
pub(crate) fn built_go(folder: &Path) -> Option<PathBuf> {
    let go = |args: &[&str]| Command::new("go").args(args).current_dir(folder).output();
    if go(&["version"]).is_err() {
        needed("the receivers in Go (Debian: apt-get install golang-go)");
        return None;
    }
    let needs = std::fs::read_to_string(folder.join("go.mod")).unwrap().contains("require");
    if needs && !go(&["mod", "tidy"]).unwrap().status.success() {
        // Whether modules can be had is not for whoever runs the tests to choose: in CI too.
        skipped("examples/go-standardwebhooks (its Go module can't be fetched here)");
        return None;
    }
    let built = go(&["build", "-o", "receiver", "."]).unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(folder.join("receiver"))
}

/// What the page at this port says to each of what is pasted; none without a browser.
pub(crate) fn browse(port: u16, cases: &Value) -> Option<Vec<String>> {
    if std::env::var_os("ENCRATA_TEST_CHROMIUM").is_none_or(|path| path.is_empty()) {
        needed("the page in a browser (Debian: apt-get install chromium)");
        return None;
    }
    let mut command =
        on_host("node", "browse.mjs", &[&format!("http://127.0.0.1:{port}/"), &cases.to_string()]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
