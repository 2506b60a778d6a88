//! PostgreSQL goes away and comes back, or its standby comes in its place.

use encrata_webhooks_tests::{Forward, Postgres, Receiver, Setup};

use crate::books::{Books, PATH};
use crate::load::Load;
use crate::{random, rounds};

/// The nodes stay, so nothing is forgotten, and nothing is sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_restarted_under_load() {
    if !Postgres::available() {
        return;
    }
    let postgres = Postgres::start().unwrap();
    let receiver = Receiver::start().await;
    let database = postgres.new_database().await;
    let one = Setup::new().on_postgres(&database).trusting(&[&receiver]).start().await;
    let two = Setup::new().on_postgres(&database).trusting(&[&receiver]).start().await;
    let (admin, publisher) = one.admin_and_publisher();
    let hook = admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let load = Load::start(vec![one.rebase(&publisher), two.rebase(&publisher)], &admin.workspace_id);
    for round in 0..rounds() {
        load.more(1 + random(200)).await;
        // In order, or not.
        if round % 2 == 0 {
            postgres.kill();
        } else {
            postgres.stop();
        }
        postgres.begin().unwrap();
    }
    load.more(100).await;
    let accepted = load.end().await;
    Books::default().balance(&accepted, one.setup(), &hook, &admin, &receiver).await;
    for node in [&one, &two] {
        node.anonymous().get("/api/health").await.expect(200);
    }
}

/// The primary is gone for good. With a synchronous standby nothing that was accepted goes with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_standby_has_all_that_was_accepted() {
    if !Postgres::available() {
        return;
    }
    let primary = Postgres::start().unwrap();
    let receiver = Receiver::start().await;
    let database = primary.new_database().await;
    let standby = primary.synchronous_standby().await;
    let address = Forward::to(primary.port()).await;
    let database = database.replace(&format!(":{}/", primary.port()), &format!(":{}/", address.port()));
    let one = Setup::new().on_postgres(&database).trusting(&[&receiver]).start().await;
    let two = Setup::new().on_postgres(&database).trusting(&[&receiver]).start().await;
    let (admin, publisher) = one.admin_and_publisher();
    let hook = admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let load = Load::start(vec![one.rebase(&publisher), two.rebase(&publisher)], &admin.workspace_id);
    load.more(100 + random(200)).await;
    primary.kill();
    standby.promote().await;
    address.lead_to(standby.port());
    load.more(100).await;
    let accepted = load.end().await;
    Books::default().balance(&accepted, one.setup(), &hook, &admin, &receiver).await;
}
