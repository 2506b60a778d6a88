//! A file has one server, so it is stopped, and the next version goes on from where it stopped.

use encrata_webhooks_tests::{PATIENCE, Receiver, Reply, Setup};

use crate::next::next;
use crate::tour::tour;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_version_sends_what_waited_and_this_one_comes_back_no_more() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    tour(&admin, &publisher, &receiver).await;

    // The next version's command line brings the schema up to date below the running server.
    let database = server.setup().database();
    let made = std::process::Command::new(next())
        .args(["keys", "create", "--workspace", "acme", "--name", "x", "--role", "readonly"])
        .args(["--database", &database])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    tour(&admin, &publisher, &receiver).await;
    receiver.script("/hook", |_| Reply::status(500));
    let id = publisher.lookup(&admin.workspace_id, "lu_1").await;
    receiver.wait_for("/hook", 1).await;
    let (setup, status, log) = server.terminate().await;
    assert!(status.success(), "{log}");

    let refused = setup.serve_to_the_end();
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(1), 1), "{refused:?}");
    assert!(refused.stderr.contains("was written by a newer version of this server"), "{refused:?}");
    receiver.script("/hook", |_| Reply::ok());
    let before = receiver.ids("/hook")[&id];
    let server = setup.run_by(next()).start().await;
    receiver.wait_for_ids("/hook", "what waited", PATIENCE, |ids| ids[&id] > before).await;
    tour(&server.rebase(&admin), &server.rebase(&publisher), &receiver).await;
}
