//! Webhooks and keys from elsewhere.

use encrata_webhooks_tests::{Finished, MASTER_KEY, Postgres, Receiver, Setup, execute, run_with};
use serde_json::{Value, json};

const SECRET: &str = "whsec_00000000000000000000000000000000000000000000000000000000000000a1";
const ADMIN_KEY: &str = "enc_live_abcdefghijklmnopqrstuvwxyz012345";
/// The SHA-256 of `enc_live_publisherpublisherpublisher00`.
const PUBLISHER_KEY: &str = "enc_live_publisherpublisherpublisher00";

fn hash(key: &str) -> String {
    use encrata_webhooks_server::model::api_key::KeyHash;
    KeyHash::of(key).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `import` of files with these contents, into the setup's database.
fn import(setup: &Setup, files: &[(&str, &str)], more: &[&str]) -> Finished {
    let mut args = vec!["import".to_owned(), "--database".to_owned(), setup.database()];
    for (name, content) in files {
        let path = setup.path(name);
        std::fs::write(&path, content).unwrap();
        let flag = if name.starts_with("webhooks") { "--webhooks" } else { "--keys" };
        args.extend([flag.to_owned(), path.to_str().unwrap().to_owned()]);
    }
    args.extend(more.iter().map(|word| (*word).to_owned()));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    run_with(&args, b"", &[("ENCRATA_MASTER_KEY", MASTER_KEY)])
}

fn webhooks_csv(receiver: &Receiver) -> String {
    format!(
        "workspace,id,url,events,secret,description,is_active,created_at\r\n\
         acme,0197f000-0000-4000-8000-0000000000a1,{},\"lookup.completed, credits.low\",{SECRET},\"the \"\"old\"\" one\",true,2024-05-01T00:00:00Z\r\n\
         acme,,{},credits.low,{SECRET},,no,\r\n",
        receiver.url("/old"),
        receiver.url("/paused"),
    )
}

fn keys_json() -> String {
    json!([
        {"workspace": "acme", "name": "console", "role": "admin", "key": ADMIN_KEY, "credit_limit": 5},
        {"workspace": "acme", "name": "billing", "role": "publisher", "key_hash": hash(PUBLISHER_KEY),
         "key_preview": "...er00", "last_used": "2026-01-02T00:00:00Z", "total_requests": 7},
        {"workspace": "acme", "name": "off", "role": "tech", "key": "enc_live_off", "is_active": false, "id": null},
    ])
    .to_string()
}

/// Nobody changes a receiver or a key.
async fn goes_on(setup: Setup) {
    let receiver = Receiver::start().await;
    let files = [("webhooks.csv", webhooks_csv(&receiver)), ("keys.json", keys_json())];
    let files = files.each_ref().map(|(name, content)| (*name, content.as_str()));
    let checked = import(&setup, &files, &["--check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked.stdout.contains("2 webhooks and 3 keys can be brought in; nothing was kept"),
        "{checked:?}"
    );
    let server = setup.trusting(&[&receiver]).env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
    // While it runs.
    let imported = import(server.setup(), &files, &["--json"]);
    let told: Value = serde_json::from_str(&imported.stdout).unwrap();
    assert_eq!(told, json!({"status": "imported", "webhooks": 2, "keys": 3, "skipped": 0}), "{imported:?}");

    let admin = server.anonymous().with_key(ADMIN_KEY);
    let webhooks = admin.get("/api/webhooks").await.expect(200).json();
    let old = &webhooks[0];
    assert_eq!(old["id"], "0197f000-0000-4000-8000-0000000000a1");
    assert_eq!(old["description"], "the \"old\" one");
    assert_eq!(old["created_at"], "2024-05-01T00:00:00.000Z");
    assert_eq!(
        (&old["events"], &webhooks[1]["is_active"]),
        (&json!(["lookup.completed", "credits.low"]), &json!(false))
    );
    let keys = admin.get("/api/keys").await.expect(200).json();
    let of = |name: &str| keys["keys"].as_array().unwrap().iter().find(|key| key["name"] == name).unwrap();
    assert_eq!(
        (&of("console")["credit_limit"], &of("console")["key_preview"]),
        (&json!(5), &json!("...2345"))
    );
    let listed = run_with(&["keys", "list", "--json", "--database", &server.setup().database()], b"", &[]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let billing = listed.as_array().unwrap().iter().find(|key| key["name"] == "billing").unwrap();
    assert!(billing["total_requests"].as_i64().unwrap() >= 7, "{billing}");
    assert_eq!((&of("off")["is_active"], &of("off")["disabled_by_admin"]), (&json!(false), &json!(true)));

    let publisher = server.anonymous().with_key(PUBLISHER_KEY);
    let event = json!({"event": "lookup.completed", "data": {"email": "a@b.c", "lookup_id": "lu_1"}});
    assert_eq!(publisher.post("/api/events", event).await.expect(202).json()["deliveries"], 1);
    receiver.wait_for("/old", 1).await[0].verify(SECRET).unwrap();

    // Once more: each row is in the way, or is left alone.
    let again = import(server.setup(), &files, &[]);
    assert_eq!(again.code, Some(1));
    for says in [
        "webhooks.csv, row 1 below the head: a webhook with this id is there already",
        "webhooks.csv, row 2 below the head: a webhook with this URL is in this workspace already",
        "keys.json, object 1: this key is there already",
        "nothing was kept: 5 rows are wrong",
    ] {
        assert!(again.stderr.contains(says), "{says}: {again:?}");
    }
    let skipped = import(server.setup(), &files, &["--skip-existing", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&skipped.stdout).unwrap()["skipped"], 5, "{skipped:?}");
    assert_eq!(admin.get("/api/webhooks").await.json().as_array().unwrap().len(), 2);
    for finished in [checked, imported, again, skipped] {
        for secret in [SECRET, ADMIN_KEY, PUBLISHER_KEY] {
            assert!(!finished.stdout.contains(secret) && !finished.stderr.contains(secret), "{finished:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_brought_in_goes_on_as_it_was() {
    goes_on(Setup::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    // The first start makes the schema, as everywhere.
    goes_on(Setup::new().on(&url)).await;
}

#[test]
fn every_row_that_is_wrong_is_told_and_nothing_is_kept() {
    let setup = Setup::new();
    let url = "https://example.com/hook";
    let good = json!({"workspace": "acme", "url": url, "events": ["credits.low"], "secret": SECRET});
    let with = |more: Value| {
        let mut row = good.clone();
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    };
    let webhooks = json!([
        good,
        with(json!({"url": "http://example.com/"})),
        with(json!({"events": "lookup.done"})),
        with(json!({"events": []})),
        with(json!({"secret": "  "})),
        with(json!({"secret": "whsec_nothex!"})),
        with(json!({"secret": 7})),
        with(json!({"id": "wh_1"})),
        with(json!({"workspace": null, "colour": "red"})),
        with(json!({"is_active": "perhaps"})),
        with(json!({"rate_limit": 0, "created_at": "yesterday"})),
        good,
    ]);
    let keys = json!([
        {"workspace": "acme", "name": "x", "role": "owner", "key": "k"},
        {"workspace": "acme", "name": "x", "role": "admin"},
        {"workspace": "acme", "name": "x", "role": "admin", "key": "k1", "key_hash": hash("k1")},
        {"workspace": "acme", "name": "x", "role": "admin", "key_hash": "abc"},
        {"workspace": "acme", "name": "x", "role": "admin", "key_hash": hash("k2")},
        {"workspace": "acme", "name": "x", "role": "admin", "key": "k3"},
        {"workspace": "acme", "name": "y", "role": "admin", "key": "k3"},
    ]);
    let (webhooks, keys) = (webhooks.to_string(), keys.to_string());
    let finished = import(&setup, &[("webhooks.json", &webhooks), ("keys.json", &keys)], &[]);
    assert_eq!(finished.code, Some(1));
    for says in [
        "webhooks.json, object 2: url starts with http:",
        "webhooks.json, object 3: 'lookup.done' is not an event",
        "webhooks.json, object 4: events is missing",
        "webhooks.json, object 5: secret can't be used",
        "webhooks.json, object 7: secret is not a text",
        "webhooks.json, object 8: id is not a UUID",
        "webhooks.json, object 9: workspace is missing",
        "webhooks.json, object 9: nobody knows colour",
        "webhooks.json, object 10: is_active is neither",
        "webhooks.json, object 11: rate_limit is not from 1",
        "webhooks.json, object 11: created_at is not a time",
        "webhooks.json, object 12: the same workspace and URL stands above",
        "keys.json, object 1: 'owner' is not a role",
        "keys.json, object 2: key is missing",
        "keys.json, object 3: both key and key_hash",
        "keys.json, object 4: key_hash is not 64 hex digits",
        "keys.json, object 5: key_preview is missing",
        "keys.json, object 7: the same key stands above",
    ] {
        assert!(finished.stderr.contains(says), "{says}: {}", finished.stderr);
    }
    assert!(!finished.stderr.contains("object 1: url") && !finished.stderr.contains(SECRET));
    assert!(!setup.database_file().exists(), "nothing was made");

    // No head, columns mixed up, another shape: what is quoted there would be a secret.
    let headless = format!("acme,https://x.example/,credits.low,{SECRET}\n").repeat(2);
    let mixed_up = format!("workspace,url,events,secret\nacme,https://x.example/,{SECRET},credits.low\n");
    let as_role = format!("workspace,name,role,key\nacme,x,{ADMIN_KEY},admin\n");
    let bare = json!([ADMIN_KEY]).to_string();
    for (name, content, says) in [
        ("webhooks.csv", &*headless, "row 1 below the head: nobody knows"),
        ("webhooks.csv", &*mixed_up, "'…' is not an event"),
        ("keys.csv", &*as_role, "'…' is not a role"),
        ("keys.json", &*bare, "not a JSON array of objects (number 1 is something else)"),
        ("keys.csv", "workspace,name,role,key\nacme,x,admin,\"k 4\"\n", "key can't be one"),
    ] {
        let finished = import(&setup, &[(name, content)], &[]);
        assert!(finished.code == Some(1) && finished.stderr.contains(says), "{finished:?}");
        assert!(!finished.stderr.contains(SECRET) && !finished.stderr.contains(ADMIN_KEY), "{finished:?}");
    }

    for (name, content, says) in [
        ("webhooks.txt", "x", ".csv or .json"),
        ("webhooks.json", "{}", "not a JSON array of objects"),
        ("webhooks.csv", "workspace,url\nacme\n", "found record with 1 field"),
    ] {
        let finished = import(&setup, &[(name, content)], &[]);
        assert!(finished.code == Some(1) && finished.stderr.contains(says), "{finished:?}");
    }
}

#[test]
fn spreadsheets_with_semicolons_are_read() {
    let setup = Setup::new();
    let csv = format!(
        "\u{feff}workspace;url;events;secret\r\n\r\nacme;https://x.example/;credits.low,lookup.completed;{SECRET}\r\n"
    );
    let checked = import(&setup, &[("webhooks.csv", &csv)], &["--check", "--json"]);
    let said: Value = serde_json::from_str(&checked.stdout).unwrap_or_else(|_| panic!("{checked:?}"));
    assert_eq!(said, json!({"status": "checked", "webhooks": 1, "keys": 0, "skipped": 0}));
}

#[tokio::test]
async fn a_database_that_cannot_be_looked_into_is_not_checked() {
    let setup = Setup::new();
    assert_eq!(import(&setup, &[("keys.json", &keys_json())], &[]).code, Some(0));
    execute(&setup.database(), "update _sqlx_migrations set checksum = x'00'").await;
    let checked = import(&setup, &[("keys.json", &keys_json())], &["--check", "--skip-existing"]);
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(1), ""), "{checked:?}");
}

#[tokio::test]
async fn a_workspace_makes_a_thousand_keys_and_an_operator_more() {
    let setup = Setup::new();
    let key = |n: usize| {
        json!({"workspace": "acme", "name": "k", "role": "member", "key_hash": hash(&n.to_string()),
               "key_preview": "...abcd"})
    };
    let keys: Value = (0..999).map(key).collect();
    let imported = import(&setup, &[("keys.json", &keys.to_string())], &[]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let server = setup.env("ENCRATA_MASTER_KEY", MASTER_KEY).start().await;
    // The thousandth.
    let admin = server.key("acme", "admin");
    let refused = admin.post("/api/keys", json!({"name": "Production"})).await.expect(409);
    assert!(refused.error().contains("1000 API keys, which is the limit"), "{refused:?}");
    let listed = admin.get("/api/keys").await.expect(200).json();
    let id = listed["keys"].as_array().unwrap().iter().find(|key| key["name"] == "k").unwrap()["id"].clone();
    let delete = format!("/api/keys?permanent=true&id={}", id.as_str().unwrap());
    admin.delete(&delete).await.expect(200);
    admin.post("/api/keys", json!({"name": "Production"})).await.expect(201);
    admin.post("/api/keys", json!({"name": "Production"})).await.expect(409);
    // Others, and the operator, are not held up.
    server.key("other", "admin").post("/api/keys", json!({"name": "Production"})).await.expect(201);
    server.key("acme", "admin");
}
