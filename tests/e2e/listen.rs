//! A laptop: deliveries forwarded to where no webhook reaches, samples published, one delivery once more.

use encrata_webhooks_tests::{
    Api, Forward, Gate, Hook, Postgres, Receiver, Reply, Running, Server, Setup, run, run_with,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LISTEN: &str = "/api/webhooks/deliveries/listen";

/// A workspace whose webhook has a receiver, and another receiver on a laptop.
struct Scene {
    receiver: Receiver,
    laptop: Receiver,
    server: Server,
    admin: Api,
    publisher: Api,
    hook: Hook,
}

impl Scene {
    async fn new() -> Self {
        let (receiver, laptop) = (Receiver::start().await, Receiver::start().await);
        let server = Server::start(&receiver).await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook(&receiver, "/hook", &["lookup.completed", "credits.low"]).await;
        let scene = Self { receiver, laptop, server, admin, publisher, hook };
        std::fs::write(scene.ca(), scene.laptop.ca_pem()).unwrap();
        scene
    }

    fn ca(&self) -> String {
        self.server.setup().path("laptop.pem").to_str().unwrap().to_owned()
    }

    fn env<'a>(base: &'a str, key: &'a Api) -> [(&'a str, &'a str); 2] {
        [("ENCRATA_SERVER", base), ("ENCRATA_API_KEY", key.key.as_deref().unwrap())]
    }

    /// `listen` at an address of the server, forwarding to the laptop.
    fn listen(&self, base: &str, more: &[&str]) -> Running {
        let (to, ca) = (self.laptop.url("/local"), self.ca());
        let args = [&["listen", "--forward-to", &to, "--extra-ca", &ca][..], more].concat();
        Running::start(&args, &Self::env(base, &self.admin))
    }

    async fn publish(&self, n: usize) {
        self.publisher.lookup(&self.admin.workspace_id, &format!("lu_{n}")).await;
    }
}

#[tokio::test]
async fn what_is_delivered_arrives_on_a_laptop_and_verifies_there() {
    let scene = Scene::new().await;
    // The receiver of the webhook fails: that is nothing to the laptop.
    scene.receiver.script("/hook", |_| Reply::status(500));
    let listening = scene.listen(scene.server.base(), &[]);
    let first = listening.says("listening").await;
    let ends = format!("forwarded to {}", scene.laptop.url("/local"));
    assert!(first.contains("deliveries of acme") && first.ends_with(&ends), "{first}");
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let event = json!({"workspace_id": scene.admin.workspace_id, "event": "lookup.completed", "data": {"email": "ü@example.com", "lookup_id": "l\n1"}});
    let headers = [("content-type", "application/json"), ("traceparent", traceparent)];
    let body = Some(event.to_string().into_bytes());
    scene.publisher.send(reqwest::Method::POST, "/api/events", &headers, body).await.expect(202);
    let sent = scene.receiver.wait_for("/hook", 1).await.remove(0);
    let forwarded = scene.laptop.wait_for("/local", 1).await.remove(0);
    assert_eq!(forwarded.body, sent.body, "byte for byte");
    forwarded.verify(&scene.hook.secret).unwrap();
    for name in
        ["content-type", "user-agent", "x-encrata-event", "x-encrata-delivery", "webhook-id", "traceparent"]
    {
        assert_eq!(forwarded.header(name), sent.header(name), "{name}");
    }
    let line = listening.says("lookup.completed").await;
    assert!(line.contains("200 in") && line.contains(sent.header("x-encrata-delivery")), "{line}");

    scene.laptop.script("/local", |_| Reply::status(418));
    scene.publish(2).await;
    listening.says("418 in").await;
    assert_eq!(listening.interrupt(), Some(0));
}

#[tokio::test]
async fn where_it_forwards_to_is_shown_without_what_may_be_secret() {
    let scene = Scene::new().await;
    let to = "http://user:mark-p@127.0.0.1:1/webhooks/encrata?token=mark-q";
    let env = Scene::env(scene.server.base(), &scene.admin);
    let listening = Running::start(&["listen", "--forward-to", to], &env);
    let first = listening.says("listening").await;
    assert!(first.ends_with("forwarded to http://127.0.0.1:1/webhooks/encrata"), "{first}");
}

#[tokio::test]
async fn it_prints_json_filters_and_catches_up() {
    let scene = Scene::new().await;
    scene.publish(1).await;
    let low = json!({"credits_remaining": 5, "threshold": 10});
    scene.publisher.publish(&scene.admin.workspace_id, "credits.low", low).await.expect(202);
    scene.admin.deliveries_when(&scene.hook.id, "both", |all| all.len() == 2).await;
    let since = "2026-01-01T00:00:00Z";
    let of_hook = ["--json", "--since", since, "--events", "credits.low", "--webhook", &scene.hook.id];
    let listening = scene.listen(scene.server.base(), &of_hook);
    let line: Value = serde_json::from_str(&listening.says("credits.low").await).unwrap();
    assert_eq!((&line["status"], &line["error"]), (&json!(200), &Value::Null), "{line}");
    assert_eq!(line["webhook_id"], scene.hook.id);
    let only = scene.laptop.wait_for("/local", 1).await;
    assert_eq!(only[0].json()["event"], "credits.low");
    assert!(listening.lines().iter().all(|line| line.starts_with('{')), "{:?}", listening.lines());

    // All of them, oldest first, and without a place to forward them to.
    let shown = Running::start(&["listen", "--since", since], &Scene::env(scene.server.base(), &scene.admin));
    let line = shown.says("credits.low").await;
    assert_eq!(line, line.trim_end());
    let order: Vec<String> = shown.lines().into_iter().skip(1).collect();
    assert!(order[0].contains("lookup.completed") && order[1].contains("credits.low"), "{order:?}");
    assert_eq!(scene.laptop.received("/local").len(), 1);
}

#[tokio::test]
async fn a_break_loses_nothing_and_brings_nothing_twice() {
    let scene = Scene::new().await;
    let port = |url: &str| url.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let way = Forward::to(port(scene.server.base())).await;
    let base = format!("http://127.0.0.1:{}", way.port());
    let listening = scene.listen(&base, &[]);
    listening.says("listening").await;
    let mut published = 0;
    for round in 1..=2 {
        for _ in 0..40 {
            published += 1;
            scene.publish(published).await;
        }
        scene.laptop.wait_for("/local", published).await;
        // While the way is broken, more come.
        way.cut();
        for _ in 0..40 {
            published += 1;
            scene.publish(published).await;
        }
        listening.says("listening again in").await;
        let arrived = scene.laptop.wait_for("/local", published).await;
        let mut ids: Vec<String> =
            arrived.iter().map(|request| request.header("webhook-id").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), arrived.len()), (published, published), "round {round}");
    }
}

#[tokio::test]
async fn a_break_before_the_first_delivery_loses_none() {
    let scene = Scene::new().await;
    let port = scene.server.base().rsplit(':').next().unwrap().parse().unwrap();
    let way = Forward::to(port).await;
    let listening = scene.listen(&format!("http://127.0.0.1:{}", way.port()), &[]);
    listening.says("listening").await;
    way.cut();
    scene.publish(1).await;
    listening.says("listening again in").await;
    assert_eq!(scene.laptop.wait_for("/local", 1).await.len(), 1);
}

/// A server that answers with `head`, and then with `more` as long as somebody reads.
async fn hostile(head: &'static str, more: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            assert!(socket.read(&mut asked).await.unwrap() > 0);
            socket.write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes()).await.unwrap();
            // It ends all the same, for who reads all of it.
            for _ in 0..1000 {
                if socket.write_all(more.repeat(1024).as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    base
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_server_fills_no_memory_and_no_terminal() {
    let endless = hostile("200 OK", "data: never ended ").await;
    let ended = run(&["listen", "--server", &endless, "--api-key", "x"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("an event without an end"), "{ended:?}");

    let to = "http://127.0.0.1:1";
    let ended = run(&["replay", "x", "--server", &endless, "--api-key", "x", "--forward-to", to]);
    assert!(ended.code == Some(1) && ended.stderr.contains("does not end"), "{ended:?}");

    let said = "400 Bad Request\r\ncontent-length: 30\r\n\r\n{\"error\":\"\\u001b[2Jcleared\"}   ";
    let escapes = hostile(said, "").await;
    let ended = run(&["replay", "x", "--server", &escapes, "--api-key", "x", "--forward-to", to]);
    assert!(ended.stderr.contains("400: [2Jcleared") && !ended.stderr.contains('\u{1b}'), "{ended:?}");
}

#[tokio::test]
async fn a_slow_laptop_is_waited_for() {
    let scene = Scene::new().await;
    let gate = Gate::new();
    let held = gate.clone();
    scene.laptop.script("/local", move |_| Reply::ok().after(&held));
    let listening = scene.listen(scene.server.base(), &[]);
    listening.says("listening").await;
    for n in 0..100 {
        scene.publish(n).await;
    }
    scene.laptop.wait_for("/local", 1).await;
    gate.open();
    let arrived = scene.laptop.wait_for("/local", 100).await;
    let order: Vec<String> =
        arrived.iter().map(|request| request.json()["data"]["lookup_id"].to_string()).collect();
    let published: Vec<String> = (0..100).map(|n| format!("\"lu_{n}\"")).collect();
    assert_eq!(order, published, "in the order in which they came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_sign_may_listen() {
    let scene = Scene::new().await;
    let reader = scene.server.key("acme", "readonly");
    let stranger = scene.server.key("other", "admin");
    assert_eq!(reader.try_listen(LISTEN).await.unwrap_err(), 403);
    assert_eq!(scene.publisher.try_listen(LISTEN).await.unwrap_err(), 403);
    let of_another = format!("{LISTEN}?webhook_id={}", scene.hook.id);
    assert_eq!(stranger.try_listen(&of_another).await.unwrap_err(), 404);
    for query in ["?events=x", "?since=yesterday", "?webhook_id=x"] {
        assert!(
            matches!(scene.admin.try_listen(&format!("{LISTEN}{query}")).await, Err(400 | 404)),
            "{query}"
        );
    }
    let mut theirs = stranger.listen(LISTEN).await;
    let (name, hello) = theirs.next().await.unwrap();
    assert_eq!((name.as_str(), &hello["workspace"]), ("listening", &json!("other")));
    assert_eq!(hello["webhooks"], 0);
    scene.publish(1).await;
    let mut ours = scene.admin.listen(&format!("{LISTEN}?since=2026-01-01T00:00:00Z")).await;
    ours.until("delivery", |told| told["webhook_id"] == scene.hook.id).await;
    scene.server.setup().create_key("other", "member");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1500), theirs.next()).await.is_err());

    for (key, says) in [
        (&reader, "an admin's or a member's key is needed"),
        (&scene.admin.with_key("enc_live_x"), "401: unauthorized"),
    ] {
        let ended = run_with(&["listen"], b"", &Scene::env(scene.server.base(), key));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(says), "{ended:?}");
    }
    let nowhere = run(&["listen", "--server", "http://127.0.0.1:1", "--api-key", "x"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains("http://127.0.0.1:1 can't be reached"), "{nowhere:?}");
    std::fs::write(scene.ca(), "").unwrap();
    let untrusting = run(&["listen", "--api-key", "x", "--extra-ca", &scene.ca()]);
    assert!(untrusting.stderr.contains("holds no PEM certificate"), "{untrusting:?}");
    let keyless = run(&["listen"]);
    assert!(keyless.stderr.contains("ENCRATA_API_KEY"), "{keyless:?}");
}

#[tokio::test]
async fn a_workspace_is_heard_wherever_it_publishes() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let node = async || Setup::new().trusting(&[&receiver]).on_postgres(&url).start().await;
    let (one, other) = (node().await, node().await);
    let (admin, publisher) = one.admin_and_publisher();
    let first = admin.webhook(&receiver, "/first", &["lookup.completed"]).await;
    let second = admin.webhook(&receiver, "/second", &["lookup.completed"]).await;
    let mut listener = other.rebase(&admin).listen(LISTEN).await;
    assert_eq!(listener.next().await.unwrap().1["webhooks"], 2);
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let mut told = [listener.next().await.unwrap().1, listener.next().await.unwrap().1];
    told.sort_by_key(|told| told["webhook_id"] == second.id);
    assert_eq!((&told[0]["webhook_id"], &told[1]["webhook_id"]), (&json!(first.id), &json!(second.id)));
    assert_eq!(told[0]["event_id"], told[1]["event_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_replayed_with_a_signature_of_now() {
    let scene = Scene::new().await;
    scene.publish(1).await;
    let delivery = scene.admin.delivery_when(&scene.hook.id, "success").await;
    let id = delivery["id"].as_str().unwrap();
    let one = format!("/api/webhooks/deliveries?id={id}");
    let sent = scene.admin.get(&one).await.expect(200).json();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let (to, ca) = (scene.laptop.url("/local"), scene.ca());
    let env = Scene::env(scene.server.base(), &scene.admin);
    let replayed = run_with(&["replay", id, "--forward-to", &to, "--extra-ca", &ca], b"", &env);
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    let got = scene.laptop.wait_for("/local", 1).await.remove(0);
    got.verify(&scene.hook.secret).unwrap();
    let header = |name: &str| {
        let headers = sent["request"]["headers"].as_array().unwrap();
        headers.iter().find(|header| header[0] == name).unwrap()[1].as_str().unwrap().to_owned()
    };
    assert_eq!(got.header("webhook-id"), header("webhook-id"));
    assert!(got.header("webhook-timestamp") > header("webhook-timestamp").as_str(), "as of now");

    scene.laptop.script("/local", |_| Reply::status(500));
    let refused = run_with(&["replay", id, "--forward-to", &to, "--extra-ca", &ca], b"", &env);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("the receiver answered 500"), "{refused:?}");
    let unknown = run_with(&["replay", "x", "--forward-to", &to], b"", &env);
    assert!(unknown.stderr.contains("no such delivery"), "{unknown:?}");
    let nobody = run_with(&["replay", id, "--forward-to", "http://u:mark-p@127.0.0.1:1/x"], b"", &env);
    assert!(nobody.stderr.contains("is your receiver running at http://127.0.0.1:1?"), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_is_triggered() {
    let scene = Scene::new().await;
    let base = scene.server.base();
    let publish = |more: &[&str]| {
        let args =
            [&["trigger", "lookup.completed", "--workspace", &scene.admin.workspace_id][..], more].concat();
        run_with(&args, b"", &Scene::env(base, &scene.publisher))
    };
    let published = publish(&["--data", r#"{"lookup_id": "mine"}"#]);
    assert_eq!(published.code, Some(0), "{published:?}");
    assert!(published.stdout.starts_with("lookup.completed published to 1 webhook: evt_"), "{published:?}");
    let got = scene.receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(got.json()["data"]["lookup_id"], "mine");
    let answer: Value = serde_json::from_str(&publish(&["--json"]).stdout).unwrap();
    assert_eq!(answer["deliveries"], 1);

    let admin = Scene::env(base, &scene.admin);
    let test = ["trigger", "credits.low", "--webhook", &scene.hook.id];
    let tested = run_with(&test, b"", &admin);
    assert!(tested.code == Some(0) && tested.stdout.contains("delivered in"), "{tested:?}");
    scene.receiver.script("/hook", |_| Reply::status(500));
    let failed = run_with(&test, b"", &admin);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("the answer was 500"), "{failed:?}");
    let by_admin = run_with(&["trigger", "lookup.completed"], b"", &admin);
    assert!(
        by_admin.code == Some(1) && by_admin.stderr.contains("a publisher's key is needed"),
        "{by_admin:?}"
    );
    let by_publisher = run_with(&test, b"", &Scene::env(base, &scene.publisher));
    assert_eq!(by_publisher.code, Some(1));
    assert!(by_publisher.stderr.contains("an admin's or a member's key is needed"), "{by_publisher:?}");
    // Nothing is asked of a server: there is none.
    let to_all = run(&["trigger", "test", "--server", "http://127.0.0.1:1", "--api-key", "x"]);
    assert_eq!(to_all.code, Some(2));
    assert!(to_all.stderr.contains("not provided: --webhook"), "{to_all:?}");
    let unknown = run(&["trigger", "lookup.done"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("lookup.completed"), "{unknown:?}");
}
