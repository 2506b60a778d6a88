//! Name look-ups. They are the system's: each takes a thread that nobody gets back before the look-up ends, be that
//! half a minute. So they are few, a name is looked up once at a time whoever asks for it, no workspace has more than
//! a part of what is free, and names that were slow the last time leave most of it to the others.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::send::REQUEST_TIMEOUT;
use crate::model::ids::WorkspaceId;

/// Look-ups on this node at the same time, at most: of names that are not known to be slow, and of those that are.
/// Together half of the 512 threads that the runtime has for what blocks, so that nothing else waits for one.
const MAX_RUNNING: usize = 224;
const MAX_RUNNING_SLOW: usize = 32;
const _: () = assert!(MAX_RUNNING + MAX_RUNNING_SLOW <= 512 / 2);
/// A workspace gets no more than this part of what is free.
const PART_OF_FREE: usize = 8;
/// A name whose look-up takes longer is slow.
const SLOW: Duration = Duration::from_secs(2);
/// For how long that is remembered.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// Of how many names it is remembered, at most.
const MAX_REMEMBERED: usize = 10_000;
/// How long somebody waits for a look-up. A little less than for the whole exchange, to tell what was in the way.
const PATIENCE: Duration = REQUEST_TIMEOUT.saturating_sub(Duration::from_millis(100));

/// What is said of a name whose look-up did not end in time.
pub(super) const LATE: &str = "was not looked up in time";

/// Who asks: a workspace, or the operator.
pub(super) type Asker = Option<WorkspaceId>;
/// The addresses of a name, or in words why there are none.
pub(super) type Found = Result<Arc<[SocketAddr]>, Arc<str>>;
/// What looks a name up.
type Look = dyn Fn(Arc<str>) -> Pin<Box<dyn Future<Output = Found> + Send>> + Send + Sync;
/// A look-up that runs: it holds what was found once it has ended.
type Flight = watch::Receiver<Option<Found>>;

tokio::task_local! {
    /// For whom this task sends: a resolver is told the name alone.
    static ASKER: Asker;
}

/// Does something for `asker`.
pub(super) async fn on_behalf_of<T>(asker: Asker, doing: impl Future<Output = T>) -> T {
    ASKER.scope(asker, doing).await
}

/// For whom this task does something.
pub(super) fn asker() -> Asker {
    ASKER.try_with(|asker| *asker).ok().flatten()
}

/// Looks names up.
#[derive(Clone)]
pub(super) struct Lookups(Arc<Parts>);

struct Parts {
    look: Box<Look>,
    state: Mutex<State>,
    /// Told when a look-up has ended.
    ended: Notify,
}

#[derive(Debug)]
struct State {
    flights: HashMap<Arc<str>, Flight>,
    usual: Lane,
    slow: Lane,
    /// The names that were slow the last time, and when that was.
    slow_names: HashMap<Arc<str>, Instant>,
}

/// The look-ups that share a number of threads.
#[derive(Debug)]
struct Lane {
    most: usize,
    running: usize,
    of: HashMap<Asker, usize>,
}

impl Lane {
    fn new(most: usize) -> Self {
        Self { most, running: 0, of: HashMap::new() }
    }

    /// Takes a place, if there is one for this asker.
    fn enter(&mut self, asker: Asker) -> bool {
        let free = self.most - self.running;
        let of_asker = self.of.get(&asker).copied().unwrap_or_default();
        let may_enter = free > 0 && of_asker < (free / PART_OF_FREE).max(1);
        if may_enter {
            self.running += 1;
            self.of.insert(asker, of_asker + 1);
        }
        may_enter
    }

    fn leave(&mut self, asker: Asker) {
        self.running -= 1;
        if let Some(of_asker) = self.of.get_mut(&asker) {
            *of_asker -= 1;
            if *of_asker == 0 {
                self.of.remove(&asker);
            }
        }
    }
}

impl State {
    fn lane(&mut self, is_slow: bool) -> &mut Lane {
        if is_slow { &mut self.slow } else { &mut self.usual }
    }

    fn is_slow(&self, name: &str, now: Instant) -> bool {
        self.slow_names.get(name).is_some_and(|since| now.duration_since(*since) < REMEMBERED)
    }

    /// Remembers a name that was slow, and forgets one that was not.
    fn remember(&mut self, name: &Arc<str>, took: Duration, now: Instant) {
        self.slow_names.remove(name);
        if took < SLOW {
            return;
        }
        if self.slow_names.len() >= MAX_REMEMBERED {
            self.slow_names.retain(|_, since| now.duration_since(*since) < REMEMBERED);
        }
        if self.slow_names.len() >= MAX_REMEMBERED {
            let oldest = self.slow_names.iter().min_by_key(|(_, since)| **since);
            if let Some(oldest) = oldest.map(|(name, _)| Arc::clone(name)) {
                self.slow_names.remove(&oldest);
            }
        }
        self.slow_names.insert(Arc::clone(name), now);
    }
}

impl Lookups {
    /// The system's.
    pub(super) fn of_the_system() -> Self {
        Self::new(|name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((&*name, 0)).await;
                found.map(Iterator::collect).map_err(|error| error.to_string().into())
            })
        })
    }

    fn new(
        look: impl Fn(Arc<str>) -> Pin<Box<dyn Future<Output = Found> + Send>> + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            flights: HashMap::new(),
            usual: Lane::new(MAX_RUNNING),
            slow: Lane::new(MAX_RUNNING_SLOW),
            slow_names: HashMap::new(),
        };
        Self(Arc::new(Parts { look: Box::new(look), state: Mutex::new(state), ended: Notify::new() }))
    }

    /// The addresses of a name: what its look-up finds that runs now, or else one that begins as soon as it may.
    /// Nothing is kept for later.
    pub(super) async fn addresses(&self, asker: Asker, name: &str) -> Found {
        let found = tokio::time::timeout(PATIENCE, self.found(asker, name)).await;
        found.unwrap_or_else(|_| Err(format!("the name {name} {LATE}").into()))
    }

    async fn found(&self, asker: Asker, name: &str) -> Found {
        loop {
            // Before the look: one that ends right after it is not missed.
            let mut ended = pin!(self.0.ended.notified());
            ended.as_mut().enable();
            if let Some(mut flight) = self.join(asker, name) {
                let found = flight.wait_for(Option::is_some).await;
                let found = found.ok().and_then(|found| found.clone());
                // Nothing comes of one that panicked.
                return found.unwrap_or_else(|| Err("the look-up failed".into()));
            }
            ended.await;
        }
    }

    /// The look-up of a name: the one that runs, or a new one if it may begin.
    fn join(&self, asker: Asker, name: &str) -> Option<Flight> {
        let started = Instant::now();
        let mut state = self.lock();
        if let Some(flight) = state.flights.get(name) {
            return Some(flight.clone());
        }
        let is_slow = state.is_slow(name, started);
        if !state.lane(is_slow).enter(asker) {
            return None;
        }
        let (tell, flight) = watch::channel(None);
        let name: Arc<str> = name.into();
        state.flights.insert(Arc::clone(&name), flight.clone());
        drop(state);
        let running = Running { lookups: self.clone(), name, asker, is_slow, started };
        // On its own: others may wait for it when this one does not any more.
        tokio::spawn(async move {
            let found = (running.lookups.0.look)(Arc::clone(&running.name)).await;
            // Ended before it is told: who asks from now on gets nothing that was found before.
            drop(running);
            tell.send_replace(Some(found));
        });
        Some(flight)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counting can't panic half-way.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lookups").field(&self.0.state).finish()
    }
}

/// A look-up that runs; dropped, it has ended.
struct Running {
    lookups: Lookups,
    name: Arc<str>,
    asker: Asker,
    is_slow: bool,
    started: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.lookups.lock();
        state.flights.remove(&self.name);
        state.lane(self.is_slow).leave(self.asker);
        state.remember(&self.name, now.duration_since(self.started), now);
        drop(state);
        self.lookups.0.ended.notify_waiters();
    }
}
