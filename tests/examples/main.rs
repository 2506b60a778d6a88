//! The receivers to copy: each is started as its README says, with TLS before it, and gets deliveries from the binary.
//! `tests/examples/run.sh` brings what they are written with.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod program;
mod shape;
mod shown;
mod strangers;

use encrata_webhooks::Webhook;
use encrata_webhooks_tests::{Api, Authority, Flaw, Forward, GOLDEN_BODY, Hook, Receiver, Server, Setup};
use serde_json::{Value, json};

use self::program::{Program, free_port};

/// A test for each folder, and the list of all.
macro_rules! receivers {
    ($($test:ident $folder:literal)*) => {
        const TESTED: &[&str] = &["browser", $($folder),*];
        $(#[tokio::test] async fn $test() { receives($folder).await })*
    };
}
receivers! {
    aws_lambda_node "aws-lambda-node"
    aws_lambda_python "aws-lambda-python"
    bun "bun"
    deno "deno"
    django "django"
    express "express"
    fastapi "fastapi"
    fastify "fastify"
    flask "flask"
    go "go"
    go_standardwebhooks "go-standardwebhooks"
    hono_on_workers "hono"
    next "next"
    node "node"
    rust_axum "rust-axum"
}

/// A test for each receiver that is shown without a folder.
macro_rules! shown {
    ($($test:ident $name:literal)*) => { $(#[tokio::test] async fn $test() { withstands($name).await })* };
}
shown! {
    go_on_the_page "page-go"
    node_in_the_readme "readme-node"
    node_on_the_page_and_in_its_package "page-node"
    python_in_the_readme "readme-python"
}

/// A server that tries once, with a webhook at the receiver whose secret is being rotated.
struct Scene {
    server: Server,
    admin: Api,
    publisher: Api,
    hook: Hook,
    /// What signs from now on; what signed before is the hook's.
    rotated: String,
    port: u16,
    _front: Forward,
}

impl Scene {
    async fn new() -> Self {
        let (authority, port) = (Authority::new(), free_port());
        let front = Forward::behind_tls(port, authority.serving(Flaw::None, &["http/1.1"])).await;
        let setup = Setup::new().trusting_pem(authority.pem()).option("--retry-schedule", "");
        let server = setup.start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let url = format!("https://127.0.0.1:{}/webhooks/encrata", front.port());
        let hook = admin.webhook_at(&url, &["lookup.completed"]).await;
        let rotated = admin.post("/api/webhooks/rotate", json!({"id": hook.id})).await.expect(200);
        let rotated = rotated.field("secret");
        Self { server, admin, publisher, hook, rotated, port, _front: front }
    }

    /// Publishes an event and waits until the example has taken and worked on it.
    async fn deliver(&self, program: &Program, lookup_id: &str, nth: usize) -> String {
        let id = self.publisher.lookup(&self.admin.workspace_id, lookup_id).await;
        let all = |found: &[Value]| found.len() == nth && found.iter().all(|one| one["status"] != "pending");
        let newest = self.admin.deliveries_when(&self.hook.id, lookup_id, all).await.remove(0);
        assert_eq!(
            (&newest["status"], &newest["response_status"]),
            (&json!("success"), &json!(204)),
            "{newest}"
        );
        program.says(&id).await;
        id
    }
}

/// The answer to a delivery that is not the server's: signed with `secret` as of `timestamp`, and then changed by `more`.
async fn signed(port: u16, secret: &str, timestamp: i64, more: &str) -> u16 {
    let signed = Webhook::new(secret).unwrap().sign(GOLDEN_BODY.as_bytes(), "evt_forged", timestamp);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.post(format!("http://127.0.0.1:{port}/webhooks/encrata"));
    for (name, value) in &signed.unwrap() {
        request = request.header(name, value);
    }
    request.body(format!("{GOLDEN_BODY}{more}")).send().await.unwrap().status().as_u16()
}

fn now() -> i64 {
    encrata_webhooks_server::clock::now_ms() / 1000
}

async fn withstands(name: &str) {
    let (port, secret) = (free_port(), format!("whsec_{}", "0123456789abcdef".repeat(4)));
    let Some(mut program) = Program::start_shown(name, port, &secret).await else { return };
    assert_eq!(signed(port, &secret, now(), "").await, 204, "a delivery");
    assert_eq!(signed(port, &secret, now() - 3600, "").await, 401, "a replay");
    strangers::send(&mut program, port).await;
    assert_eq!(signed(port, &secret, now(), "").await, 204, "a delivery afterwards");
    drop(program);
}

async fn receives(folder: &str) {
    let scene = Scene::new().await;
    let secret = match folder {
        "go" | "go-standardwebhooks" => format!("{} {}", scene.hook.secret, scene.rotated),
        _ => scene.rotated.clone(),
    };
    let Some(mut program) = Program::start(folder, scene.port, &secret).await else { return };

    let now = now();
    let (good, other) =
        (secret.split(' ').next().unwrap(), format!("whsec_{}", "0123456789abcdef".repeat(4)));
    assert_eq!(signed(scene.port, &other, now, "").await, 401, "another secret");
    assert_eq!(signed(scene.port, good, now, " ").await, 401, "a changed body");
    assert_eq!(signed(scene.port, good, now - 3600, "").await, 401, "a replay");
    assert_eq!(signed(scene.port, good, now + 3600, "").await, 401, "from the future");

    let first = scene.deliver(&program, "lu_1", 1).await;
    let delivery = scene.admin.delivery_when(&scene.hook.id, "success").await;
    scene.admin.post("/api/webhooks/deliveries/retry", json!({"id": delivery["id"]})).await.expect(202);
    let again = |found: &[Value]| found[0]["attempts"] == 2 && found[0]["status"] != "pending";
    let again = scene.admin.deliveries_when(&scene.hook.id, "again", again).await.remove(0);
    assert_eq!((&again["status"], &again["response_status"]), (&json!("success"), &json!(204)));

    strangers::send(&mut program, scene.port).await;
    let second = scene.deliver(&program, "lu_2", 2).await;
    let lines = program.lines();
    for id in [first, second] {
        assert_eq!(lines.iter().filter(|line| line.contains(&id)).count(), 1, "{id} in {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.contains("evt_forged")), "{lines:#?}");
    drop(scene.server);
}

#[tokio::test]
async fn browser() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    admin.post("/api/webhooks/test", json!({"id": hook.id, "event": "lookup.completed"})).await.expect(200);
    let came = receiver.wait_for("/hook", 1).await.remove(0);
    let headers: Vec<String> = came.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = String::from_utf8(came.body.clone()).unwrap();
    let pasted =
        |secret: &str, body: &str| json!({"secret": secret, "headers": headers.join("\n"), "body": body});
    let cases = json!([
        pasted(&hook.secret, &body),
        pasted(&hook.secret, &body.replace("lookup", "look")),
        pasted(&format!("{}\"", hook.secret), &body),
    ]);

    let port = free_port();
    let Some(program) = Program::start("browser", port, "").await else { return };
    let Some(said) = program::browse(port, &cases) else { return };
    let id = came.header("webhook-id");
    assert!(said[0].starts_with("It verifies: ") && said[0].contains(id), "{said:?}");
    assert!(said[1].starts_with("It does not, signature_mismatch: "), "{said:?}");
    assert!(said[2].starts_with("It does not, invalid_secret: "), "{said:?}");
    drop(program);
}
