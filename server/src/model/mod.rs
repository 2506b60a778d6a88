//! What exists: ids, webhooks, events, deliveries, keys. No SQL and no HTTP here.

pub mod api_key;
pub mod delivery;
pub mod event;
pub mod ids;
pub mod import;
pub mod notice;
pub mod outcome;
pub mod session;
pub mod stats;
pub mod webhook;
