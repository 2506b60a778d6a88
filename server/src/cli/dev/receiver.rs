//! The local HTTPS receiver. It verifies as a customer would: one call of the core.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum_server::tls_rustls::RustlsConfig;
use encrata_webhooks::{Error, Event, EventKind, Webhook, verify_signature};
use tokio::sync::Notify;

use super::certificate::Certificate;
use super::view::{Received, View};
use crate::cli::Failure;
use crate::clock::now_ms;

/// How old or new a delivery may be.
const TOLERANCE: Duration = Duration::from_secs(300);
/// The first delivery of this kind is answered 500, so that a retry can be watched.
const FAILS_FIRST: EventKind = EventKind::CreditsLow;

pub(super) struct Receiver {
    url: String,
    state: Arc<Inner>,
}

/// What has arrived so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) verified: usize,
    pub(super) refused: usize,
    pub(super) failed_on_purpose: usize,
}

struct Inner {
    view: View,
    /// Known once the webhook is made.
    webhook: OnceLock<(Webhook, String)>,
    seen: Mutex<Seen>,
    changed: Notify,
}

#[derive(Default)]
struct Seen {
    counts: Counts,
    accepted: HashSet<String>,
}

impl Receiver {
    pub(super) async fn start(certificate: &Certificate, view: View) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("https://{}/webhooks", listener.local_addr()?);
        let chain = certificate.chain_pem.clone().into_bytes();
        let tls = RustlsConfig::from_pem(chain, certificate.key_pem.expose().into()).await?;
        let state = Arc::new(Inner {
            view,
            webhook: OnceLock::new(),
            seen: Mutex::default(),
            changed: Notify::new(),
        });
        let router = Router::new().route("/webhooks", post(receive)).with_state(Arc::clone(&state));
        let server = axum_server::from_tcp_rustls(listener, tls)?;
        tokio::spawn(server.serve(router.into_make_service()));
        Ok(Self { url, state })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Tells the receiver its secret, as a customer would by an environment variable.
    pub(super) fn knows(&self, secret: &str) -> Result<(), Failure> {
        let webhook = Webhook::new(secret)?.with_tolerance(TOLERANCE);
        self.state
            .webhook
            .set((webhook, secret.to_owned()))
            .map_err(|_| "the receiver has a secret already".into())
    }

    /// Completes once every one of these events was verified and answered 2xx.
    pub(super) async fn has_accepted(&self, events: &[String]) {
        loop {
            let changed = self.state.changed.notified();
            {
                let seen = self.state.lock();
                if events.iter().all(|event| seen.accepted.contains(event)) {
                    return;
                }
            }
            changed.await;
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.state.lock().counts
    }
}

impl Seen {
    /// Counts what came, and says what to answer.
    fn take(&mut self, event: Result<Event, Error>, plain: bool) -> (StatusCode, Received) {
        self.counts.requests += 1;
        match event {
            Ok(event) if plain => {
                self.counts.verified += 1;
                let id = event.id.clone().unwrap_or_default();
                let is_first = event.name() == FAILS_FIRST.as_str() && self.counts.failed_on_purpose == 0;
                let status = if is_first {
                    self.counts.failed_on_purpose += 1;
                    StatusCode::INTERNAL_SERVER_ERROR
                } else {
                    self.accepted.insert(id.clone());
                    StatusCode::OK
                };
                (status, Received::Verified { event: event.name().to_owned(), id, status: status.as_u16() })
            }
            Ok(_) => {
                self.counts.refused += 1;
                (StatusCode::UNAUTHORIZED, Received::Refused("X-Encrata-Signature does not match".into()))
            }
            Err(error) => {
                self.counts.refused += 1;
                let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
                (status, Received::Refused(error.to_string()))
            }
        }
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        // Counting can't panic half-way.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn receive(State(state): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some((webhook, secret)) = state.webhook.get() else { return StatusCode::SERVICE_UNAVAILABLE };
    let event = webhook.verify(&headers, &body, now_ms().div_euclid(1000));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = verify_signature(&body, secret, header("x-encrata-signature"));

    let mut turn = state.view.turn().await;
    let (status, received) = state.lock().take(event, plain);
    turn.received(&received);
    drop(turn);
    state.changed.notify_waiters();
    status
}
