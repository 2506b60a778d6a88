//! A customer's receiver that costs as little as it can: HTTPS, 204 at once, and a note of what came when. The ceiling
//! and the server deliver to the same one. It has a runtime of its own, so that it does not queue behind the load.

use std::convert::Infallible;
use std::sync::{Arc, RwLock, Weak};

use bytes::Bytes;
use encrata_webhooks_tests::{Authority, Flaw};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::Failure;
use crate::ledger::Ledger;

/// Requests to this path are answered.
pub(crate) const OPEN: &str = "/open";
/// Requests to this path hang while the gate is shut.
pub(crate) const GATED: &str = "/gated";

/// A receiver that listens.
pub(crate) struct Receiver {
    port: u16,
    authority: Authority,
    state: Arc<State>,
    /// Taken to be ended.
    runtime: Option<Runtime>,
}

struct State {
    ledgers: RwLock<Vec<Weak<Ledger>>>,
    gate_is_open: watch::Sender<bool>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Receiver {
    /// A receiver that speaks `protocols`, in the order of its preference.
    pub(crate) fn start(protocols: &[&str]) -> Result<Self, Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().thread_name("receiver").enable_all().build()?;
        let authority = Authority::new();
        let acceptor = TlsAcceptor::from(authority.serving(Flaw::None, protocols));
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let state = Arc::new(State { ledgers: RwLock::default(), gate_is_open: watch::Sender::new(true) });
        runtime.spawn(accept(listener, acceptor, Arc::clone(&state)));
        Ok(Self { port, authority, state, runtime: Some(runtime) })
    }

    /// The authority that its certificate comes from, as PEM.
    pub(crate) fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// A ledger that receipts of its events are noted in.
    pub(crate) fn ledger(&self, events: usize) -> Arc<Ledger> {
        let mut ledgers = self.state.ledgers.write().unwrap();
        let ledger = Arc::new(Ledger::new(ledgers.len(), events));
        ledgers.push(Arc::downgrade(&ledger));
        ledger
    }

    /// Opens or shuts the gate. What hangs at it is answered when it opens.
    pub(crate) fn set_gate(&self, open: bool) {
        self.state.gate_is_open.send_replace(open);
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) {
    loop {
        // Out of descriptors, say: those who can't connect will tell.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            // A peer that hangs up is not our concern.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, Arc::clone(&state)));
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, state: Arc<State>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let Ok(body) = body.collect().await else { return Ok(response) };
    if parts.uri.path() == GATED {
        // An error would mean that the receiver is gone.
        let _ = state.gate_is_open.subscribe().wait_for(|open| *open).await;
    }
    if let Some((run, event)) = Ledger::read(&body.to_bytes()) {
        let ledger = state.ledgers.read().unwrap().get(run).and_then(Weak::upgrade);
        if let Some(ledger) = ledger {
            ledger.receive(event);
        }
    }
    Ok(response)
}
