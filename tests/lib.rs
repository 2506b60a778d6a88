//! The harness of the tests that see the project from outside.
//!
//! In reading order: [`Setup`] starts the real binary as a [`Server`], a [`Receiver`] stands where a customer's
//! would, [`Api`] speaks to the one and scripts of [`Reply`] to the other; [`Scrape`] and [`Collector`] take what the
//! server tells of itself; [`Postgres`] is a database server that tests
//! start themselves. Everything listens on 127.0.0.1 and a port
//! of the system's choice, every process ends by its own handle, also when a test panics, and nothing is slept
//! for that can be awaited.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that can't go on says where and stops"
)]

#[path = "harness/api.rs"]
mod api;
#[path = "harness/binary.rs"]
mod binary;
#[path = "harness/certificates.rs"]
mod certificates;
#[path = "harness/collector.rs"]
mod collector;
#[path = "harness/files.rs"]
mod files;
#[path = "harness/forward.rs"]
mod forward;
#[path = "harness/listener.rs"]
mod listener;
#[path = "harness/planted.rs"]
mod planted;
#[path = "harness/postgres.rs"]
mod postgres;
#[path = "harness/postgres_binaries.rs"]
mod postgres_binaries;
#[path = "harness/postgres_standby.rs"]
mod postgres_standby;
#[path = "harness/proxy.rs"]
mod proxy;
#[path = "harness/receiver.rs"]
mod receiver;
#[path = "harness/reply.rs"]
mod reply;
#[path = "harness/resolver.rs"]
mod resolver;
#[path = "harness/running.rs"]
mod running;
#[path = "harness/scrape.rs"]
mod scrape;
#[path = "harness/sealed.rs"]
mod sealed;
#[path = "harness/secrets.rs"]
mod secrets;
#[path = "harness/server.rs"]
mod server;
#[path = "harness/watchdog.rs"]
mod watchdog;
#[path = "harness/wire.rs"]
mod wire;

pub use self::api::{Answer, Api, Hook};
pub use self::binary::{Finished, binary, run, run_with};
pub use self::certificates::{Authority, Flaw};
pub use self::collector::{Collector, Span};
pub use self::files::raise_file_limit;
pub use self::forward::Forward;
pub use self::listener::Listener;
pub use self::planted::{MASTER_KEY, plant_event, plant_webhook};
pub use self::postgres::Postgres;
pub use self::proxy::Proxy;
pub use self::receiver::{Ids, Received, Receiver};
pub use self::reply::{Gate, Reply};
pub use self::resolver::Resolver;
pub use self::running::Running;
pub use self::scrape::Scrape;
pub use self::sealed::{Sealeds, execute, opened_by, plant_sealed, sealed_secrets};
pub use self::secrets::Secrets;
pub use self::server::{Server, Setup};
pub use self::watchdog::Watchdog;

/// How long anything that must happen may take. Generous: it only bounds a failure.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// The signing secret of the published example.
pub const GOLDEN_SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
/// The body of the published example.
pub const GOLDEN_BODY: &str = r#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;
/// The signature of the published example.
pub const GOLDEN_SIGNATURE: &str = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3";
