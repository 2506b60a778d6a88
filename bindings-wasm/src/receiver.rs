//! A webhook's receiver, and the delivery it is at.

use alloc::vec::Vec;
use core::time::Duration;

use encrata_webhooks::host::key_block;
use encrata_webhooks::{
    Authenticating, Error, Scheme, Secret, SecretFault, Secrets, SignError, Verified, Webhook,
};
use zeroize::{Zeroize, Zeroizing};

use crate::packed::{END, PackedHeaders, PackedSecrets};

/// How many bytes a key takes that is padded as HMAC does.
const BLOCK_BYTES: usize = 64;

pub(crate) struct Receiver {
    webhook: Webhook,
    /// For the host's keys; the webhook has no way back to them.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) delivery: Option<Authenticating>,
}

impl Receiver {
    pub(crate) fn new(packed: &mut [u8], tolerance_seconds: Option<u64>) -> Result<Receiver, SecretFault> {
        let secrets = PackedSecrets(packed);
        let mut kept = Vec::new();
        secrets.for_each_secret(&mut |secret| kept.extend(Secret::new(secret)));
        let webhook = Webhook::new(&secrets);
        packed.zeroize();
        let webhook = webhook.map_err(|error| match error {
            Error::InvalidSecret(fault) => fault,
            _ => SecretFault::Missing,
        })?;
        let webhook = match tolerance_seconds {
            Some(tolerance) => webhook.with_tolerance(Duration::from_secs(tolerance)),
            None => webhook,
        };
        Ok(Receiver { webhook, secrets: kept, delivery: None })
    }

    pub(crate) fn begin(&mut self, headers: &[u8]) -> Result<(), Error> {
        self.delivery = None;
        self.delivery = Some(self.webhook.authenticating(&PackedHeaders(headers))?);
        Ok(())
    }

    pub(crate) fn update(&mut self, piece: &[u8]) {
        if let Some(delivery) = &mut self.delivery {
            delivery.update(piece);
        }
    }

    pub(crate) fn finish(&mut self, now_unix_seconds: i64) -> Result<Verified, Error> {
        self.delivery.take().ok_or(Error::SignatureMismatch)?.finish(now_unix_seconds)
    }

    pub(crate) fn finish_with(&mut self, digests: &[u8], now_unix_seconds: i64) -> Result<Verified, Error> {
        let delivery = self.delivery.take().ok_or(Error::SignatureMismatch)?;
        delivery.finish_with(digests.as_chunks().0.iter().copied(), now_unix_seconds)
    }

    /// The padded key of one secret.
    pub(crate) fn key(&self, index: usize, scheme: Scheme) -> Option<Zeroizing<[u8; BLOCK_BYTES]>> {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        key_block(self.secrets.get(index)?.expose(), scheme, &mut block).ok()?;
        Some(block)
    }

    /// The four header values, packed in the order of the names' numbers.
    pub(crate) fn sign(
        &self,
        id: &[u8],
        body: &[u8],
        timestamp_unix_seconds: i64,
    ) -> Result<Vec<u8>, SignError> {
        let id = str::from_utf8(id).map_err(|_| SignError::InvalidId)?;
        let headers = self.webhook.sign(body, id, timestamp_unix_seconds)?;
        let mut packed = Vec::new();
        for (_, value) in headers.pairs() {
            packed.extend_from_slice(value.as_bytes());
            packed.push(END);
        }
        Ok(packed)
    }
}
