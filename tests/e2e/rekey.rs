//! Replacing the master key, on both databases: beside no server, beside servers, and half-way.

use encrata_webhooks_server::vault::MasterKey;
use encrata_webhooks_tests::{
    Finished, MASTER_KEY, Postgres, Receiver, Setup, execute, opened_by, plant_sealed, run_with,
    sealed_secrets,
};
use serde_json::{Value, json};

use crate::start::refused;

/// The key that replaces [`MASTER_KEY`].
const NEW_KEY: &str = "0808080808080808080808080808080808080808080808080808080808080808";
/// A key that has nothing to do with it.
const OTHER_KEY: &str = "0909090909090909090909090909090909090909090909090909090909090909";

fn key(hex: &str) -> MasterKey {
    MasterKey::from_hex(hex).unwrap()
}

/// The setups to test on: SQLite, and PostgreSQL where there is one. Neither has a master key yet.
async fn setups() -> Vec<Setup> {
    let mut setups = vec![Setup::new()];
    if let Some(postgres) = Postgres::shared() {
        setups.push(Setup::new().on(&postgres.new_database().await));
    }
    setups
}

fn rekey(setup: &Setup, old: &str, new: &str, more: &[&str]) -> Finished {
    let database = setup.database();
    let keys = [("ENCRATA_MASTER_KEY", old), ("ENCRATA_NEW_MASTER_KEY", new)];
    run_with(&[&["rekey", "--database", &database, "--json"], more].concat(), b"", &keys)
}

/// It ran to its end, and sealed so many anew.
#[track_caller]
fn rekeyed(finished: &Finished) -> Value {
    assert_eq!((finished.code, &*finished.stderr), (Some(0), ""), "{finished:?}");
    let said: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(said["status"], "rekeyed");
    said["secrets"].clone()
}

/// Begins a rekey and leaves it there, as if it had been killed.
async fn begin(setup: &Setup, new: &str) {
    let store = setup.store().await;
    let current = store.master_key_checks().await.unwrap().current.unwrap();
    assert!(store.begin_rekey(&current, &key(new).check_value().unwrap()).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn every_secret_is_sealed_anew_and_what_is_signed_with_it_still_verifies() {
    for setup in setups().await {
        let receiver = Receiver::start().await;
        let server = setup.trusting(&[&receiver]).env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
        let rotated = admin.webhook(&receiver, "/rotated", &["lookup.completed"]).await;
        admin.post("/api/webhooks/rotate", json!({"id": rotated.id})).await.expect(200);
        let (setup, _, _) = server.terminate().await;
        // More than one step has room for.
        plant_sealed(&setup.database(), &admin.workspace_id, &key(MASTER_KEY), 250).await;
        let before = sealed_secrets(&setup.database()).await;
        let (_, all) = opened_by(&key(MASTER_KEY), &before);
        assert_eq!(all, 250 + 84 + 3, "with old secrets, and those of deleted webhooks");

        assert_eq!(rekeyed(&rekey(&setup, MASTER_KEY, NEW_KEY, &[])), all);
        let after = sealed_secrets(&setup.database()).await;
        assert_eq!(opened_by(&key(NEW_KEY), &after), (all, all));
        assert_eq!(opened_by(&key(MASTER_KEY), &after), (0, all));
        assert_eq!(rekeyed(&rekey(&setup, MASTER_KEY, NEW_KEY, &[])), 0, "it was done already");

        let setup = setup.env("ENCRATA_MASTER_KEY", MASTER_KEY);
        refused(&setup.serve_to_the_end(), 1, "after `encrata-webhooks rekey` it is the new one");
        let setup = setup.env("ENCRATA_MASTER_KEY", NEW_KEY).option("--webhooks-per-workspace", "1000");
        let server = setup.start().await;
        let (admin, publisher) = (server.rebase(&admin), server.rebase(&publisher));
        // The receiver knows the secrets that the webhooks were made with.
        publisher.lookup(&admin.workspace_id, "lu_1").await;
        for path in ["/hook", "/rotated"] {
            receiver.wait_for(path, 1).await;
        }
        admin.delivery_when(&hook.id, "success").await;
        admin.webhook_at("https://example.com/", &["credits.low"]).await;
        let (under_new, all) = opened_by(&key(NEW_KEY), &sealed_secrets(&server.setup().database()).await);
        assert_eq!(under_new, all, "what is made now is under the new key");
    }
}

#[tokio::test]
async fn other_keys_change_nothing() {
    for setup in setups().await {
        refused(&rekey(&setup, MASTER_KEY, NEW_KEY, &[]), 1, "cannot open");
        let server = setup.env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
        let admin = server.key("acme", "admin");
        admin.webhook_at("https://example.com/", &["credits.low"]).await;
        let (setup, _, _) = server.terminate().await;
        let before = sealed_secrets(&setup.database()).await;
        for (old, new, says) in [
            (OTHER_KEY, NEW_KEY, "is not the master key"),
            (NEW_KEY, OTHER_KEY, "is not the master key"),
            (MASTER_KEY, MASTER_KEY, "are the same"),
            ("abc", NEW_KEY, "64 hex digits"),
            (MASTER_KEY, "abc", "64 hex digits"),
            (MASTER_KEY, "", "--new-master-key-file"),
        ] {
            refused(&rekey(&setup, old, new, &[]), 1, says);
        }
        begin(&setup, NEW_KEY).await;
        for (old, new) in
            [(MASTER_KEY, OTHER_KEY), (OTHER_KEY, NEW_KEY), (NEW_KEY, MASTER_KEY), (NEW_KEY, OTHER_KEY)]
        {
            refused(&rekey(&setup, old, new, &[]), 1, "the very two keys");
        }
        assert_eq!(sealed_secrets(&setup.database()).await, before);
        assert_eq!(rekeyed(&rekey(&setup, MASTER_KEY, NEW_KEY, &[])), 1);
    }
}

#[tokio::test]
async fn half_way_a_server_needs_both_keys_and_says_so() {
    for setup in setups().await {
        let receiver = Receiver::start().await;
        let server = setup.trusting(&[&receiver]).env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let old = admin.webhook(&receiver, "/old", &["lookup.completed"]).await;
        let (setup, _, _) = server.terminate().await;
        begin(&setup, NEW_KEY).await;
        refused(&setup.serve_to_the_end(), 1, "--old-master-key-file");
        let setup = setup.env("ENCRATA_MASTER_KEY", NEW_KEY);
        refused(&setup.serve_to_the_end(), 1, "run `encrata-webhooks rekey` again");
        let server = setup.env("ENCRATA_OLD_MASTER_KEY", MASTER_KEY).start().await;
        let (admin, publisher) = (server.rebase(&admin), server.rebase(&publisher));
        // What is made now is under the new key, also the second secret of a webhook whose first is under the old.
        admin.webhook(&receiver, "/new", &["lookup.completed"]).await;
        admin.post("/api/webhooks/rotate", json!({"id": old.id})).await.expect(200);
        assert_eq!(opened_by(&key(NEW_KEY), &sealed_secrets(&server.setup().database()).await), (2, 3));
        publisher.lookup(&admin.workspace_id, "lu_1").await;
        receiver.wait_for("/old", 1).await;
        receiver.wait_for("/new", 1).await;
        let (setup, _, _) = server.terminate().await;
        assert_eq!(rekeyed(&rekey(&setup, MASTER_KEY, NEW_KEY, &[])), 1);
    }
}

/// A box that was moved to another row opens under no key.
#[tokio::test]
async fn what_opens_under_neither_key_is_named_and_keeps_nothing_else_back() {
    for setup in setups().await {
        let server = setup.env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
        let admin = server.key("acme", "admin");
        let hooks = ["https://example.com/1", "https://example.com/2"];
        let (one, other) = (
            admin.webhook_at(hooks[0], &["credits.low"]).await,
            admin.webhook_at(hooks[1], &["credits.low"]).await,
        );
        let (setup, _, _) = server.terminate().await;
        let moved = format!(
            "update webhooks set secret = (select secret from webhooks where id = '{}') where id = '{}'",
            one.id, other.id
        );
        execute(&setup.database(), &moved).await;
        refused(&rekey(&setup, MASTER_KEY, NEW_KEY, &[]), 1, &other.id);
        let sealeds = sealed_secrets(&setup.database()).await;
        assert_eq!(opened_by(&key(NEW_KEY), &sealeds), (1, 2));
        // As it is told to.
        let setup = setup.env("ENCRATA_MASTER_KEY", NEW_KEY).env("ENCRATA_OLD_MASTER_KEY", MASTER_KEY);
        let server = setup.start().await;
        let rotation = json!({"id": other.id, "overlap_seconds": 0});
        server.rebase(&admin).post("/api/webhooks/rotate", rotation).await.expect(200);
        let (setup, _, _) = server.terminate().await;
        assert_eq!(rekeyed(&rekey(&setup, MASTER_KEY, NEW_KEY, &[])), 0);
        assert_eq!(opened_by(&key(NEW_KEY), &sealed_secrets(&setup.database()).await), (2, 2));
    }
}

#[tokio::test]
async fn beside_a_server_it_runs_only_when_it_is_told_to() {
    for setup in setups().await {
        let receiver = Receiver::start().await;
        let setup = setup.trusting(&[&receiver]).env("ENCRATA_MASTER_KEY", MASTER_KEY);
        let server = setup.start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
        refused(&rekey(server.setup(), MASTER_KEY, NEW_KEY, &[]), 1, "--while-serving");

        // With the old key alone it would sign nothing any more, so it stops.
        assert_eq!(rekeyed(&rekey(server.setup(), MASTER_KEY, NEW_KEY, &["--while-serving"])), 1);
        let (setup, status, log) = server.ended().await;
        assert!(!status.success() && log.contains("the master key of this database was replaced"), "{log}");

        // With both it goes on, and neither a delivery nor a new webhook is lost.
        let both = setup.env("ENCRATA_MASTER_KEY", OTHER_KEY).env("ENCRATA_OLD_MASTER_KEY", NEW_KEY);
        let server = both.start().await;
        let (admin, publisher) = (server.rebase(&admin), server.rebase(&publisher));
        let before = admin.webhook(&receiver, "/before", &["lookup.completed"]).await;
        assert_eq!(opened_by(&key(NEW_KEY), &sealed_secrets(&server.setup().database()).await), (2, 2));
        assert_eq!(rekeyed(&rekey(server.setup(), NEW_KEY, OTHER_KEY, &["--while-serving"])), 2);
        let after = admin.webhook(&receiver, "/after", &["lookup.completed"]).await;
        publisher.lookup(&admin.workspace_id, "lu_1").await;
        for hook in [hook, before, after] {
            admin.delivery_when(&hook.id, "success").await;
        }
        assert_eq!(opened_by(&key(OTHER_KEY), &sealed_secrets(&server.setup().database()).await), (3, 3));
    }
}
