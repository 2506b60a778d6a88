//! Bodies of the API, sent to a server in this process. The input is a line with method and path, then the body.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use encrata_webhooks_server::api::created_event;
use encrata_webhooks_server::config::{Config, MasterKeySource};
use encrata_webhooks_server::model::api_key::{NewKey, Role};
use encrata_webhooks_server::model::ids::KeyId;
use encrata_webhooks_server::serve::Server;
use encrata_webhooks_server::store::{DatabaseUrl, NewApiKey, Store};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::line;

/// What is asked, and the workspace whose key asks. Publishers, keys and webhooks are of different ones, so that no
/// event has a webhook to be delivered to: nothing is sent anywhere.
pub(crate) static ROUTES: [(Method, &str, usize); 9] = [
    (Method::POST, "/api/events", 0),
    (Method::POST, "/api/events/batch", 0),
    (Method::POST, "/api/webhooks", 1),
    (Method::PUT, "/api/webhooks", 1),
    (Method::DELETE, "/api/webhooks", 1),
    (Method::POST, "/api/webhooks/rotate", 1),
    (Method::POST, "/api/keys", 2),
    (Method::PUT, "/api/keys", 2),
    (Method::POST, "/api/keys/limit", 2),
];

struct Running {
    runtime: Runtime,
    client: Client,
    address: SocketAddr,
    keys: Vec<NewKey>,
}

/// Where each process makes a database of its own.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/fuzz/server");

/// Every body has an answer of those that are documented: never a 5xx, and every refusal is one sentence.
pub fn check(input: &[u8]) {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    let (asked, body) = line(input);
    let route = ROUTES.iter().find(|(method, path, _)| format!("{method} {path}").as_bytes() == asked);
    let Some((method, path, key)) = route else { return };
    let running = RUNNING.get_or_init(Running::start);
    let Running { client, address, keys, .. } = running;
    let request = client
        .request(method.clone(), format!("http://{address}{path}"))
        .bearer_auth(keys[*key].expose())
        .header("content-type", "application/json")
        .body(body.to_vec());
    let (status, answer) = running.runtime.block_on(async {
        let response = request.send().await.unwrap();
        (response.status(), response.bytes().await.unwrap())
    });
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    match status {
        StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => {
            assert!(answer.is_object() || answer.is_array());
        }
        StatusCode::BAD_REQUEST
        | StatusCode::NOT_FOUND
        | StatusCode::CONFLICT
        | StatusCode::PAYLOAD_TOO_LARGE => {
            assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{status}: {answer}");
        }
        other => panic!("{method} {path}: {other}: {answer}"),
    }
}

impl Running {
    fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let folder = Path::new(FOLDER).join(std::process::id().to_string());
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let database: DatabaseUrl = format!("sqlite:{}/fuzz.db", folder.display()).parse().unwrap();
        let (address, keys) = runtime.block_on(async {
            let keys = keys(&database).await;
            let server = Server::open(Config::new(database, MasterKeySource::Beside)).await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(server.run(listener, pending()));
            (address, keys)
        });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { runtime, client, address, keys }
    }
}

/// A key for each workspace: the first publishes, the others manage.
async fn keys(database: &DatabaseUrl) -> Vec<NewKey> {
    let store = Store::open(database).await.unwrap();
    let mut keys = Vec::new();
    for (workspace, role) in
        [("publishes", Role::Publisher), ("webhooks", Role::Admin), ("keys", Role::Admin)]
    {
        let made = NewKey::generate().unwrap();
        let (id, hash, preview) = (KeyId::new(0), made.hash(), made.preview());
        let key = NewApiKey { id, name: "fuzz", role, hash, preview };
        store.create_key_in(workspace, &key, 0, |workspace| created_event(workspace, &key, 0)).await.unwrap();
        keys.push(made);
    }
    store.close().await;
    keys
}
