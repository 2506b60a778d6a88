//! The other commands: keys, sign, verify.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use encrata_webhooks::Webhook;
use encrata_webhooks_tests::{
    GOLDEN_BODY, GOLDEN_SECRET, GOLDEN_SIGNATURE, Receiver, Server, Setup, binary, run, run_with,
};
use serde_json::Value;

#[tokio::test]
async fn keys_are_made_and_revoked_while_the_server_runs() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    admin.webhook(&receiver, "/hook", &["apikey.created", "apikey.revoked"]).await;
    let made = server.setup().create_key("acme", "member");
    assert_eq!(made["workspace_id"], admin.workspace_id);
    let member = admin.with_key(made["key"].as_str().unwrap());
    member.get("/api/me").await.expect(200);
    let created = receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(created.json()["data"]["key_id"], made["id"]);

    let database = server.setup().database();
    let listed = run(&["keys", "list", "--database", &database, "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(made["key"].as_str().unwrap()));

    let id = made["id"].as_str().unwrap();
    let revoked = run(&["keys", "revoke", "--id", id, "--database", &database]);
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    member.get("/api/me").await.expect(401);
    assert_eq!(receiver.wait_for("/hook", 2).await[1].json()["event"], "apikey.revoked");
}

/// All that is written about a command is in its help.
#[test]
fn help_teaches_and_names_the_exit_codes() {
    for (words, says) in [
        (&["listen"][..], "Ctrl-C ends it"),
        (&["import"], "nothing is kept"),
        (&["resend"], "nothing is queued twice"),
        (&["backup"], "pg_dump"),
        (&["keys", "create"], "it is made when it is new"),
        (&["trigger"], "`test` goes with --webhook only"),
        (&["sign"], "curl -H @headers"),
    ] {
        let help = run(&[words, &["--help"]].concat());
        assert!(help.code == Some(0) && help.stdout.contains(says), "{help:?}");
        let end = "Exit codes: 0 done, 1 it did not work (standard error says why), 2 the words of the call are off.";
        assert!(help.stdout.trim_end().ends_with(end), "{help:?}");
    }
}

#[test]
fn a_command_that_only_looks_makes_no_database() {
    let setup = Setup::new();
    let listed = run(&["keys", "list", "--database", &setup.database()]);
    assert_eq!((listed.code, listed.stderr.lines().count()), (Some(1), 1), "{listed:?}");
    assert!(listed.stderr.contains("no such file"), "{listed:?}");
    assert!(!setup.database_file().exists());
}

/// A slip in a relative path makes a database in another place.
#[test]
fn a_command_that_makes_a_database_says_where() {
    let setup = Setup::new();
    let create = |more: &[&str]| {
        let words = ["keys", "create", "--workspace", "acme", "--name", "x", "--role", "admin"];
        let mut command = Command::new(binary());
        command.args(words).args(["--database", "sqlite:sub.db"]).args(more);
        let output = command.current_dir(setup.path("")).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{output:?}");
        (text(output.stdout), text(output.stderr))
    };
    let made = format!("made a new database at {}", setup.path("sub.db").display());
    let (key, said) = create(&[]);
    assert!(key.starts_with("enc_live_") && key.lines().count() == 1, "{key}");
    assert_eq!(said.lines().next(), Some(&*made), "{said}");
    let (_, said) = create(&[]);
    assert!(!said.contains("database"), "{said}");
    std::fs::remove_file(setup.path("sub.db")).unwrap();
    let (key, said) = create(&["--json"]);
    assert!(serde_json::from_str::<Value>(&key).is_ok() && said.trim_end() == made, "{key}{said}");
}

/// A call whose standard output is closed at once, as by `head`: the exit code, and what it says.
fn unread(args: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(binary()).args(args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn who_stops_reading_ends_it_quietly() {
    let verify = ["verify", "--secret", GOLDEN_SECRET, "--signature", GOLDEN_SIGNATURE];
    let setup = Setup::new();
    let body = setup.path("body.json");
    std::fs::write(&body, GOLDEN_BODY).unwrap();
    let verify = [&verify[..], &[body.to_str().unwrap()]].concat();
    for args in [&["config"][..], &["openapi"], &["completions", "bash"], &verify] {
        assert_eq!(unread(args), (Some(0), String::new()), "{args:?}");
    }
    // But a key that nobody saw is something to know of.
    let database = setup.database();
    let create = ["keys", "create", "--workspace", "a", "--name", "b", "--role", "admin"];
    let (code, said) = unread(&[&create[..], &["--database", &database]].concat());
    assert!(code == Some(1) && said.contains("nobody saw the key"), "{said}");
}

/// As a receiver verifies what `curl -H @FILE` sends.
#[test]
fn a_delivery_is_signed_in_both_schemes() {
    let body = GOLDEN_BODY.as_bytes();
    let environment = [("ENCRATA_WEBHOOK_SECRET", GOLDEN_SECRET)];
    let sign = |more: &[&str]| {
        let signed = run_with(&[&["sign", "--id", "evt_1"], more].concat(), body, &environment);
        assert_eq!(signed.code, Some(0), "{signed:?}");
        let pairs = signed.stdout.lines().map(|line| line.split_once(": ").unwrap());
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let webhook = Webhook::new(GOLDEN_SECRET).unwrap().with_tolerance(Duration::from_secs(60));
    let then = sign(&["--timestamp", "1767225600"]);
    assert!(then.contains(&("x-encrata-signature".into(), GOLDEN_SIGNATURE.into())), "{then:?}");
    let event = webhook.verify(&then, body, 1_767_225_600).unwrap();
    assert_eq!(event.id.as_deref(), Some("evt_1"));
    let names: Vec<&str> = then.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-encrata-signature", "webhook-id", "webhook-timestamp", "webhook-signature"]);
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    webhook.verify(&sign(&[]), body, i64::try_from(now_s).unwrap()).unwrap();

    for (args, code, says) in [
        (&["sign", "--id", "a.b"][..], 1, "id"),
        (&["sign", "--timestamp", "1"], 2, "--id"),
        (&["sign", "--id", "evt_1", "--timestamp", "soon"], 2, "soon"),
    ] {
        let refused = run_with(args, body, &environment);
        assert!(refused.code == Some(code) && refused.stderr.contains(says), "{refused:?}");
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn the_golden_vector_is_signed_and_verified() {
    let body = GOLDEN_BODY.as_bytes();
    let signed = run_with(&["sign", "--secret", GOLDEN_SECRET], body, &[]);
    assert_eq!((signed.code, signed.stdout.trim_end()), (Some(0), GOLDEN_SIGNATURE), "{signed:?}");
    let environment = [("ENCRATA_WEBHOOK_SECRET", GOLDEN_SECRET)];
    let signed = run_with(&["sign"], body, &environment);
    assert_eq!(signed.stdout.trim_end(), GOLDEN_SIGNATURE, "{signed:?}");
    let verified = run_with(&["verify", "--signature", GOLDEN_SIGNATURE], body, &environment);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn what_does_not_verify_says_why() {
    let body = GOLDEN_BODY.as_bytes();
    let other = GOLDEN_SECRET.replace('6', "7");
    let upper = GOLDEN_SIGNATURE.to_uppercase();
    let prefixed = format!("sha256={GOLDEN_SIGNATURE}");
    let newline = format!("{GOLDEN_BODY}\n");
    let secret_newline = format!("{GOLDEN_SECRET}\n");
    for (secret, body, signature) in [
        (other.as_str(), body, GOLDEN_SIGNATURE),
        (GOLDEN_SECRET, b"{}".as_slice(), GOLDEN_SIGNATURE),
        (GOLDEN_SECRET, newline.as_bytes(), GOLDEN_SIGNATURE),
        (GOLDEN_SECRET, body, &upper),
        (GOLDEN_SECRET, body, &prefixed),
        (GOLDEN_SECRET, body, ""),
        (GOLDEN_SECRET, body, "ü"),
        (GOLDEN_SECRET, b"\xff\xfe", GOLDEN_SIGNATURE),
        (GOLDEN_SECRET, b"", GOLDEN_SIGNATURE),
        (secret_newline.as_str(), body, GOLDEN_SIGNATURE),
    ] {
        let finished = run_with(&["verify", "--secret", secret, "--signature", signature], body, &[]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""), "{signature}: {finished:?}");
        assert!(!finished.stderr.trim().is_empty() && !finished.stderr.contains("panicked"), "{finished:?}");
    }
    for command in [&["sign"][..], &["verify", "--signature", GOLDEN_SIGNATURE]] {
        for environment in [&[][..], &[("ENCRATA_WEBHOOK_SECRET", "")]] {
            let finished = run_with(command, body, environment);
            assert_eq!(finished.code, Some(1), "{finished:?}");
            assert!(finished.stderr.contains("ENCRATA_WEBHOOK_SECRET"), "{finished:?}");
        }
    }
}
