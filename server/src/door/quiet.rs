//! For how long nothing was asked on a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is asked on one connection. Atomics alone: nothing is locked for a request.
#[derive(Debug)]
pub(super) struct Quiet {
    opened: Instant,
    /// Requests whose answer is not over.
    asked: AtomicU32,
    /// When the last answer was over, in milliseconds since the connection was opened.
    since_ms: AtomicU64,
    /// Whether there was a request at all.
    ever: AtomicBool,
}

/// A request; dropped, its answer is over.
#[derive(Debug)]
pub(super) struct Asked(Arc<Quiet>);

impl Quiet {
    pub(super) fn new() -> Self {
        let (asked, since_ms, ever) = (AtomicU32::new(0), AtomicU64::new(0), AtomicBool::new(false));
        Self { opened: Instant::now(), asked, since_ms, ever }
    }

    /// A request begins.
    pub(super) fn ask(self: &Arc<Self>) -> Asked {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.ever.store(true, Ordering::Relaxed);
        Asked(Arc::clone(self))
    }

    /// Whether there was a request at all.
    pub(super) fn was_asked(&self) -> bool {
        self.ever.load(Ordering::Relaxed)
    }

    /// For how long no request has been there; zero while one is.
    pub(super) fn lasts(&self) -> Duration {
        if self.asked.load(Ordering::Relaxed) > 0 {
            return Duration::ZERO;
        }
        let since = Duration::from_millis(self.since_ms.load(Ordering::Relaxed));
        self.opened.elapsed().saturating_sub(since)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let since_ms = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.since_ms.store(since_ms, Ordering::Relaxed);
        self.0.asked.fetch_sub(1, Ordering::Relaxed);
    }
}
