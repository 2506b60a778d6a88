//! The one class: a receiver with its secrets.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use encrata_webhooks::host::key_block;
use encrata_webhooks::{Authenticating, Error, Scheme, Secret, Secrets, Webhook};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

use crate::answer;
use crate::packed::{END, PackedHeaders, PackedSecrets};
use crate::scratch::Scratch;

/// How many bytes a digest takes.
const DIGEST_BYTES: usize = 32;
/// How many bytes a key takes that is padded as HMAC does.
const BLOCK_BYTES: usize = 64;

/// A webhook's receiver, and the delivery it is at.
///
/// All answers are numbers: those of `verified` tell what the core has found, those of `begin` are 0 or 1 and the
/// index of an error.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Receiver {
    webhook: Result<Webhook, Error>,
    /// For [`host_key`](Receiver::host_key); the webhook has no way back to them.
    secrets: Vec<Secret>,
    delivery: Option<Authenticating>,
}

#[wasm_bindgen]
impl Receiver {
    /// Of the packed secrets in the first `length` bytes of the scratch buffer, which are wiped; a negative
    /// `tolerance_seconds` is none.
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new(scratch: &Scratch, length: usize, tolerance_seconds: f64) -> Receiver {
        scratch.with(length, |packed| {
            let secrets = PackedSecrets(packed);
            let mut kept = Vec::new();
            secrets.for_each_secret(&mut |secret| kept.extend(Secret::new(secret)));
            let mut webhook = Webhook::new(&secrets);
            if tolerance_seconds >= 0.0 {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
                let tolerance = Duration::from_secs(tolerance_seconds as u64);
                webhook = webhook.map(|webhook| webhook.with_tolerance(tolerance));
            }
            packed.zeroize();
            Receiver { webhook, secrets: kept, delivery: None }
        })
    }

    /// 0, or 1 and the index of what is wrong with the secrets. A receiver with a fault verifies nothing.
    #[must_use]
    pub fn fault(&self) -> u8 {
        match &self.webhook {
            Err(Error::InvalidSecret(fault)) => answer::fault(*fault),
            _ => 0,
        }
    }

    /// How many secrets are set.
    #[must_use]
    pub fn secrets(&self) -> usize {
        self.secrets.len()
    }

    /// Verifies a delivery that is all in the scratch buffer: packed headers, then the body.
    #[must_use]
    pub fn authenticate(
        &self,
        scratch: &Scratch,
        headers_length: usize,
        body_length: usize,
        now_unix_seconds: f64,
    ) -> f64 {
        scratch.with(headers_length.saturating_add(body_length), |scratch| {
            let (headers, body) = scratch.split_at(headers_length.min(scratch.len()));
            let webhook = match &self.webhook {
                Ok(webhook) => webhook,
                Err(error) => return answer::verified(Err(*error)),
            };
            answer::verified(webhook.authenticate(&PackedHeaders(headers), body, seconds(now_unix_seconds)))
        })
    }

    /// Begins a delivery whose packed headers are in the scratch buffer.
    pub fn begin(&mut self, scratch: &Scratch, headers_length: usize) -> u8 {
        self.delivery = None;
        let begun = scratch.with(headers_length, |headers| {
            self.webhook.as_ref().map_err(|error| *error)?.authenticating(&PackedHeaders(headers))
        });
        answer::done(begun.map(|delivery| self.delivery = Some(delivery)))
    }

    /// Takes the next piece of the body, from the scratch buffer.
    pub fn update(&mut self, scratch: &Scratch, length: usize) {
        if let Some(delivery) = &mut self.delivery {
            scratch.with(length, |piece| delivery.update(piece));
        }
    }

    /// Ends a delivery whose body was given in pieces.
    pub fn finish(&mut self, now_unix_seconds: f64) -> f64 {
        let delivery = self.delivery.take().ok_or(Error::SignatureMismatch);
        answer::verified(delivery.and_then(|delivery| delivery.finish(seconds(now_unix_seconds))))
    }

    /// Whether the delivery is of the Standard Webhooks scheme.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.delivery.as_ref().is_some_and(|delivery| delivery.scheme() == Scheme::Standard)
    }

    /// Writes what is signed before the body to the scratch buffer, for the host to hash; returns its length.
    #[must_use]
    pub fn host_prefix(&self, scratch: &Scratch) -> usize {
        let Some(delivery) = &self.delivery else { return 0 };
        scratch.write(&delivery.prefix())
    }

    /// Writes the padded key of one secret to the scratch buffer, for the host; returns its length, 0 when there is
    /// none. Whoever asks must wipe it.
    #[must_use]
    pub fn host_key(&self, scratch: &Scratch, index: usize, standard: bool) -> usize {
        let Some(secret) = self.secrets.get(index) else { return 0 };
        let scheme = if standard { Scheme::Standard } else { Scheme::Plain };
        let mut block = [0; BLOCK_BYTES];
        let length = key_block(secret.expose(), scheme, &mut block).map_or(0, |()| scratch.write(&[&block]));
        block.zeroize();
        length
    }

    /// As `finish`, with this many digests of 32 bytes that the host computed, in the scratch buffer.
    pub fn host_finish(&mut self, scratch: &Scratch, digests: usize, now_unix_seconds: f64) -> f64 {
        let delivery = self.delivery.take().ok_or(Error::SignatureMismatch);
        scratch.with(digests.saturating_mul(DIGEST_BYTES), |scratch| {
            let digests = scratch.as_chunks().0.iter().copied();
            answer::verified(
                delivery.and_then(|delivery| delivery.finish_with(digests, seconds(now_unix_seconds))),
            )
        })
    }

    /// Signs a body; the id is in the scratch buffer. Leaves the four header values there, packed in the order of
    /// `PackedHeaders`' names, and returns their length; negative when it can't be signed.
    #[must_use]
    pub fn sign(&self, scratch: &Scratch, id_length: usize, body: &[u8], timestamp_unix_seconds: f64) -> i32 {
        let Ok(webhook) = &self.webhook else { return -3 };
        let Some(id) = scratch.with(id_length, |id| str::from_utf8(id).ok().map(String::from)) else {
            return -1;
        };
        match webhook.sign(body, &id, seconds(timestamp_unix_seconds)) {
            Ok(headers) => {
                let [plain, id, timestamp, standard] = headers.pairs().map(|(_, value)| value.as_bytes());
                let end = &[END][..];
                i32::try_from(scratch.write(&[plain, end, id, end, timestamp, end, standard, end]))
                    .unwrap_or(-3)
            }
            Err(error) => answer::unsigned(error),
        }
    }
}

/// A number of seconds as JavaScript has it; it saturates, and what is no number is 0.
#[allow(clippy::cast_possible_truncation, reason = "it saturates")]
fn seconds(number: f64) -> i64 {
    number as i64
}
