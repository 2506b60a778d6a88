//! What lies ready for a connection's peer, and since when.
//!
//! A write that fails says only of the connection that nobody reads. Over HTTP/2 a peer may read that, and open no window
//! for an answer: then nothing is written, nothing fails, and the answer stays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

/// What a connection's peer was given to read.
#[derive(Debug, Default)]
pub(super) struct Owed(Mutex<Ready>);

/// Since when each lies there, the oldest first.
#[derive(Debug, Default)]
struct Ready {
    since: BTreeMap<u64, Instant>,
    next: u64,
}

/// Something that lies there; dropped, it was read, or nobody wants it any more.
#[derive(Debug)]
pub(super) struct Lies {
    owed: Arc<Owed>,
    number: u64,
}

impl Owed {
    /// Something lies there from now on.
    pub(super) fn lay(self: &Arc<Self>) -> Lies {
        let mut ready = self.lock();
        let number = ready.next;
        ready.next += 1;
        ready.since.insert(number, Instant::now());
        Lies { owed: Arc::clone(self), number }
    }

    /// A piece of an answer, which lies there from now on.
    pub(super) fn piece(self: &Arc<Self>, bytes: Bytes) -> Piece {
        Piece { bytes, _until_written: self.lay() }
    }

    /// For how long the oldest has lain there; zero when there is none.
    pub(super) fn longest(&self) -> Duration {
        self.lock().since.first_key_value().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Ready> {
        // Nothing that is done under the lock can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lies {
    fn drop(&mut self) {
        self.owed.lock().since.remove(&self.number);
    }
}

/// A piece of an answer, until it is written.
pub(super) struct Piece {
    bytes: Bytes,
    _until_written: Lies,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}
