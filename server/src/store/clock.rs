//! Whose time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::statement::Value;

/// Whose time decides what is due and when a lease ends.
#[derive(Debug, Clone)]
pub enum Clock {
    /// This process's: for a file, which one process serves from.
    Process,
    /// The database's own: nodes whose clocks differ agree on it.
    Database,
    /// What a test says, in milliseconds since the Unix epoch.
    Given(Arc<AtomicI64>),
}

/// As the parameter of `now($1)`; null is the database's own.
impl From<&Clock> for Value<'_> {
    fn from(clock: &Clock) -> Self {
        Value::Int(match clock {
            Clock::Process => Some(crate::clock::now_ms()),
            Clock::Database => None,
            Clock::Given(now_ms) => Some(now_ms.load(Ordering::SeqCst)),
        })
    }
}
