//! What the API is asked, of a server in this process. The input is a line with method, path and query, then the body.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use encrata_webhooks_server::api::{created_event, description};
use encrata_webhooks_server::config::{Config, MasterKeySource};
use encrata_webhooks_server::model::api_key::{NewKey, Role};
use encrata_webhooks_server::model::ids::KeyId;
use encrata_webhooks_server::serve::Server;
use encrata_webhooks_server::store::{DatabaseUrl, NewApiKey, Store};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::line;

/// A route, as the description tells it.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Its parameters in the query, each with the values that are named, if any are.
    pub(crate) query: Vec<(String, Vec<String>)>,
    /// Whether a body is described.
    pub(crate) has_body: bool,
    /// The statuses that it may answer with.
    documented: Vec<u16>,
}

/// All that is described.
pub(crate) static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let description = description().unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    let routes: Vec<Route> = paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.filter_map(|(method, route)| {
                // What is not a method stands beside them: a summary, parameters of all.
                let method: Method =
                    method.to_uppercase().parse().ok().filter(|_| route.get("responses").is_some())?;
                Some(Route::described(method, path, route))
            })
        })
        .collect();
    assert!(!routes.is_empty(), "nothing is described");
    routes
});

impl Route {
    fn described(method: Method, path: &str, route: &Value) -> Self {
        let parameters = route["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|parameter| parameter["in"] == "query").map(|parameter| {
            let values = parameter["schema"]["enum"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).map(str::to_owned).collect();
            (parameter["name"].as_str().unwrap().to_owned(), values)
        });
        let documented = route["responses"].as_object().unwrap().keys().map(|status| status.parse().unwrap());
        let has_body = route.get("requestBody").is_some();
        Self {
            has_body,
            query: query.collect(),
            documented: documented.collect(),
            method,
            path: path.to_owned(),
        }
    }

    /// The workspace whose key asks. Publishers, keys and webhooks are of different ones, so that no event has a webhook
    /// to be delivered to.
    fn key(&self) -> usize {
        match self.path.as_str() {
            path if path.starts_with("/api/events") => 0,
            path if path.starts_with("/api/keys") => 2,
            _ => 1,
        }
    }

    /// Whether it asks for a session, which no key is.
    fn is_session(&self) -> bool {
        self.path.starts_with("/api/session")
    }
}

/// In an input this stands for a webhook that there is, or for a delivery where one is sent again.
pub(crate) const ID: &str = "01900000-0000-7000-8000-000000000000";

struct Running {
    runtime: Runtime,
    client: Client,
    address: SocketAddr,
    keys: Vec<NewKey>,
    webhook: String,
    delivery: String,
}

/// Where each process makes a database of its own.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/fuzz/server");

/// Every request has an answer of those that are documented: never a 5xx, and every refusal is one sentence.
pub fn check(input: &[u8]) {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    let (asked, body) = line(input);
    let Ok(asked) = str::from_utf8(asked) else { return };
    let (name, query) = asked.split_once('?').unwrap_or((asked, ""));
    let route = ROUTES.iter().find(|Route { method, path, .. }| format!("{method} {path}") == name);
    let Some(route) = route else { return };
    let running = RUNNING.get_or_init(Running::start);
    let id = match (&route.method, route.path.as_str()) {
        (_, "/api/webhooks/deliveries/retry") => &running.delivery,
        (&Method::DELETE, _) => ID, // it stays for the others
        _ => &running.webhook,
    };
    let body = match str::from_utf8(body) {
        Ok(text) => text.replace(ID, id).into_bytes(),
        Err(_) => body.to_vec(),
    };
    let (status, answer) = running.ask(route, &query.replace(ID, id), body);
    let Route { method, path, documented, .. } = route;
    assert!(documented.contains(&status) && status < 500, "{method} {path}: {status}: {answer}");
    // The key is good, no limit is set, and the type is told.
    let is_refused = [401, 403, 415, 429].contains(&status);
    assert!(route.is_session() || !is_refused, "{method} {path}: {status}: {answer}");
    if status < 300 {
        assert!(answer.is_object() || answer.is_array(), "{method} {path}: {answer}");
    } else {
        assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{status}: {answer}");
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
            let mut config = Config::new(database, MasterKeySource::Beside);
            // Nobody is there: nothing is sent anywhere.
            config.egress_proxy = Some("http://127.0.0.1:9".parse().unwrap());
            let server = Server::open(config).await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(server.run(listener, pending()));
            (address, keys)
        });
        let client = Client::builder().no_proxy().build().unwrap();
        let mut running =
            Self { runtime, client, address, keys, webhook: String::new(), delivery: String::new() };
        let made = json!({"url": "https://example.com/hook", "events": ["credits.low"]});
        running.webhook = running.set_up("POST", "/api/webhooks", "", &made)["id"].as_str().unwrap().into();
        running.set_up("POST", "/api/webhooks/test", "", &json!({"id": running.webhook}));
        let query = format!("webhook_id={}", running.webhook);
        let sent = running.set_up("GET", "/api/webhooks/deliveries", &query, &Value::Null);
        running.delivery = sent[0]["id"].as_str().unwrap().into();
        running
    }

    fn set_up(&self, method: &str, path: &str, query: &str, body: &Value) -> Value {
        let route = ROUTES.iter().find(|route| route.method == method && route.path == path).unwrap();
        self.ask(route, query, body.to_string().into_bytes()).1
    }

    /// The status, and the answer; of a stream that its status is good.
    fn ask(&self, route: &Route, query: &str, body: Vec<u8>) -> (u16, Value) {
        let url = format!("http://{}{}?{query}", self.address, route.path);
        let request =
            self.client.request(route.method.clone(), url).bearer_auth(self.keys[route.key()].expose());
        let request = request.header("content-type", "application/json").body(body);
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            if response.headers()["content-type"] == "text/event-stream" {
                return (status, json!({}));
            }
            (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
        })
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
