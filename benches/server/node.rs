//! One server: the real release binary as a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use tokio::sync::oneshot;

use crate::Failure;
use crate::http::Connection;

/// How long starting or stopping may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Seals the signing secrets; every node of a database has the same.
const MASTER_KEY: &str = "9f0c1ab2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e";

/// A server that runs. Dropped, it is killed.
pub(crate) struct Node {
    child: Child,
    log: PathBuf,
    told_to_stop: bool,
    /// Where it listens: `HOST:PORT`.
    pub(crate) address: String,
    /// From starting the process to the first 200 of its health.
    pub(crate) ready_after: Duration,
}

impl Drop for Node {
    fn drop(&mut self) {
        if let (false, Ok(Some(status))) = (self.told_to_stop, self.child.try_wait()) {
            eprintln!("  {}", self.broken(&format!("ended by itself: {status}")));
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Node {
    /// Starts a server with these arguments to `serve` and waits until it is healthy. Its log goes to a file, as an
    /// operator's would.
    pub(crate) async fn start(binary: &Path, args: &[String], log: PathBuf) -> Result<Self, Failure> {
        let began = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            // Without the developer's own variables.
            .env_clear()
            .env("ENCRATA_MASTER_KEY", MASTER_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let stdout = child.stdout.take().ok_or("the server has no standard output")?;
        // From here on it is killed whatever happens.
        let mut node =
            Self { child, log, told_to_stop: false, address: String::new(), ready_after: PATIENCE };
        let started = tokio::time::timeout(PATIENCE, node.wait_until_healthy(stdout)).await;
        started.map_err(|_| node.broken("is not healthy in time"))??;
        node.ready_after = began.elapsed();
        Ok(node)
    }

    async fn wait_until_healthy(&mut self, stdout: ChildStdout) -> Result<(), Failure> {
        let (told, first_line) = oneshot::channel();
        // Read to its end: a server whose standard output is gone might stop over it.
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            let _ = told.send(lines.next().unwrap_or_default());
            lines.for_each(drop);
        });
        let first_line = first_line.await?;
        let Some((_, address)) = first_line.split_once(" listening on http://") else {
            return Err(self.broken("did not start"));
        };
        self.address = address.to_owned();
        let mut connection = Connection::open(&self.address, "").await?;
        loop {
            let (status, _) = connection.send(Method::GET, "/api/health", String::new()).await?;
            if status == StatusCode::OK {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error when it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(self.broken(&format!("ended by itself: {status}"))),
        }
    }

    /// Stops it in order, as a service manager does.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.check()?;
        self.told_to_stop = true;
        let sent = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        if !sent.success() {
            return Err("the server can't be signalled: `kill` failed".into());
        }
        let began = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.broken(&format!("did not stop in order: {status}"))),
                None if began.elapsed() > PATIENCE => return Err(self.broken("did not stop in time")),
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// A sentence with the end of the log, which goes with the folder.
    fn broken(&self, what: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(10)..].join("\n  ");
        format!("a server {what}. The end of its log:\n  {last}").into()
    }
}
