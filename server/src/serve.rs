//! The server's life: start, serve, stop.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use reqwest::Certificate;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use url::Url;

use crate::api;
use crate::api::usage::Usage;
use crate::config::{Config, NotifyTo};
use crate::delivery::address::Guard;
use crate::delivery::dispatch::Dispatcher;
use crate::delivery::finish::Finisher;
use crate::delivery::notices::Notifier;
use crate::delivery::record::{Door, Recorder};
use crate::delivery::request::Signers;
use crate::delivery::send::{REQUEST_TIMEOUT, Sender};
use crate::delivery::slots::Slots;
use crate::delivery::stats::Stats;
use crate::delivery::wake::Wake;
use crate::delivery::worker::Worker;
use crate::door::caller::TrustedProxies;
use crate::door::limits::Limits;
use crate::door::{self, Door as Port};
use crate::housekeeping;
use crate::keyring::Keyring;
use crate::master_key::{self, MasterKeyError};
use crate::metrics;
use crate::store::{DatabaseUrl, OpenError, ServeLock, Store, StoreError};

/// Requests per minute by the sessions of a key: more than those make who share one.
const SESSION_RATE_LIMIT: u32 = 600;
/// Failed sign-ins per address and minute.
const FAILED_SIGN_INS: u32 = 10;
/// How long requests and sends may go on after the signal to stop.
const DRAIN: Duration = REQUEST_TIMEOUT.saturating_add(Duration::from_secs(1));
/// How long all of stopping may take.
const STOP: Duration = Duration::from_secs(9);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of certificate authorities is unusable.
    #[error("cannot use the certificates in {path}: {why}")]
    ExtraCa {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Notices can't be sent where they are to go.
    #[error("--notify-url: {0}")]
    Notify(String),
    /// The API's description can't be written.
    #[error("the API's description can't be written: {0}")]
    Description(#[from] serde_json::Error),
    /// No HTTPS client can be made.
    #[error("{0}")]
    Client(String),
}

/// A server that has opened all it needs and serves nothing yet.
#[derive(Debug)]
pub struct Server {
    router: Router,
    public_url: Option<Url>,
    proxies: TrustedProxies,
    /// Where metrics are served; beside the API when nowhere else.
    metrics: Option<TcpListener>,
    store: Store,
    usage: Usage,
    stats: Stats,
    retention: Option<Duration>,
    stopping: CancellationToken,
    /// Cancelled once no more is recorded.
    close: CancellationToken,
    worker: Worker,
    notifier: Option<Notifier>,
    recording: JoinHandle<()>,
    finishing: JoinHandle<()>,
    keys: Arc<Keyring>,
    /// Held until the database is closed.
    _lock: Option<ServeLock>,
}

impl Server {
    /// Opens the database and what else the server needs.
    ///
    /// # Errors
    ///
    /// [`StartError`]; then nothing was changed that was there before.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let extra_ca = config.extra_ca.as_ref().map_or(Ok(Vec::new()), read_ca)?;
        let guard = Guard::new(config.allow_network);
        let egress = config.egress_proxy.as_ref();
        let sender = Sender::new(guard.clone(), extra_ca, egress).map_err(StartError::Client)?;

        if let Some(NotifyTo { url, .. }) = &config.notify {
            guard.check_literal(url.as_url()).map_err(|why| StartError::Notify(why.to_string()))?;
        }
        master_key::check_source(&config.master_key, &config.database)?;
        let old_key = config.old_master_key.as_ref();
        Store::inspect(&config.database).await?;
        let lock = match &config.database {
            DatabaseUrl::Sqlite(file) => Some(ServeLock::take(file)?),
            DatabaseUrl::Postgres(_) => None,
        };
        let store = Store::open(&config.database).await?;
        let keys = master_key::load(&config.master_key, old_key, &config.database, &store).await?;
        let keys = Arc::new(keys);
        let freed = store.free_all_leases().await?;
        if freed > 0 {
            tracing::info!(
                deliveries = freed,
                "the server did not stop in order: what it was sending is due again"
            );
        }

        let wake = Arc::<Wake>::default();
        let signers = Arc::new(Signers::new(Arc::clone(&keys)));
        let close = CancellationToken::new();
        let (usage, stopping) = (Usage::default(), CancellationToken::new());
        let slots = Slots::new(Arc::clone(&wake));
        let (finisher, finishing) = Finisher::start(store.clone(), config.disable_after, Arc::clone(&wake));
        let (stuck, stats) = (finisher.stuck_flag(), finisher.stats());
        let notifier = config.notify.map(|to| Notifier {
            store: store.clone(),
            sender: sender.clone(),
            schedule: config.retry_schedule.clone(),
            to,
        });
        let dispatcher = Arc::new(Dispatcher {
            store: store.clone(),
            signers: Arc::clone(&signers),
            sender: sender.clone(),
            finisher,
            schedule: config.retry_schedule,
            sends: TaskTracker::new(),
            handing_back: Default::default(),
        });
        let door = Door {
            store: store.clone(),
            dispatcher: Arc::clone(&dispatcher),
            slots: slots.clone(),
            wake: Arc::clone(&wake),
            stopping: stopping.clone(),
        };
        let (recorder, recording) = Recorder::start(door, close.clone());
        let worker = Worker { store: store.clone(), dispatcher, slots, wake: Arc::clone(&wake) };
        let router = api::router(api::App::from(api::Parts {
            store: store.clone(),
            recorder,
            wake,
            vault: Arc::clone(&keys),
            signers,
            sender,
            guard,
            rate_limit: api::RateLimit::new(config.webhook_rate_limit),
            session_limit: api::RateLimit::new(SESSION_RATE_LIMIT),
            sign_ins: api::RateLimit::new(FAILED_SIGN_INS),
            wrong_keys: api::WrongKeys::default(),
            public_url: config.public_url.clone(),
            known: api::Known::default(),
            usage: usage.clone(),
            stats: stats.clone(),
            streams: api::Places::of_streams(),
            test_sends: api::Places::of_test_sends(),
            webhooks_per_workspace: config.webhooks_per_workspace,
            stuck,
            stopping: stopping.clone(),
        }))?;
        let retention = config.retention;
        Ok(Self {
            router,
            public_url: config.public_url,
            proxies: TrustedProxies::new(config.trusted_proxies),
            metrics: None,
            store,
            usage,
            stats,
            retention,
            stopping,
            close,
            worker,
            notifier,
            recording,
            finishing,
            keys,
            _lock: lock,
        })
    }

    /// Serves metrics on an address of their own, and no more beside the API.
    #[must_use]
    pub fn with_metrics_on(self, listener: TcpListener) -> Self {
        Self { metrics: Some(listener), ..self }
    }

    /// Serves on `listener` until `shutdown` completes; then stops in order, within 10 s: no new requests, no
    /// new claims, what is being sent ends, every outcome is written, the database is closed.
    ///
    /// # Errors
    ///
    /// [`PartFailed`] when a part of the server ended by itself: it stops then, so that whoever started it starts it
    /// again, instead of going on half.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), PartFailed> {
        let Self {
            router,
            public_url,
            proxies,
            metrics,
            store,
            usage,
            stats,
            retention,
            stopping,
            close,
            worker,
            notifier,
            recording,
            finishing,
            keys,
            _lock,
        } = self;
        let counting = tokio::spawn(usage.keep_flushing(store.clone(), stopping.clone()));
        let tallying = tokio::spawn(stats.clone().keep_flushing(store.clone(), stopping.clone()));
        let erasing = tokio::spawn(housekeeping::run(store.clone(), retention, stopping.clone()));
        let telling = notifier.map(|notifier| tokio::spawn(notifier.run(stopping.clone())));
        let (carried, store_of, stop) = (Arc::clone(&worker.wake), store.clone(), stopping.clone());
        let carrying = tokio::spawn(async move { carried.carry(&store_of, &stop).await });
        let sending = tokio::spawn(worker.run(stopping.clone()));
        let sampling = tokio::spawn(metrics::keep_sampling(store.clone(), stopping.clone()));
        let limits = Limits::of_this_process();
        let port = |router| Port { router, proxies: proxies.clone(), limits };
        let (router, measuring) = match metrics {
            None => (router.merge(api::metrics::beside_the_api(public_url.as_ref())), None),
            Some(listener) => {
                // It is answered to the end, so that the end can be watched.
                let measuring = door::serve(listener, port(api::metrics::alone()), CancellationToken::new());
                (router, Some(AbortOnDropHandle::new(tokio::spawn(measuring))))
            }
        };
        let serving = tokio::spawn(door::serve(listener, port(router), stopping.clone()));

        let looking = tokio::spawn(master_key::watch(store.clone(), keys, stopping.clone()));

        let failed = Arc::new(AtomicBool::new(false));
        let watched = |task, name| tokio::spawn(watch(task, name, stopping.clone(), Arc::clone(&failed)));
        let sending = watched(sending, "sending");
        let serving = watched(serving, "serving");
        let recording = watched(recording, "recording");
        let finishing = watched(finishing, "finishing");
        let looking = watched(looking, "looking at the master key");

        tokio::select! {
            () = shutdown => {}
            () = stopping.cancelled() => {}
        }
        tracing::info!("stopping");
        stopping.cancel();
        let deadline = tokio::time::Instant::now() + STOP;
        let drained = tokio::time::timeout(DRAIN, async {
            end(sending, "sending").await;
            end(serving, "serving").await;
        });
        if drained.await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        close.cancel();
        let telling = telling.map(|task| (task, "telling the operator"));
        for (task, name) in telling.into_iter().chain([
            (recording, "recording"),
            (finishing, "finishing"),
            (counting, "counting"),
            (tallying, "tallying"),
            (erasing, "erasing"),
            (carrying, "carrying"),
            (sampling, "sampling"),
            (looking, "looking at the master key"),
        ]) {
            if tokio::time::timeout_at(deadline, end(task, name)).await.is_err() {
                tracing::warn!(task = name, "did not end in time");
            }
        }
        // With the outcomes of the last sends.
        match tokio::time::timeout_at(deadline, stats.flush(&store)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "counts of attempts could not be written"),
            Err(_) => tracing::warn!("counts of attempts could not be written in time"),
        }
        if tokio::time::timeout_at(deadline, store.close()).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
        drop(measuring);
        tracing::info!("stopped");
        if failed.load(Ordering::Relaxed) { Err(PartFailed) } else { Ok(()) }
    }
}

/// A part of the server ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("a part of the server failed, so all of it stopped: the log says which")]
pub struct PartFailed;

/// Waits for a task that is to end at `stopping`, and not before.
async fn watch(
    task: JoinHandle<()>,
    name: &'static str,
    stopping: CancellationToken,
    failed: Arc<AtomicBool>,
) {
    end(task, name).await;
    if !stopping.is_cancelled() {
        tracing::error!(task = name, "ended by itself: stopping");
        failed.store(true, Ordering::Relaxed);
        stopping.cancel();
    }
}

async fn end(task: JoinHandle<()>, name: &str) {
    if let Err(error) = task.await {
        tracing::error!(%error, task = name, "a task failed");
    }
}

/// The certificates in a PEM file, of which there must be one.
pub(crate) fn read_ca(path: &PathBuf) -> Result<Vec<Certificate>, StartError> {
    let failed = |why: String| StartError::ExtraCa { path: path.clone(), why };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("it holds no PEM certificate".into()));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn watched(task: JoinHandle<()>, stopping: &CancellationToken) -> bool {
        let failed = Arc::new(AtomicBool::new(false));
        watch(task, "test", stopping.clone(), Arc::clone(&failed)).await;
        failed.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_stops_the_rest() {
        for task in [tokio::spawn(async { panic!("on purpose") }), tokio::spawn(async {})] {
            let stopping = CancellationToken::new();
            assert!(watched(task, &stopping).await);
            assert!(stopping.is_cancelled());
        }
        let stopping = CancellationToken::new();
        stopping.cancel();
        assert!(!watched(tokio::spawn(async {}), &stopping).await, "it was to end");
    }
}
