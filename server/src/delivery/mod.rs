//! What is sent: claim → sign → send → finish.

pub mod address;
pub mod dispatch;
pub mod egress;
pub mod finish;
mod group;
mod lookups;
pub(crate) mod notices;
pub mod record;
pub mod request;
pub mod retry;
pub mod send;
pub mod slots;
pub mod stats;
pub mod wake;
pub mod worker;
