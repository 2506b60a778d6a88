//! The API against its own description: schemathesis makes requests of the description, and holds every answer against it.
//! `tests/schemathesis/run.sh` brings the program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

use std::path::Path;
use std::process::Command;

use encrata_webhooks_tests::{Postgres, Setup};

#[tokio::test]
async fn on_sqlite() {
    hold_against_description(Setup::new()).await;
}

#[tokio::test]
async fn on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    hold_against_description(Setup::new().on_postgres(&postgres.new_database().await)).await;
}

async fn hold_against_description(setup: Setup) {
    let Some(program) = std::env::var_os("ENCRATA_TEST_SCHEMATHESIS") else {
        panic!("ENCRATA_TEST_SCHEMATHESIS names no schemathesis: run tests/schemathesis/run.sh")
    };
    let server = setup.start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let long = std::env::var_os("ENCRATA_TEST_LONG").is_some_and(|long| !long.is_empty());
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis/schemathesis.toml");
    let mut command = Command::new(program);
    command.arg("--config-file").arg(config).arg("run").arg(format!("{}/api/openapi.json", server.base()));
    command.args(["--checks", CHECKS, "--no-color"]);
    command.args(if long { LONG } else { SHORT });
    command.env("ENCRATA_ADMIN_KEY", admin.key.unwrap()).env("ENCRATA_PUBLISHER_KEY", publisher.key.unwrap());
    command.current_dir(server.setup().as_ref() as &Path);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    // It got past the door.
    for (status, least) in [("status=200", 100), ("status=201", 20), ("status=202", 1), ("status=404", 20)] {
        assert!(log.matches(status).count() >= least, "hardly any answer was {status}: {said}");
    }
}

/// What is checked of each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,unsupported_method,ignored_auth,use_after_free,negative_data_rejection";
/// The same requests each time.
const SHORT: &[&str] = &["--seed", "7", "--generation-deterministic", "--max-examples", "20"];
const LONG: &[&str] = &["--max-examples", "500"];
