//! A webhook that is slow, gone, failing or limited is dealt with as a whole, and costs no other; on both databases.

use encrata_webhooks_tests::{Api, Gate, Postgres, Receiver, Reply, Setup};
use serde_json::{Value, json};

const RETRY: &str = "/api/webhooks/deliveries/retry";

/// Runs cases on both databases.
macro_rules! on_both {
    ($($case:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Setup::new()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                let Some(postgres) = super::Postgres::shared() else { return };
                let database = postgres.new_database().await;
                super::$case(super::Setup::new().on_postgres(&database)).await;
            })*
        }
    };
}

on_both! {
    a_slow_answer_slows_the_whole_webhook_and_no_other
    what_is_gone_is_switched_off_until_it_is_switched_on
    what_fails_for_too_long_is_switched_off
    a_rate_limit_is_set_kept_and_lifted
    receivers_that_hang_hold_up_no_other
}

async fn view(admin: &Api, hook: &str) -> Value {
    admin.get(&format!("/api/webhooks?id={hook}")).await.expect(200).json()
}

/// Waits until a webhook is as wanted. The API has no event to await, so it is asked again.
async fn view_when(admin: &Api, hook: &str, enough: impl Fn(&Value) -> bool) -> Value {
    let waited = async {
        loop {
            let view = view(admin, hook).await;
            if enough(&view) {
                return view;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(encrata_webhooks_tests::PATIENCE, waited).await.unwrap()
}

fn batch(admin: &Api, n: usize) -> Value {
    let event = |n| {
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
               "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
    };
    (0..n).map(event).collect()
}

async fn a_slow_answer_slows_the_whole_webhook_and_no_other(setup: Setup) {
    let receiver = Receiver::start().await;
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/other", &["lookup.completed"]).await;
    let mut slow = Vec::new();
    for (path, status) in [("/429", 429), ("/503", 503)] {
        slow.push((path, admin.webhook(&receiver, path, &["lookup.completed"]).await));
        receiver.script(path, move |request| match request.nth {
            1 => Reply::status(status).header("Retry-After", "600"),
            _ => Reply::ok(),
        });
    }
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    for (_, hook) in &slow {
        admin.deliveries_when(&hook.id, "tried", |found| found.len() == 1 && found[0]["attempts"] == 1).await;
    }
    publisher.post("/api/events/batch", batch(&admin, 20)).await.expect(202);
    publisher.lookup(&admin.workspace_id, "lu_last").await;
    receiver.wait_for("/other", 22).await;
    for (path, hook) in &slow {
        assert_eq!(receiver.received(path).len(), 1, "{path} got more within its ten minutes");
        assert_eq!(admin.deliveries(&hook.id, "&status=pending").await.len(), 22);
        let (view, url) = (view(&admin, &hook.id).await, &hook.url);
        assert_eq!((&view["is_active"], &view["failing_since"].is_string()), (&json!(true), &true), "{view}");
        // Whoever switches it on knows better.
        admin.put("/api/webhooks", json!({"id": hook.id, "url": url, "is_active": true})).await.expect(200);
        receiver.wait_for(path, 22).await;
    }
}

async fn what_is_gone_is_switched_off_until_it_is_switched_on(setup: Setup) {
    let receiver = Receiver::start().await;
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |request| Reply::status(if request.nth == 1 { 410 } else { 200 }));
    let answered = publisher.lookup(&admin.workspace_id, "lu_1").await;
    let off = view_when(&admin, &hook.id, |view| view["is_active"] == false).await;
    assert!(
        off["disabled_reason"].as_str().unwrap().contains("410") && off["disabled_at"].is_string(),
        "{off}"
    );
    assert_eq!(admin.get("/api/webhooks").await.json(), json!([off]));

    let data = json!({"email": "ada@example.com", "lookup_id": "lu_2"});
    let accepted = publisher.publish(&admin.workspace_id, "lookup.completed", data).await.expect(202).json();
    assert_eq!(accepted["deliveries"], 0);
    let missed = json!({"webhook_id": hook.id, "since": "2020-01-01T00:00:00Z", "missed": true});
    admin.post(RETRY, missed.clone()).await.expect(409);
    let on = json!({"id": hook.id, "url": hook.url, "is_active": true});
    admin.put("/api/webhooks", on).await.expect(200);
    let on = view(&admin, &hook.id).await;
    for gone in ["disabled_reason", "disabled_at", "failing_since"] {
        assert!(on.get(gone).is_none(), "{on}");
    }
    for deliveries in [1, 0] {
        let queued = admin.post(RETRY, missed.clone()).await.expect(202).json();
        assert_eq!(queued, json!({"status": "queued", "deliveries": deliveries}));
    }
    let all = |found: &[Value]| found.len() == 2 && found.iter().all(|one| one["status"] == "success");
    admin.deliveries_when(&hook.id, "both delivered", all).await;
    let ids = receiver.ids("/hook");
    assert_eq!(ids.len(), 2);
    assert_eq!((ids[&answered], ids[accepted["id"].as_str().unwrap()]), (2, 1));
}

async fn what_fails_for_too_long_is_switched_off(setup: Setup) {
    let receiver = Receiver::start().await;
    let schedule = ["50ms"; 400].join(",");
    let setup = setup.option("--disable-after", "1s").option("--retry-schedule", &schedule);
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let failing = admin.webhook(&receiver, "/failing", &["lookup.completed"]).await;
    let works = admin.webhook(&receiver, "/works", &["lookup.completed"]).await;
    receiver.script("/failing", |_| Reply::status(500));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let off = view_when(&admin, &failing.id, |view| view["is_active"] == false).await;
    assert!(off["disabled_reason"].as_str().unwrap().contains("too long"), "{off}");
    let at = |name: &str| encrata_webhooks_server::clock::parse_rfc3339(off[name].as_str().unwrap()).unwrap();
    assert!(at("disabled_at") - at("failing_since") >= 1000, "{off}");
    assert_eq!(view(&admin, &works.id).await["is_active"], true);
    // What waited goes on waiting.
    assert_eq!(admin.deliveries(&failing.id, "&status=pending").await.len(), 1);
    receiver.script("/failing", |_| Reply::ok());
    let on = json!({"id": failing.id, "url": failing.url, "is_active": true});
    admin.put("/api/webhooks", on).await.expect(200);
    admin.delivery_when(&failing.id, "success").await;
}

async fn a_rate_limit_is_set_kept_and_lifted(setup: Setup) {
    let receiver = Receiver::start().await;
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let new = json!({"url": receiver.url("/hook"), "events": ["lookup.completed"], "rate_limit": 2});
    let made = admin.post("/api/webhooks", new.clone()).await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    let limit = async || view(&admin, id).await.get("rate_limit").cloned();
    assert_eq!((&made["rate_limit"], limit().await), (&json!(2), Some(json!(2))));

    // A second's worth at once, the others in their time.
    let began_ms = encrata_webhooks_server::clock::now_ms();
    publisher.post("/api/events/batch", batch(&admin, 5)).await.expect(202);
    let last = receiver.wait_for("/hook", 5).await.remove(4);
    assert!(last.at_ms - began_ms >= 1500, "five at two a second: {} ms", last.at_ms - began_ms);

    for wrong in [json!(10_001), json!(-1), json!(1.5), json!("2")] {
        let mut body = new.clone();
        body["rate_limit"] = wrong.clone();
        let refused = admin.post("/api/webhooks", body).await.expect(400);
        assert!(wrong != 10_001 || refused.error().contains("rate_limit"), "{refused:?}");
        let change = json!({"id": id, "url": receiver.url("/hook"), "rate_limit": wrong});
        admin.put("/api/webhooks", change).await.expect(400);
    }
    let change = async |rate_limit: Value| {
        let change = json!({"id": id, "url": receiver.url("/hook"), "rate_limit": rate_limit});
        admin.put("/api/webhooks", change).await.expect(200);
    };
    change(Value::Null).await;
    assert_eq!(limit().await, Some(json!(2)));
    change(json!(10_000)).await;
    assert_eq!(limit().await, Some(json!(10_000)));
    change(json!(0)).await;
    assert_eq!(limit().await, None);
    publisher.post("/api/events/batch", batch(&admin, 100)).await.expect(202);
    receiver.wait_for("/hook", 105).await;
}

async fn receivers_that_hang_hold_up_no_other(setup: Setup) {
    let receiver = Receiver::start().await;
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hanging = ["/hangs-1", "/hangs-2", "/hangs-3"];
    let gate = Gate::new();
    for path in hanging {
        admin.webhook(&receiver, path, &["lookup.completed"]).await;
        let held = gate.clone();
        receiver.script(path, move |_| Reply::ok().after(&held));
    }
    publisher.post("/api/events/batch", batch(&admin, 80)).await.expect(202);
    for path in hanging {
        receiver.wait_for(path, 1).await;
    }
    let other = server.key("other", "admin");
    other.webhook(&receiver, "/answers", &["lookup.completed"]).await;
    for n in 1..=20 {
        publisher.lookup(&other.workspace_id, &format!("lu_{n}")).await;
        receiver.wait_for("/answers", n).await;
    }
    gate.open();
    for path in hanging {
        let all = |ids: &encrata_webhooks_tests::Ids| ids.len() == 80;
        receiver.wait_for_ids(path, "what waited", encrata_webhooks_tests::PATIENCE, all).await;
    }
}
