//! A webhook's receiver, and the delivery it is at.

use alloc::vec::Vec;
use core::time::Duration;

use encrata_webhooks::{Authenticating, Error, Secret, SecretFault, Secrets, Verified, Webhook};
use zeroize::Zeroize;

use crate::packed::{PackedHeaders, PackedSecrets};

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

    pub(crate) fn authenticate(
        &self,
        headers: &[u8],
        body: &[u8],
        now_unix_seconds: i64,
    ) -> Result<Verified, Error> {
        self.webhook.authenticate(&PackedHeaders(headers), body, now_unix_seconds)
    }

    pub(crate) fn begin(&mut self, headers: &[u8]) -> Result<(), Error> {
        self.delivery = None;
        self.delivery = Some(self.webhook.authenticating(&PackedHeaders(headers))?);
        Ok(())
    }

    /// As `begin`, for the host to hash the body.
    pub(crate) fn host_begin(&mut self, headers: &[u8]) -> Result<&Authenticating, Error> {
        self.delivery = None;
        let delivery = self.webhook.authenticating_by_host(&PackedHeaders(headers))?;
        Ok(self.delivery.insert(delivery))
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
}
