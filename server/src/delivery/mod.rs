//! What is sent: claim → sign → send → finish.

pub mod address;
pub mod finish;
mod group;
pub mod record;
pub mod request;
pub mod retry;
pub mod send;
mod slots;
pub mod worker;
