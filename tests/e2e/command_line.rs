//! The other commands: keys, sign, verify.

use encrata_webhooks_tests::{
    GOLDEN_BODY, GOLDEN_SECRET, GOLDEN_SIGNATURE, Receiver, Server, Setup, run, run_with,
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
