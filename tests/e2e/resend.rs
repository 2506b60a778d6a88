//! Sending again.

use encrata_webhooks_tests::{Api, Gate, Receiver, Reply, Setup, run_with};
use serde_json::{Value, json};

const RETRY: &str = "/api/webhooks/deliveries/retry";

async fn only_delivery(admin: &Api, hook: &str, status: &str) -> Value {
    admin.delivery_when(hook, status).await
}

#[tokio::test]
async fn one_delivery_is_sent_again_whatever_came_of_it() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "20ms").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |request| Reply::status(if request.nth <= 2 { 500 } else { 200 }));
    let id = publisher.lookup(&admin.workspace_id, "lu_1").await;
    let failed = only_delivery(&admin, &hook.id, "failed").await;
    assert_eq!(failed["attempts"], 2);

    let queued = admin.post(RETRY, json!({"id": failed["id"]})).await.expect(202).json();
    assert_eq!(queued, json!({"status": "queued", "deliveries": 1}));
    let sent = only_delivery(&admin, &hook.id, "success").await;
    assert_eq!((&sent["id"], &sent["attempts"]), (&failed["id"], &json!(3)));
    admin.post(RETRY, json!({"id": failed["id"]})).await.expect(202);
    let enough = |found: &[Value]| found[0]["attempts"] == 4 && found[0]["status"] == "success";
    let again = admin.deliveries_when(&hook.id, "sent again", enough).await.remove(0);
    assert_eq!(again["attempt_log"].as_array().unwrap().len(), 4);
    let requests = receiver.received("/hook");
    assert!(requests.len() == 4 && requests.iter().all(|request| request.header("webhook-id") == id));
}

#[tokio::test]
async fn a_resend_starts_the_schedule_again() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "20ms").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |_| Reply::status(500));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let failed = only_delivery(&admin, &hook.id, "failed").await;
    admin.post(RETRY, json!({"id": failed["id"]})).await.expect(202);
    let enough = |found: &[Value]| found[0]["status"] == "failed" && found[0]["attempts"] == 4;
    admin.deliveries_when(&hook.id, "two more attempts", enough).await;
}

#[tokio::test]
async fn all_that_failed_since_a_time_are_sent_again() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |request| match request.json()["data"]["lookup_id"].as_str() {
        Some("lu_good") => Reply::ok(),
        _ => Reply::status(500),
    });
    let settled =
        |n: usize| move |found: &[Value]| found.len() == n && found.iter().all(|d| d["status"] != "pending");
    publisher.lookup(&admin.workspace_id, "lu_before").await;
    admin.deliveries_when(&hook.id, "one", settled(1)).await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    publisher.lookup(&admin.workspace_id, "lu_good").await;
    for n in 0..3 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    let found = admin.deliveries_when(&hook.id, "five", settled(5)).await;
    let since = found[3]["created_at"].clone();
    assert_eq!(found[3]["status"], "success");

    receiver.script("/hook", |_| Reply::ok());
    let queued = admin.post(RETRY, json!({"webhook_id": hook.id, "since": since})).await.expect(202).json();
    assert_eq!(queued["deliveries"], 3);
    let enough = |found: &[Value]| found.iter().filter(|d| d["status"] == "success").count() == 4;
    let found = admin.deliveries_when(&hook.id, "all but the first", enough).await;
    assert_eq!(found[4]["status"], "failed");
    assert_eq!(receiver.received("/hook").len(), 8);
    let queued = admin.post(RETRY, json!({"webhook_id": hook.id, "since": since})).await.expect(202).json();
    assert_eq!(queued["deliveries"], 0);
}

#[tokio::test]
async fn a_paused_webhook_is_not_sent_to_again() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let sent = only_delivery(&admin, &hook.id, "success").await;
    let pause = json!({"id": hook.id, "url": hook.url, "is_active": false});
    admin.put("/api/webhooks", pause).await.expect(200);
    let since = "2020-01-01T00:00:00Z";
    for what in [json!({"id": sent["id"]}), json!({"webhook_id": hook.id, "since": since})] {
        let refused = admin.post(RETRY, what).await.expect(409);
        assert!(refused.error().contains("paused"), "{refused:?}");
    }
    assert_eq!(admin.deliveries(&hook.id, "").await[0]["status"], "success");
}

/// A resend while the delivery is being sent must neither lose the running attempt, nor send twice at once, nor be
/// accepted and forgotten.
#[tokio::test]
async fn a_resend_while_it_is_being_sent_leaves_the_attempt_alone() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |_| Reply::ok().after(&held));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/hook", 1).await;
    let sending = admin.deliveries(&hook.id, "").await.remove(0);
    let refused = admin.post(RETRY, json!({"id": sending["id"]})).await.expect(409);
    assert!(refused.error().contains("being sent"), "{refused:?}");
    gate.open();
    let sent = only_delivery(&admin, &hook.id, "success").await;
    assert_eq!(sent["attempts"], receiver.received("/hook").len());
}

/// The same on the command line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_sends_again_and_waits() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let resend = |more: &[&str]| {
        let env = [("ENCRATA_SERVER", server.base()), ("ENCRATA_API_KEY", admin.key.as_deref().unwrap())];
        run_with(&[&["resend"], more].concat(), b"", &env)
    };
    let since = ["--webhook", &*hook.id, "--since", "2026-01-01T00:00:00Z"];
    receiver.script("/hook", |_| Reply::status(500));
    for n in 0..3 {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    let failed = |found: &[Value]| found.len() == 3 && found.iter().all(|d| d["status"] == "failed");
    let found = admin.deliveries_when(&hook.id, "failed", failed).await;

    receiver.script("/hook", |_| Reply::ok());
    let one = resend(&[found[0]["id"].as_str().unwrap()]);
    assert!(one.code == Some(0) && one.stdout.contains("1 delivery is on its way"), "{one:?}");
    receiver.wait_for("/hook", 4).await;
    let rest = resend(&[&since[..], &["--wait", "--json"]].concat());
    assert_eq!((rest.code, &*rest.stderr), (Some(0), ""), "{rest:?}");
    let answer: Value = serde_json::from_str(&rest.stdout).unwrap();
    assert_eq!(answer, json!({"status": "queued", "deliveries": 2}));
    // It waited for them.
    assert_eq!(receiver.received("/hook").len(), 6);

    // What came while it was paused was never sent.
    let state = |is_active| json!({"id": hook.id, "url": hook.url, "is_active": is_active});
    admin.put("/api/webhooks", state(false)).await.expect(200);
    let missed = publisher.lookup(&admin.workspace_id, "lu_missed").await;
    let paused = resend(&since);
    assert!(paused.code == Some(1) && paused.stderr.contains("409: the webhook is paused"), "{paused:?}");
    admin.put("/api/webhooks", state(true)).await.expect(200);
    assert!(resend(&since).stdout.contains("0 deliveries"));
    let sent = resend(&[&since[..], &["--missed", "--wait"]].concat());
    assert!(sent.code == Some(0) && sent.stdout.contains("1 delivery"), "{sent:?}");
    assert_eq!(receiver.ids("/hook").get(&missed), Some(&1));

    for (more, code, says) in [
        (&[][..], 2, "<DELIVERY|--webhook <ID>>"),
        (&since[..2], 2, "--since"),
        (&["x", "--webhook", "y", "--since", "z"], 2, "cannot be used with"),
        (&["x", "--missed"], 2, "--webhook"),
        (&["x"], 1, "404: "),
        (&["--webhook", &hook.id, "--since", "yesterday"], 1, "400: since"),
    ] {
        let refused = resend(more);
        assert!(refused.code == Some(code) && refused.stderr.contains(says), "{refused:?}");
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    }
}

/// A server that takes a request and says nothing keeps nobody waiting for good.
#[tokio::test]
async fn a_silent_server_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    let to = "http://127.0.0.1:1/hook";
    for command in [
        &["trigger", "lookup.completed"][..],
        &["replay", "x", "--forward-to", to],
        &["resend", "x"],
        &["listen"],
    ] {
        let more = ["--server", &base, "--api-key", "x", "--timeout", "200ms"];
        let ended = run_with(&[command, &more].concat(), b"", &[]);
        assert!(ended.code == Some(1) && ended.stderr.contains("did not answer in"), "{ended:?}");
    }
}
