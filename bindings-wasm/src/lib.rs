//! The WebAssembly module of `@encrata/webhooks`: the core behind a handful of functions.
//!
//! Only numbers cross the boundary: receivers are numbers, and texts and bytes are written to one [`scratch`] buffer
//! and read there, so that a call costs no allocation and no conversion. Texts in it come after
//! their length.

// Elsewhere it is built for its unit tests only.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod answer;
mod exports;
mod packed;
mod receiver;
#[cfg(target_arch = "wasm32")]
mod runtime;
mod state;

pub use exports::*;
