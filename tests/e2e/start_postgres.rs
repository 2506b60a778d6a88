//! Starting on PostgreSQL, and not starting.

use encrata_webhooks_tests::{Finished, MASTER_KEY, Postgres, Setup, run, run_with};
use sqlx::{Connection as _, PgConnection};

use crate::start::refused;

async fn execute(url: &str, statements: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
}

async fn tables(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let query = "select count(*) from pg_tables where schemaname = 'public'";
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

/// The password in a URL.
fn password(url: &str) -> &str {
    url.split(['@', ':']).nth(2).unwrap()
}

fn is_silent(finished: &Finished, secret: &str) {
    assert!(!finished.stderr.contains(secret) && !finished.stdout.contains(secret), "{finished:?}");
}

#[tokio::test]
async fn a_database_of_another_application_or_a_newer_version_stays_as_it_is() {
    let Some(postgres) = Postgres::shared() else { return };
    for (made, says) in [
        ("create table mine (a bigint)", "another application"),
        (
            "create table _sqlx_migrations (version bigint, success boolean);
             insert into _sqlx_migrations values (9999, true)",
            "newer version",
        ),
    ] {
        let url = postgres.new_database().await;
        execute(&url, made).await;
        let finished = Setup::new().on_postgres(&url).serve_to_the_end();
        refused(&finished, 1, says);
        is_silent(&finished, password(&url));
        let create =
            ["keys", "create", "--workspace", "a", "--name", "b", "--role", "admin", "--database", &url];
        refused(&run(&create), 1, says);
        assert_eq!(tables(&url).await, 1, "it was changed");
    }
}

#[tokio::test]
async fn nodes_are_given_one_master_key() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    refused(&Setup::new().on(&url).serve_to_the_end(), 1, "openssl rand -hex 32");
    assert_eq!(tables(&url).await, 0, "it was changed");
    // A file that is not there is not made: each node would have a key of its own.
    let setup = Setup::new().on(&url);
    let file = setup.path("key");
    let setup = setup.option("--master-key-file", file.to_str().unwrap());
    refused(&setup.serve_to_the_end(), 1, "master key");
    assert!(!file.exists());
    std::fs::write(&file, MASTER_KEY).unwrap();
    let _server = setup.start().await;
    let other = Setup::new().on(&url).env("ENCRATA_MASTER_KEY", &MASTER_KEY.replace('7', "8"));
    refused(&other.serve_to_the_end(), 1, "not the master key");
}

#[tokio::test]
async fn a_password_is_in_no_log_and_no_error() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    let good = password(&url).to_owned();
    let wrong = url.replace(&good, "wr0ng-pa55word");
    for (url, says) in [
        (wrong.clone(), "password authentication failed"),
        (url.replace(&format!(":{}/", postgres.port()), ":1/"), "127.0.0.1:1"),
        (format!("{url}_missing"), "does not exist"),
        (url.replace("127.0.0.1", "127.0.0.1:x"), "not a URL of a Postgres database"),
    ] {
        let setup = Setup::new().on_postgres(&url).option("--log", "trace");
        for finished in [setup.serve_to_the_end(), run(&["keys", "list", "--database", &url])] {
            assert!(finished.stderr.contains(says), "{says}: {finished:?}");
            is_silent(&finished, &good);
            is_silent(&finished, "wr0ng-pa55word");
        }
    }
    let help = run_with(&["serve", "--help"], b"", &[("ENCRATA_DATABASE_URL", &url)]);
    assert_eq!(help.code, Some(0));
    is_silent(&help, &good);
    let server = Setup::new().on_postgres(&url).option("--log", "trace").start().await;
    server.admin_and_publisher().0.get("/api/webhooks").await.expect(200);
    let (_, status, log) = server.terminate().await;
    assert!(status.success() && log.len() > 1000, "{log}");
    assert!(!log.contains(&good) && !log.contains(MASTER_KEY), "{log}");
}

#[tokio::test]
async fn a_server_that_can_lose_what_it_was_given_is_warned_of() {
    if !Postgres::available() {
        return;
    }
    for (setting, warned) in [("on", false), ("off", true)] {
        let postgres = Postgres::start_with(&[("fsync", setting)]).unwrap();
        let server = Setup::new().on_postgres(&postgres.new_database().await).start().await;
        let (_, _, log) = server.terminate().await;
        assert_eq!(log.contains("fsync = off"), warned, "{log}");
    }
}
