//! Settings from flags, environment and file.

use encrata_webhooks_tests::{Finished, Setup, run_with};

/// A call with a file of settings.
fn with_file(setup: &Setup, text: &str, args: &[&str], env: &[(&str, &str)]) -> Finished {
    let file = setup.path("encrata.toml");
    std::fs::write(&file, text).unwrap();
    let mut env = env.to_vec();
    env.push(("ENCRATA_CONFIG", file.to_str().unwrap()));
    run_with(args, b"", &env)
}

const FILE: &str = r#"
listen = "127.0.0.1:7070"
database = "postgres://u:top-secret@db.internal/encrata"
allow-network = ["10.0.0.0/8", "fd00::/8"]
retention = "90d"
webhook-rate-limit = 5
"#;

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let setup = Setup::new();
    let env = [
        ("ENCRATA_RETENTION", "forever"),
        ("ENCRATA_LISTEN", "127.0.0.1:6060"),
        ("ENCRATA_MASTER_KEY", "abc123"),
    ];
    let shown = with_file(&setup, FILE, &["config", "--listen", "127.0.0.1:5050"], &env);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for line in [
        r#"listen = "127.0.0.1:5050" # flag"#,
        r#"retention = "forever" # ENCRATA_RETENTION"#,
        r#"allow-network = ["10.0.0.0/8", "fd00::/8"] # file"#,
        r#"webhook-rate-limit = "5" # file"#,
        r#"database = "postgres://db.internal:5432/encrata" # file"#,
        r#"disable-after = "5d" # default"#,
        "# extra-ca is not set (ENCRATA_EXTRA_CA)",
        "# ENCRATA_MASTER_KEY is set",
    ] {
        assert!(shown.stdout.lines().any(|shown| shown == line), "{line}: {}", shown.stdout);
    }
    assert!(!shown.stdout.contains("top-secret") && !shown.stdout.contains("abc123"));
    // What it prints is a file of settings.
    let again = with_file(&setup, &shown.stdout, &["config"], &[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stdout.contains("listen = \"127.0.0.1:5050\" # file"));
}

#[test]
fn a_variable_that_is_set_to_nothing_leaves_the_file_in_force() {
    let setup = Setup::new();
    let shown = with_file(&setup, FILE, &["config"], &[("ENCRATA_LISTEN", ""), ("ENCRATA_EXTRA_CA", "")]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for line in [r#"listen = "127.0.0.1:7070" # file"#, "# extra-ca is not set (ENCRATA_EXTRA_CA)"] {
        assert!(shown.stdout.lines().any(|shown| shown == line), "{line}: {}", shown.stdout);
    }
}

#[test]
fn help_does_not_show_what_the_file_says() {
    let setup = Setup::new();
    for command in ["serve", "rekey"] {
        let help = with_file(&setup, FILE, &[command, "--help"], &[]);
        assert!(help.code == Some(0) && !help.stdout.contains("top-secret"), "{}", help.stdout);
    }
}

#[test]
fn other_commands_take_what_they_share_with_the_server() {
    let setup = Setup::new();
    let file = format!("database = \"{}\"\nlisten = \"127.0.0.1:7070\"", setup.database());
    let args = ["keys", "create", "--workspace", "acme", "--name", "x", "--role", "admin"];
    let made = with_file(&setup, &file, &args, &[]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(setup.database_file().exists());
}

#[test]
fn a_file_that_is_wrong_starts_nothing() {
    let setup = Setup::new();
    for (text, says) in [
        ("listn = 'x'", "listn, which is no flag"),
        ("json = true", "json, which is no flag"),
        ("listen = ", "line 1 is not TOML"),
        ("webhook-rate-limit = 'many'", "'many' for '--webhook-rate-limit"),
        ("listen = ['127.0.0.1:1', '127.0.0.1:2']", "gives 2 values for listen"),
        ("retention = []", "gives 0 values for retention"),
        ("[serve]\nlisten = 'x'", "serve is neither a text"),
    ] {
        let refused = with_file(&setup, text, &["serve"], &[]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(says) && refused.stderr.lines().count() == 1, "{refused:?}");
    }
    let missing = run_with(&["serve", "--config=/nowhere.toml"], b"", &[]);
    assert!(missing.code == Some(2) && missing.stderr.contains("/nowhere.toml"), "{missing:?}");
}
