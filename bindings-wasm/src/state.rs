//! All that lives between two calls.

use alloc::vec::Vec;

use spin::{Mutex, MutexGuard};

use crate::receiver::Receiver;

/// A piece of a body, or headers and a small body.
pub(crate) const SCRATCH_BYTES: usize = 64 * 1024;

/// The scratch buffer and the receivers, each at its number.
pub(crate) struct State {
    /// Empty until JavaScript asks where it is.
    pub(crate) scratch: Vec<u8>,
    receivers: Vec<Option<Receiver>>,
}

impl State {
    /// Lends a receiver and the first `length` bytes of the scratch buffer, or all there are; `None` when there is no
    /// such receiver.
    pub(crate) fn receiver(&mut self, number: usize, length: usize) -> Option<(&mut Receiver, &mut [u8])> {
        let receiver = self.receivers.get_mut(number)?.as_mut()?;
        let length = length.min(self.scratch.len());
        Some((receiver, &mut self.scratch[..length]))
    }

    /// Keeps a receiver and returns its number.
    pub(crate) fn insert(&mut self, receiver: Receiver) -> usize {
        let free = self.receivers.iter().position(Option::is_none).unwrap_or(self.receivers.len());
        match self.receivers.get_mut(free) {
            Some(place) => *place = Some(receiver),
            None => self.receivers.push(Some(receiver)),
        }
        free
    }

    pub(crate) fn remove(&mut self, number: usize) {
        if let Some(place) = self.receivers.get_mut(number) {
            *place = None;
        }
    }
}

static STATE: Mutex<State> = Mutex::new(State { scratch: Vec::new(), receivers: Vec::new() });

/// Lends it for one call.
#[inline(never)]
pub(crate) fn state() -> MutexGuard<'static, State> {
    // To wait here would be for ever.
    STATE.try_lock().expect("one thread, and no call within a call")
}
