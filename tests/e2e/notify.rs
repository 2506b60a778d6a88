//! The operator and the admins are told when a webhook is switched off and when it works again; on both databases.

use encrata_webhooks_tests::{GOLDEN_SECRET, Postgres, Receiver, Reply, Setup, run};
use serde_json::{Value, json};

const NOTICES: &str = "/api/webhooks/notices";

#[tokio::test]
async fn notices_arrive_on_sqlite() {
    notices_arrive(Setup::new()).await;
}

#[tokio::test]
async fn notices_arrive_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    notices_arrive(Setup::new().on_postgres(&postgres.new_database().await)).await;
}

async fn notices_arrive(setup: Setup) {
    let receiver = Receiver::start().await;
    let secret = setup.path("notify-secret");
    std::fs::write(&secret, format!("{GOLDEN_SECRET}\n")).unwrap();
    let setup = setup
        .trusting(&[&receiver])
        .env("ENCRATA_NOTIFY_URL", &receiver.url("/ops?token=mark-token"))
        .option("--notify-secret-file", secret.to_str().unwrap())
        .option("--log", "trace");
    let server = setup.start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook_at(&receiver.url("/hook?token=mark-hook"), &["lookup.completed"]).await;
    // Both fail at first.
    receiver
        .script("/ops?token=mark-token", |request| Reply::status(if request.nth == 1 { 500 } else { 204 }));
    receiver
        .script("/hook?token=mark-hook", |request| Reply::status(if request.nth == 1 { 410 } else { 200 }));
    receiver.expect_secret("/ops?token=mark-token", GOLDEN_SECRET);

    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let came = receiver.wait_for("/ops?token=mark-token", 2).await;
    assert_eq!(came[0].body, came[1].body);
    assert_eq!(came[0].header("webhook-id"), came[1].header("webhook-id"));
    let event = came[1].verify(GOLDEN_SECRET).unwrap();
    assert_eq!(event.data.name(), "webhook.disabled");
    assert_eq!(came[1].header("x-encrata-event"), "webhook.disabled");
    let told = came[1].json();
    let origin = receiver.url("");
    let reason = told["data"]["reason"].as_str().unwrap();
    assert!(reason.contains("410"), "{told}");
    assert_eq!(
        told["data"],
        json!({
            "message": format!("The webhook at {origin} of acme was switched off: {reason}"),
            "origin": origin,
            "reason": reason,
            "webhook_id": hook.id,
            "workspace": "acme",
            "workspace_id": admin.workspace_id,
        })
    );
    let notices = admin.get(NOTICES).await.expect(200).json();
    let newest = &notices[0];
    assert_eq!(newest["id"], came[0].header("webhook-id"));
    assert_eq!((&newest["event"], &newest["webhook_id"]), (&json!("webhook.disabled"), &json!(hook.id)));
    assert_eq!((&newest["url"], &newest["reason"]), (&json!(hook.url), &json!(reason)));

    admin.put("/api/webhooks", json!({"id": hook.id, "url": hook.url, "is_active": true})).await.expect(200);
    publisher.lookup(&admin.workspace_id, "lu_2").await;
    let came = receiver.wait_for("/ops?token=mark-token", 3).await;
    assert_eq!(came[2].verify(GOLDEN_SECRET).unwrap().data.name(), "webhook.recovered");
    assert_eq!(came[2].json()["data"]["reason"], Value::Null);
    let notices = admin.get(NOTICES).await.expect(200).json();
    let events: Vec<&Value> = notices.as_array().unwrap().iter().map(|notice| &notice["event"]).collect();
    assert_eq!(events, ["webhook.recovered", "webhook.disabled"]);
    let readonly = server.key("acme", "readonly");
    assert_eq!(readonly.get(NOTICES).await.expect(200).json(), notices);
    assert_eq!(server.key("other", "admin").get(NOTICES).await.expect(200).json(), json!([]));

    let count = |result: &str| format!("encrata_notices_total{{result=\"{result}\"}}");
    let scrape = server.scrape().await;
    assert_eq!((scrape.value(&count("delivered")), scrape.value(&count("retried"))), (2.0, 1.0));
    let (_, _, log) = server.terminate().await;
    assert!(!log.contains("mark-token") && !log.contains("mark-hook"), "a URL may hold a token");
}

#[tokio::test]
async fn a_notice_that_waits_outlives_its_server() {
    let receiver = Receiver::start().await;
    // Nobody is told where there is no address.
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    receiver.script("/hook", |_| Reply::status(410));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let switched_off = |found: &[Value]| found.iter().any(|one| one["response_status"] == 410);
    admin.deliveries_when(&hook.id, "answered", switched_off).await;
    let setup = server.kill();
    let setup = setup.option("--notify-url", &receiver.url("/ops"));
    let _server = setup.start().await;
    let came = receiver.wait_for("/ops", 1).await.remove(0);
    assert_eq!(came.json()["event"], "webhook.disabled");
    // Without a secret there is nothing to sign with; what was had can be told all the same.
    assert!(came.has("webhook-id") && !came.has("webhook-signature") && !came.has("x-encrata-signature"));
}

#[test]
fn an_address_or_secret_that_can_not_be_used_is_told_at_the_start() {
    for (setup, says) in [
        (Setup::bare().option("--notify-url", "https://10.0.0.1/ops"), "--notify-url: "),
        (Setup::bare().option("--notify-url", "http://ops.example.com/"), "only https: URLs"),
        (Setup::bare().option("--notify-secret-file", "/nowhere"), "--notify-url"),
        (
            Setup::bare()
                .option("--notify-url", "https://ops.example.com/")
                .option("--notify-secret-file", "/nowhere"),
            "cannot sign notices with the secret in /nowhere",
        ),
    ] {
        let ended = setup.serve_to_the_end();
        assert!(ended.code != Some(0) && ended.stderr.contains(says), "{ended:?}");
    }
    let shown = run(&["config", "--notify-url", "https://ops.example.com/mark-token"]);
    assert!(shown.stdout.contains("notify-url = \"https://ops.example.com/…\" # flag"), "{shown:?}");
    assert!(!shown.stdout.contains("mark-token"));
}
