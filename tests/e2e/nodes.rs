//! Several nodes on one PostgreSQL, and what a stopping one leaves to the others.

use std::time::Duration;

use encrata_webhooks::EventKind;
use encrata_webhooks_tests::{
    Api, Gate, Ids, PATIENCE, Postgres, Receiver, Reply, Server, Setup, plant_event,
};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

/// A database, and connections of the test's own.
struct Database(String);

impl Database {
    async fn new() -> Option<Self> {
        Some(Self(Postgres::shared()?.new_database().await))
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.0).await.unwrap()
    }

    async fn execute(&self, statements: &'static str) {
        sqlx::raw_sql(statements).execute(&mut self.connect().await).await.unwrap();
    }

    async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Waits until a number is another than 0.
    async fn until(&self, query: &'static str) {
        let waited = async {
            while self.number(query).await == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waited).await.is_ok(), "it stayed 0: {query}");
    }

    /// From now on signals go nowhere but into a table.
    async fn without_signals(&self) {
        self.execute(
            "create schema signals;
             create table signals.said (at timestamptz default clock_timestamp());
             create function signals.pg_notify(text, text) returns void language sql as
             $$ insert into signals.said default values $$;
             do $$ begin execute format('alter database %I set search_path = public, signals, pg_catalog',
                current_database()); end $$",
        )
        .await;
    }

    fn setup(&self, receiver: &Receiver) -> Setup {
        // A line for each attempt.
        let setup = Setup::new().on_postgres(&self.0).trusting(&[receiver]);
        setup.option("--log", "info,encrata_webhooks_server::delivery=debug")
    }
}

const SOMEBODY_WAITS_FOR_A_LOCK: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

fn batch(admin: &Api, n: usize) -> Value {
    let event = |n| {
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
               "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
    };
    (0..n).map(event).collect()
}

/// How many attempts a node wrote.
fn attempts(node: &Server) -> usize {
    node.log()
        .lines()
        .filter(|line| line.contains(" delivered ") || line.contains(" attempt failed "))
        .count()
}

#[tokio::test]
async fn three_nodes_send_each_event_once() {
    let Some(database) = Database::new().await else { return };
    let receiver = Receiver::start().await;
    // They may start at once on an empty database.
    let start = || database.setup(&receiver).start();
    let (one, two, three) = tokio::join!(start(), start(), start());
    let nodes = [one, two, three];
    let (admin, publisher) = nodes[0].admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let publish = async |node: &Server| {
        let publisher = node.rebase(&publisher);
        for _ in 0..4 {
            publisher.post("/api/events/batch", batch(&admin, 25)).await.expect(202);
        }
    };
    tokio::join!(publish(&nodes[0]), publish(&nodes[1]), publish(&nodes[2]));
    receiver.wait_for_ids("/hook", "every event", PATIENCE, |ids| ids.len() == 300).await;
    database.until("select (count(*) = 0)::int::bigint from queue").await;
    assert!(receiver.ids("/hook").values().all(|times| *times == 1), "some were sent twice");
    let shares: Vec<usize> = nodes.iter().map(attempts).collect();
    assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
    assert_eq!(admin.deliveries(&hook.id, "&limit=500&status=success").await.len(), 300);
}

/// One node has all its slots taken: the others send the rest.
async fn others_send_what_one_node_has_no_room_for(database: &Database) {
    let receiver = Receiver::start().await;
    let full = database.setup(&receiver).start().await;
    let (admin, publisher) = full.admin_and_publisher();
    admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let others = [database.setup(&receiver).start().await, database.setup(&receiver).start().await];
    let gate = Gate::new();
    let held = gate.clone();
    // As many as one node has in flight to a webhook.
    receiver.script("/hook", move |request| match request.nth {
        ..=64 => Reply::ok().after(&held),
        _ => Reply::ok(),
    });
    let first = publisher.post("/api/events/batch", batch(&admin, 64)).await.expect(202).json();
    receiver.wait_for("/hook", 64).await;
    let rest = publisher.post("/api/events/batch", batch(&admin, 36)).await.expect(202).json();
    let all = |ids: &Ids| ids.len() == 100;
    receiver.wait_for_ids("/hook", "what the full node left to others", PATIENCE, all).await;
    gate.open();
    database.until("select (count(*) = 0)::int::bigint from queue").await;
    let sent: usize = others.iter().map(attempts).sum();
    assert!(sent > 0, "the others sent nothing");
    assert_eq!((first.as_array().unwrap().len(), rest.as_array().unwrap().len()), (64, 36));
}

#[tokio::test]
async fn nodes_share_what_waits() {
    let Some(database) = Database::new().await else { return };
    others_send_what_one_node_has_no_room_for(&database).await;
}

#[tokio::test]
async fn nodes_share_what_waits_without_any_signal() {
    let Some(database) = Database::new().await else { return };
    database.without_signals().await;
    others_send_what_one_node_has_no_room_for(&database).await;
    assert!(database.number("select count(*) from signals.said").await > 0, "they heard each other");
}

/// Whoever listens is cut off, again and again.
#[tokio::test]
async fn nodes_share_what_waits_whatever_becomes_of_those_who_listen() {
    let Some(database) = Database::new().await else { return };
    let mut cutting = database.connect().await;
    let cutting = tokio::spawn(async move {
        loop {
            let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and query ilike 'listen%'";
            sqlx::raw_sql(cut).execute(&mut cutting).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    others_send_what_one_node_has_no_room_for(&database).await;
    assert!(!cutting.is_finished());
    cutting.abort();
}

/// Ten a second at most: each takes a lock that all commits share. What is sent at once needs none.
#[tokio::test]
async fn signals_are_few() {
    let Some(database) = Database::new().await else { return };
    database.without_signals().await;
    let receiver = Receiver::start().await;
    let server = database.setup(&receiver).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let said = "select count(*) from signals.said";
    let before = database.number(said).await;
    for n in 1..=5 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
        receiver.wait_for("/hook", n).await;
        admin
            .deliveries_when(&hook.id, "kept", |found| found.iter().all(|one| one["status"] == "success"))
            .await;
    }
    assert_eq!(database.number(said).await, before, "what was sent at once was told to others");
    // Never sent at once.
    let limit = json!({"id": hook.id, "url": hook.url, "rate_limit": 1000});
    admin.put("/api/webhooks", limit).await.expect(200);
    for n in 0..100 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    receiver.wait_for("/hook", 105).await;
    let too_many = "select greatest(0, count(*) - 1 - (extract(epoch from max(at) - min(at)) * 10)::bigint) from signals.said";
    assert_eq!(database.number(too_many).await, 0);
    assert!(database.number(said).await > before, "nobody was told");
}

/// While receivers take their time no connection of the database is in a transaction.
#[tokio::test]
async fn no_transaction_is_open_while_a_request_is() {
    let Some(database) = Database::new().await else { return };
    let receiver = Receiver::start().await;
    let server = database.setup(&receiver).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |_| Reply::ok().after(&held));
    // Some are sent at once, some are claimed.
    publisher.post("/api/events/batch", batch(&admin, 64)).await.expect(202);
    receiver.wait_for("/hook", 64).await;
    database
        .until(
            "select (count(*) = 0)::int::bigint from pg_stat_activity where datname = current_database()
             and application_name = 'encrata-webhooks' and xact_start is not null",
        )
        .await;
    assert_eq!(database.number("select count(*) from deliveries").await, 0, "they were not open any more");
    gate.open();
}

/// What a stopping node has just claimed, or recorded for itself, it hands back: others need not wait for a lease.
#[tokio::test]
async fn a_stopping_node_hands_back_what_it_did_not_send() {
    let Some(database) = Database::new().await else { return };
    let receiver = Receiver::start().await;
    let server = database.setup(&receiver).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let leased = "select count(*) from queue where owner is not null";
    let waiting = "select count(*) from queue where owner is null";

    // On its way into the queue, with a lease, when the signal comes.
    let mut lock = database.connect().await;
    let lock_queue = "begin; lock table queue in share row exclusive mode";
    sqlx::raw_sql(lock_queue).execute(&mut lock).await.unwrap();
    let publishing = publisher.clone();
    let workspace_id = admin.workspace_id.clone();
    let publishing = tokio::spawn(async move { publishing.lookup(&workspace_id, "lu_1").await });
    database.until(SOMEBODY_WAITS_FOR_A_LOCK).await;
    server.signal_to_stop();
    server.log_when("stopping").await;
    sqlx::raw_sql("commit").execute(&mut lock).await.unwrap();
    publishing.await.unwrap();
    let (setup, status, log) = server.ended().await;
    assert!(status.success(), "{log}");
    assert_eq!((database.number(leased).await, database.number(waiting).await), (0, 1), "{log}");
    assert!(receiver.received("/hook").is_empty());

    // Being claimed when the signal comes.
    sqlx::raw_sql(lock_queue).execute(&mut lock).await.unwrap();
    let server = setup.start().await;
    database.until(SOMEBODY_WAITS_FOR_A_LOCK).await;
    server.signal_to_stop();
    server.log_when("stopping").await;
    sqlx::raw_sql("commit").execute(&mut lock).await.unwrap();
    let (setup, status, log) = server.ended().await;
    assert!(status.success(), "{log}");
    assert_eq!((database.number(leased).await, database.number(waiting).await), (0, 1), "{log}");
    assert!(receiver.received("/hook").is_empty());
    assert_eq!(database.number("select max(attempts) from queue").await, 0, "handing back costs an attempt");

    // The next one sends it, and what came from elsewhere.
    let store = setup.store().await;
    let id = plant_event(&store, &admin.workspace_id, EventKind::LookupCompleted, "{}").await;
    let server = setup.start().await;
    receiver.wait_for_ids("/hook", "both", PATIENCE, |ids| ids.len() == 2 && ids.contains_key(&id)).await;
    let all = |found: &[Value]| found.len() == 2 && found.iter().all(|one| one["status"] == "success");
    server.rebase(&admin).deliveries_when(&hook.id, "delivered", all).await;
}

/// The database refuses one outcome, for whatever reason: all others are written. It refuses one event: that one alone is
/// answered so.
#[tokio::test]
async fn a_refused_row_keeps_no_other_waiting() {
    let Some(database) = Database::new().await else { return };
    let receiver = Receiver::start().await;
    let server = database.setup(&receiver).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let whole = admin.webhook(&receiver, "/whole", &["lookup.completed"]).await;
    admin.webhook(&receiver, "/refused", &["lookup.completed"]).await;
    receiver.script("/refused", |_| Reply::status(418));
    database
        .execute(
            "alter table deliveries add check (response_status <> 418);
             alter table events add check (position('lu_bad'::bytea in body) = 0)",
        )
        .await;
    // While the first is on its way the others gather, and share a commit.
    let mut lock = database.connect().await;
    sqlx::raw_sql("begin; lock table events in share row exclusive mode").execute(&mut lock).await.unwrap();
    let mut publishing = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (publisher, workspace_id) = (publisher.clone(), admin.workspace_id.clone());
        publishing.spawn(async move {
            let lookup_id = if n == 13 { "lu_bad".to_owned() } else { format!("lu_{n}") };
            let data = json!({"email": "ada@example.com", "lookup_id": lookup_id});
            publisher.publish(&workspace_id, "lookup.completed", data).await.status
        });
    }
    database.until(SOMEBODY_WAITS_FOR_A_LOCK).await;
    sqlx::raw_sql("commit").execute(&mut lock).await.unwrap();
    let mut answers = publishing.join_all().await;
    answers.sort_unstable();
    assert_eq!((&answers[..19], answers[19] >= 500), (&[202; 19][..], true), "{answers:?}");
    let all = |found: &[Value]| found.len() == 19 && found.iter().all(|one| one["status"] == "success");
    admin.deliveries_when(&whole.id, "all successful", all).await;
}

/// While outcomes can't be written nothing more is sent, and none is lost or sent twice.
#[tokio::test]
async fn outcomes_wait_for_a_store_that_takes_none() {
    let Some(database) = Database::new().await else { return };
    let receiver = Receiver::start().await;
    let server = database.setup(&receiver).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    database.execute("alter table deliveries rename to away").await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    server.log_when("outcomes could not be written").await;
    for n in 2..=5 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    assert_eq!(receiver.received("/hook").len(), 1, "more was sent");
    database.execute("alter table away rename to deliveries").await;
    let all = |found: &[Value]| found.len() == 5 && found.iter().all(|one| one["status"] == "success");
    admin.deliveries_when(&hook.id, "all delivered", all).await;
    assert_eq!(receiver.received("/hook").len(), 5, "each was sent once");
}

/// A server with 64 requests in flight to a webhook that was quick so far, and 236 deliveries leased behind them.
async fn with_claims_ahead(database: &Database, receiver: &Receiver, reply: Reply) -> Server {
    let server = database.setup(receiver).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let events = |n| {
        let event = json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
                           "data": {"email": "ada@example.com", "lookup_id": "lu_1"}});
        json!(vec![event; n])
    };
    admin.webhook(receiver, "/hook", &["lookup.completed"]).await;
    // One by one: the first of many at once has a handshake to wait for.
    for n in 1..=10 {
        publisher.post("/api/events/batch", events(1)).await.expect(202);
        receiver.wait_for("/hook", n).await;
    }
    database.until("select (count(*) = 0)::int::bigint from queue").await;
    receiver.script("/hook", move |_| reply.clone());
    publisher.post("/api/events/batch", events(300)).await.expect(202);
    database.until("select (count(*) = 300)::int::bigint from queue where owner is not null").await;
    receiver.wait_for("/hook", 10 + 64).await;
    server
}

/// Else it would wait for the end of its lease.
#[tokio::test]
async fn what_is_claimed_ahead_is_handed_back_when_the_webhook_is_slow() {
    let Some(database) = Database::new().await else { return };
    let (receiver, gate) = (Receiver::start().await, Gate::new());
    let busy = Reply::status(503).header("Retry-After", "600").after(&gate);
    let _server = with_claims_ahead(&database, &receiver, busy).await;
    gate.open();
    database.until("select (count(*) = 300)::int::bigint from queue where owner is null").await;
    assert_eq!(receiver.received("/hook").len(), 10 + 64);
    let sends = "select sum(attempts)::bigint from queue";
    assert_eq!(database.number(sends).await, 64, "handing back costs no attempt");
}

#[tokio::test]
async fn what_is_claimed_ahead_is_handed_back_when_the_node_stops() {
    let Some(database) = Database::new().await else { return };
    let (receiver, gate) = (Receiver::start().await, Gate::new());
    let server = with_claims_ahead(&database, &receiver, Reply::ok().after(&gate)).await;
    server.signal_to_stop();
    database.until("select (count(*) = 300 - 64)::int::bigint from queue where owner is null").await;
    gate.open();
    let (_setup, status, log) = server.ended().await;
    assert!(status.success(), "{log}");
    assert_eq!(database.number("select count(*) from queue where owner is null").await, 300 - 64);
    assert_eq!(receiver.received("/hook").len(), 10 + 64);
}
