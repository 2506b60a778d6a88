//! A node is stopped in its tracks for longer than its leases, and goes on as if nothing had been.

use std::time::Duration;

use encrata_webhooks_tests::{Gate, PATIENCE, Postgres, Receiver, Reply, Setup};
use serde_json::{Value, json};

use crate::LEASE_AND_PATIENCE;
use crate::books::{PATH, nothing_waits};

/// Another node takes over what the frozen one held, and the frozen one writes nothing when it wakes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_node_has_lost_its_leases() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let setup = || Setup::new().on_postgres(&database).trusting(&[&receiver]);
    let frozen = setup().start().await;
    let (admin, publisher) = frozen.admin_and_publisher();
    let hook = admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    // The frozen node gets an answer that would be a failure, too late.
    let answer = Gate::new();
    let held = answer.clone();
    receiver.script(PATH, move |request| match request.nth {
        1 => Reply::status(410).after(&held),
        _ => Reply::ok(),
    });
    let id = publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for(PATH, 1).await;
    frozen.signal("STOP");
    answer.open();

    let other = setup().start().await;
    let admin = other.rebase(&admin);
    receiver.wait_for_ids(PATH, "the second send", LEASE_AND_PATIENCE, |ids| ids[&id] == 2).await;
    let taken_over = admin.delivery_when(&hook.id, "success").await;

    frozen.signal("CONT");
    frozen.log_when("lease lost").await;
    let delivery = admin.delivery_when(&hook.id, "success").await;
    assert_eq!(delivery, taken_over, "the lease's loser wrote");
    assert_eq!((&delivery["attempts"], &delivery["response_status"]), (&json!(1), &json!(200)), "{delivery}");

    // It works on like any other.
    let (_, status, log) = other.terminate().await;
    assert!(status.success(), "{log}");
    let id = frozen.rebase(&publisher).lookup(&admin.workspace_id, "lu_2").await;
    receiver
        .wait_for_ids(PATH, "an event of the frozen node", LEASE_AND_PATIENCE, |ids| ids.get(&id) == Some(&1))
        .await;
    nothing_waits(&hook, &frozen.rebase(&admin)).await;
}

/// There is no other to take over: it goes on with all that it held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_on_sqlite_goes_on() {
    const EVENTS: usize = 50;
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let answer = Gate::new();
    let held = answer.clone();
    receiver.script(PATH, move |_| Reply::ok().after(&held));
    for n in 0..EVENTS {
        publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
    }
    receiver.wait_for(PATH, EVENTS).await;
    server.signal("STOP");
    answer.open();
    // Nothing happens that could be awaited: that is what it is to be frozen.
    tokio::time::sleep(Duration::from_secs(31)).await;
    server.signal("CONT");
    let done = |found: &[Value]| found.len() == EVENTS && found.iter().all(|one| one["status"] == "success");
    let found = admin.deliveries_when_of(&hook.id, "&limit=500", "all delivered", done).await;
    // Its own leases have lapsed, so it may send again what it has no outcome of yet. Then one of the two is written.
    let ids = receiver.ids(PATH);
    for delivery in &found {
        let sent = ids[delivery["event_id"].as_str().unwrap()];
        assert!(
            (1..=2).contains(&sent) && delivery["attempts"].as_u64().unwrap() <= sent as u64,
            "{delivery}"
        );
    }
    publisher.lookup(&admin.workspace_id, "lu_more").await;
    receiver.wait_for_ids(PATH, "what came later", PATIENCE, |ids| ids.len() == EVENTS + 1).await;
    nothing_waits(&hook, &admin).await;
}
