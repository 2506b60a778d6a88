//! A copy of the database beside the running server, and going back to it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use encrata_webhooks_tests::{Api, Finished, Gate, PATIENCE, Receiver, Reply, Setup, binary, run};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::task::JoinSet;

use crate::start::refused;

fn back_up(database: &str, file: &Path, more: &[&str]) -> Finished {
    run(&[&["backup", "--database", database, file.to_str().unwrap()], more].concat())
}

async fn open(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap()
}

async fn texts(connection: &mut SqliteConnection, query: &'static str) -> HashSet<String> {
    sqlx::query_scalar(query).fetch_all(connection).await.unwrap().into_iter().collect()
}

/// Publishers that never wait; each event must be accepted.
struct Publishing {
    accepted: Arc<Mutex<Vec<String>>>,
    ends: Arc<AtomicBool>,
    publishers: JoinSet<()>,
}

impl Publishing {
    fn start(publisher: &Api, workspace_id: &str) -> Self {
        let (accepted, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let mut publishers = JoinSet::new();
        for name in 0..4 {
            let (publisher, workspace_id) = (publisher.clone(), workspace_id.to_owned());
            let (accepted, ends) = (Arc::clone(&accepted), Arc::clone(&ends));
            publishers.spawn(async move {
                for n in 0.. {
                    if ends.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = publisher.lookup(&workspace_id, &format!("lu_{name}_{n}")).await;
                    accepted.lock().unwrap().push(id);
                }
            });
        }
        Self { accepted, ends, publishers }
    }

    fn accepted(&self) -> HashSet<String> {
        self.accepted.lock().unwrap().iter().cloned().collect()
    }

    async fn more(&self, events: usize) {
        let enough = self.accepted().len() + events;
        let waited = tokio::time::timeout(PATIENCE, async {
            while self.accepted().len() < enough {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        waited.await.expect("nothing more is accepted");
    }

    async fn end(self) {
        self.ends.store(true, Ordering::Relaxed);
        self.publishers.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_beside_the_running_server_has_all_that_was_accepted_and_goes_on() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    for path in ["/hook", "/waiting"] {
        admin.webhook(&receiver, path, &["lookup.completed"]).await;
    }
    // Nothing that goes here is answered before the copy is made.
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/waiting", move |_| Reply::ok().after(&held));
    let publishing = Publishing::start(&publisher, &admin.workspace_id);
    publishing.more(300).await;

    let before = publishing.accepted();
    let (database, copy) = (server.setup().database(), server.setup().path("copy.db"));
    let made = tokio::task::spawn_blocking({
        let (database, copy) = (database.clone(), copy.clone());
        move || back_up(&database, &copy, &["--json"])
    });
    let made = made.await.unwrap();
    assert_eq!((made.code, &*made.stderr), (Some(0), ""), "{made:?}");
    let told: Value = serde_json::from_str(&made.stdout).unwrap();
    let file = fs::metadata(&copy).unwrap();
    assert_eq!((told["status"].as_str(), told["bytes"].as_u64()), (Some("copied"), Some(file.len())));
    assert_eq!(file.permissions().mode() & 0o777, 0o600, "others may read it");
    // It goes on, and nothing was refused meanwhile: each publisher would have stopped there.
    publishing.more(100).await;
    publishing.end().await;

    refused(&back_up(&database, &copy, &[]), 1, "is there already");
    let folder: &Path = server.setup().as_ref();
    let left = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with("copy.db")).collect::<Vec<_>>(), ["copy.db"]);

    let mut opened = open(&copy).await;
    let sound: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut opened).await.unwrap();
    assert_eq!(sound, "ok");
    let kept = texts(&mut opened, "select id from events where event_type = 'lookup.completed'").await;
    let lost: Vec<_> = before.difference(&kept).collect();
    assert!(lost.is_empty(), "accepted before the copy and not in it: {lost:?}");
    let delivered = texts(&mut opened, "select event_id from deliveries where status = 'success'").await;
    sqlx::Connection::close(opened).await.unwrap();

    // The machine is gone.
    let key = server.setup().path("encrata.db.master-key");
    let setup = server.kill();
    receiver.script("/waiting", |_| Reply::ok());
    let came = receiver.ids("/waiting");
    let restored = Setup::new()
        .on(&format!("sqlite:{}", copy.display()))
        .option("--master-key-file", key.to_str().unwrap())
        .trusting(&[&receiver])
        .start()
        .await;
    let all = |path: &'static str, ids: HashSet<String>| {
        let (receiver, came) = (&receiver, came.clone());
        async move {
            let again =
                |id: &String| if path == "/waiting" { came.get(id).copied().unwrap_or(0) + 1 } else { 1 };
            let enough = |seen: &encrata_webhooks_tests::Ids| {
                ids.iter().all(|id| seen.get(id).copied().unwrap_or(0) >= again(id))
            };
            receiver.wait_for_ids(path, "what was in the copy", PATIENCE, enough).await;
        }
    };
    // What waited goes out; what had been sent without an answer, once more under its id.
    all("/waiting", kept.clone()).await;
    all("/hook", kept).await;
    // Both verify, and what was delivered before the copy was made stays delivered.
    let hook = receiver.ids("/hook");
    assert!(!delivered.is_empty() && delivered.iter().all(|id| hook[id] == 1));
    assert!(!receiver.received("/waiting").is_empty() && !receiver.received("/hook").is_empty());
    drop((restored, setup));
}

#[tokio::test]
async fn what_can_not_be_copied_is_told_and_nothing_is_made() {
    let setup = Setup::new();
    let (database, copy) = (setup.database(), setup.path("copy.db"));
    refused(&back_up(&database, &copy, &[]), 1, "there is no such file");
    refused(&back_up("postgres://encrata@db.internal/encrata", &copy, &[]), 1, "pg_dump");
    fs::write(setup.database_file(), "this is no database\n".repeat(10)).unwrap();
    refused(&back_up(&database, &copy, &[]), 1, "not a SQLite database");
    fs::remove_file(setup.database_file()).unwrap();
    setup.create_key("acme", "admin");
    refused(&back_up(&database, &setup.database_file(), &[]), 1, "is there already");
    refused(&back_up(&database, Path::new("/no/such/folder/copy.db"), &[]), 1, "/no/such/folder/copy.db");
    assert!(!copy.exists());
    let odd = setup.path("odd").into_os_string().into_encoded_bytes();
    let odd = PathBuf::from(OsString::from_vec([&odd, &b"\xff"[..]].concat()));
    let refused =
        Command::new(binary()).args(["backup", "--database", &database]).arg(&odd).output().unwrap();
    assert!(refused.status.code() == Some(1) && !odd.exists(), "{refused:?}");
    // Beside no server.
    let made = back_up(&database, &copy, &[]);
    assert!(made.code == Some(0) && made.stdout.contains("is a copy of"), "{made:?}");
    assert!(made.stderr.contains("master key"), "{made:?}");
}
