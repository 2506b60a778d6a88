//! A real PostgreSQL that a test starts, breaks and stops.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

use crate::PATIENCE;
use crate::postgres_binaries::{finish, folder};
use crate::watchdog::Watchdog;

/// A PostgreSQL server on 127.0.0.1 in a folder of its own, with real durability. Dropped, it is stopped and its folder
/// removed; the same happens when the test's process ends, however it does.
#[derive(Debug)]
pub struct Postgres {
    home: PathBuf,
    port: u16,
    pub(crate) password: String,
    /// Whom it runs as, when this process is root's: PostgreSQL refuses to be root.
    user: Option<(u32, u32)>,
    process: Mutex<Option<Child>>,
    watchdog: Mutex<Watchdog>,
    databases: AtomicU32,
}

static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();

impl Postgres {
    /// The server that all tests of this process share; none, loudly, when there is no PostgreSQL to be had. In CI that
    /// is a failure.
    pub fn shared() -> Option<&'static Self> {
        SHARED.get_or_init(|| Self::available().then(|| Self::start().unwrap())).as_ref()
    }

    /// The same, if a test has asked for it.
    pub(crate) fn shared_if_started() -> Option<&'static Self> {
        SHARED.get().and_then(Option::as_ref)
    }

    /// Whether there is a PostgreSQL to start; says so loudly when not, and fails in CI.
    pub fn available() -> bool {
        let Err(why) = folder() else { return true };
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "PostgreSQL is needed in CI: {why}");
        // Past the test harness, which shows nothing of what passes.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: what is tested on PostgreSQL, for there is none: {why}");
        false
    }

    /// A new server.
    ///
    /// # Errors
    ///
    /// Why it did not start.
    pub fn start() -> Result<Self, String> {
        Self::start_with(&[])
    }

    /// A new server with these settings besides.
    ///
    /// # Errors
    ///
    /// Why it did not start.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self, String> {
        let home = tempfile::Builder::new().prefix("encrata-webhooks-postgres-").tempdir();
        Self::start_in(&home.map_err(|error| error.to_string())?.keep(), settings)
    }

    /// A new server in this folder, which is removed with it.
    ///
    /// # Errors
    ///
    /// Why it did not start.
    pub fn start_in(home: &Path, settings: &[(&str, &str)]) -> Result<Self, String> {
        let new = Self::new(home, secret())?;
        fs::write(home.join("password"), &new.password).map_err(|error| error.to_string())?;
        let mut initdb = new.command("initdb")?;
        initdb.args([
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--username=postgres",
            "--auth=scram-sha-256",
        ]);
        finish(initdb.arg("--pwfile").arg(home.join("password")).arg("-D").arg(new.data()))?;
        let ours = [
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("max_connections", "200"),
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", ""),
        ];
        new.configure(&ours)?;
        new.configure(settings)?;
        new.begin()?;
        Ok(new)
    }

    pub(crate) fn new(home: &Path, password: String) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", home.display());
        let user = match fs::metadata(home).map_err(failed)?.uid() {
            0 => {
                let (user, group) = unprivileged()?;
                chown(home, Some(user), Some(group)).map_err(failed)?;
                Some((user, group))
            }
            _ => None,
        };
        let watchdog = Mutex::new(Watchdog::start(WATCH, home)?);
        let (port, process, databases) = (free_port(), Mutex::new(None), AtomicU32::new(0));
        Ok(Self { home: home.to_path_buf(), port, password, user, process, watchdog, databases })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// One of PostgreSQL's programs, as the user that it runs as.
    pub(crate) fn command(&self, program: &str) -> Result<Command, String> {
        let program = folder()?.join(program);
        let mut command = match self.user {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
                // The programs may be in a clone that only root may enter.
                command.args(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]);
                command.arg("--securebits=+no_setuid_fixup").arg(program);
                command
            }
        };
        // PGHOST, PGPORT and their like are the developer's own.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PG")) {
                command.env_remove(name);
            }
        }
        // A Ctrl-C in the terminal is for the test; the watchdog does the rest.
        command.env("LC_ALL", "C").current_dir(&self.home).stdin(Stdio::null()).process_group(0);
        Ok(command)
    }

    /// Settings that hold from the next start, or [`Postgres::reload`].
    ///
    /// # Errors
    ///
    /// When they can't be written.
    pub fn configure(&self, settings: &[(&str, &str)]) -> Result<(), String> {
        let lines: String = settings.iter().map(|(name, value)| format!("{name} = '{value}'\n")).collect();
        let file = self.data().join("postgresql.conf");
        let opened = File::options().append(true).open(file);
        opened.and_then(|mut file| file.write_all(lines.as_bytes())).map_err(|error| error.to_string())
    }

    /// Starts it, after [`Postgres::stop`] or [`Postgres::kill`], and waits until it takes connections.
    ///
    /// # Errors
    ///
    /// Why it did not start: the end of its log.
    pub fn begin(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = File::options().create(true).append(true).open(self.home.join("log"));
            let log = log.map_err(|error| error.to_string())?;
            let mut command = self.command("postgres")?;
            command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
            let child = command.stdout(Stdio::null()).stderr(log).spawn();
            let mut child = child.map_err(|error| format!("{command:?}: {error}"))?;
            self.watchdog().tell(&child.id().to_string());
            if self.is_ready(&mut child, deadline) {
                *self.process() = Some(child);
                return Ok(());
            }
            let (_, _) = (child.kill(), child.wait());
            self.watchdog().tell("");
            // The children of one that was killed may need a moment to notice.
            if Instant::now() > deadline || !self.log().contains("is still in use") {
                let log = self.log();
                return Err(format!("PostgreSQL did not start: {}", &log[log.len().saturating_sub(2000)..]));
            }
        }
    }

    /// Waits for the line of its pid file that says that it takes connections.
    fn is_ready(&self, child: &mut Child, deadline: Instant) -> bool {
        while Instant::now() < deadline && child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            let lines: Vec<&str> = file.lines().map(str::trim).collect();
            let own = lines.first().is_some_and(|pid| *pid == child.id().to_string());
            if own && lines.get(7).is_some_and(|status| *status == "ready") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Stops it in order: clients are cut off, what they committed is kept.
    pub fn stop(&self) {
        self.signal("INT");
        self.reap();
    }

    /// `kill -9`.
    pub fn kill(&self) {
        self.signal("KILL");
        self.reap();
    }

    /// Stops it in order and starts it again.
    ///
    /// # Errors
    ///
    /// Why it did not start.
    pub fn restart(&self) -> Result<(), String> {
        self.stop();
        self.begin()
    }

    /// Makes it read its settings again.
    pub fn reload(&self) {
        self.signal("HUP");
    }

    /// Waits until it takes connections again, and starts it when it has ended by itself.
    pub async fn revive(&self) {
        let revived = async {
            while PgConnection::connect(&self.url("postgres", self.port)).await.is_err() {
                let ended = self.process().as_mut().is_none_or(|child| child.try_wait().unwrap().is_some());
                if ended {
                    self.begin().unwrap();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let revived = tokio::time::timeout(PATIENCE, revived).await;
        assert!(revived.is_ok(), "it takes no connections: {}", self.log());
    }

    /// Sends a signal to its first process, if it runs.
    pub fn signal(&self, name: &str) {
        if let Some(child) = &*self.process() {
            let pid = child.id().to_string();
            let _ = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        }
    }

    fn reap(&self) {
        if let Some(mut child) = self.process().take() {
            let _ = child.wait();
            self.watchdog().tell("");
        }
    }

    /// The id of its first process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Child::id)
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.home.join("log")).unwrap_or_default()).into_owned()
    }

    /// The URL of a database, reached through `port`: its own, or that of something in between.
    pub fn url(&self, database: &str, port: u16) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{port}/{database}", self.password)
    }

    /// Makes a database and gives its URL.
    pub async fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("create database {name}")).await;
        self.url(&name, self.port)
    }

    /// A connection of the superuser.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url("postgres", self.port)).await.unwrap()
    }

    /// Runs a statement as the superuser.
    pub async fn execute(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn watchdog(&self) -> MutexGuard<'_, Watchdog> {
        self.watchdog.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the log of PostgreSQL:\n{}", self.log());
        }
        self.signal("QUIT");
        self.reap();
    }
}

/// Stops the server whose id came last, if any, and removes the folder.
const WATCH: &str = r#"
    pid=; while read -r line; do pid=$line; done
    if [ -n "$pid" ] && kill -QUIT "$pid"; then
        for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
    fi
    rm -rf "$1""#;

/// The user and group that PostgreSQL runs as when we are root.
fn unprivileged() -> Result<(u32, u32), String> {
    let id = |of: &str, user: &str| finish(Command::new("id").args([of, user]));
    let number = |text: String| text.parse::<u32>().map_err(|error| format!("id said {text}: {error}"));
    let user = if id("-u", "postgres").is_ok() { "postgres" } else { "nobody" };
    Ok((number(id("-u", user)?)?, number(id("-g", user)?)?))
}

fn secret() -> String {
    // Seeded by the system, which is random enough for a server of some seconds.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// A port below those that the system gives out by itself: nobody gets it by chance while the server is down.
fn free_port() -> u16 {
    loop {
        let port = u16::try_from(10_000 + RandomState::new().build_hasher().finish() % 20_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
