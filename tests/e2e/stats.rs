//! How deliveries went: counts over time, and each webhook at a glance.

use encrata_webhooks_tests::{Api, PATIENCE, Postgres, Receiver, Reply, Server, Setup};
use serde_json::{Value, json};

/// Sums of all buckets: delivered, failed, retried.
fn sums(stats: &Value) -> [i64; 3] {
    let buckets = stats["buckets"].as_array().unwrap();
    ["delivered", "failed", "retried"]
        .map(|what| buckets.iter().map(|bucket| bucket[what].as_i64().unwrap()).sum())
}

async fn stats(api: &Api, query: &str) -> Value {
    api.get(&format!("/api/webhooks/stats?{query}")).await.expect(200).json()
}

/// Waits until counts are as wanted: they come a moment after the outcomes.
async fn stats_when(api: &Api, query: &str, wanted: [i64; 3]) -> Value {
    let mut last = Value::Null;
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            last = stats(api, query).await;
            if sums(&last) == wanted {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "{query} never counted {wanted:?}: {:?}", sums(&last));
    last
}

#[tokio::test]
async fn attempts_are_counted_by_what_came_of_them() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let good = admin.webhook(&receiver, "/good", &["lookup.completed"]).await;
    let bad = admin.webhook(&receiver, "/bad", &["lookup.completed"]).await;
    receiver.script("/bad", |_| Reply::status(500));
    for n in 0..3 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    admin.post("/api/webhooks/test", json!({"id": good.id})).await.expect(200);
    // Five retries each, and no test send.
    let all = stats_when(&admin, "step=minute", [3, 3, 15]).await;
    assert_eq!((&all["step_seconds"], all["buckets"].as_array().unwrap().len()), (&json!(60), 60));
    let used: Vec<&Value> =
        all["buckets"].as_array().unwrap().iter().filter(|bucket| !bucket["p50_ms"].is_null()).collect();
    assert!((1..=3).contains(&used.len()), "{used:?}");
    assert!(used[0]["p50_ms"].as_i64().unwrap() <= used[0]["p95_ms"].as_i64().unwrap(), "{used:?}");
    for step in ["minute", "hour", "day"] {
        let of = |id: &str| format!("step={step}&webhook_id={id}");
        assert_eq!(sums(&stats(&admin, &of(&good.id)).await), [3, 0, 0], "{step}");
        assert_eq!(sums(&stats(&admin, &of(&bad.id)).await), [0, 3, 15], "{step}");
    }
    let overview = admin.get("/api/webhooks/overview").await.expect(200).json();
    let glances = overview.as_array().unwrap();
    assert_eq!((glances.len(), &glances[0]["webhook_id"]), (2, &json!(good.id)));
    for (glance, counts, rate, status, failed) in
        [(&glances[0], [3, 0, 0], 1.0, "success", 0), (&glances[1], [0, 3, 15], 0.0, "failed", 18)]
    {
        let counted =
            ["delivered_24h", "failed_24h", "retried_24h"].map(|name| glance[name].as_i64().unwrap());
        assert_eq!(counted, counts, "{glance}");
        assert_eq!((&glance["success_rate"], &glance["last_status"]), (&json!(rate), &json!(status)));
        assert_eq!((&glance["waiting"], glance["last_delivery_at"].is_string()), (&json!(0), true));
        let hourly = glance["hourly"].as_array().unwrap();
        let of_hours = |name: &str| hourly.iter().map(|hour| hour[name].as_i64().unwrap()).sum::<i64>();
        assert_eq!((hourly.len(), of_hours("delivered"), of_hours("failed")), (24, counts[0], failed));
    }
    // Nothing of another workspace.
    let stranger = server.key("other", "admin");
    assert_eq!(sums(&stats(&stranger, "step=minute").await), [0, 0, 0]);
    assert_eq!(stranger.get("/api/webhooks/overview").await.expect(200).text, "[]");
    for (query, says) in
        [("step=second", "minute, hour or day"), ("step=minute&since=2026-01-01T00:00:00Z", "1500 at most")]
    {
        let refused = admin.get(&format!("/api/webhooks/stats?{query}")).await.expect(400);
        assert!(refused.error().contains(says), "{refused:?}");
    }
}

#[tokio::test]
async fn counts_outlive_a_stop() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    admin.delivery_when(&hook.id, "success").await;
    let (setup, status, log) = server.terminate().await;
    assert!(status.success(), "{log}");
    let server = setup.start().await;
    let admin = server.rebase(&admin);
    assert_eq!(sums(&stats(&admin, "step=hour").await), [1, 0, 0]);
    let overview = admin.get("/api/webhooks/overview").await.expect(200).json();
    assert_eq!((&overview[0]["delivered_24h"], &overview[0]["last_status"]), (&json!(1), &json!("success")));
}

#[tokio::test]
async fn nodes_count_together() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let node = async || Setup::new().trusting(&[&receiver]).on_postgres(&url).start().await;
    let (one, other) = (node().await, node().await);
    let (admin, publisher) = one.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    for n in 0..10 {
        let by = if n % 2 == 0 { publisher.clone() } else { other.rebase(&publisher) };
        by.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    let query = format!("webhook_id={}&step=minute", hook.id);
    for node in [&one, &other] {
        stats_when(&node.rebase(&admin), &query, [10, 0, 0]).await;
    }
}
