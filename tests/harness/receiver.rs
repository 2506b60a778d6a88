//! A customer's receiver: real HTTPS on 127.0.0.1, scripted per request, that keeps what came and verifies it with
//! the core.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use encrata_webhooks::{Event, Webhook};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificates::{Authority, Flaw};
use crate::reply::{How, Reply};
use crate::wire::{self, Raw};
use crate::{PATIENCE, reply};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Which request to this path it was; the first is 1.
    pub nth: usize,
    /// `POST`.
    pub method: String,
    /// The path that it came to.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub protocol: &'static str,
    /// Every header, in order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When it had come, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

impl Received {
    /// The value of a header that came exactly once.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = values.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        assert!(values.next().is_none(), "{name} came twice: {:?}", self.headers);
        value
    }

    /// Whether a header came.
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What the core says of it, as a receiver that holds `secret` would ask.
    ///
    /// # Errors
    ///
    /// The core's.
    pub fn verify(&self, secret: &str) -> Result<Event, encrata_webhooks::Error> {
        let webhook = Webhook::new(secret)?.with_tolerance(Duration::from_secs(300));
        webhook.verify(&self.headers[..], &self.body, self.at_ms / 1000)
    }
}

type Script = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

/// How often each `webhook-id` came.
pub type Ids = HashMap<String, usize>;

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Received>>,
    ids: Mutex<HashMap<String, Ids>>,
    arrived: watch::Sender<usize>,
    scripts: Mutex<HashMap<String, Script>>,
    secrets: Mutex<HashMap<String, String>>,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
}

/// A receiver that listens.
pub struct Receiver {
    address: SocketAddr,
    authority: Authority,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({})", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Receiver {
    /// A receiver that speaks HTTP/1.1 and answers 200.
    pub async fn start() -> Self {
        Self::with(Flaw::None, &["http/1.1"]).await
    }

    /// A receiver with this certificate and these protocols, in the order of its preference.
    pub async fn with(flaw: Flaw, protocols: &[&str]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), flaw, protocols)
    }

    /// A receiver that listens where its certificate has two names: 127.1.0.1 and hooks.test.
    pub async fn elsewhere() -> Self {
        Self::on(TcpListener::bind("127.1.0.1:0").await.unwrap(), Flaw::None, &["http/1.1"])
    }

    fn on(listener: TcpListener, flaw: Flaw, protocols: &[&str]) -> Self {
        let authority = Authority::new();
        let acceptor = TlsAcceptor::from(authority.serving(flaw, protocols));
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let accepting = tokio::spawn(accept(listener, acceptor, Arc::clone(&state)));
        Self { address, authority, state, accepting }
    }

    /// The authority that its certificate comes from, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// The URL of a path, by a name of its certificate.
    pub fn url_by(&self, name: &str, path: &str) -> String {
        format!("https://{name}:{}{path}", self.address.port())
    }

    /// The port where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Says how requests to a path are answered from now on.
    pub fn script(&self, path: &str, script: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        self.state.scripts.lock().unwrap().insert(path.to_owned(), Arc::new(script));
    }

    /// Whatever comes to the path must verify with this secret.
    pub fn expect_secret(&self, path: &str, secret: &str) {
        self.state.secrets.lock().unwrap().insert(path.to_owned(), secret.to_owned());
    }

    /// Everything that came to a path so far. Each must verify, if a secret was given for the path.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let seen = self.state.seen.lock().unwrap();
        let here: Vec<Received> = seen.iter().filter(|request| request.path == path).cloned().collect();
        if let Some(secret) = self.state.secrets.lock().unwrap().get(path) {
            for request in &here {
                request.verify(secret).unwrap_or_else(|error| panic!("{error}: {request:?}"));
            }
        }
        here
    }

    /// Waits until `n` requests came to a path, and gives all that did.
    pub async fn wait_for(&self, path: &str, n: usize) -> Vec<Received> {
        self.wait_until(path, &format!("{n} requests"), |received| received.len() >= n).await
    }

    /// Waits until what came to a path is enough, and gives it.
    pub async fn wait_until(
        &self,
        path: &str,
        what: &str,
        enough: impl Fn(&[Received]) -> bool,
    ) -> Vec<Received> {
        let mut arrived = self.state.arrived.subscribe();
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                arrived.borrow_and_update();
                let received = self.received(path);
                if enough(&received) {
                    return received;
                }
                arrived.changed().await.unwrap();
            }
        });
        match waited.await {
            Ok(received) => received,
            Err(_) => panic!("{what} did not come to {path}: {} did", self.received(path).len()),
        }
    }

    /// How often each `webhook-id` came to a path.
    pub fn ids(&self, path: &str) -> Ids {
        self.state.ids.lock().unwrap().get(path).cloned().unwrap_or_default()
    }

    /// Waits until the ids that came to a path are enough, as long as it is given.
    pub async fn wait_for_ids(
        &self,
        path: &str,
        what: &str,
        patience: Duration,
        enough: impl Fn(&Ids) -> bool,
    ) {
        let mut arrived = self.state.arrived.subscribe();
        let waited = tokio::time::timeout(patience, async {
            loop {
                arrived.borrow_and_update();
                if enough(self.state.ids.lock().unwrap().entry(path.to_owned()).or_default()) {
                    return;
                }
                arrived.changed().await.unwrap();
            }
        });
        assert!(waited.await.is_ok(), "{what} did not come to {path}: {} ids did", self.ids(path).len());
    }

    /// How many connections were opened to it, whatever became of them.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// How many TLS handshakes it completed.
    pub fn handshakes(&self) -> usize {
        self.state.handshakes.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) {
    // Connections end with the receiver.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        state.connections.fetch_add(1, Ordering::SeqCst);
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        connections.spawn(async move {
            // A peer that refuses the certificate, or hangs up, is what some tests are about.
            if let Ok(stream) = acceptor.accept(stream).await {
                state.handshakes.fetch_add(1, Ordering::SeqCst);
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    let _ = converse_http2(stream, state).await;
                } else {
                    let _ = converse(stream, state).await;
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: TlsStream<TcpStream>, state: Arc<State>) -> std::io::Result<()> {
    while let Some(raw) = wire::read_request(&mut stream).await? {
        let reply = state.take(raw).await;
        if reply.how == How::Reset {
            stream.get_ref().0.set_zero_linger()?;
        }
        if !wire::write_reply(&mut stream, &reply).await? {
            break;
        }
    }
    Ok(())
}

async fn converse_http2(stream: TlsStream<TcpStream>, state: Arc<State>) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(request) = connection.accept().await {
        let (request, mut respond) = request?;
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let raw = wire::read_stream(request).await?;
            let reply = state.take(raw).await;
            wire::write_stream(&mut respond, &reply)
        });
    }
    Ok(())
}

impl State {
    /// Keeps a request and finds its answer.
    async fn take(&self, raw: Raw) -> Reply {
        let script = self.scripts.lock().unwrap().get(&raw.path).cloned();
        let at_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let request = {
            let mut seen = self.seen.lock().unwrap();
            let nth = seen.iter().filter(|request| request.path == raw.path).count() + 1;
            let Raw { method, path, protocol, headers, body } = raw;
            let at_ms = i64::try_from(at_ms).unwrap();
            seen.push(Received { nth, method, path, protocol, headers, body, at_ms });
            seen.last().unwrap().clone()
        };
        let reply = script.map_or_else(Reply::ok, |script| script(&request));
        if let Some((_, id)) =
            request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("webhook-id"))
        {
            let mut ids = self.ids.lock().unwrap();
            *ids.entry(request.path.clone()).or_default().entry(id.clone()).or_default() += 1;
        }
        self.arrived.send_modify(|count| *count += 1);
        if let Some(gate) = &reply.gate {
            reply::Gate::passed(gate).await;
        }
        reply
    }
}
