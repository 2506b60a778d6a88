//! Starting, and not starting: one clear line, a code, nothing changed.

use std::fs;

use encrata_webhooks_tests::{Finished, MASTER_KEY, Setup, run};

use crate::sql::execute;

/// One line on standard error, nothing on standard output.
pub(crate) fn refused(finished: &Finished, code: i32, says: &str) {
    assert_eq!(finished.code, Some(code), "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert!(
        finished.stderr.starts_with("encrata-webhooks: ") && finished.stderr.contains(says),
        "{finished:?}"
    );
}

#[tokio::test]
async fn a_database_has_one_server() {
    let server = Setup::new().start().await;
    let second = server.setup().serve_to_the_end();
    refused(&second, 1, "already served");
    // Nor under another name.
    #[cfg(unix)]
    {
        let database = server.setup().database_file();
        let link = server.setup().path("link.db");
        std::os::unix::fs::symlink(&database, &link).unwrap();
        let link = format!("sqlite:{}", link.display());
        let key = server.setup().path("encrata.db.master-key");
        let key = key.to_str().unwrap();
        let linked = ["serve", "--listen", "127.0.0.1:0", "--database", &link, "--master-key-file", key];
        refused(&run(&linked), 1, "already served");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&database).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "others may read it");
    }
    server.anonymous().get("/api/health").await.expect(200);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = Setup::new().start().await;
    let address = server.base().strip_prefix("http://").unwrap();
    let database = Setup::new();
    let second = run(&["serve", "--listen", address, "--database", &database.database()]);
    refused(&second, 1, address);
    assert!(!database.database_file().exists());
}

#[test]
fn a_database_that_is_none_stays_as_it_is() {
    for content in ["this is no database\n".repeat(10), "short".into()] {
        let setup = Setup::new();
        fs::write(setup.database_file(), &content).unwrap();
        refused(&setup.serve_to_the_end(), 1, "not a SQLite database");
        let database = setup.database();
        let create =
            ["keys", "create", "--workspace", "a", "--name", "b", "--role", "admin", "--database", &database];
        refused(&run(&create), 1, "not a SQLite database");
        assert_eq!(fs::read_to_string(setup.database_file()).unwrap(), content);
        assert!(!setup.path("encrata.db-wal").exists() && !setup.path("encrata.db.master-key").exists());
    }
    let setup = Setup::new();
    fs::create_dir(setup.database_file()).unwrap();
    refused(&setup.serve_to_the_end(), 1, "encrata.db");
    let elsewhere = ["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:/no/such/folder/encrata.db"];
    refused(&run(&elsewhere), 1, "/no/such/folder/encrata.db");
}

#[tokio::test]
async fn a_database_that_is_damaged_stays_as_it_is() {
    let setup = Setup::new();
    let damaged = [b"SQLite format 3\0".as_slice(), &[0xaa; 8000]].concat();
    fs::write(setup.database_file(), &damaged).unwrap();
    refused(&setup.serve_to_the_end(), 1, "encrata.db");
    assert!(fs::read(setup.database_file()).unwrap() == damaged);
}

#[tokio::test]
async fn a_newer_database_stays_as_it_is() {
    let setup = Setup::new();
    setup.create_key("acme", "admin");
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (9999, 'from the future', 1, x'00', 0)";
    execute(&setup.database_file(), newer).await;
    let before = fs::read(setup.database_file()).unwrap();
    refused(&setup.serve_to_the_end(), 1, "newer version");
    assert!(fs::read(setup.database_file()).unwrap() == before, "the file was changed");
    assert!(!setup.path("encrata.db.master-key").exists());
}

/// One that is not in WAL mode yet shows the first change that there could be.
#[tokio::test]
async fn a_database_of_another_application_stays_as_it_is() {
    for (tables, says) in [
        ("create table mine (a)", "another application"),
        (
            "create table _sqlx_migrations (version integer, success integer); insert into _sqlx_migrations values (9999, 1)",
            "newer version",
        ),
    ] {
        let setup = Setup::new();
        execute(&setup.database_file(), tables).await;
        let before = fs::read(setup.database_file()).unwrap();
        refused(&setup.serve_to_the_end(), 1, says);
        assert!(fs::read(setup.database_file()).unwrap() == before, "the file was changed");
        assert!(!setup.path("encrata.db.lock").exists());
    }
}

#[tokio::test]
async fn without_its_master_key_it_does_not_start() {
    let setup = Setup::new();
    let (setup, _, _) = setup.start().await.terminate().await;
    let file = setup.path("encrata.db.master-key");
    let key = fs::read_to_string(&file).unwrap();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    fs::remove_file(&file).unwrap();
    refused(&setup.serve_to_the_end(), 1, "master key");
    assert!(!file.exists(), "no other key was made");
    for (wrong, says) in [(MASTER_KEY, "not the master key"), ("abc", "64 hex digits"), ("", "64 hex digits")]
    {
        fs::write(&file, wrong).unwrap();
        refused(&setup.serve_to_the_end(), 1, says);
    }
    fs::write(&file, &key).unwrap();
    let setup = setup.start().await.kill().env("ENCRATA_MASTER_KEY", MASTER_KEY);
    refused(&setup.serve_to_the_end(), 1, "not the master key");
    let both = setup.option("--master-key-file", file.to_str().unwrap());
    refused(&both.serve_to_the_end(), 1, "give one");
}

#[test]
fn an_unusable_certificate_file_is_named() {
    let setup = Setup::new();
    let file = setup.path("ca.pem");
    let setup = setup.option("--extra-ca", file.to_str().unwrap());
    refused(&setup.serve_to_the_end(), 1, "ca.pem");
    fs::write(&file, "no certificate").unwrap();
    refused(&setup.serve_to_the_end(), 1, "ca.pem");
    assert!(!setup.database_file().exists());
}

/// The words of the call are wrong: code 2, and one line that says which.
#[test]
fn wrong_words_are_named() {
    for (args, says) in [
        (&["serve", "--bogus"][..], "--bogus"),
        (&["serve", "--retry-schedule", "5x"], "'5x' is not a duration"),
        (&["serve", "--allow-network", "10.0.0.0/99"], "10.0.0.0/99"),
        (&["serve", "--webhook-rate-limit", "-1"], "-1"),
        (&["serve", "--database", "mysql://host/db"], "mysql"),
        (&["serve", "--database", "sqlite::memory:"], "lose accepted events"),
        (&["keys", "create", "--workspace", "a", "--name", "b", "--role", "owner"], "owner"),
        (&["keys", "revoke", "--id", "42"], "42"),
        (&["explode"], "explode"),
    ] {
        let finished = run(args);
        refused(&finished, 2, says);
    }
    let finished = run(&["serve", "--listen", "nowhere", "--database", "sqlite:/no/such/folder/encrata.db"]);
    refused(&finished, 1, "cannot listen on nowhere");
}
