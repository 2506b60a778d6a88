//! Stopping, and being stopped.

use std::time::{Duration, Instant};

use encrata_webhooks_tests::{Receiver, Reply, Server, Setup};
use serde_json::{Value, json};

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
    let sent = receiver.ids("/hook");
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
