//! What handlers work with.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio_util::sync::CancellationToken;
use url::Url;

use super::known::Known;
use super::places::Places;
use super::rate_limit::RateLimit;
use super::usage::Usage;
use super::wrong_keys::WrongKeys;
use crate::delivery::address::Guard;
use crate::delivery::record::Recorder;
use crate::delivery::request::Signers;
use crate::delivery::send::Sender;
use crate::delivery::stats::Stats;
use crate::delivery::wake::Wake;
use crate::keyring::Keyring;
use crate::store::Store;

/// What handlers work with. It is cloned several times per request, so it is one pointer.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// Whether browsers get the page over TLS.
    pub(super) fn is_over_tls(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

/// The parts of an [`App`].
#[derive(Debug)]
pub struct Parts {
    /// What is kept.
    pub store: Store,
    /// The way in for events.
    pub recorder: Recorder,
    /// Tells the worker that there is something to do.
    pub wake: Arc<Wake>,
    /// Seals signing secrets.
    pub vault: Arc<Keyring>,
    /// Makes signatures.
    pub signers: Arc<Signers>,
    /// Makes the requests of test sends.
    pub sender: Sender,
    /// Which addresses deliveries may go to.
    pub guard: Guard,
    /// Requests per key and minute.
    pub rate_limit: RateLimit,
    /// Requests per key and minute by its sessions, however many: a new one begins no new count.
    pub session_limit: RateLimit,
    /// Failed sign-ins per address and minute.
    pub sign_ins: RateLimit<IpAddr>,
    /// Wrong keys and sessions per address and minute.
    pub wrong_keys: WrongKeys,
    /// Where the page is served, if the operator said so.
    pub public_url: Option<Url>,
    /// What publishing asks for again and again.
    pub known: Known,
    /// Counts requests per key.
    pub usage: Usage,
    /// What came of attempts, as far as it is not written yet.
    pub stats: Stats,
    /// Who listens.
    pub streams: Places,
    /// Whose test sends are under way.
    pub test_sends: Places,
    /// How many webhooks a workspace may have.
    pub webhooks_per_workspace: u32,
    /// Set while outcomes can't be written.
    pub stuck: Arc<AtomicBool>,
    /// Cancelled once the server stops.
    pub stopping: CancellationToken,
}
