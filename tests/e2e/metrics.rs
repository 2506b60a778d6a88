//! What is counted and measured, and who may see it.

use encrata_webhooks_tests::{Gate, MASTER_KEY, Postgres, Receiver, Reply, Scrape, Setup};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::sql::execute;

/// A port on which nobody listens.
async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

/// What the metrics say, and what they should.
#[track_caller]
fn assert_all(scrape: &Scrape, expected: &[(&str, f64)]) {
    let found: Vec<_> = expected.iter().map(|(sample, _)| (*sample, scrape.value(sample))).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_happens_is_counted() {
    let receiver = Receiver::start().await;
    receiver.script("/flaky", |request| match request.nth {
        1 => Reply::status(500),
        2 => Reply::status(429).header("retry-after", "0"),
        _ => Reply::ok(),
    });
    receiver.script("/refuses", |_| Reply::status(404));
    receiver.script("/gone", |_| Reply::status(410));
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let closed = format!("https://127.0.0.1:{}/hook", closed_port().await);
    let urls = [
        receiver.url("/works"),
        receiver.url("/flaky"),
        receiver.url("/refuses"),
        receiver.url("/gone"),
        closed,
    ];
    let mut hooks = Vec::new();
    for url in &urls {
        hooks.push(admin.webhook_at(url, &["lookup.completed"]).await);
    }
    let event = json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
                       "data": {"email": "ada@example.com", "lookup_id": "lu_1"}});
    for _ in 0..2 {
        let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
        let body = Some(event.to_string().into());
        publisher.send(reqwest::Method::POST, "/api/events", &headers, body).await.expect(202);
    }
    publisher.post("/api/events", json!({"event": "no.such"})).await.expect(400);
    for (hook, status) in hooks.iter().zip(["success", "success", "failed", "pending", "failed"]) {
        admin.delivery_when(&hook.id, status).await;
    }

    let all_written = |scrape: &Scrape| {
        scrape.value(r#"encrata_store_group_rows_sum{group="finish"}"#) == 17.0
            && scrape.value("encrata_requests_in_flight") == 0.0
            && scrape.value("encrata_deliveries_failed_total") == 2.0
    };
    let scrape = server.metrics_when("all is written", all_written).await;
    assert_all(
        &scrape,
        &[
            ("encrata_events_accepted_total", 1.0),
            ("encrata_deliveries_accepted_total", 5.0),
            (r#"encrata_deliveries_started_total{path="warm"}"#, 5.0),
            (r#"encrata_deliveries_started_total{path="claimed"}"#, 12.0),
            ("encrata_deliveries_delivered_total", 2.0),
            ("encrata_deliveries_failed_total", 2.0),
            (r#"encrata_deliveries_retried_total{reason="5xx"}"#, 1.0),
            (r#"encrata_deliveries_retried_total{reason="429"}"#, 1.0),
            (r#"encrata_deliveries_retried_total{reason="4xx"}"#, 5.0),
            (r#"encrata_deliveries_retried_total{reason="410"}"#, 1.0),
            (r#"encrata_deliveries_retried_total{reason="connect"}"#, 5.0),
            (r#"encrata_deliveries_retried_total{reason="timeout"}"#, 0.0),
            (r#"encrata_webhooks_disabled_total{reason="gone"}"#, 1.0),
            (r#"encrata_webhooks_disabled_total{reason="failing"}"#, 0.0),
            ("encrata_leases_lost_total", 0.0),
            ("encrata_deliveries_expired_total", 0.0),
            ("encrata_request_bytes_in_flight", 0.0),
            ("encrata_store_stuck", 0.0),
            ("encrata_publish_seconds_count", 2.0),
            ("encrata_attempt_seconds_count", 17.0),
            ("encrata_delivery_seconds_count", 2.0),
            (r#"encrata_store_group_rows_sum{group="record"}"#, 2.0),
            (r#"encrata_store_group_errors_total{group="record"}"#, 0.0),
            (r#"encrata_http_requests_total{method="POST",route="/api/events",status="2xx"}"#, 2.0),
            (r#"encrata_http_requests_total{method="POST",route="/api/events",status="4xx"}"#, 1.0),
        ],
    );
    for histogram in ["encrata_attempt_seconds", "encrata_publish_seconds"] {
        let sum = scrape.value(&format!("{histogram}_sum"));
        assert!(sum > 0.0 && sum < 60.0, "{histogram}: {sum} s");
    }
    assert!(scrape.value(r#"encrata_store_group_seconds_sum{group="record"}"#) > 0.0);
    #[cfg(target_os = "linux")]
    assert!(scrape.value("process_resident_memory_bytes") > 1_000_000.0);
}

/// The sample that is left of the gone webhook's delivery is seen by the next start, which counts at once.
#[tokio::test]
async fn the_queue_is_counted_and_what_outlives_its_time_expires() {
    let receiver = Receiver::start().await;
    receiver.script("/gone", |_| Reply::status(410));
    let setup = Setup::new().env("ENCRATA_MASTER_KEY", MASTER_KEY).trusting(&[&receiver]);
    let server = setup.start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/gone", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let attempted = |all: &[Value]| all.len() == 1 && all[0]["attempts"] == 1;
    admin.deliveries_when(&hook.id, "one attempt", attempted).await;
    let (setup, _, _) = server.terminate().await;

    let server = setup.start().await;
    let scrape =
        server.metrics_when("counted", |scrape| scrape.value("encrata_deliveries_waiting") == 1.0).await;
    let unseen = [("encrata_webhooks_waiting", 0.0), ("encrata_oldest_due_seconds", 0.0)];
    assert_all(&scrape, &unseen);
    let (setup, _, _) = server.terminate().await;

    // Ids begin with their time.
    execute(&setup.database_file(), "update queue set id = '0190' || substr(id, 5)").await;
    let server = setup.start().await;
    server.metrics_when("expired", |scrape| scrape.value("encrata_deliveries_expired_total") == 1.0).await;
}

#[tokio::test]
async fn a_backlog_shows_its_age_until_it_is_gone() {
    let receiver = Receiver::start().await;
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/slow", move |_| Reply::ok().after(&held));
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/slow", &["lookup.completed"]).await;
    let event = json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
                       "data": {"email": "ada@example.com", "lookup_id": "lu_1"}});
    publisher.post("/api/events/batch", json!(vec![event; 100])).await.expect(202);
    let behind = |scrape: &Scrape| {
        scrape.value("encrata_oldest_due_seconds") > 0.0 && scrape.value("encrata_webhooks_due") == 1.0
    };
    let scrape = server.metrics_when("some wait", behind).await;
    assert_eq!(scrape.value("encrata_requests_in_flight"), 64.0);
    assert!(scrape.value("encrata_request_bytes_in_flight") > 64.0 * 100.0);
    assert_eq!(scrape.value("encrata_webhooks_waiting"), 1.0);
    gate.open();
    let through = |scrape: &Scrape| {
        scrape.value("encrata_deliveries_delivered_total") == 100.0
            && scrape.value("encrata_oldest_due_seconds") == 0.0
            && scrape.value("encrata_webhooks_waiting") == 0.0
            && scrape.value("encrata_requests_in_flight") == 0.0
    };
    server.metrics_when("none wait", through).await;
}

#[tokio::test]
async fn a_store_that_takes_no_outcomes_is_stuck() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let file = server.setup().database_file();
    execute(&file, "alter table deliveries rename to elsewhere").await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let stuck = |scrape: &Scrape| {
        scrape.value("encrata_store_stuck") == 1.0
            && scrape.value(r#"encrata_store_group_errors_total{group="finish"}"#) > 0.0
    };
    server.metrics_when("stuck", stuck).await;
    execute(&file, "alter table elsewhere rename to deliveries").await;
    server.metrics_when("free", |scrape| scrape.value("encrata_store_stuck") == 0.0).await;
    admin.delivery_when(&hook.id, "success").await;
}

#[tokio::test]
async fn a_lost_lease_and_a_webhook_that_fails_for_too_long_are_counted() {
    let receiver = Receiver::start().await;
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/slow", move |_| Reply::ok().after(&held));
    receiver.script("/fails", |_| Reply::status(500));
    let server = Setup::new().trusting(&[&receiver]).option("--disable-after", "1ms").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/slow", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/slow", 1).await;
    execute(&server.setup().database_file(), "update queue set epoch = epoch + 1").await;
    gate.open();
    server.metrics_when("lost", |scrape| scrape.value("encrata_leases_lost_total") == 1.0).await;
    admin.webhook(&receiver, "/fails", &["credits.exhausted"]).await;
    let data = json!({"credits_remaining": 0});
    publisher.publish(&admin.workspace_id, "credits.exhausted", data).await.expect(202);
    let disabled = r#"encrata_webhooks_disabled_total{reason="failing"}"#;
    let scrape = server.metrics_when("disabled", |scrape| scrape.value(disabled) == 1.0).await;
    assert_eq!(scrape.value("encrata_deliveries_delivered_total"), 0.0);
}

#[tokio::test]
async fn beside_the_api_they_are_for_this_machine_only() {
    let server = Setup::new().start().await;
    let nobody = server.anonymous();
    let answer = nobody.get("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for forwarded in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "hooks.example.com"),
        ("cf-connecting-ip", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        let refused = nobody.send(reqwest::Method::GET, "/metrics", &[forwarded], None).await.expect(403);
        assert!(refused.error().contains("--metrics-listen"), "{refused:?}");
    }
    nobody.post("/metrics", json!({})).await.expect(405);
    nobody.get("/api/metrics").await.expect(404);
}

/// A server with a public URL has a proxy before it, which may be one that marks nothing.
#[tokio::test]
async fn behind_a_public_url_they_are_beside_the_api_for_nobody() {
    for (url, status) in
        [("https://hooks.example.com", 403), ("http://localhost:8080", 200), ("http://127.0.0.1:8080", 200)]
    {
        let server = Setup::new().option("--public-url", url).start().await;
        server.anonymous().get("/metrics").await.expect(status);
    }
}

#[tokio::test]
async fn on_an_address_of_their_own_they_are_nowhere_else() {
    let server = Setup::new().option("--metrics-listen", "127.0.0.1:0").start().await;
    server.anonymous().get("/metrics").await.expect(404);
    let url = server.metrics_url().await;
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.status(), 200);
    Scrape::parse(&answer.text().await.unwrap()).value("encrata_events_accepted_total");
    for path in ["api/health", ""] {
        let elsewhere = url.replace("metrics", path);
        assert_eq!(reqwest::get(&elsewhere).await.unwrap().status(), 404, "{elsewhere}");
    }
    let (_, status, _) = server.terminate().await;
    assert!(status.success());

    let finished = Setup::new().option("--metrics-listen", "nowhere").serve_to_the_end();
    assert!(finished.code == Some(1) && finished.stderr.contains("cannot listen on nowhere"), "{finished:?}");
}

#[tokio::test]
async fn labels_name_nothing_of_a_customer() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/mark-path", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "mark-data").await;
    admin.delivery_when(&hook.id, "success").await;
    admin.get(&format!("/api/webhooks?id={}", hook.id)).await.expect(200);
    admin.get("/mark-unknown/path").await.expect(404);
    admin.send("MARK".parse().unwrap(), "/api/webhooks", &[], None).await.expect(405);
    let scrape = server.scrape().await;
    let known = ["group=", "le=", "limit=", "method=", "path=", "reason=", "result=", "route=", "status="];
    for label in scrape.labels() {
        assert!(known.iter().any(|name| label.starts_with(name)), "{label}");
        let shown = label.to_lowercase();
        for secret in ["mark", "acme", "127.0.0.1", &hook.id, &hook.secret, &admin.workspace_id, "enc_live"] {
            assert!(!shown.contains(secret), "{label}");
        }
    }
    assert_eq!(scrape.value(r#"encrata_http_requests_total{method="GET",route="none",status="4xx"}"#), 1.0);
    assert_eq!(
        scrape.value(r#"encrata_http_requests_total{method="other",route="/api/webhooks",status="4xx"}"#),
        1.0
    );
}

/// A transaction that stays open keeps vacuum from its work, on PostgreSQL. One that hangs costs a scrape nothing.
#[tokio::test]
async fn the_oldest_snapshot_of_postgres_is_watched_and_no_scrape_waits_for_it() {
    if !Postgres::available() {
        return;
    }
    let postgres = Postgres::start().unwrap();
    let url = postgres.new_database().await;
    let mut reader = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("begin isolation level repeatable read; select 1").execute(&mut reader).await.unwrap();
    for _ in 0..5 {
        postgres.execute("select txid_current()").await;
    }
    let server = Setup::new().on_postgres(&url).start().await;
    let seen = |scrape: &Scrape| scrape.value("encrata_store_seen_timestamp_seconds") > 0.0;
    let scrape = server.metrics_when("looked at", seen).await;
    assert!(scrape.value("encrata_store_oldest_snapshot_seconds") > 0.0);
    assert!(scrape.value("encrata_store_oldest_snapshot_transactions") >= 5.0);
    postgres.kill();
    server.anonymous().get("/api/health/ready").await.expect(503);
    server.anonymous().get("/api/health/live").await.expect(200);
    server.scrape().await;
}
