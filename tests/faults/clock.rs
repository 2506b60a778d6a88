//! The time of day of a node is wrong, or jumps.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use encrata_webhooks_server::clock::now_ms;
use encrata_webhooks_tests::{Postgres, Receiver, Reply, Setup};
use serde_json::{Value, json};

use crate::books::{Books, PATH, nothing_waits};
use crate::load::Load;
use crate::{random, rounds};

const HOUR_S: i64 = 3600;

/// What moves a node's clock: a few lines of C, because the compiler is here anyhow and libfaketime may not be.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let shim = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clock.so");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim);
        cc.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/faults/clock.c"));
        assert!(cc.status().unwrap().success(), "{cc:?}");
        shim
    })
}

/// A setup whose time of day can be moved.
struct Shifted(File);

impl Shifted {
    fn by(setup: Setup, seconds: i64) -> (Setup, Self) {
        let path = setup.path("clock-shift");
        let shifted = Self(File::create(&path).unwrap());
        shifted.set(seconds);
        let setup =
            setup.env("LD_PRELOAD", shim().to_str().unwrap()).env("CLOCK_SHIFT", path.to_str().unwrap());
        (setup, shifted)
    }

    fn set(&self, seconds: i64) {
        self.0.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }
}

/// By its own clock all leases have ended; by the database's, which counts, they have not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_runs_ahead_steals_no_lease() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.new_database().await;
    let receiver = Receiver::start().await;
    // One attempt each: whatever comes a second time was stolen.
    let setup = || Setup::new().on_postgres(&database).trusting(&[&receiver]).option("--retry-schedule", "");
    let right = setup().start().await;
    let (admin, publisher) = right.admin_and_publisher();
    admin.webhook(&receiver, "/held", &["lookup.completed"]).await;
    admin.webhook_at(&receiver.url("/other"), &["credits.low"]).await;
    receiver.script("/held", |_| Reply::never());
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/held", 1).await;

    let (setup, _shift) = Shifted::by(setup(), HOUR_S);
    let ahead = setup.start().await;
    let publisher = ahead.rebase(&publisher);
    let (_, status, log) = {
        // It looks at the queue, again and again, and sends by itself in the end.
        for n in 1..=10 {
            publisher.publish(&admin.workspace_id, "credits.low", credits_low()).await.expect(202);
            receiver.wait_for("/other", n).await;
        }
        right.terminate().await
    };
    assert!(status.success(), "{log}");
    publisher.publish(&admin.workspace_id, "credits.low", credits_low()).await;
    let sent = receiver.wait_for("/other", 11).await;
    let stamp: i64 = sent[10].header("webhook-timestamp").parse().unwrap();
    assert!(stamp - now_ms() / 1000 > HOUR_S - 60, "its clock does not run ahead: {stamp}");
    assert_eq!(receiver.received("/held").len(), 1, "the delivery was stolen");
}

/// By its own clock nothing is due for an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_runs_behind_starves_nobody() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let setup =
        || Setup::new().on_postgres(&database).trusting(&[&receiver]).option("--retry-schedule", "2s,2s");
    let right = setup().start().await;
    let (admin, publisher) = right.admin_and_publisher();
    let hook = admin.webhook_at(&receiver.url(PATH), &["lookup.completed"]).await;
    receiver.script(PATH, |_| Reply::status(500));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let tried = |found: &[Value]| found.len() == 1 && found[0]["attempts"] == 1;
    admin.deliveries_when(&hook.id, "tried once", tried).await;
    right.kill();

    receiver.script(PATH, |_| Reply::ok());
    let (setup, _shift) = Shifted::by(setup(), -HOUR_S);
    let behind = setup.start().await;
    behind.rebase(&publisher).lookup(&admin.workspace_id, "lu_2").await;
    let sent = receiver.wait_for(PATH, 3).await;
    let stamp: i64 = sent[2].header("webhook-timestamp").parse().unwrap();
    assert!(now_ms() / 1000 - stamp > HOUR_S - 60, "its clock does not run behind: {stamp}");
    nothing_waits(&hook, &behind.rebase(&admin)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_a_server_on_sqlite_jumps() {
    jumping(Setup::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_a_node_on_postgres_jumps() {
    let Some(postgres) = Postgres::shared() else { return };
    jumping(Setup::new().on_postgres(&postgres.new_database().await)).await;
}

/// An hour ahead, an hour back, another hour back, under load. What is to be tried again is, soon.
async fn jumping(setup: Setup) {
    let receiver = Receiver::start().await;
    let (setup, shift) = Shifted::by(setup.trusting(&[&receiver]).option("--retry-schedule", "2s,2s"), 0);
    let server = setup.start().await;
    let (admin, publisher) = server.admin_and_publisher();
    // Its signatures are of another hour: their time is not what is tested here.
    let hook = admin.webhook_at(&receiver.url(PATH), &["lookup.completed"]).await;
    let again = admin.webhook_at(&receiver.url("/again"), &["credits.low"]).await;
    receiver.script("/again", |request| Reply::status(if request.nth % 2 == 1 { 500 } else { 200 }));
    let load = Load::start(vec![publisher.clone()], &admin.workspace_id);
    for round in 0..rounds() {
        load.more(1 + random(100)).await;
        publisher.publish(&admin.workspace_id, "credits.low", credits_low()).await.expect(202);
        let tried = |found: &[Value]| found.len() == 1 && found[0]["attempts"] == 1;
        admin.deliveries_when_of(&again.id, "&status=pending", "tried once", tried).await;
        shift.set([HOUR_S, 0, -HOUR_S, 0][round % 4]);
        receiver.wait_for("/again", 2 * (round + 1)).await;
    }
    load.more(100).await;
    let accepted = load.end().await;
    Books::default().balance(&accepted, &hook, &admin, &receiver).await;
    nothing_waits(&again, &admin).await;
}

fn credits_low() -> Value {
    json!({"credits_remaining": 1, "threshold": 2})
}
