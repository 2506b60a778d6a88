//! Encrata's webhook delivery server: management API, durable delivery with retries, in one binary.
//!
//! In reading order: [`model`] is what exists, [`store`] what is kept, [`api`] what is asked, [`delivery`] what is
//! sent. [`door`] is the server's own port, `metrics` counts all of it, [`serve`] puts them together, [`cli`] is the
//! command line.

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod door;
pub mod duration;
mod housekeeping;
pub mod keyring;
pub mod master_key;
mod metrics;
pub mod model;
pub mod rekey;
pub mod secret_text;
pub mod serve;
pub mod store;
pub mod trace;
pub mod vault;
