//! The disk is full: what was accepted is kept, what can't be is refused, and all goes on when there is room again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

use encrata_webhooks_tests::{Postgres, Receiver, Setup, Watchdog};
use tempfile::TempDir;

use crate::books::{Books, PATH};
use crate::load::Load;

/// A file system of its own, in memory.
struct SmallDisk {
    /// Before the folder goes.
    _unmount: Watchdog,
    folder: TempDir,
}

impl SmallDisk {
    /// None, loudly, where nothing may be mounted.
    fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("encrata-webhooks-disk-").tempdir().unwrap();
        let size = format!("size={mebibytes}m,mode=0755");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder.path()).output();
        let mounted = mounted.unwrap();
        if !mounted.status.success() {
            let why = String::from_utf8_lossy(&mounted.stderr);
            // Past the test harness, which shows nothing of what passes.
            let _ = writeln!(
                io::stderr(),
                "SKIPPED: what a full disk does, for none can be mounted: {}",
                why.trim()
            );
            return None;
        }
        let unmount = Watchdog::start(r#"cat >/dev/null; umount -l "$1""#, folder.path()).unwrap();
        Some(Self { _unmount: unmount, folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut ballast = File::create(self.path().join("ballast")).unwrap();
        let full = loop {
            if let Err(error) = ballast.write_all(&[0; 4096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull, "{full}");
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_of_sqlite_is_full() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let database = format!("sqlite:{}", disk.path().join("encrata.db").display());
    filled(Setup::new().on(&database), &disk, async || ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_of_postgres_is_full() {
    if !Postgres::available() {
        return;
    }
    let Some(disk) = SmallDisk::mount(256) else { return };
    let home = disk.path().join("postgres");
    fs::create_dir(&home).unwrap();
    let small = [("max_wal_size", "32MB"), ("min_wal_size", "32MB"), ("checkpoint_timeout", "30s")];
    let postgres = Postgres::start_in(&home, &small).unwrap();
    let database = postgres.new_database().await;
    // When its log of writes can't grow PostgreSQL ends, and somebody has to start it.
    filled(Setup::new().on_postgres(&database), &disk, async || postgres.revive().await).await;
}

async fn filled(setup: Setup, disk: &SmallDisk, repair: impl AsyncFn()) {
    let receiver = Receiver::start().await;
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let load = Load::start(vec![publisher], &admin.workspace_id);
    load.more(50).await;
    disk.fill();
    load.more_refused(50).await;
    disk.make_room();
    repair().await;
    load.more(100).await;
    let accepted = load.end().await;
    // No crash of the server's: nothing was sent twice.
    Books::default().balance(&accepted, &hook, &admin, &receiver).await;
    server.anonymous().get("/api/health").await.expect(200);
}
