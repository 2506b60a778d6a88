//! Reading deliveries: filters and pages.

use std::collections::HashSet;

use encrata_webhooks_tests::{Api, Gate, Receiver, Reply, Server, Setup};
use serde_json::{Value, json};

fn lookup(workspace_id: &str, lookup_id: &str) -> Value {
    json!({"workspace_id": workspace_id, "event": "lookup.completed",
           "data": {"email": "ada@example.com", "lookup_id": lookup_id}})
}

/// Every page, by the `Link` headers.
async fn pages(admin: &Api, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = admin.get(&path).await.expect(200);
        pages.push(page.json().as_array().unwrap().clone());
        next = page.header("link").map(|link| {
            let (path, rel) = link.split_once('>').unwrap();
            assert_eq!(rel, "; rel=\"next\"");
            path.strip_prefix('<').unwrap().to_owned()
        });
    }
    pages
}

#[tokio::test]
async fn pages_have_no_gap_and_no_repetition_also_while_more_come() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    // More than are in flight at once, so that some were never sent.
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |request| match request.nth {
        n if n <= 40 => Reply::ok(),
        _ => Reply::ok().after(&held),
    });
    let batch: Value = (0..130).map(|n| lookup(&admin.workspace_id, &format!("lu_{n}"))).collect();
    let accepted = publisher.post("/api/events/batch", batch).await.expect(202).json();
    receiver.wait_for("/hook", 41).await;

    let path = format!("/api/webhooks/deliveries?webhook_id={}", hook.id);
    let first = admin.get(&path).await.expect(200);
    assert!(first.header("link").is_some());
    let found = pages(&admin, &path).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 30]);
    let all: Vec<Value> = found.into_iter().flatten().collect();
    let events: HashSet<&str> = all.iter().map(|delivery| delivery["event_id"].as_str().unwrap()).collect();
    let wanted: HashSet<&str> =
        accepted.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(events, wanted);
    let ids: Vec<&str> = all.iter().map(|delivery| delivery["id"].as_str().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    let never_sent = all.iter().filter(|delivery| delivery["attempts"] == 0).collect::<Vec<_>>();
    assert!(!never_sent.is_empty());
    for delivery in never_sent {
        assert_eq!((&delivery["status"], &delivery["attempt_log"]), (&json!("pending"), &json!([])));
        for absent in ["response_status", "response_body", "last_attempt_at", "error"] {
            assert!(delivery.get(absent).is_none(), "{absent}: {delivery}");
        }
    }

    // The second page is the same when more were recorded after the first.
    let second_path = first.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    let ids_of =
        |page: &Value| -> Vec<Value> { page.as_array().unwrap().iter().map(|d| d["id"].clone()).collect() };
    let before = ids_of(&admin.get(&second_path).await.expect(200).json());
    publisher.lookup(&admin.workspace_id, "lu_more").await;
    assert_eq!(ids_of(&admin.get(&second_path).await.expect(200).json()), before);

    gate.open();
    let done = |deliveries: &[Value]| deliveries.iter().all(|delivery| delivery["status"] == "success");
    admin.deliveries_when(&hook.id, "all sent", done).await;
    let sizes: Vec<usize> =
        pages(&admin, &format!("{path}&limit=60&status=success")).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [60, 60, 11]);
}

#[tokio::test]
async fn filters() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed", "credits.low"]).await;
    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |request| match request.nth {
        1 => Reply::ok().body("thanks"),
        2 => Reply::status(500).body("broken"),
        _ => Reply::ok().after(&held),
    });
    let one = publisher.lookup(&admin.workspace_id, "lu_1").await;
    admin.delivery_when(&hook.id, "success").await;
    // Ids and times are in whole milliseconds.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let data = json!({"credits_remaining": 5, "threshold": 10});
    let two = publisher.publish(&admin.workspace_id, "credits.low", data).await.expect(202).field("id");
    receiver.wait_for("/hook", 2).await;
    admin.deliveries_when(&hook.id, "one failed", |found| found[0]["status"] == "failed").await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let three = publisher.lookup(&admin.workspace_id, "lu_3").await;
    receiver.wait_for("/hook", 3).await;

    let all = admin.deliveries(&hook.id, "").await;
    let times: Vec<String> =
        all.iter().map(|delivery| delivery["created_at"].as_str().unwrap().to_owned()).collect();
    let (time_two, time_three) = (&times[1], &times[0]);
    let names = [(one, "one"), (two, "two"), (three, "three")];
    let found = async |more: &str| -> Vec<&str> {
        let found = admin.deliveries(&hook.id, more).await;
        let name = |one: &Value| names.iter().find(|(id, _)| one["event_id"] == **id).unwrap().1;
        found.iter().map(name).collect()
    };
    assert_eq!(found("").await, ["three", "two", "one"]);
    assert_eq!(found("&status=success").await, ["one"]);
    assert_eq!(found("&status=failed").await, ["two"]);
    assert_eq!(found("&status=pending").await, ["three"]);
    assert_eq!(found("&event=credits.low").await, ["two"]);
    assert_eq!(found("&event=lookup.completed").await, ["three", "one"]);
    assert_eq!(found("&event=lookup.completed&status=success").await, ["one"]);
    assert!(found("&event=credits.exhausted").await.is_empty());
    assert_eq!(found(&format!("&since={time_two}")).await, ["three", "two"]);
    assert_eq!(found(&format!("&until={time_two}")).await, ["one"]);
    assert_eq!(found(&format!("&since={time_two}&until={time_three}")).await, ["two"]);
    assert_eq!(found("&limit=1").await, ["three"]);

    let failed = admin.deliveries(&hook.id, "&status=failed").await.remove(0);
    assert_eq!((&failed["response_status"], &failed["response_body"]), (&json!(500), &json!("broken")));
    assert!(failed["payload"].is_object() && failed["payload"]["event"] == "credits.low");
    assert_eq!(failed["attempts"], 1);
    gate.open();
}

/// What a page may hold in memory is bounded, however large the events are.
#[tokio::test]
async fn a_page_of_large_bodies_is_shorter_and_goes_on() {
    let server = Setup::new().start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook_at("https://nowhere.invalid/", &["lookup.completed"]).await;
    for n in 0..40 {
        let mut event = lookup(&admin.workspace_id, &format!("lu_{n}"));
        event["data"]["filler"] = "x".repeat(250_000).into();
        publisher.post("/api/events", event).await.expect(202);
    }
    let found = pages(&admin, &format!("/api/webhooks/deliveries?webhook_id={}&limit=500", hook.id)).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [33, 7]);
}
