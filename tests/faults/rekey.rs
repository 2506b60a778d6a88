//! `kill -9` in the midst of replacing the master key.

use std::process::{Command, Stdio};
use std::time::Duration;

use encrata_webhooks_server::vault::MasterKey;
use encrata_webhooks_tests::{
    MASTER_KEY, PATIENCE, Postgres, Setup, binary, opened_by, plant_sealed, run_with, sealed_secrets,
};

use crate::{random, rounds};

const NEW_KEY: &str = "0808080808080808080808080808080808080808080808080808080808080808";
/// Enough that a kill strikes before the end.
const WEBHOOKS: usize = 3000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rekey_on_sqlite_is_killed_and_goes_on() {
    killed(Setup::new().env("ENCRATA_MASTER_KEY", MASTER_KEY)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rekey_on_postgres_is_killed_and_goes_on() {
    let Some(postgres) = Postgres::shared() else { return };
    killed(Setup::new().on_postgres(&postgres.new_database().await)).await;
}

/// A round is: it begins or goes on, and is killed once it has sealed something anew. Whatever stands in the database then
/// opens under one of the two keys, and nothing that was done is undone.
async fn killed(setup: Setup) {
    let (old, new) = (MasterKey::from_hex(MASTER_KEY).unwrap(), MasterKey::from_hex(NEW_KEY).unwrap());
    let server = setup.start().await;
    let workspace_id = server.key("acme", "admin").workspace_id;
    let (setup, _, _) = server.terminate().await;
    let url = setup.database();
    plant_sealed(&url, &workspace_id, &old, WEBHOOKS).await;
    let keys = [("ENCRATA_MASTER_KEY", MASTER_KEY), ("ENCRATA_NEW_MASTER_KEY", NEW_KEY)];
    let call = ["rekey", "--database", &url, "--json"];
    let mut done = 0;
    for _ in 0..rounds() {
        let mut command = Command::new(binary());
        command.args(call).envs(keys).stdout(Stdio::null());
        let mut rekeying = command.spawn().unwrap();
        let before = sealed_secrets(&url).await;
        let begun = async {
            while sealed_secrets(&url).await == before && rekeying.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, begun).await.is_ok(), "it never began");
        tokio::time::sleep(Duration::from_millis(random(20) as u64)).await;
        rekeying.kill().unwrap();
        rekeying.wait().unwrap();

        let sealeds = sealed_secrets(&url).await;
        let (under_new, all) = opened_by(&new, &sealeds);
        let (under_old, _) = opened_by(&old, &sealeds);
        assert_eq!(under_new + under_old, all, "each is under one of the two");
        assert!(under_new >= done, "what was done is kept");
        done = under_new;
    }
    assert!(done > 0, "no kill struck in the midst of it");
    let finished = run_with(&call, b"", &keys);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let (under_new, all) = opened_by(&new, &sealed_secrets(&url).await);
    assert_eq!(under_new, all);
    setup.env("ENCRATA_MASTER_KEY", NEW_KEY).start().await.anonymous().get("/api/health").await.expect(200);
}
