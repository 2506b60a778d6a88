//! The loop that takes connections, and what becomes of each.

use std::convert::Infallible;
use std::io::{Error, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::{Answer, Timed};
use super::caller::{TrustedProxies, network};
use super::limits::{self, Limits};
use super::owed::Owed;
use super::places::{Full, Place, Places};
use super::quiet::{Asked, Quiet};
use super::unread::Unread;

/// After what the system refuses to give another connection for, it is asked again.
const PAUSE: Duration = Duration::from_millis(200);

/// What is behind a port, and on which terms.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) router: Router,
    pub(crate) proxies: TrustedProxies,
    pub(crate) limits: Limits,
}

/// Serves until `stopping`; then takes no more connections, and ends when those there are have answered.
pub(crate) async fn serve(listener: TcpListener, door: Door, stopping: CancellationToken) {
    let (door, protocol) = (Arc::new(door), protocol());
    let (places, connections) = (Places::new(&door.limits), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let is_proxy = door.proxies.trusts(peer.ip());
                match places.take((!is_proxy).then(|| network(peer.ip().to_canonical()))) {
                    Ok(place) => {
                        let connection = Connection { peer, door: Arc::clone(&door), _place: place };
                        // A token of its own: to look at a shared one takes a lock that all would share.
                        let stopping = stopping.child_token();
                        connections.spawn(connection.converse(stream, protocol.clone(), stopping));
                    }
                    Err(full) => refuse(stream, peer, full),
                }
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Both protocols, told apart by how a connection begins.
fn protocol() -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    // A connection's own clock knows when a head is late, over either protocol.
    protocol.http1().header_read_timeout(None).max_buf_size(limits::HEAD_BYTES_READ as usize);
    protocol
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits::PING)
        .keep_alive_timeout(limits::PONG)
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(limits::HEAD_BYTES_READ)
        .initial_stream_window_size(limits::WINDOW_BYTES)
        .initial_connection_window_size(limits::WINDOW_BYTES)
        .max_pending_accept_reset_streams(limits::RESETS)
        .max_local_error_reset_streams(limits::FAULTS);
    protocol
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    door: Arc<Door>,
    /// Held until it is over.
    _place: Place,
}

impl Connection {
    /// Answers requests until either side has enough of it.
    async fn converse(
        self,
        stream: TcpStream,
        protocol: auto::Builder<TokioExecutor>,
        stopping: CancellationToken,
    ) {
        let Limits { first_request, idle, unread, .. } = self.door.limits;
        let (quiet, owed) = (Arc::new(Quiet::new()), Arc::<Owed>::default());
        let router = TowerToHyperService::new(self.door.router.clone());
        let service = service_fn(|request| self.answer(&router, quiet.ask(), &owed, request));
        let io = TokioIo::new(Unread::new(stream, unread));
        let mut talking = pin!(protocol.serve_connection(io, service));
        let mut clock = pin!(sleep(first_request));
        let (mut stopped, mut ending) = (false, false);
        loop {
            tokio::select! {
                ended = talking.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(peer = %self.peer, %error, "a connection ended");
                    }
                    return;
                }
                () = stopping.cancelled(), if !stopped => {
                    stopped = true;
                    talking.as_mut().graceful_shutdown();
                }
                () = clock.as_mut() => {
                    let unread = unread.saturating_sub(owed.longest());
                    if unread.is_zero() {
                        tracing::debug!(peer = %self.peer, "nobody reads the answers: a connection is closed");
                        return;
                    }
                    let patience = if quiet.was_asked() { idle } else { first_request };
                    let left = patience.saturating_sub(quiet.lasts());
                    if left.is_zero() {
                        if ending || !quiet.was_asked() {
                            tracing::debug!(peer = %self.peer, "nothing is asked: a connection is closed");
                            return;
                        }
                        ending = true;
                        talking.as_mut().graceful_shutdown();
                    }
                    let left = if ending { first_request } else { left };
                    clock.as_mut().reset(Instant::now() + left.min(unread));
                }
            }
        }
    }

    /// Hands a request on, with who makes it.
    fn answer(
        &self,
        router: &TowerToHyperService<Router>,
        asked: Asked,
        owed: &Arc<Owed>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Answer<Asked>>, Infallible>> + use<> {
        let limits = &self.door.limits;
        let mut request = request.map(|body| match body.is_end_stream() {
            true => axum::body::Body::empty(),
            false => axum::body::Body::new(Timed::new(body, limits)),
        });
        let caller = self.door.proxies.caller(self.peer, request.headers());
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (answer, owed) = (router.call(request), Arc::clone(owed));
        async { Ok(answer.await?.map(|body| Answer::new(body, owed, asked))) }
    }
}

/// Says that there is no place, as far as that goes at once, and hangs up.
fn refuse(stream: TcpStream, peer: SocketAddr, full: Full) {
    let whose = match full {
        Full::Node => "this node",
        Full::Address => "your address",
    };
    tracing::debug!(%peer, ?full, "a connection was refused");
    let body = format!(r#"{{"error":"{whose} has as many connections as it may: try again later"}}"#);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         retry-after: 10\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// A connection that broke before it was taken is none; else there are too many files, and some may close.
async fn pause_after(error: &Error) {
    let broke = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
    if !broke.contains(&error.kind()) {
        tracing::error!(%error, "no connection can be taken");
        sleep(PAUSE).await;
    }
}
