//! Deliveries as they happen.

use encrata_webhooks_tests::{Api, Gate, Hook, Postgres, Receiver, Reply, Server, Setup};
use h2::RecvStream;
use serde_json::{Value, json};

fn of(hook: &Hook, more: &str) -> String {
    format!("/api/webhooks/deliveries/stream?webhook_id={}{more}", hook.id)
}

async fn start(receiver: &Receiver) -> (Server, Api, Api, Hook) {
    let server = Server::start(receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(receiver, "/hook", &["lookup.completed"]).await;
    (server, admin, publisher, hook)
}

#[tokio::test]
async fn what_is_there_comes_first_and_then_what_happens() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher, hook) = start(&receiver).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let first = admin.delivery_when(&hook.id, "success").await;
    let mut listener = admin.listen(&of(&hook, "")).await;
    assert_eq!(listener.next().await.unwrap(), ("delivery".to_owned(), first), "as in the list");

    let gate = Gate::new();
    let held = gate.clone();
    receiver.script("/hook", move |_| Reply::ok().after(&held));
    publisher.lookup(&admin.workspace_id, "lu_2").await;
    let is = |status: &'static str| {
        move |delivery: &Value| {
            delivery["payload"]["data"]["lookup_id"] == "lu_2" && delivery["status"] == status
        }
    };
    listener.until("delivery", is("pending")).await;
    gate.open();
    let told = listener.until("delivery", is("success")).await;
    assert_eq!(told, admin.deliveries(&hook.id, "&limit=1").await.remove(0));
}

#[tokio::test]
async fn what_does_not_fit_the_filter_any_more_is_gone() {
    let receiver = Receiver::start().await;
    let (_server, admin, publisher, hook) = start(&receiver).await;
    receiver.script("/hook", |_| Reply::status(500));
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let failed = admin.delivery_when(&hook.id, "failed").await;
    let mut listener = admin.listen(&of(&hook, "&status=failed&event=lookup.completed")).await;
    assert_eq!(listener.next().await.unwrap(), ("delivery".to_owned(), failed.clone()));
    receiver.script("/hook", |_| Reply::ok());
    admin.post("/api/webhooks/deliveries/retry", json!({"id": failed["id"]})).await.expect(202);
    assert_eq!(listener.next().await.unwrap(), ("gone".to_owned(), json!({"id": failed["id"]})));

    for (query, status) in [("&status=done", 400), ("&event=x", 400)] {
        assert_eq!(admin.try_listen(&of(&hook, query)).await.unwrap_err(), status);
    }
    let unknown = Hook { id: "x".into(), ..hook.clone() };
    assert_eq!(admin.try_listen(&of(&unknown, "")).await.unwrap_err(), 404);
    assert_eq!(publisher.try_listen(&of(&hook, "")).await.unwrap_err(), 403);
}

#[tokio::test]
async fn a_stream_ends_with_what_opened_it() {
    let receiver = Receiver::start().await;
    let (server, admin, publisher, hook) = start(&receiver).await;
    let goes_on = [admin.listen(&of(&hook, "")).await, admin.sign_in().await.listen(&of(&hook, "")).await];
    let reader = server.key("acme", "readonly");
    let (one, other) = (reader.sign_in().await, reader.sign_in().await);
    let streams = [one.listen(&of(&hook, "")).await, other.listen(&of(&hook, "")).await];
    let by_key = reader.listen(&of(&hook, "")).await;
    let [first, second] = streams;
    one.delete("/api/session").await.expect(200);
    first.end().await;
    admin.delete(&format!("/api/keys?id={}", reader.key_id)).await.expect(200);
    second.end().await;
    by_key.end().await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    for mut listener in goes_on {
        listener.until("delivery", |delivery| delivery["status"] == "success").await;
    }
    assert_eq!(other.try_listen(&of(&hook, "")).await.unwrap_err(), 401);
}

#[tokio::test]
async fn a_key_has_eight_streams_and_who_hangs_up_leaves_a_place() {
    let receiver = Receiver::start().await;
    let (server, admin, _, hook) = start(&receiver).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(admin.listen(&of(&hook, "")).await);
    }
    assert_eq!(admin.try_listen(&of(&hook, "")).await.unwrap_err(), 429);
    server.key("acme", "member").listen(&of(&hook, "")).await;
    open.pop();
    let left = async {
        while let Err(status) = admin.try_listen(&of(&hook, "")).await {
            assert_eq!(status, 429);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    // Long before the next sign of life.
    assert!(tokio::time::timeout(std::time::Duration::from_secs(10), left).await.is_ok());
}

#[tokio::test]
async fn a_stop_waits_for_nobody_who_listens() {
    let receiver = Receiver::start().await;
    let (server, admin, _, hook) = start(&receiver).await;
    let listener = admin.listen(&of(&hook, "")).await;
    let began = std::time::Instant::now();
    server.signal_to_stop();
    listener.end().await;
    let (_, status, log) = server.ended().await;
    assert!(status.success() && !log.contains("did not end in time"), "{log}");
    assert!(began.elapsed() < std::time::Duration::from_secs(9), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_node_tells_what_another_sends() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.new_database().await;
    let receiver = Receiver::start().await;
    let node = async || Setup::new().trusting(&[&receiver]).on_postgres(&url).start().await;
    let (one, other) = (node().await, node().await);
    let (admin, publisher) = one.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let mut listener = other.rebase(&admin).listen(&of(&hook, "")).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    listener.until("delivery", |delivery| delivery["status"] == "success").await;
}

/// Opens so many streams on one connection of HTTP/2, and takes nothing of what they tell.
async fn open_and_read_nothing(server: &Server, api: &Api, path: &str, streams: usize) -> Vec<RecvStream> {
    let address = server.base().strip_prefix("http://").unwrap();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (client, connection) =
        h2::client::Builder::new().initial_window_size(0).handshake::<_, bytes::Bytes>(stream).await.unwrap();
    tokio::spawn(connection);
    let mut opened = Vec::new();
    for _ in 0..streams {
        let bearer = format!("Bearer {}", api.key.as_ref().unwrap());
        let request =
            http::Request::get(format!("http://x{path}")).header("authorization", bearer).body(()).unwrap();
        let mut client = client.clone().ready().await.unwrap();
        let answer = client.send_request(request, true).unwrap().0.await.unwrap();
        assert_eq!(answer.status(), 200);
        opened.push(answer.into_body());
    }
    opened
}

#[tokio::test]
async fn a_revoked_key_gives_its_places_back_though_nobody_reads() {
    let receiver = Receiver::start().await;
    let (server, admin, publisher, hook) = start(&receiver).await;
    let path = of(&hook, "");
    // There is more to tell than a stream holds.
    for _ in 0..10 {
        publisher.lookup(&admin.workspace_id, "lu_1").await;
    }
    let all = |found: &[Value]| found.len() == 10 && found.iter().all(|one| one["status"] == "success");
    admin.deliveries_when(&hook.id, "delivered", all).await;
    let (mut readers, mut unread) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let reader = server.key("acme", "readonly");
        unread.extend(open_and_read_nothing(&server, &reader, &path, 8).await);
        readers.push(reader);
    }
    assert_eq!(admin.try_listen(&path).await.unwrap_err(), 429, "the workspace has no place left");
    for reader in &readers {
        admin.delete(&format!("/api/keys?id={}", reader.key_id)).await.expect(200);
    }
    let again = async {
        while admin.try_listen(&path).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    // Long before they are closed for that nobody reads.
    tokio::time::timeout(std::time::Duration::from_secs(20), again).await.expect("the places are not free");
}
