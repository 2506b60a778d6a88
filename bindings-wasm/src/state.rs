//! All that lives between two calls.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use spin::Mutex;

use crate::receiver::Receiver;

/// A piece of a body, or headers and a small body.
pub(crate) const SCRATCH_BYTES: usize = 64 * 1024;

/// The scratch buffer and the receivers, each at its number.
pub(crate) struct State {
    pub(crate) scratch: Box<[u8]>,
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

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// Lends it; it is made at the first call.
pub(crate) fn with<T>(use_it: impl FnOnce(&mut State) -> T) -> T {
    // To wait here would be for ever.
    let mut state = STATE.try_lock().expect("one thread, and no call within a call");
    use_it(state.get_or_insert_with(|| State {
        scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
        receivers: Vec::new(),
    }))
}
