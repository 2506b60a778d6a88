//! The real binary, end to end: from a published event to a receiver that verifies it.
//!
//! [`deliver`] is the happy path.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod deliver;
