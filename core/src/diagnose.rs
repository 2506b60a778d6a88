//! Says in words why a signature does not match.
//!
//! For people at a keyboard, not for the path of a request: it tries dozens of keys and bodies, one of which may fit
//! by design, so its answer must never decide whether a delivery is accepted.

mod cause;
mod variants;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

pub use cause::Cause;
use variants::{Claim, Received, Scheme};

use crate::error::Error;
use crate::headers::Headers;
use crate::secret;
use crate::verify::Webhook;

/// Why a delivery does or does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Diagnosis {
    /// The cause, with a stable code.
    pub cause: Cause,
    /// Whether it was proven: by a recomputation that matches, or by a fault that is plain to see. If not, it is the
    /// most likely cause.
    pub proven: bool,
    /// What is wrong, for people.
    pub message: String,
    /// What to do about it, for people.
    pub fix: String,
}

impl Diagnosis {
    fn proven(causes: &[Cause]) -> Diagnosis {
        let sentences = |text: fn(Cause) -> &'static str| {
            causes.iter().map(|&cause| text(cause)).collect::<Vec<_>>().join(" Besides: ")
        };
        Diagnosis {
            cause: causes.first().copied().unwrap_or(Cause::Match),
            proven: true,
            message: sentences(Cause::message),
            fix: sentences(Cause::fix),
        }
    }

    fn likely(cause: Cause) -> Diagnosis {
        let message = alloc::format!("{} This is the most likely cause; it is not proven.", cause.message());
        Diagnosis { cause, proven: false, message, fix: cause.fix().to_string() }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message, self.fix)
    }
}

/// Finds out why a delivery does not verify.
///
/// `headers` are all headers, or the bare value of `x-encrata-signature`; `body` the bytes that were verified;
/// `secret` the one text that was used, faults and all. `time` is the current time in Unix seconds and the tolerance,
/// if time is to be looked at.
///
/// Where another key, body or spelling of the signature makes it match, the cause is proven. Re-serialised bodies can
/// be told with the feature `serde` only.
///
/// ```
/// use encrata_webhooks::diagnose::{Cause, diagnose};
/// use encrata_webhooks::Key;
///
/// let secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
/// let body = br#"{"created_at":"2026-01-01T00:00:00Z","data":{},"event":"test"}"#;
/// let signature = Key::new(secret)?.sign(body).to_string();
///
/// let diagnosis = diagnose(signature.as_str(), body, &format!("{secret}\n"), None);
/// assert_eq!(diagnosis.cause, Cause::SecretWhitespace);
/// assert!(diagnosis.proven);
///
/// let diagnosis = diagnose(signature.as_str(), b"{\"created_at\": \"2026-01-01T00:00:00Z\", \"data\": {}, \"event\": \"test\"}", secret, None);
/// # #[cfg(feature = "serde")]
/// assert_eq!(diagnosis.cause.code(), "body_reserialised");
/// # Ok::<(), encrata_webhooks::Error>(())
/// ```
#[must_use]
pub fn diagnose<H: Headers + ?Sized>(
    headers: &H,
    body: &[u8],
    secret: &str,
    time: Option<(i64, Duration)>,
) -> Diagnosis {
    let received = Received::find(headers);
    if let Some(diagnosis) = verdict(headers, body, secret, time, &received) {
        return diagnosis;
    }
    let claims = received.claims();
    if let Some(causes) = variants::search(&claims, &received, body, secret) {
        return Diagnosis::proven(&causes);
    }
    unproven(&claims, &received, body, secret)
}

/// What the real verification says, when that is the whole answer.
fn verdict<H: Headers + ?Sized>(
    headers: &H,
    body: &[u8],
    secret: &str,
    time: Option<(i64, Duration)>,
    received: &Received,
) -> Option<Diagnosis> {
    if !received.has_signature() {
        return Some(Diagnosis::proven(&[Cause::SignatureMissing]));
    }
    let webhook = Webhook::new(secret).ok()?;
    let now = time.map_or(0, |(now, _)| now);
    let webhook = match time {
        Some((_, tolerance)) => webhook.with_tolerance(tolerance),
        None => webhook,
    };
    let cause = match webhook.authenticate(headers, body, now) {
        Ok(verified) => {
            // Without the feature nobody reads the body.
            #[cfg(not(feature = "serde"))]
            let is_envelope = true;
            #[cfg(feature = "serde")]
            let is_envelope = crate::event::Envelope::parse(body).is_ok();
            if verified.timestamp.is_some_and(is_milliseconds) {
                Cause::TimestampMilliseconds
            } else if is_envelope {
                Cause::Match
            } else {
                Cause::PayloadInvalid
            }
        }
        Err(Error::MissingTimestamp) if received.is_plain_only() => {
            // Only worth saying when nothing else is wrong.
            Webhook::new(secret).ok()?.authenticate(headers, body, now).ok()?;
            Cause::TimestampMissing
        }
        Err(Error::MissingTimestamp) => Cause::StandardHeadersMissing,
        Err(Error::MalformedTimestamp) => Cause::TimestampMalformed,
        Err(Error::TimestampTooOld) => Cause::TimestampTooOld,
        Err(Error::TimestampTooNew) if received.timestamp_number().is_some_and(is_milliseconds) => {
            Cause::TimestampMilliseconds
        }
        Err(Error::TimestampTooNew) => Cause::TimestampTooNew,
        Err(_) => return None,
    };
    Some(Diagnosis::proven(&[cause]))
}

/// What is left when no variant matches: first what is plain to see, then the most likely.
fn unproven(claims: &[Claim], received: &Received, body: &[u8], secret: &str) -> Diagnosis {
    if let Err(fault) = secret::check(secret) {
        let mut diagnosis = Diagnosis::proven(&[Cause::SecretInvalid]);
        diagnosis.message = fault.to_string();
        return diagnosis;
    }
    if claims.iter().any(|claim| claim.fault == Some(Cause::SignatureInWrongHeader)) {
        return Diagnosis::proven(&[Cause::SignatureInWrongHeader]);
    }
    if received.has_repeated_plain() {
        return Diagnosis::proven(&[Cause::SignatureRepeated]);
    }
    if received.lacks_standard_parts() {
        return Diagnosis::proven(&[Cause::StandardHeadersMissing]);
    }
    if received.standard_decides() && received.has_wrong_id() {
        return Diagnosis::proven(&[Cause::StandardHeadersChanged]);
    }
    if claims.is_empty() {
        return Diagnosis::proven(&[Cause::SignatureMalformed]);
    }
    if body.is_empty() {
        return Diagnosis::likely(Cause::BodyEmpty);
    }
    if body.starts_with(b"[object ") {
        return Diagnosis::proven(&[Cause::BodyParsed]);
    }
    if received.content_length().is_some_and(|length| length > body.len()) || is_cut_off(body) {
        return Diagnosis::likely(Cause::BodyTruncated);
    }
    if claims.iter().all(|claim| claim.scheme == Scheme::Standard)
        && crate::standard::StandardKey::new(secret).is_err()
    {
        return Diagnosis::proven(&[Cause::SecretNotStandard]);
    }
    if variants::canonical(body).is_some_and(|canonical| canonical != body) {
        return Diagnosis::likely(Cause::BodyReserialised);
    }
    Diagnosis::likely(Cause::OtherSecret)
}

/// A time in seconds that would be after the year 5000, and is this century in milliseconds.
// Two guesses meet at the border, which in milliseconds is in 1973, when nothing was delivered: `>=` is as good, and no
// test can tell it.
fn is_milliseconds(timestamp: i64) -> bool {
    timestamp > 100_000_000_000
}

/// An object that does not end. Our bodies end with a brace, and so does every JSON object.
fn is_cut_off(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{") && !body.trim_ascii_end().ends_with(b"}")
}
