//! The rate limit on webhooks.

use encrata_webhooks_tests::{Answer, Api, Setup};
use serde_json::json;

fn number(answer: &Answer, name: &str) -> i64 {
    answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}")).parse().unwrap()
}

/// Five requests of one minute: the count starts again with each, so it may have to be tried again.
async fn five(admin: &Api) -> Vec<Answer> {
    for _ in 0..5 {
        let answers = vec![
            admin.get("/api/webhooks").await.expect(200),
            admin.get("/api/webhooks?id=42").await.expect(404),
            admin.patch("/api/webhooks").await.expect(405),
            admin.get("/api/webhooks").await,
            admin.patch("/api/webhooks/test").await,
        ];
        let reset = number(&answers[0], "x-ratelimit-reset");
        if number(&answers[0], "x-ratelimit-remaining") == 2
            && answers.iter().all(|answer| number(answer, "x-ratelimit-reset") == reset)
        {
            return answers;
        }
        // The next minute is the event to wait for.
        let now_s = encrata_webhooks_server::clock::now_ms() / 1000;
        let left = u64::try_from(reset - now_s).unwrap_or(0);
        tokio::time::sleep(std::time::Duration::from_secs(left + 1)).await;
    }
    panic!("no minute was long enough");
}

#[tokio::test]
async fn every_answer_says_where_the_key_stands_and_the_last_is_429() {
    let server = Setup::new().option("--webhook-rate-limit", "3").start().await;
    let admin = server.key("acme", "admin");
    let answers = five(&admin).await;
    for (answer, remaining) in answers.iter().zip([2, 1, 0, 0, 0]) {
        assert_eq!(
            (number(answer, "x-ratelimit-limit"), number(answer, "x-ratelimit-remaining")),
            (3, remaining)
        );
    }
    let now_s = encrata_webhooks_server::clock::now_ms() / 1000;
    let refused = answers[3].clone().expect(429);
    assert_eq!(refused.json(), json!({"error": "Rate limit exceeded. Please try again later."}));
    assert!((1..=60).contains(&number(&refused, "retry-after")), "{refused:?}");
    let reset_s = number(&refused, "x-ratelimit-reset");
    assert!((now_s - 60..=now_s + 60).contains(&reset_s), "{reset_s} at {now_s}");
    // Another key has its own count, and the limit is on webhooks alone.
    server.key("acme", "member").get("/api/webhooks").await.expect(200);
    assert!(admin.get("/api/me").await.expect(200).header("x-ratelimit-limit").is_none());
}

#[tokio::test]
async fn thirty_is_the_default_and_zero_is_off() {
    let server = Setup::bare().start().await;
    let answer = server.key("acme", "admin").get("/api/webhooks").await.expect(200);
    assert_eq!((number(&answer, "x-ratelimit-limit"), number(&answer, "x-ratelimit-remaining")), (30, 29));

    let server = Setup::bare().option("--webhook-rate-limit", "0").start().await;
    let admin = server.key("acme", "admin");
    for _ in 0..40 {
        assert!(admin.get("/api/webhooks").await.expect(200).header("x-ratelimit-limit").is_none());
    }
}
