//! Whose time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use super::statement::Value;
use crate::clock::now_ms;
use crate::duration::ms;

/// Whose time decides what is due and when a lease ends.
#[derive(Debug, Clone)]
pub enum Clock {
    /// This process's, for a file, which one process serves from: the time of day at the start, and what has passed
    /// since. When the system's clock is set, nothing is due sooner or later for it, and no lease ends.
    Process {
        /// The time of day, in milliseconds since the Unix epoch.
        start_ms: i64,
        /// When that was.
        start: Instant,
    },
    /// The database's own: nodes whose clocks differ agree on it.
    Database,
    /// What a test says, in milliseconds since the Unix epoch.
    Given(Arc<AtomicI64>),
}

impl Clock {
    /// This process's, started now.
    pub(super) fn process() -> Self {
        Self::Process { start_ms: now_ms(), start: Instant::now() }
    }
}

/// As the parameter of `now($1)`; null is the database's own.
impl From<&Clock> for Value<'_> {
    fn from(clock: &Clock) -> Self {
        Value::Int(match clock {
            Clock::Process { start_ms, start } => {
                let passed_ms = ms(start.elapsed());
                Some(start_ms.saturating_add(passed_ms))
            }
            Clock::Database => None,
            Clock::Given(now_ms) => Some(now_ms.load(Ordering::SeqCst)),
        })
    }
}
