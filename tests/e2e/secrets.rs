//! No secret where none may be. Every server of every test is searched when it ends; here the search itself is tested, and
//! that all which makes or holds a secret is seen by it.

use std::path::Path;

use encrata_webhooks_tests::{MASTER_KEY, Postgres, Receiver, Secrets, Setup, execute, run};
use serde_json::json;

fn decoded(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secrets = Secrets::default();
    let digits = "6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
    let key = "abcdefghijklmnopqrstuvwxyz012345";
    for secret in [format!("whsec_{digits}"), format!("enc_live_{key}"), MASTER_KEY.into()] {
        secrets.note(&secret);
    }
    // What libraries decode of it, by Python's base64.b64decode.
    let standard =
        "e9c71ee5de78e396f5d9eeb8f5c7bd7bbd796b679fe1a75d73dd75edde9b7f7d35ddad1fdfcf3df7b79ddb4ef5d5bd5c";
    for bytes in [
        format!("a log with whsec_{digits}.").into_bytes(),
        digits.into(),
        [b"\0".as_slice(), &decoded(digits), b"\xff"].concat(),
        [b"\0".as_slice(), &decoded(standard), b"\xff"].concat(),
        format!("enc_live_{key}").into_bytes(),
        key.into(),
        MASTER_KEY.into(),
        decoded(MASTER_KEY),
    ] {
        assert_eq!(secrets.found_in(&bytes).len(), 1, "{bytes:?}");
    }
    for bytes in [&digits.as_bytes()[1..], b"enc_live_", b"...2345", b""] {
        assert!(secrets.found_in(bytes).is_empty());
    }
}

/// One on SQLite, or on PostgreSQL if there is one.
async fn setup(on_postgres: bool) -> Option<Setup> {
    if on_postgres {
        return Some(Setup::new().on_postgres(&Postgres::shared()?.new_database().await));
    }
    Some(Setup::new().env("ENCRATA_MASTER_KEY", MASTER_KEY))
}

/// Whether a server that knows every kind of secret may end after a statement made with two of them.
async fn may_end(setup: Setup, statement: impl FnOnce(&str, &str) -> String) -> bool {
    let receiver = Receiver::start().await;
    let server = setup.trusting(&[&receiver]).start().await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let known = server.setup().secrets().clone();
    assert_eq!(known.count(), 3, "the master key, the API key, the signing secret");
    admin.sign_in().await.post("/api/webhooks/rotate", json!({"id": hook.id})).await.expect(200);
    admin.post("/api/keys", json!({"name": "x"})).await.expect(201);
    assert_eq!(known.count(), 6, "a session's token, a rotated secret, another key");
    let digits = hook.secret.strip_prefix("whsec_").unwrap();
    execute(&server.setup().database(), &statement(digits, admin.key.as_deref().unwrap())).await;
    // What it fails with is caught with the task.
    tokio::spawn(async move { drop(server) }).await.is_ok()
}

#[tokio::test]
async fn a_server_that_keeps_one_is_found_out() {
    for on_postgres in [false, true] {
        let Some(clean) = setup(on_postgres).await else { return };
        assert!(
            may_end(clean, |_, _| "update workspaces set plan = 'pro'".into()).await,
            "nothing was there"
        );
        let blob = |hex: &str| if on_postgres { format!("'\\x{hex}'") } else { format!("x'{hex}'") };
        for n in 0..3 {
            let plant = |digits: &str, key: &str| match n {
                0 => format!("update workspaces set plan = 'x{key}x'"),
                1 => format!("update workspaces set email = '{digits}'"),
                _ => format!("insert into settings (name, value) values ('x', {})", blob(digits)),
            };
            let setup = setup(on_postgres).await.unwrap();
            assert!(!may_end(setup, plant).await, "{n} was not found, on PostgreSQL: {on_postgres}");
        }
    }
}

/// What is written to the log is found in it.
#[tokio::test]
async fn a_server_that_says_one_is_found_out() {
    let receiver = Receiver::start().await;
    let says = r#"echo "the key is $ENCRATA_MASTER_KEY" >&2; exec "$0" "$@""#;
    let setup = Setup::new().env("ENCRATA_MASTER_KEY", MASTER_KEY).traced_by(&["sh", "-c", says]);
    let server = setup.trusting(&[&receiver]).start().await;
    assert!(tokio::spawn(async move { drop(server) }).await.is_err());
}

/// After the answer that made it, nobody gets a secret to see again.
#[tokio::test]
async fn no_answer_shows_a_secret_a_second_time() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let rotated =
        admin.post("/api/webhooks/rotate", json!({"id": hook.id})).await.expect(200).field("secret");
    let made = admin.post("/api/keys", json!({"name": "x"})).await.expect(201);
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "success").await["id"].as_str().unwrap().to_owned();
    let session = admin.sign_in().await;
    for path in [
        "/api/webhooks".to_owned(),
        format!("/api/webhooks?id={}", hook.id),
        "/api/webhooks/overview".into(),
        "/api/webhooks/notices".into(),
        format!("/api/webhooks/stats?webhook_id={}", hook.id),
        format!("/api/webhooks/deliveries?webhook_id={}", hook.id),
        format!("/api/webhooks/deliveries?webhook_id={}&id={delivery}", hook.id),
        "/api/keys".into(),
        "/api/me".into(),
        "/api/session".into(),
        "/api/openapi.json".into(),
        "/metrics".into(),
    ] {
        let caller = if path == "/api/session" { &session } else { &admin };
        let answer = caller.get(&path).await.expect(200);
        for secret in [&hook.secret, &rotated, &made.field("key"), admin.key.as_ref().unwrap()] {
            assert!(!answer.text.contains(&**secret), "{path}");
        }
        assert!(
            !answer.text.contains("\"secret\":\"") && !answer.text.contains("\"key\":\""),
            "{path}: {answer:?}"
        );
    }
    let change = json!({"id": hook.id, "url": hook.url});
    assert_eq!(admin.put("/api/webhooks", change).await.expect(200).json(), json!({"status": "updated"}));
    let finish = admin.post("/api/webhooks/rotate", json!({"id": hook.id, "finish": true})).await.expect(200);
    assert_eq!(finish.json(), json!({"status": "finished"}));
}

/// Whatever the caller showed: a cache on the way, or a browser's, is to keep none.
#[tokio::test]
async fn an_answer_that_makes_a_secret_is_for_no_cache() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let admin = server.key("acme", "admin");
    let new = json!({"url": receiver.url("/hook"), "events": ["lookup.completed"]});
    let made = admin.post("/api/webhooks", new).await.expect(201);
    let rotated = admin.post("/api/webhooks/rotate", json!({"id": made.field("id")})).await.expect(200);
    let key = admin.post("/api/keys", json!({"name": "x"})).await.expect(201);
    let session = server.anonymous().post("/api/session", json!({"key": admin.key})).await.expect(201);
    for answer in [made, rotated, key, session] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    }
}

/// What stands in the wrong place may be a secret, and errors end up in logs.
#[tokio::test]
async fn an_error_repeats_no_secret() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let digits = hook.secret.strip_prefix("whsec_").unwrap();
    for secret in [&hook.secret, digits, admin.key.as_deref().unwrap()] {
        for answer in [
            admin.post("/api/webhooks", json!({"url": hook.url, "events": [secret]})).await,
            admin.post("/api/webhooks/test", json!({"id": hook.id, "event": secret})).await,
            publisher.post("/api/events", json!({"event": secret, "data": {}})).await,
            publisher
                .post("/api/events", json!({"event": "credits.exhausted", "data": {}, "created_at": secret}))
                .await,
        ] {
            let answer = answer.expect(400);
            assert!(!answer.text.contains(&secret[..16]), "{answer:?}");
        }
    }
}

/// Neither the description nor the page has one, not even for an example: what looks like one is sure to be copied.
#[tokio::test]
async fn the_description_and_the_page_have_placeholders_only() {
    let server = Setup::new().start().await;
    let nobody = server.anonymous();
    let description = nobody.get("/api/openapi.json").await.expect(200).text;
    assert!(description.contains("enc_live_…"), "{description}");
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/dashboard/dist");
    let mut files = vec![dist];
    let mut texts = vec![description.into_bytes(), run(&["openapi"]).stdout.into_bytes()];
    while let Some(file) = files.pop() {
        match std::fs::read_dir(&file) {
            Ok(folder) => files.extend(folder.map(|entry| entry.unwrap().path())),
            Err(_) => texts.extend(std::fs::read(&file).ok()),
        }
    }
    for text in texts {
        let text = String::from_utf8_lossy(&text);
        let shown = Secrets::shaped_in(&text);
        assert!(shown.is_empty(), "{shown:?}");
    }
}

/// How fields are called that hold a secret.
const SECRET_NAMES: [&str; 6] = ["key", "secret", "token", "password", "admin", "publisher"];
/// What shows it, and leaves it in memory.
const PLAIN: [&str; 6] = ["String", "Vec<u8>", "[u8", "str>", "Bytes", "Cow<"];
/// Fields that are called so, and hold none.
const NO_SECRETS: [(&str, &str, &str); 6] = [
    ("model/api_key.rs", "key_prefix", "shown to everybody who may list keys"),
    ("model/api_key.rs", "key_preview", "the last four characters, to be recognised by"),
    ("api/keys.rs", "key_prefix", "the same"),
    ("api/keys.rs", "key_preview", "the same"),
    ("model/event.rs", "key", "a caller's name for a request, `Idempotency-Key`"),
    ("api/events.rs", "idempotency_key", "the same"),
];

/// A secret in a `String` is shown by `Debug`, and stays in memory.
#[test]
fn no_field_of_the_server_holds_a_secret_as_plain_text() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src")];
    let (mut plain, mut fields) = (Vec::new(), 0);
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let field = line.trim().strip_suffix(',').and_then(|field| field.split_once(": "));
            let Some((name, kind)) = field else { continue };
            let name = name.rsplit(' ').next().unwrap_or_default();
            if !SECRET_NAMES.iter().any(|word| name.contains(word)) {
                continue;
            }
            fields += usize::from(kind.contains("SecretText"));
            let is_type = !kind.contains(['(', '&', '.']);
            let is_excepted =
                NO_SECRETS.iter().any(|(file, field, _)| path.ends_with(file) && name == *field);
            if is_type && PLAIN.iter().any(|plain| kind.contains(plain)) && !is_excepted {
                plain.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(plain.is_empty() && fields >= 9, "{fields}, {plain:?}");
}
