//! The PostgreSQL that tests start: it keeps what was committed through whatever is done to it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

use encrata_webhooks_tests::Postgres;
use sqlx::{Connection as _, PgConnection};

async fn numbers(url: &str) -> Vec<i64> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar("select n from numbers order by n").fetch_all(&mut connection).await.unwrap()
}

async fn run(url: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn databases_of_one_server_are_apart_and_durable() {
    let Some(postgres) = Postgres::shared() else { return };
    let (one, two) = (postgres.new_database().await, postgres.new_database().await);
    for url in [&one, &two] {
        run(url, "create table numbers (n bigint)").await;
    }
    run(&one, "insert into numbers values (1)").await;
    assert_eq!((numbers(&one).await, numbers(&two).await), (vec![1], vec![]));
    let mut connection = postgres.connect().await;
    for (setting, value) in [("fsync", "on"), ("synchronous_commit", "on"), ("max_connections", "200")] {
        let found: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(found, value, "{setting}");
    }
}

#[tokio::test]
async fn a_killed_server_starts_again_and_a_dropped_one_leaves_nothing() {
    if !Postgres::available() {
        return;
    }
    let home = tempfile::tempdir().unwrap().keep();
    let postgres = Postgres::start_in(&home, &[("work_mem", "5MB")]).unwrap();
    let url = postgres.new_database().await;
    run(&url, "create table numbers (n bigint); insert into numbers values (1)").await;
    let pid = postgres.pid().unwrap();
    postgres.kill();
    assert!(PgConnection::connect(&url).await.is_err());
    postgres.begin().unwrap();
    assert_ne!(postgres.pid().unwrap(), pid);
    postgres.restart().unwrap();
    assert_eq!(numbers(&url).await, [1]);
    drop(postgres);
    assert!(PgConnection::connect(&url).await.is_err());
    assert!(!home.exists());
}

#[tokio::test]
async fn a_synchronous_standby_has_what_the_primary_acknowledged() {
    if !Postgres::available() {
        return;
    }
    let primary = Postgres::start().unwrap();
    let url = primary.new_database().await;
    run(&url, "create table numbers (n bigint)").await;
    let standby = primary.synchronous_standby().await;
    run(&url, "insert into numbers values (1)").await;
    primary.kill();
    standby.promote().await;
    let url = url.replace(&format!(":{}/", primary.port()), &format!(":{}/", standby.port()));
    assert_eq!(numbers(&url).await, [1]);
    run(&url, "insert into numbers values (2)").await;
    assert_eq!(numbers(&url).await, [1, 2]);
}
