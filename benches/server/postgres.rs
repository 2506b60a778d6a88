//! A PostgreSQL server of our own, with its defaults: every commit is on disk before it is answered.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who runs it when we are root, whom it refuses.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A server that runs. Dropped, it is stopped and its files are removed.
pub(crate) struct Postgres {
    child: Child,
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
    _home: TempDir,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A fast shutdown: whoever is connected is cut off.
        let _ = Command::new("kill").args(["-INT", &self.pid().to_string()]).status();
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Postgres {
    /// Starts a server on a new cluster.
    pub(crate) fn start() -> Result<Self, String> {
        let programs =
            programs().ok_or("PostgreSQL is not installed: neither in PATH nor in /usr/lib/postgresql")?;
        let failed = |error: std::io::Error| format!("PostgreSQL can't be started: {error}");
        let home = tempfile::Builder::new().prefix("postgres-").tempdir().map_err(failed)?;
        let data = home.path().join("data");
        if let Some((user, _)) = user() {
            Command::new("chown").arg(user).arg(home.path()).status().map_err(failed)?;
        }
        let mut initdb = as_user(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        let made = initdb.arg("-D").arg(&data).output().map_err(failed)?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(failed)?;
        let port = free.port();
        let child = as_user(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "fsync=on", "-c", "synchronous_commit=on"])
            .args(["-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let postgres = Self { child, programs, port, databases: AtomicU32::new(0), _home: home };
        let began = Instant::now();
        while !postgres.client("pg_isready", &["-q"])? {
            if began.elapsed() > PATIENCE {
                return Err("PostgreSQL does not accept connections in time".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(postgres)
    }

    /// Makes a database; its URL.
    pub(crate) fn new_database(&self) -> String {
        let name = format!("encrata_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = self.client("createdb", &["-U", "postgres", &name]);
        assert_eq!(made, Ok(true), "createdb {name} failed");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// The process whose children all others are.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn client(&self, program: &str, args: &[&str]) -> Result<bool, String> {
        let mut command = Command::new(self.programs.join(program));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).args(args);
        command.status().map(|status| status.success()).map_err(|error| format!("{program}: {error}"))
    }
}

/// The folder with PostgreSQL's programs: the one in PATH, or the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    let mut folders = std::env::split_paths(&path).chain(versions.into_iter().rev());
    folders.find(|folder| ["initdb", "postgres", "createdb"].iter().all(|name| folder.join(name).is_file()))
}

/// The user and group to run it as, if we are root.
fn user() -> Option<(String, String)> {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if id(&["-u"])? != "0" {
        return None;
    }
    USERS.iter().find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)))
}

/// A program, run by that user; `setpriv` becomes it, so that it keeps the process id.
fn as_user(program: &PathBuf) -> Command {
    let Some((user, group)) = user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &group, "--clear-groups"]).arg(program);
    command
}
