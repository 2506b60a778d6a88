#![cfg_attr(feature = "serde", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "serde"), doc = "Sign and verify Encrata's webhooks, on both sides.")]
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

/// Under miri, a thousand times slower, tests that hash take some of their lengths.
#[cfg(test)]
const STEP: usize = if cfg!(miri) { 97 } else { 1 };

// In reading order.
mod error;
mod hex;
mod secret;
mod sign;
mod signature;
pub mod standard;

#[cfg(feature = "alloc")]
mod authenticating;
#[cfg(feature = "alloc")]
mod claim;
#[cfg(feature = "alloc")]
mod entries;
pub mod headers;
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub mod host;
#[cfg(feature = "alloc")]
mod verify;

pub mod event;

#[cfg(feature = "diagnose")]
pub mod diagnose;
#[cfg(feature = "schema")]
pub mod schema;

#[cfg(feature = "alloc")]
pub use authenticating::Authenticating;
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub use claim::Scheme;
#[cfg(feature = "diagnose")]
pub use diagnose::{Cause, Diagnosis, diagnose};
pub use error::{Error, SecretFault, SignError};
pub use event::EventKind;
#[cfg(feature = "serde")]
pub use event::{Envelope, Event, EventData};
pub use headers::Headers;
#[cfg(feature = "alloc")]
pub use secret::{Secret, Secrets};
pub use sign::{Key, Signing};
pub use signature::{Signature, verify_signature};
#[cfg(feature = "alloc")]
pub use verify::{SignedHeaders, Verified, Webhook};
