//! `kill -9`, at any moment.

use encrata_webhooks_tests::{Api, Postgres, Receiver, Server, Setup};

use crate::books::{Books, PATH};
use crate::load::Load;
use crate::{random, rounds};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_sqlite_is_killed_at_any_moment() {
    killed_at_any_moment(vec![Setup::new()], || ()).await;
}

/// What a dead node held goes to the other, or to its successor, when the lease ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_on_postgres_are_killed_at_any_moment() {
    let Some(postgres) = Postgres::shared() else { return };
    let database = postgres.new_database().await;
    killed_at_any_moment(
        vec![Setup::new().on_postgres(&database), Setup::new().on_postgres(&database)],
        || (),
    )
    .await;
}

/// All at once, as when the machine goes: the node and its database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_and_its_postgres_are_killed_at_any_moment() {
    if !Postgres::available() {
        return;
    }
    let postgres = Postgres::start().unwrap();
    let database = postgres.new_database().await;
    let crash = || {
        postgres.kill();
        postgres.begin().unwrap();
    };
    killed_at_any_moment(vec![Setup::new().on_postgres(&database)], crash).await;
}

/// A round is: publishing goes on, a node is killed in the midst of it and whatever else crashes with it, the books are
/// looked at, the node starts again.
async fn killed_at_any_moment(setups: Vec<Setup>, crash: impl Fn()) {
    let receiver = Receiver::start().await;
    let mut nodes = Vec::new();
    for setup in setups {
        nodes.push(setup.trusting(&[&receiver]).start().await);
    }
    let (admin, publisher) = nodes[0].admin_and_publisher();
    let hook = admin.webhook(&receiver, PATH, &["lookup.completed"]).await;
    let reached =
        |nodes: &[Server]| -> Vec<Api> { nodes.iter().map(|node| node.rebase(&publisher)).collect() };
    let load = Load::start(reached(&nodes), &admin.workspace_id);
    let mut books = Books::default();
    for round in 0..rounds() {
        load.more(1 + random(200)).await;
        let victim = round % nodes.len();
        let setup = nodes.remove(victim).kill();
        crash();
        books.crashed(&setup, &hook, &admin, &receiver).await;
        nodes.insert(victim, setup.start().await);
        load.move_to(reached(&nodes));
    }
    load.more(100).await;
    let accepted = load.end().await;
    books.balance(&accepted, nodes[0].setup(), &hook, &nodes[0].rebase(&admin), &receiver).await;
}
