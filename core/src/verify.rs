//! The one call of a receiver, and its counterpart for senders and tests.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::authenticating::Authenticating;
use crate::claim::{Claim, Scheme};
use crate::entries::MAX_ENTRIES;
use crate::error::{Error, SecretFault, SignError};
#[cfg(feature = "serde")]
use crate::event::{Envelope, Event};
use crate::headers::{ENCRATA_SIGNATURE, Headers, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use crate::secret::{Secret, Secrets};
use crate::sign::{Key, Signing};
use crate::signature::Signature;
use crate::standard::{StandardKey, ascii, decimal};

/// A receiver of one webhook: its secrets and its tolerance.
///
/// The rules are those of the wire contract, the same in every language of this project:
///
/// 1. If `webhook-signature` is there, it alone decides; `x-encrata-signature` never rescues a bad one.
/// 2. If it is not, `x-encrata-signature` decides over the raw body, unless a tolerance was set: whoever strips the
///    other headers could replay.
/// 3. Id and timestamp are given only when the first rule verified them.
/// 4. First the MAC, in constant time, over the bytes as they came; then the time; then the JSON.
///
/// ```
/// use core::time::Duration;
/// use encrata_webhooks::Webhook;
///
/// let webhook = Webhook::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?
///     .with_tolerance(Duration::from_secs(300));
/// let body = br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"hello"},"event":"test"}"#;
/// let headers = webhook.sign(body, "evt_1", 1_767_225_600)?;
///
/// let verified = webhook.authenticate(&headers, body, 1_767_225_610)?;
/// assert_eq!(verified.id.as_deref(), Some("evt_1"));
/// assert_eq!(verified.timestamp, Some(1_767_225_600));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Webhook {
    keys: Vec<Keys>,
    tolerance_seconds: Option<u64>,
}

/// What one secret gives. Not every text has a Standard Webhooks key; the issued secrets do.
struct Keys {
    plain: Key,
    standard: Option<StandardKey>,
}

impl Keys {
    fn signing(&self, claim: &Claim) -> Option<Signing> {
        let key = match claim.scheme() {
            Scheme::Plain => &self.plain,
            Scheme::Standard => self.standard.as_ref()?.key(),
        };
        let mut signing = key.signing();
        claim.prefix().into_iter().for_each(|piece| signing.update(piece));
        Some(signing)
    }

    fn sign(&self, claim: &Claim, body: &[u8]) -> Option<Signature> {
        let mut signing = self.signing(claim)?;
        signing.update(body);
        Some(signing.finish())
    }
}

impl Webhook {
    /// At most this many well-formed `v1` entries of one `webhook-signature` are compared. Our sender writes one, or
    /// two while a secret rotates.
    pub const MAX_SIGNATURES: usize = MAX_ENTRIES;

    /// A receiver that accepts any of these secrets: one, or several while a secret rotates.
    ///
    /// Unset ones (`None`, or the empty text) are skipped, and one must remain.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSecret`] when none remains, or when one is blank, is only the prefix, is surrounded by white
    /// space or quotes, or holds a control character; the fault is named.
    ///
    /// ```
    /// use encrata_webhooks::{Error, SecretFault, Webhook};
    ///
    /// let old = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
    /// assert!(Webhook::new([Some(old), None]).is_ok());
    /// assert_eq!(Webhook::new("").unwrap_err(), Error::InvalidSecret(SecretFault::Missing));
    /// ```
    #[allow(clippy::needless_pass_by_value, reason = "a text, an array and an Option are all given by value")]
    pub fn new(secrets: impl Secrets) -> Result<Webhook, Error> {
        let mut keys = Vec::new();
        let mut fault = None;
        secrets.for_each_secret(&mut |secret| match Key::new(secret) {
            Ok(plain) => keys.push(Keys { plain, standard: StandardKey::new(secret).ok() }),
            Err(error) => fault = fault.or(Some(error)),
        });
        match fault {
            Some(error) => Err(error),
            None if keys.is_empty() => Err(Error::InvalidSecret(SecretFault::Missing)),
            None => Ok(Webhook { keys, tolerance_seconds: None }),
        }
    }

    /// Refuses deliveries whose signed timestamp is further from now than this, in either direction; 300 seconds is a
    /// good choice. Whole seconds count. Without a tolerance, which is the default, time is not looked at.
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: Duration) -> Webhook {
        self.tolerance_seconds = Some(tolerance.as_secs());
        self
    }

    /// Verifies a delivery and reads its event.
    ///
    /// `body` is the raw body, `now` the current time in Unix seconds (looked at only when a tolerance is set).
    ///
    /// # Errors
    ///
    /// Those of [`authenticate`](Webhook::authenticate), and [`Error::InvalidPayload`] when the verified body is not
    /// a JSON envelope. An event of an unknown kind, or with unexpected data, is no error: it is
    /// [`EventData::Unknown`](crate::EventData::Unknown).
    ///
    /// ```
    /// use encrata_webhooks::{EventData, Webhook};
    ///
    /// let webhook = Webhook::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?;
    /// let body = br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;
    /// let headers = [("X-Encrata-Signature", "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3")];
    ///
    /// match webhook.verify(&headers, body, 1_767_225_600)?.data {
    ///     EventData::Test(test) => assert_eq!(test.message, "This is a test webhook from Encrata"),
    ///     other => panic!("not a test: {other:?}"),
    /// }
    /// # Ok::<(), encrata_webhooks::Error>(())
    /// ```
    #[cfg(feature = "serde")]
    pub fn verify<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: &[u8],
        now_unix_seconds: i64,
    ) -> Result<Event, Error> {
        let verified = self.authenticate(headers, body, now_unix_seconds)?;
        let envelope = Envelope::parse(body)?;
        Ok(Event::new(verified, envelope))
    }

    /// Verifies a delivery without reading its body: for callers that parse JSON themselves.
    ///
    /// # Errors
    ///
    /// Every [`Error`] from [`MissingSignature`](Error::MissingSignature) to
    /// [`TimestampTooNew`](Error::TimestampTooNew).
    pub fn authenticate<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: &[u8],
        now_unix_seconds: i64,
    ) -> Result<Verified, Error> {
        let claim = self.claim(headers)?;
        let mut digests = self.keys.iter().filter_map(|keys| keys.sign(&claim, body));
        claim.settle(&mut digests, self.tolerance_seconds, now_unix_seconds)
    }

    /// Begins to verify a delivery whose body comes in pieces: reads the headers, before a byte of the body is there.
    ///
    /// # Errors
    ///
    /// Those of [`authenticate`](Webhook::authenticate) that are about the headers alone.
    pub fn authenticating<H: Headers + ?Sized>(&self, headers: &H) -> Result<Authenticating, Error> {
        let claim = self.claim(headers)?;
        let signings = self.keys.iter().filter_map(|keys| keys.signing(&claim)).collect();
        Ok(Authenticating { claim, signings, tolerance_seconds: self.tolerance_seconds })
    }

    /// As [`authenticating`](Webhook::authenticating), for a host that computes the digests: `update` does nothing, and
    /// only [`finish_with`](Authenticating::finish_with) can accept.
    ///
    /// # Errors
    ///
    /// As `authenticating`.
    #[doc(hidden)]
    pub fn authenticating_by_host<H: Headers + ?Sized>(&self, headers: &H) -> Result<Authenticating, Error> {
        let claim = self.claim(headers)?;
        Ok(Authenticating { claim, signings: Vec::new(), tolerance_seconds: self.tolerance_seconds })
    }

    fn claim<H: Headers + ?Sized>(&self, headers: &H) -> Result<Claim, Error> {
        Claim::read(headers, self.tolerance_seconds.is_some())
    }

    /// Signs a body as Encrata does, in both schemes: for the sender, and for a receiver's own tests.
    ///
    /// `id` is the value of `webhook-id`, `timestamp` that of `webhook-timestamp` in Unix seconds. With several
    /// secrets `webhook-signature` lists one entry for each, and `x-encrata-signature`, which has room for one, is
    /// made with the **first**.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the id is empty, holds a dot or anything but visible ASCII characters, when the timestamp
    /// is negative, or when a secret has no Standard Webhooks key (never one that Encrata issued).
    pub fn sign(
        &self,
        body: &[u8],
        id: &str,
        timestamp_unix_seconds: i64,
    ) -> Result<SignedHeaders, SignError> {
        let mut standard = String::new();
        for keys in &self.keys {
            let key = keys.standard.as_ref().ok_or(SecretFault::NotBase64)?;
            if !standard.is_empty() {
                standard.push(' ');
            }
            key.sign(id, timestamp_unix_seconds, body)?.push_to(&mut standard);
        }
        let first = self.keys.first().ok_or(SecretFault::Missing)?;
        Ok(SignedHeaders {
            encrata_signature: ascii(&first.plain.sign(body).to_hex()),
            id: String::from(id),
            timestamp: ascii(decimal(timestamp_unix_seconds.unsigned_abs(), &mut [0; 20])),
            signature: standard,
        })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("secrets", &self.keys.len())
            .field("tolerance_seconds", &self.tolerance_seconds)
            .finish()
    }
}

impl TryFrom<&Secret> for Webhook {
    type Error = Error;

    fn try_from(secret: &Secret) -> Result<Webhook, Error> {
        Webhook::new(secret)
    }
}

/// What the signature covered beside the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The event's id, the same at every attempt: drop a delivery whose id was processed already. `None` when only
    /// `x-encrata-signature` was verified, which does not cover it.
    pub id: Option<String>,
    /// When this attempt was sent, in Unix seconds. `None` as for `id`.
    pub timestamp: Option<i64>,
}

/// The headers that are a function of body, id, timestamp and secrets. They can be given to a verification as they
/// are, or be iterated over as pairs of lower-case name and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    encrata_signature: String,
    id: String,
    timestamp: String,
    signature: String,
}

impl SignedHeaders {
    /// Name and value of each header.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 4] {
        [
            (ENCRATA_SIGNATURE, &self.encrata_signature),
            (WEBHOOK_ID, &self.id),
            (WEBHOOK_TIMESTAMP, &self.timestamp),
            (WEBHOOK_SIGNATURE, &self.signature),
        ]
    }

    /// Name and value of each header, one by one.
    pub fn iter(&self) -> core::array::IntoIter<(&'static str, &str), 4> {
        self.pairs().into_iter()
    }
}

impl<'a> IntoIterator for &'a SignedHeaders {
    type Item = (&'static str, &'a str);
    type IntoIter = core::array::IntoIter<(&'static str, &'a str), 4>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for SignedHeaders {
    type Item = (&'static str, String);
    type IntoIter = core::array::IntoIter<(&'static str, String), 4>;

    fn into_iter(self) -> Self::IntoIter {
        [
            (ENCRATA_SIGNATURE, self.encrata_signature),
            (WEBHOOK_ID, self.id),
            (WEBHOOK_TIMESTAMP, self.timestamp),
            (WEBHOOK_SIGNATURE, self.signature),
        ]
        .into_iter()
    }
}

impl Headers for SignedHeaders {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.pairs().for_each_value(name, each);
    }
}
