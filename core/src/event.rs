//! The events: their kinds, their data, and the envelope they travel in.

mod kind;

#[cfg(feature = "serde")]
mod data;
#[cfg(feature = "serde")]
mod envelope;
#[cfg(feature = "serde")]
mod payload;

pub use kind::{EventKind, UnknownKind};

#[cfg(feature = "serde")]
pub use data::{Event, EventData};
#[cfg(any(feature = "schema", feature = "diagnose"))]
#[cfg(feature = "serde")]
pub(crate) use envelope::Sorted;
#[cfg(feature = "serde")]
pub use envelope::{Envelope, EnvelopeError};
#[cfg(feature = "serde")]
pub use payload::{
    ApiKeyCreated, ApiKeyRevoked, CreditsExhausted, CreditsLow, DataError, LookupCompleted,
    MonitorRunCompleted, Test,
};
