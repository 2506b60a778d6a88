//! What JavaScript calls.

use encrata_webhooks::host::key_block;
use encrata_webhooks::{Error, Scheme};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answer;
use crate::receiver::Receiver;
use crate::state::{SCRATCH_BYTES, state};

/// Where the scratch buffer is in the module's memory.
#[must_use]
#[wasm_bindgen]
pub fn scratch() -> usize {
    let mut state = state();
    state.scratch.resize(SCRATCH_BYTES, 0);
    state.scratch.as_mut_ptr() as usize
}

/// How many bytes it holds.
#[must_use]
#[wasm_bindgen]
pub fn scratch_bytes() -> usize {
    SCRATCH_BYTES
}

/// Makes a receiver of the packed secrets in the first `length` bytes of the scratch buffer, which are wiped, and
/// returns its number. What is below 0 is a fault: -1 is the first of `SecretFault::ALL`. A `tolerance_seconds` below
/// 0 is none.
#[must_use]
#[wasm_bindgen]
pub fn open(length: usize, tolerance_seconds: f64) -> i32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let tolerance = (tolerance_seconds >= 0.0).then_some(tolerance_seconds as u64);
    let mut state = state();
    let length = length.min(state.scratch.len());
    match Receiver::new(&mut state.scratch[..length], tolerance) {
        Ok(receiver) => i32::try_from(state.insert(receiver)).unwrap_or(i32::MAX),
        Err(fault) => answer::fault(fault),
    }
}

/// Forgets a receiver and wipes its keys.
#[wasm_bindgen]
pub fn close(receiver: usize) {
    state().remove(receiver);
}

/// Begins a delivery whose packed headers are in the scratch buffer. 0, or an error: 1 is the first of `Error::ALL`.
#[must_use]
#[wasm_bindgen]
pub fn begin(receiver: usize, headers_length: usize) -> u32 {
    answer::begun(match state().receiver(receiver, headers_length) {
        Some((receiver, headers)) => receiver.begin(headers),
        None => Err(Error::SignatureMismatch),
    })
}

/// Takes the next piece of the body, from the scratch buffer.
#[wasm_bindgen]
pub fn update(receiver: usize, length: usize) {
    if let Some((receiver, piece)) = state().receiver(receiver, length) {
        receiver.update(piece);
    }
}

/// Ends a delivery whose body was given in pieces.
#[must_use]
#[wasm_bindgen]
pub fn finish(receiver: usize, now_unix_seconds: f64) -> f64 {
    answer::verified(match state().receiver(receiver, 0) {
        Some((receiver, _)) => receiver.finish(seconds(now_unix_seconds)),
        None => Err(Error::SignatureMismatch),
    })
}

/// Verifies a delivery that is all in the scratch buffer: packed headers, then the body.
#[must_use]
#[wasm_bindgen]
pub fn authenticate(
    receiver: usize,
    headers_length: usize,
    body_length: usize,
    now_unix_seconds: f64,
) -> f64 {
    answer::verified(match state().receiver(receiver, headers_length.saturating_add(body_length)) {
        Some((receiver, scratch)) => {
            let (headers, body) = scratch.split_at(headers_length.min(scratch.len()));
            receiver.authenticate(headers, body, seconds(now_unix_seconds))
        }
        None => Err(Error::SignatureMismatch),
    })
}

/// Ends a delivery with the digests that it should have been signed with, one after the other in the scratch buffer;
/// returns their length. For signing.
#[must_use]
#[wasm_bindgen]
pub fn digests(receiver: usize) -> usize {
    let mut state = state();
    let Some((receiver, scratch)) = state.receiver(receiver, SCRATCH_BYTES) else { return 0 };
    let Some(delivery) = receiver.delivery.take() else { return 0 };
    delivery.into_digests().fold(0, |length, digest| length + write(&mut scratch[length..], &digest))
}

/// As `begin`, for the host to hash the body: writes what is signed before it to the scratch buffer and returns its
/// length, 0 in the plain scheme. What is below 0 is an error: -1 is the first of `Error::ALL`.
#[must_use]
#[wasm_bindgen]
pub fn host_begin(receiver: usize, headers_length: usize) -> i32 {
    let mut state = state();
    let Some((receiver, headers)) = state.receiver(receiver, headers_length) else {
        return answer::host_begun(Err(Error::SignatureMismatch));
    };
    // The prefix is a copy of headers, and no longer than they are.
    let written = receiver.host_begin(headers).map(|delivery| {
        delivery.prefix().into_iter().fold(0, |length, piece| length + write(&mut headers[length..], piece))
    });
    answer::host_begun(written)
}

/// Writes the padded key of one secret to the scratch buffer, for the host; returns its length, 0 when it has none in
/// this scheme, and -1 after the last. Whoever asks must wipe it.
#[must_use]
#[wasm_bindgen]
pub fn host_key(receiver: usize, index: usize, is_standard: bool) -> i32 {
    let scheme = if is_standard { Scheme::Standard } else { Scheme::Plain };
    let mut state = state();
    let Some((receiver, scratch)) = state.receiver(receiver, SCRATCH_BYTES) else { return -1 };
    let Some(secret) = receiver.secrets.get(index) else { return -1 };
    let Some(block) = scratch.first_chunk_mut() else { return -1 };
    key_block(secret.expose(), scheme, block).map_or(0, |()| 64)
}

/// As `finish`, with the digests of 32 bytes that the host computed, in the first `length` bytes of the scratch buffer.
#[must_use]
#[wasm_bindgen]
pub fn host_finish(receiver: usize, length: usize, now_unix_seconds: f64) -> f64 {
    answer::verified(match state().receiver(receiver, length) {
        Some((receiver, digests)) => receiver.finish_with(digests, seconds(now_unix_seconds)),
        None => Err(Error::SignatureMismatch),
    })
}

/// A number of seconds as JavaScript has it; it saturates, and what is no number is 0.
#[allow(clippy::cast_possible_truncation, reason = "it saturates")]
fn seconds(number: f64) -> i64 {
    number as i64
}

/// Writes as far as there is room.
fn write(scratch: &mut [u8], bytes: &[u8]) -> usize {
    scratch.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
}
