//! The WebAssembly module of `@encrata/webhooks`: the core behind one class.
//!
//! Only numbers cross the boundary. Texts and bytes are written to one [`Scratch`] buffer by JavaScript and read there,
//! so a call costs no allocation and no conversion. Texts in it end with the byte `0xFF`, which no UTF-8 holds.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod answer;
mod packed;
mod receiver;
#[cfg(target_arch = "wasm32")]
mod runtime;
mod scratch;

pub use receiver::Receiver;
pub use scratch::Scratch;
