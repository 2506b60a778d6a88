//! Receivers that are as bad as can be, all at once, beside one that is well.

use encrata_webhooks_tests::{Flaw, Postgres, Receiver, Reply, Setup};
use serde_json::{Value, json};

use crate::LEASE_AND_PATIENCE;

/// More than all the slots of one webhook, several times over: those that hang are not done with them for minutes.
const EVENTS: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_receivers_harm_nobody_on_sqlite() {
    beside_bad_ones(Setup::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_receivers_harm_nobody_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    beside_bad_ones(Setup::new().on_postgres(&postgres.new_database().await)).await;
}

async fn beside_bad_ones(setup: Setup) {
    let receiver = Receiver::start().await;
    let untrusted = Receiver::start().await;
    let wrong_name = Receiver::with(Flaw::WrongName, &["http/1.1"]).await;
    let expired = Receiver::with(Flaw::Expired, &["http/1.1"]).await;
    // Takes connections, and then nothing, not even a handshake.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = setup.trusting(&[&receiver, &wrong_name, &expired]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let well = admin.webhook(&receiver, "/well", &["lookup.completed"]).await;

    let bad: [(&str, Reply); 10] = [
        ("/never", Reply::never()),
        ("/drip", Reply::drip()),
        ("/gigabytes", Reply::endless()),
        ("/reset", Reply::reset()),
        ("/close", Reply::close()),
        ("/half-close", Reply::half_close()),
        ("/nul", Reply::status(500).body(b"\0\0\0".to_vec())),
        ("/no-utf-8", Reply::status(500).body(b"\xff\xfe\xc3(\xed\xa0\x80".to_vec())),
        ("/no-http", Reply::raw(b"\0\xffSSH-2.0\r\n\r\n".to_vec())),
        ("/half", Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
    ];
    let mut urls = Vec::new();
    for (path, reply) in bad {
        receiver.script(path, move |_| reply.clone());
        urls.push(receiver.url(path));
    }
    urls.extend([untrusted.url("/hook"), wrong_name.url("/hook"), expired.url("/hook")]);
    urls.push(format!("https://{}/", silent.local_addr().unwrap()));
    let mut hooks = Vec::new();
    for url in &urls {
        hooks.push(admin.webhook_at(url, &["lookup.completed"]).await);
    }

    let event = |n: usize| {
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
               "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
    };
    for first in (0..EVENTS).step_by(50) {
        publisher.post("/api/events/batch", (first..first + 50).map(event).collect()).await.expect(202);
    }
    let all = |ids: &encrata_webhooks_tests::Ids| ids.len() == EVENTS;
    receiver.wait_for_ids("/well", "all that the healthy one is to get", LEASE_AND_PATIENCE, all).await;
    // Written as well: no foreign byte kept an outcome out of the database.
    let written = |found: &[Value]| found.iter().filter(|one| one["status"] == "success").count() == EVENTS;
    let found = admin.deliveries_when_of(&well.id, "&limit=500", "all written", written).await;
    let attempts: u64 = found.iter().map(|delivery| delivery["attempts"].as_u64().unwrap()).sum();
    assert_eq!(receiver.received("/well").len() as u64, attempts, "something was sent twice");
    // And each of the bad ones had its chance, and its outcome was written.
    for hook in hooks {
        let tried = |found: &[Value]| found.iter().any(|one| one["attempts"].as_u64().unwrap() > 0);
        admin.deliveries_when_of(&hook.id, "&limit=500", "an attempt", tried).await;
    }
    server.anonymous().get("/api/health").await.expect(200);
}
