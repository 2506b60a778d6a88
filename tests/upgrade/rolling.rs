//! Two nodes on one PostgreSQL are replaced by the next version, one after the other, while publishers go on.

use std::collections::HashSet;
use std::process::ExitStatus;

use encrata_webhooks_tests::{PATIENCE, Postgres, Receiver, Server, Setup, binary, run};
use sqlx::{Connection as _, PgConnection};

use crate::balancer::Balancer;
use crate::next::{next, version_of};
use crate::tour::tour;

const PATH: &str = "/hook";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_replaced_one_by_one_and_nothing_is_lost_refused_or_sent_twice() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let setup = || {
        let setup = Setup::new().on_postgres(&database).trusting(&[&receiver]);
        setup.option("--notify-url", &receiver.url("/notices"))
    };
    let (old_one, old_two) = (setup().start().await, setup().start().await);
    let (admin, publisher) = old_one.admin_and_publisher();
    admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let see_all = async |node: &Server| {
        tour(&node.rebase(&admin), &node.rebase(&publisher), &receiver).await;
    };
    let balancer = Balancer::start(&admin.workspace_id);
    for (name, node) in [("old one", &old_one), ("old two", &old_two)] {
        balancer.add(name, &node.rebase(&publisher));
        see_all(node).await;
        balancer.more(name, 100).await;
    }

    // The next version comes beside them and brings the schema up to date, which they don't know.
    let new_one = setup().run_by(next()).start().await;
    balancer.add("new one", &new_one.rebase(&publisher));
    for (name, node) in [("old one", &old_one), ("old two", &old_two), ("new one", &new_one)] {
        see_all(node).await;
        balancer.more(name, 100).await;
    }

    // As a balancer does that takes a node out before it is stopped: nobody notices anything.
    balancer.take_out("old one").await;
    let (old_one, status, log) = old_one.terminate().await;
    ended_well(status, &log);
    assert_eq!(balancer.refusals(), [], "beside a node that was taken out first");

    // This version does not start again: it says so, and leaves the database as it is.
    let refused = old_one.serve_to_the_end();
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(1), 1), "{refused:?}");
    assert!(refused.stderr.contains("was written by a newer version of this server"), "{refused:?}");
    let listed = run(&["keys", "list", "--database", &database]);
    assert!(listed.code == Some(1) && listed.stderr.contains("newer version"), "{listed:?}");

    // And one that is stopped under load, before its balancer knows.
    let new_two = setup().run_by(next()).start().await;
    balancer.add("new two", &new_two.rebase(&publisher));
    balancer.more("new two", 50).await;
    let (_, status, log) = old_two.terminate().await;
    ended_well(status, &log);
    balancer.more("new one", 50).await;
    balancer.more("new two", 50).await;
    let refusals = balancer.refusals();
    assert!(refusals.iter().all(|(node, _)| *node == "old two"), "{refusals:?}");

    let accepted = balancer.end().await;
    let all = |ids: &encrata_webhooks_tests::Ids| accepted.iter().all(|id| ids.contains_key(id));
    receiver.wait_for_ids(PATH, "every accepted event", PATIENCE, all).await;
    nothing_waits(&database).await;
    // Each verifies, each came once: a node that stops in order hands over what it has not sent, and writes what
    // became of the rest.
    let sent = receiver.ids(PATH);
    let twice: Vec<_> = sent.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    assert_eq!(sent.len(), accepted.len(), "what came was accepted");
    let by: HashSet<String> =
        receiver.received(PATH).iter().map(|request| request.header("user-agent").to_owned()).collect();
    let versions = [binary(), next()].map(|binary| format!("Encrata-Webhooks/{}", version_of(binary)));
    assert_eq!(by, HashSet::from(versions));
}

/// Nothing that it did in the background failed either.
#[track_caller]
fn ended_well(status: ExitStatus, log: &str) {
    let failed: Vec<&str> =
        log.lines().filter(|line| line.contains("ERROR") || line.contains("database")).collect();
    assert!(status.success() && failed.is_empty(), "{failed:#?}");
}

/// A dump holds a lock that a migration has to wait for. What waits for a migration is everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_has_to_wait_keeps_nobody_else_waiting() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let setup = || Setup::new().on_postgres(&database).trusting(&[&receiver]);
    let old = setup().start().await;
    let (admin, publisher) = old.admin_and_publisher();
    admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let mut dump = PgConnection::connect(&database).await.unwrap();
    let mut reading = dump.begin().await.unwrap();
    sqlx::query("select count(*) from queue").execute(&mut *reading).await.unwrap();

    let new = tokio::spawn(setup().run_by(next()).start());
    let waits = "select count(*) from pg_locks where not granted and mode = 'AccessExclusiveLock'";
    for _ in 0..2 {
        until(&database, waits, |waiting| waiting > 0).await;
        // It gives way, and tries again.
        let id = publisher.lookup(&admin.workspace_id, "lu_1").await;
        receiver.wait_for_ids(PATH, "what was accepted", PATIENCE, |ids| ids.contains_key(&id)).await;
    }
    assert!(!new.is_finished());
    reading.rollback().await.unwrap();
    let new = new.await.unwrap();
    new.rebase(&publisher).lookup(&admin.workspace_id, "lu_2").await;
    until(&database, "select count(*) from queue", |rows| rows == 0).await;
}

async fn nothing_waits(database: &str) {
    until(database, "select count(*) from queue", |rows| rows == 0).await;
}

/// Waits until a number is as wanted.
async fn until(database: &str, query: &'static str, enough: impl Fn(i64) -> bool) {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let waited = tokio::time::timeout(PATIENCE, async {
        while !enough(sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "it never was as wanted: {query}");
}
