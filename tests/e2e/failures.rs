//! Every way in which a receiver can fail.

use encrata_webhooks_tests::{Api, Flaw, Gate, Receiver, Reply, Scrape, Server, Setup};
use serde_json::{Value, json};

use crate::sql::execute;

/// A server that tries each delivery once.
async fn once(receivers: &[&Receiver]) -> (Server, Api, Api) {
    let server = Setup::new().trusting(receivers).option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    (server, admin, publisher)
}

/// What came of an event to a URL.
async fn outcome(admin: &Api, publisher: &Api, url: &str) -> Value {
    let hook = admin.webhook_at(url, &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "failed").await;
    admin.delete(&format!("/api/webhooks?id={}", hook.id)).await.expect(200);
    delivery
}

fn error(delivery: &Value) -> &str {
    delivery["error"].as_str().unwrap_or_else(|| panic!("no error in {delivery}"))
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_drips_fails_after_five_seconds() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    receiver.script("/never", |_| Reply::never());
    receiver.script("/drip", |_| Reply::drip());
    let never = admin.webhook(&receiver, "/never", &["lookup.completed"]).await;
    let drip = admin.webhook(&receiver, "/drip", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    for hook in [never, drip] {
        let delivery = admin.delivery_when(&hook.id, "failed").await;
        assert!(error(&delivery).contains("5000 ms"), "{delivery}");
        assert!(delivery.get("response_status").is_none(), "{delivery}");
        let took_ms = delivery["attempt_log"][0]["duration_ms"].as_i64().unwrap();
        assert!((5_000..9_000).contains(&took_ms), "{took_ms}");
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_costs_only_itself_and_gets_its_slots_back() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    admin.webhook(&receiver, "/hangs", &["lookup.completed"]).await;
    // All the slots that one webhook has.
    receiver.script("/hangs", |request| if request.nth <= 64 { Reply::never() } else { Reply::ok() });
    let event = |n: usize| {
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
               "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
    };
    publisher.post("/api/events/batch", (0..80).map(event).collect()).await.expect(202);
    receiver.wait_for("/hangs", 64).await;

    let other = server_other_workspace(&receiver, &_server).await;
    publisher.lookup(&other.workspace_id, "lu_other").await;
    receiver.wait_for("/answers", 1).await;
    assert_eq!(receiver.received("/hangs").len(), 64, "no more than its slots");
    // Five seconds later its slots are free again.
    receiver.wait_for("/hangs", 80).await;
}

async fn server_other_workspace(receiver: &Receiver, server: &Server) -> Api {
    let other = server.key("other", "admin");
    other.webhook(receiver, "/answers", &["lookup.completed"]).await;
    other
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    receiver.script("/flood", |_| Reply::endless());
    let hook = admin.webhook(&receiver, "/flood", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    // The status came, and it is 2xx.
    let delivery = admin.delivery_when(&hook.id, "success").await;
    assert_eq!(delivery["response_body"].as_str().unwrap().len(), 4096);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    for status in [301, 302, 303, 307, 308] {
        let target = receiver.url("/target");
        receiver.script("/moved", move |_| Reply::status(status).header("Location", target.clone()));
        let delivery = outcome(&admin, &publisher, &receiver.url("/moved")).await;
        assert_eq!(delivery["response_status"], status);
        assert!(error(&delivery).contains("redirect"), "{delivery}");
    }
    assert_eq!(receiver.received("/moved").len(), 5);
    assert!(receiver.received("/target").is_empty());
}

#[tokio::test]
async fn a_closed_port_is_said_to_be_one() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    // Bound, so that nobody else can have it, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("https://{}/", socket.local_addr().unwrap());
    let delivery = outcome(&admin, &publisher, &url).await;
    assert!(error(&delivery).starts_with("no connection"), "{delivery}");
    assert!(delivery.get("response_status").is_none() && delivery.get("response_body").is_none());
    assert_eq!(delivery["attempts"], 1);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing() {
    let good = Receiver::start().await;
    let other_authority = Receiver::start().await;
    let wrong_name = Receiver::with(Flaw::WrongName, &["http/1.1"]).await;
    let expired = Receiver::with(Flaw::Expired, &["http/1.1"]).await;
    let (_server, admin, publisher) = once(&[&good, &wrong_name, &expired]).await;
    for (receiver, what) in
        [(&other_authority, "other authority"), (&wrong_name, "wrong name"), (&expired, "expired")]
    {
        let delivery = outcome(&admin, &publisher, &receiver.url("/hook")).await;
        assert!(error(&delivery).starts_with("TLS failed: "), "{what}: {delivery}");
        assert!(receiver.received("/hook").is_empty(), "{what}");
        assert!(receiver.connections() > 0, "{what}");
    }
    admin.webhook(&good, "/hook", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    good.wait_for("/hook", 1).await;
}

#[tokio::test]
async fn an_answer_of_any_bytes_is_kept_and_shown() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    receiver.script("/bytes", |_| Reply::status(500).body(b"a\0b\xff\xfe\xc3".to_vec()));
    let delivery = outcome(&admin, &publisher, &receiver.url("/bytes")).await;
    assert_eq!(delivery["response_body"], "a\0b\u{fffd}\u{fffd}\u{fffd}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_no_http_is_no_answer() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher) = once(&[&receiver]).await;
    let broken: [(&str, Reply); 4] = [
        ("closed", Reply::close()),
        ("not HTTP", Reply::raw("SSH-2.0-OpenSSH_9.6\r\n\r\n")),
        ("half a head", Reply::raw("HTTP/1.1 200 OK\r\nContent-Le")),
        ("half a body", Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
    ];
    for (what, reply) in broken {
        receiver.script("/broken", move |_| reply.clone());
        let delivery = outcome(&admin, &publisher, &receiver.url("/broken")).await;
        assert!(error(&delivery).starts_with("the connection broke"), "{what}: {delivery}");
        assert!(delivery.get("response_status").is_none(), "{what}: {delivery}");
    }
}

/// The database refuses one outcome, for whatever reason: all others are written.
#[tokio::test]
async fn an_outcome_that_is_refused_keeps_no_other_waiting() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let whole = admin.webhook(&receiver, "/whole", &["lookup.completed"]).await;
    admin.webhook(&receiver, "/refused", &["lookup.completed"]).await;
    receiver.script("/refused", |_| Reply::status(418));
    let refuse = "create trigger refuse before insert on deliveries when new.response_status = 418
                  begin select raise(abort, 'refused'); end";
    execute(&server.setup().database_file(), refuse).await;
    for n in 0..20 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    admin
        .deliveries_when(&whole.id, "all successful", |all| {
            all.len() == 20 && all.iter().all(|one| one["status"] == "success")
        })
        .await;
}

/// While outcomes can't be written nothing more is sent, health says so, and none is lost or sent twice.
#[tokio::test]
async fn a_store_that_takes_no_outcomes_stops_sending_until_it_does() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let file = server.setup().database_file();
    execute(&file, "alter table deliveries rename to away").await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/hook", 1).await;
    let unwell = async {
        while server.anonymous().get("/api/health").await.status != 503 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(encrata_webhooks_tests::PATIENCE, unwell).await.unwrap();
    for n in 2..=5 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    assert_eq!(receiver.received("/hook").len(), 1, "more was sent");

    execute(&file, "alter table away rename to deliveries").await;
    let all = |all: &[Value]| all.len() == 5 && all.iter().all(|one| one["status"] == "success");
    admin.deliveries_when(&hook.id, "all delivered", all).await;
    assert_eq!(receiver.received("/hook").len(), 5, "each was sent once");
    server.anonymous().get("/api/health").await.expect(200);
}

/// Also what is in memory already, behind the requests in flight to a webhook that answers quickly, waits until
/// outcomes can be written again: else each of them would be sent once more if the server ended now.
#[tokio::test]
async fn what_was_leased_ahead_waits_while_no_outcome_can_be_written() {
    const IN_FLIGHT: usize = 64;
    const ALL: usize = 500;
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    admin.webhook(&receiver, "/other", &["credits.low"]).await;
    // Only what has just answered quickly is leased ahead of its turn, and a busy machine may be slow at first.
    let mut first = 0;
    loop {
        first += 1;
        publisher.lookup(&admin.workspace_id, &format!("first_{first}")).await;
        let done = admin.deliveries_when(&hook.id, "done", |all| {
            all.len() == first && all.iter().all(|one| one["status"] == "success")
        });
        if done.await[0]["attempt_log"][0]["duration_ms"].as_i64().unwrap() < 50 {
            break;
        }
    }

    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |_| Reply::ok().after(&held));
    let batch: Vec<Value> = (0..ALL)
        .map(|n| {
            json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
            "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
        })
        .collect();
    publisher.post("/api/events/batch", json!(batch)).await.expect(202);
    receiver.wait_for("/hook", first + IN_FLIGHT).await;
    server.metrics_when("leased ahead", |scrape| scrape.value("encrata_webhooks_due") == 0.0).await;

    let file = server.setup().database_file();
    execute(&file, "alter table deliveries rename to away").await;
    publisher
        .publish(&admin.workspace_id, "credits.low", json!({"credits_remaining": 5, "threshold": 10}))
        .await
        .expect(202);
    server.metrics_when("stuck", |scrape| scrape.value("encrata_store_stuck") == 1.0).await;
    gate.open();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(receiver.received("/hook").len(), first + IN_FLIGHT, "more was sent");

    execute(&file, "alter table away rename to deliveries").await;
    let written =
        |scrape: &Scrape| scrape.value("encrata_deliveries_delivered_total") == (first + ALL + 1) as f64;
    server.metrics_when("all delivered", written).await;
    assert_eq!(receiver.received("/hook").len(), first + ALL, "each was sent once");
}
