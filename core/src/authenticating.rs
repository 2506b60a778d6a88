//! A delivery whose body comes piece by piece.

use alloc::vec::Vec;
use core::fmt;

use crate::claim::{Claim, Scheme};
use crate::error::Error;
use crate::sign::Signing;
use crate::signature::Signature;
use crate::verify::Verified;

/// A delivery that is verified piece by piece, so that its body need not be in memory as a whole; made by
/// [`Webhook::authenticating`](crate::Webhook::authenticating). Where the body is cut makes no difference.
///
/// Nothing of a body is to be believed before [`finish`](Authenticating::finish) has answered.
///
/// ```
/// use encrata_webhooks::Webhook;
///
/// let webhook = Webhook::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?;
/// let headers = webhook.sign(b"{\"event\":\"test\"}", "evt_1", 1_767_225_600)?;
///
/// let mut authenticating = webhook.authenticating(&headers)?;
/// authenticating.update(b"{\"event\":");
/// authenticating.update(b"\"test\"}");
/// assert_eq!(authenticating.finish(1_767_225_610)?.id.as_deref(), Some("evt_1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Authenticating {
    pub(crate) claim: Claim,
    pub(crate) signings: Vec<Signing>,
    pub(crate) tolerance_seconds: Option<u64>,
}

impl Authenticating {
    /// Takes the next piece of the body.
    pub fn update(&mut self, piece: &[u8]) {
        self.signings.iter_mut().for_each(|signing| signing.update(piece));
    }

    /// The answer; `now` is the current time in Unix seconds, looked at only when a tolerance is set.
    ///
    /// # Errors
    ///
    /// Those of [`Webhook::authenticate`](crate::Webhook::authenticate) that are not about the headers alone.
    pub fn finish(self, now_unix_seconds: i64) -> Result<Verified, Error> {
        let mut digests = self.signings.into_iter().map(Signing::finish);
        self.claim.settle(&mut digests, self.tolerance_seconds, now_unix_seconds)
    }

    /// Which of a secret's keys signs here.
    #[doc(hidden)]
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.claim.scheme()
    }

    /// What is signed before the body, in pieces.
    #[doc(hidden)]
    #[must_use]
    pub fn prefix(&self) -> [&[u8]; 4] {
        self.claim.prefix()
    }

    /// The digests that the delivery should have been signed with, one per secret with a key in this scheme: for a
    /// binding that signs by its own headers. Whoever holds one can forge this delivery.
    #[doc(hidden)]
    pub fn into_digests(self) -> impl Iterator<Item = [u8; 32]> {
        self.signings.into_iter().map(|signing| signing.finish().to_bytes())
    }

    /// As [`finish`](Authenticating::finish), with digests that the host of a binding computed over prefix and body,
    /// one per secret (see [`host`](crate::host)); nothing given to `update` counts.
    ///
    /// # Errors
    ///
    /// As `finish`.
    #[doc(hidden)]
    pub fn finish_with(
        self,
        digests: impl IntoIterator<Item = [u8; 32]>,
        now_unix_seconds: i64,
    ) -> Result<Verified, Error> {
        let mut digests = digests.into_iter().map(Signature::from_bytes);
        self.claim.settle(&mut digests, self.tolerance_seconds, now_unix_seconds)
    }
}

impl fmt::Debug for Authenticating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticating").field("scheme", &self.scheme()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::vec::Vec;

    use crate::host::key_block;
    use crate::{Error, Key, Scheme, Verified, Webhook};

    const OLD: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
    const NEW: &str = "whsec_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

    #[test]
    fn pieces_are_authenticated_like_the_whole() {
        let webhook = Webhook::new([OLD, NEW]).unwrap();
        let body: Vec<u8> = (0..200).collect();
        let headers = Webhook::new(NEW).unwrap().sign(&body, "evt_1", 7).unwrap();
        for cut in (0..=body.len()).step_by(crate::STEP) {
            let mut authenticating = webhook.authenticating(&headers).unwrap();
            authenticating.update(&body[..cut]);
            authenticating.update(&body[cut..]);
            assert_eq!(authenticating.finish(7), webhook.authenticate(&headers, &body, 7));
        }
        let mut authenticating = webhook.authenticating(&headers).unwrap();
        authenticating.update(&body[1..]);
        assert_eq!(authenticating.finish(7), Err(Error::SignatureMismatch));
        assert_eq!(webhook.authenticating("").unwrap_err(), Error::MissingSignature);
        let shown = format!("{:?}", webhook.authenticating(&headers).unwrap());
        assert_eq!(shown, "Authenticating { scheme: Standard, .. }");
    }

    #[test]
    fn digests_are_what_a_delivery_is_signed_with() {
        let webhook = Webhook::new([OLD, NEW, "no base64!"]).unwrap();
        let digests = |headers: &[(&str, &str)]| {
            let mut authenticating = webhook.authenticating(headers).unwrap();
            authenticating.update(b"body");
            authenticating.into_digests().collect::<Vec<_>>()
        };
        let standard = format!("v1,{}=", "A".repeat(43));
        let headers = [("webhook-id", "evt_1"), ("webhook-timestamp", "7"), ("webhook-signature", &standard)];
        let key = |secret| crate::standard::StandardKey::new(secret).unwrap();
        let expected = [OLD, NEW].map(|secret| key(secret).sign("evt_1", 7, b"body").unwrap().to_bytes());
        assert_eq!(digests(&headers), expected);
        let expected =
            [OLD, NEW, "no base64!"].map(|secret| Key::new(secret).unwrap().sign("body").to_bytes());
        assert_eq!(digests(&[("x-encrata-signature", &"0".repeat(64))]), expected);
    }

    #[test]
    fn a_hosts_digests_are_judged_like_our_own() {
        let webhook = Webhook::new([OLD, NEW]).unwrap().with_tolerance(core::time::Duration::from_secs(5));
        let headers = Webhook::new(NEW).unwrap().sign(b"body", "evt_1", 7).unwrap();
        let digests = |body: &[u8]| {
            let authenticating = webhook.authenticating_by_host(&headers).unwrap();
            assert_eq!(authenticating.scheme(), Scheme::Standard);
            let message = [&authenticating.prefix().concat(), body].concat();
            let digests: Vec<[u8; 32]> = [OLD, NEW]
                .iter()
                .map(|secret| {
                    let mut block = [0; 64];
                    key_block(secret, Scheme::Standard, &mut block).unwrap();
                    Key::from_bytes(&block).sign(&message).to_bytes()
                })
                .collect();
            (authenticating, digests)
        };
        let (authenticating, both) = digests(b"body");
        let verified = Verified { id: Some("evt_1".into()), timestamp: Some(7) };
        assert_eq!(authenticating.finish_with(both.clone(), 12), Ok(verified));
        let finish = |digests: &[[u8; 32]], now| {
            webhook.authenticating_by_host(&headers).unwrap().finish_with(digests.iter().copied(), now)
        };
        assert_eq!(
            webhook.authenticating_by_host(&headers).unwrap().finish(7),
            Err(Error::SignatureMismatch)
        );
        assert_eq!(finish(&both, 13), Err(Error::TimestampTooOld));
        assert_eq!(finish(&both[..1], 7), Err(Error::SignatureMismatch));
        assert_eq!(finish(&[], 7), Err(Error::SignatureMismatch));
        let (authenticating, other) = digests(b"another");
        assert_eq!(authenticating.finish_with(other, 7), Err(Error::SignatureMismatch));
    }
}
