//! The server under test: the real binary, in a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use encrata_webhooks_server::store::{DatabaseUrl, Store};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::PATIENCE;
use crate::api::Api;
use crate::binary::{Finished, binary, clean, run, run_with};
use crate::planted::MASTER_KEY;
use crate::receiver::Receiver;
use crate::scrape::Scrape;
use crate::secrets::{Database, Secrets};

/// How to start a server, and the folder with its database. It outlives the server, so that it can be started again.
#[derive(Debug)]
pub struct Setup {
    home: TempDir,
    database: Option<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    tracer: Vec<String>,
    binary: Option<PathBuf>,
    secrets: Secrets,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl Setup {
    /// A server on a new database, that may deliver to 127.0.0.1, retries at once and limits no rate.
    pub fn new() -> Self {
        let setup = Self::bare();
        setup
            .option("--allow-network", "127.0.0.0/8")
            .option("--webhook-rate-limit", "0")
            .option("--retry-schedule", "50ms,50ms,50ms,50ms,50ms")
    }

    /// A server on a new database, with nothing but defaults.
    pub fn bare() -> Self {
        let home = tempfile::Builder::new().prefix("encrata-webhooks-").tempdir().unwrap();
        Self {
            home,
            database: None,
            args: Vec::new(),
            env: Vec::new(),
            tracer: Vec::new(),
            binary: None,
            secrets: Secrets::default(),
        }
    }

    /// With an option; one that was given before is replaced.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        if let Some(at) = self.args.iter().position(|arg| arg == name) {
            self.args.drain(at..at + 2);
        }
        self.args.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With a variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// On another database, by its URL.
    #[must_use]
    pub fn on(self, url: &str) -> Self {
        Self { database: Some(url.to_owned()), ..self }
    }

    /// On a database of PostgreSQL, by its URL, with [`MASTER_KEY`].
    #[must_use]
    pub fn on_postgres(self, url: &str) -> Self {
        self.on(url).env("ENCRATA_MASTER_KEY", MASTER_KEY)
    }

    /// Trusts the receivers' authorities.
    #[must_use]
    pub fn trusting(self, receivers: &[&Receiver]) -> Self {
        self.trusting_pem(&receivers.iter().map(|receiver| receiver.ca_pem()).collect::<String>())
    }

    /// Trusts these authorities.
    #[must_use]
    pub fn trusting_pem(self, pem: &str) -> Self {
        let file = self.path("ca.pem");
        std::fs::write(&file, pem).unwrap();
        let file = file.to_str().unwrap().to_owned();
        self.option("--extra-ca", &file)
    }

    /// Another binary than that of this version.
    #[must_use]
    pub fn run_by(self, binary: &Path) -> Self {
        Self { binary: Some(binary.to_path_buf()), ..self }
    }

    /// Run by another program, which runs the binary as its own child's place (`strace -D`).
    #[must_use]
    pub fn traced_by(mut self, command: &[&str]) -> Self {
        self.tracer = command.iter().map(|part| (*part).to_owned()).collect();
        self
    }

    /// A file of this server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The database file.
    pub fn database_file(&self) -> PathBuf {
        self.path("encrata.db")
    }

    /// The database, as the command line names it.
    pub fn database(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.database_file().display()))
    }

    /// The database, opened by the test itself.
    pub async fn store(&self) -> Store {
        let url: DatabaseUrl = self.database().parse().unwrap();
        Store::open(&url).await.unwrap()
    }

    fn serve_args(&self) -> Vec<String> {
        let mut args: Vec<String> =
            ["serve", "--listen", "127.0.0.1:0", "--database", &self.database()].map(str::to_owned).into();
        args.extend(self.args.iter().cloned());
        args
    }

    /// Runs a server that is expected to end by itself at once.
    pub fn serve_to_the_end(&self) -> Finished {
        let args = self.serve_args();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let env: Vec<(&str, &str)> = self.env.iter().map(|(name, value)| (&**name, &**value)).collect();
        run_with(&args, b"", &env)
    }

    /// The secrets that were made with its database.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Keeps the master keys in mind that it is started with.
    fn learn_master_keys(&self) {
        let named =
            |name: &str| self.args.iter().position(|arg| arg == name).map(|at| self.args[at + 1].clone());
        let beside = format!("{}.master-key", self.database_file().display());
        let files = [named("--master-key-file"), named("--old-master-key-file"), Some(beside)];
        let in_files = files.into_iter().flatten().filter_map(|file| std::fs::read_to_string(file).ok());
        let in_env =
            self.env.iter().filter(|(name, _)| name.ends_with("MASTER_KEY")).map(|(_, key)| key.clone());
        in_files.chain(in_env).for_each(|key| self.secrets.note(key.trim()));
    }

    /// Makes a key on the command line: the answer of `keys create --json`.
    pub fn create_key(&self, workspace: &str, role: &str) -> serde_json::Value {
        let database = self.database();
        let args = ["keys", "create", "--workspace", workspace, "--name", role, "--role", role];
        let made = run(&[&args[..], &["--database", &database, "--json"]].concat());
        assert_eq!(made.code, Some(0), "{made:?}");
        self.secrets.learn(&made.stdout);
        serde_json::from_str(&made.stdout).unwrap()
    }

    /// Starts the server and waits until it listens.
    pub async fn start(self) -> Server {
        let binary = self.binary.as_deref().unwrap_or_else(|| binary());
        let mut command = match self.tracer.split_first() {
            None => Command::new(binary),
            Some((tracer, args)) => {
                let mut command = Command::new(tracer);
                command.args(args).arg(binary);
                command
            }
        };
        clean(&mut command);
        // What it says is searched for secrets: let it say much. Statements would be more than all else.
        command.env("ENCRATA_LOG", "debug,sqlx=info");
        command.args(self.serve_args()).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));

        let (log, output) = (Arc::new(Mutex::new(String::new())), watch::Sender::new(Output::default()));
        let mut stderr = child.stderr.take().unwrap();
        let kept = Arc::clone(&log);
        let logging = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut listening = output.subscribe();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                output.send_modify(|output| output.lines.push(line));
            }
            output.send_modify(|output| output.ended = true);
        });

        let mut process = Process {
            child,
            log,
            logging: Some(logging),
            output: listening.clone(),
            secrets: self.secrets.clone(),
            database: Database::of(&self.database()),
        };
        let started = tokio::time::timeout(
            PATIENCE,
            listening.wait_for(|output| output.base().is_some() || output.ended),
        );
        let base = started.await.ok().and_then(Result::ok).and_then(|output| output.base());
        let Some(base) = base else {
            process.end();
            panic!("the server did not start: {}", process.log.lock().unwrap());
        };
        self.learn_master_keys();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Server { setup: self, process, base, client }
    }
}

#[derive(Debug, Default)]
struct Output {
    lines: Vec<String>,
    ended: bool,
}

impl Output {
    /// What follows `encrata-webhooks X listening on `.
    fn base(&self) -> Option<String> {
        let line = self.lines.iter().find(|line| line.starts_with("encrata-webhooks "))?;
        line.split_once(" listening on ").map(|(_, base)| base.to_owned())
    }

    /// What follows `metrics on `.
    fn metrics(&self) -> Option<String> {
        self.lines.iter().find_map(|line| line.strip_prefix("metrics on ")).map(str::to_owned)
    }
}

#[derive(Debug)]
struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    logging: Option<std::thread::JoinHandle<()>>,
    output: watch::Receiver<Output>,
    secrets: Secrets,
    database: Database,
}

impl Process {
    /// Ends it the hard way, if it has not ended.
    fn end(&mut self) -> ExitStatus {
        let _ = self.child.kill();
        let status = self.child.wait().unwrap();
        if let Some(logging) = self.logging.take() {
            let _ = logging.join();
            if !std::thread::panicking() {
                self.search();
            }
        }
        status
    }

    /// Fails when a secret stands where none may be.
    fn search(&self) {
        self.secrets.must_not_be_in("the log", self.log.lock().unwrap().as_bytes());
        self.secrets.must_not_be_in("standard output", self.output.borrow().lines.join("\n").as_bytes());
        self.secrets.must_not_be_kept_in(&self.database);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            eprintln!(
                "--- the server's log:\n{}",
                self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
            );
        }
    }
}

/// A server that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    process: Process,
    base: String,
    client: reqwest::Client,
    setup: Setup,
}

impl Server {
    /// A server with the usual setup that trusts `receiver`.
    pub async fn start(receiver: &Receiver) -> Self {
        Setup::new().trusting(&[receiver]).start().await
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Where it serves metrics, when that is not beside the API.
    pub async fn metrics_url(&self) -> String {
        let mut output = self.process.output.clone();
        let said = tokio::time::timeout(PATIENCE, output.wait_for(|output| output.metrics().is_some())).await;
        said.ok().and_then(Result::ok).and_then(|output| output.metrics()).unwrap()
    }

    /// Its metrics, from beside the API.
    pub async fn scrape(&self) -> Scrape {
        Scrape::parse(&self.anonymous().get("/metrics").await.expect(200).text)
    }

    /// Waits until its metrics are as wanted. There is no event to await, so it is asked again.
    pub async fn metrics_when(&self, what: &str, enough: impl Fn(&Scrape) -> bool) -> Scrape {
        let mut last = self.scrape().await;
        let waited = tokio::time::timeout(PATIENCE, async {
            while !enough(&last) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                last = self.scrape().await;
            }
        });
        if waited.await.is_err() {
            panic!("the metrics never were as wanted ({what}): {last:#?}");
        }
        last
    }

    /// What it wrote to standard output so far.
    pub fn output(&self) -> String {
        self.process.output.borrow().lines.join("\n")
    }

    /// What it was started with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// A client without a key.
    pub fn anonymous(&self) -> Api {
        Api::new(self.client.clone(), self.base.clone(), self.setup.secrets.clone())
    }

    /// A client with a new key of this role in the workspace of that name.
    pub fn key(&self, workspace: &str, role: &str) -> Api {
        let made = self.setup.create_key(workspace, role);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Api {
            key_id: text("id"),
            workspace_id: text("workspace_id"),
            ..self.anonymous().with_key(&text("key"))
        }
    }

    /// An admin and a publisher, in the workspaces `acme` and `operator`.
    pub fn admin_and_publisher(&self) -> (Api, Api) {
        (self.key("acme", "admin"), self.key("operator", "publisher"))
    }

    /// The same client, for this server: another start listens on another port.
    #[must_use]
    pub fn rebase(&self, api: &Api) -> Api {
        Api {
            key_id: api.key_id.clone(),
            workspace_id: api.workspace_id.clone(),
            key: api.key.clone(),
            ..self.anonymous()
        }
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        self.process.log.lock().unwrap().clone()
    }

    /// Waits until its log says this. It has no event to await, so it is read again.
    pub async fn log_when(&self, says: &str) {
        let said = async {
            while !self.log().contains(says) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, said).await.is_ok(),
            "its log never said '{says}': {}",
            self.log()
        );
    }

    /// Asks it to stop, as a service manager does, and waits for its end.
    pub async fn terminate(self) -> (Setup, ExitStatus, String) {
        self.signal_to_stop();
        self.ended().await
    }

    /// Waits for its end, after [`Server::signal_to_stop`].
    pub async fn ended(mut self) -> (Setup, ExitStatus, String) {
        let mut output = self.process.output.clone();
        let ended = tokio::time::timeout(PATIENCE, output.wait_for(|output| output.ended)).await;
        assert!(ended.is_ok(), "the server did not end: {}", self.log());
        let status = self.process.end();
        (self.setup, status, self.process.log.lock().unwrap().clone())
    }

    /// Asks it to stop and returns at once.
    pub fn signal_to_stop(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.process.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// `kill -9`.
    pub fn kill(mut self) -> Setup {
        self.process.end();
        self.setup
    }
}

impl AsRef<Path> for Setup {
    fn as_ref(&self) -> &Path {
        self.home.path()
    }
}
