//! What the server's own port allows.

use std::time::Duration;

/// Connections of one node at most.
const CONNECTIONS: usize = 16_384;
/// Of those, how many one address has at most.
const PER_ADDRESS: usize = 1_024;

/// What the server's own port allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the connection to the end of its first request's head.
    pub first_request: Duration,
    /// From the end of an answer to the end of the next request's head.
    pub idle: Duration,
    /// For how long a body may pause.
    pub body_pause: Duration,
    /// For how long a body may come, once it was waited for.
    pub body: Duration,
    /// For how long an answer may find no reader.
    pub unread: Duration,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections of one address (of IPv6 the first 64 bits) at the same time. A trusted proxy has as many as the
    /// node.
    pub per_address: usize,
}

/// Headers of a request at most; HTTP/1 answers more by itself.
pub const HEADERS: usize = 100;
/// Bytes of a request's head at most: its target, and the names and values of its headers.
pub const HEAD_BYTES: usize = 32 * 1024;
/// From here on the protocol itself refuses, without words.
pub(super) const HEAD_BYTES_READ: u32 = 64 * 1024;
/// Requests at the same time on one connection of HTTP/2.
pub(super) const STREAMS: u32 = 100;
/// What may come on a connection of HTTP/2, and on one of its streams, before it is asked for.
pub(super) const WINDOW_BYTES: u32 = 256 * 1024;
/// Streams of HTTP/2 that were reset before they were looked at, and those reset for a fault of theirs, until the
/// connection ends.
pub(super) const RESETS: usize = 20;
pub(super) const FAULTS: usize = 128;
/// How often a connection of HTTP/2 is asked whether somebody is there, and how long that may go unanswered.
pub(super) const PING: Duration = Duration::from_secs(60);
pub(super) const PONG: Duration = Duration::from_secs(20);

impl Limits {
    /// With as many connections as this process may have: three quarters of its files. The rest is for the database
    /// and receivers. The soft limit on files is raised to the hard one.
    pub fn of_this_process() -> Self {
        let connections = files().map_or(CONNECTIONS, |files| CONNECTIONS.min(files / 4 * 3));
        Self {
            first_request: Duration::from_secs(10),
            // Longer than proxies keep theirs (nginx, AWS and Traefik 60 to 90 s, Caddy 120 s): who closes first must
            // not be the one that is sent a request at that moment.
            idle: Duration::from_secs(180),
            body_pause: Duration::from_secs(10),
            body: Duration::from_secs(60),
            unread: Duration::from_secs(60),
            connections,
            per_address: PER_ADDRESS.min(connections / 4),
        }
    }
}

/// How many files this process may have open; none means that there is no limit.
#[cfg(unix)]
fn files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let most = if raised.is_ok() { maximum } else { current };
    most.map(|most| usize::try_from(most).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn files() -> Option<usize> {
    None
}
