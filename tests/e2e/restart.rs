//! Stopping, and being stopped.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use encrata_webhooks_server::model::delivery::Status;
use encrata_webhooks_server::store::Filter;
use encrata_webhooks_tests::{Api, Receiver, Reply, Server, Setup};
use serde_json::{Value, json};

fn ids(received: &[encrata_webhooks_tests::Received]) -> HashMap<String, usize> {
    let mut ids = HashMap::new();
    for request in received {
        *ids.entry(request.header("webhook-id").to_owned()).or_default() += 1;
    }
    ids
}

#[tokio::test]
async fn a_stop_in_order_loses_nothing_and_ends_in_time() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |_| Reply::never());
    let batch: Value = (0..100)
        .map(|n| {
            json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
                   "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
        })
        .collect();
    let accepted = publisher.post("/api/events/batch", batch).await.expect(202).json();
    receiver.wait_for("/hook", 1).await;

    let began = Instant::now();
    let (setup, status, log) = server.terminate().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}\n{log}", began.elapsed());
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("did not end in time"), "{log}");

    receiver.script("/hook", |_| Reply::ok());
    let server = setup.start().await;
    let admin = server.rebase(&admin);
    let done =
        |found: &[Value]| found.len() == 100 && found.iter().all(|delivery| delivery["status"] == "success");
    let found = loop {
        let found = admin.deliveries(&hook.id, "&limit=500").await;
        if done(&found) {
            break found;
        }
        let came = receiver.received("/hook").len();
        receiver.wait_for("/hook", came.min(99) + 1).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let sent = ids(&receiver.received("/hook"));
    for accepted in accepted.as_array().unwrap() {
        assert!(sent.contains_key(accepted["id"].as_str().unwrap()), "{accepted}");
    }
    // What was being sent at the stop ended with a timeout that was written, not with a lost lease.
    let timed_out = found.iter().filter(|delivery| delivery["attempts"] == 2).count();
    let sends: usize = sent.values().sum();
    assert_eq!(sends, 100 + timed_out, "each send is an attempt");
}

#[tokio::test]
async fn a_stopping_server_finishes_the_answers_it_began() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["credits.low"]).await;
    let gate = encrata_webhooks_tests::Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |_| Reply::ok().after(&held));
    let (client, id) = (admin.clone(), hook.id.clone());
    let testing = tokio::spawn(async move { client.post("/api/webhooks/test", json!({"id": id})).await });
    receiver.wait_for("/hook", 1).await;
    server.signal_to_stop();
    gate.open();
    assert_eq!(testing.await.unwrap().expect(200).field("status"), "delivered");
    let (_, status, log) = server.ended().await;
    assert!(status.success(), "{log}");
}

/// Publishes until told to stop or the server is gone; gives what was accepted.
async fn publish_until(
    publisher: Api,
    workspace_id: String,
    name: usize,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let mut accepted = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let event = json!({"workspace_id": workspace_id, "event": "lookup.completed",
                           "data": {"email": "ada@example.com", "lookup_id": format!("lu_{name}_{n}")}});
        let headers = [("content-type", "application/json")];
        let sent = publisher
            .try_send(reqwest::Method::POST, "/api/events", &headers, Some(event.to_string().into()))
            .await;
        match sent {
            Ok(answer) => accepted.push(answer.expect(202).field("id")),
            // Killed: whether it was accepted is not known.
            Err(_) => break,
        }
    }
    accepted
}

/// A round is: events from several publishers, `kill -9` in the midst of them, a start, and the books are balanced.
/// `ENCRATA_TEST_ROUNDS` asks for more of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_event_arrives_whenever_the_server_is_killed() {
    let rounds = std::env::var("ENCRATA_TEST_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let receiver = Receiver::start().await;
    let setup = Setup::new().trusting(&[&receiver]);
    let (admin_key, publisher_key) =
        (setup.create_key("acme", "admin"), setup.create_key("operator", "publisher"));
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let workspace_id = text(&admin_key, "workspace_id");
    let mut server = setup.start().await;
    let hook = server.anonymous().with_key(&text(&admin_key, "key"));
    let hook = hook.webhook(&receiver, "/hook", &["lookup.completed"]).await;

    for round in 0..rounds {
        let before_round = ids(&receiver.received("/hook"));
        let stop = Arc::new(AtomicBool::new(false));
        let mut publishers = tokio::task::JoinSet::new();
        for name in 0..4 {
            let publisher = server.anonymous().with_key(&text(&publisher_key, "key"));
            publishers.spawn(publish_until(publisher, workspace_id.clone(), name, Arc::clone(&stop)));
        }
        // A different moment each round.
        let enough = before_round.values().sum::<usize>() + 20 + 37 * (round % 5);
        receiver.wait_for("/hook", enough).await;
        let setup = server.kill();
        stop.store(true, Ordering::Relaxed);
        let accepted: HashSet<String> = publishers.join_all().await.into_iter().flatten().collect();
        assert!(!accepted.is_empty());

        // The books as the kill left them: what was received, and which outcomes were committed.
        let received = ids(&receiver.received("/hook"));
        let store = setup.store().await;
        let filter = Filter {
            status: Some(Status::Success),
            event: None,
            since_ms: 0,
            until_ms: i64::MAX,
            before: None,
            limit: 1_000_000,
        };
        let workspace = workspace_id.parse().unwrap();
        let page = store.deliveries(workspace, hook.id.parse().unwrap(), &filter).await.unwrap();
        let committed: HashSet<String> =
            page.deliveries.iter().map(|delivery| delivery.event_id.to_string()).collect();
        store.close().await;

        server = setup.start().await;
        let all_came = |received: &[encrata_webhooks_tests::Received]| {
            let ids = ids(received);
            accepted.iter().all(|id| ids.contains_key(id))
        };
        receiver.wait_until("/hook", "every accepted event", all_came).await;
        let admin = server.anonymous().with_key(&text(&admin_key, "key"));
        admin
            .deliveries_when(&hook.id, "nothing waits", |found| {
                found.iter().all(|d| d["status"] == "success")
            })
            .await;
        let waiting = admin.deliveries(&hook.id, "&status=pending").await;
        assert!(waiting.is_empty(), "{waiting:?}");

        for (id, times) in ids(&receiver.received("/hook")) {
            let before = received.get(&id).copied().unwrap_or(0);
            assert!(before <= 1 || before_round.contains_key(&id), "{id} was sent twice before the kill");
            if committed.contains(&id) {
                assert_eq!(times, before, "{id} was sent again although its outcome was committed");
            } else {
                assert!(times <= before + 1, "{id}: {before} before the kill, {times} after the start");
            }
        }
    }
}

/// A connection that never ends its request keeps neither the process nor the database from closing.
#[tokio::test]
async fn a_request_that_never_ends_does_not_spoil_a_stop() {
    use std::io::Write as _;
    let server = Setup::new().start().await;
    let mut unfinished =
        std::net::TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    unfinished.write_all(b"GET /api/he").unwrap();
    server.anonymous().get("/api/health").await.expect(200);
    let (setup, status, log) = server.terminate().await;
    assert!(status.success() && !log.contains("did not close"), "{log}");
    assert!(!setup.path("encrata.db-wal").exists(), "the log of writes was not folded back");
    drop(unfinished);
}
