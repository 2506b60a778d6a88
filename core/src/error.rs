//! What can go wrong, as closed lists with stable codes.

use core::fmt;

/// Why a delivery was refused, or could not be looked at.
///
/// The list is closed and the same in every language of this project, so it is deliberately not
/// `#[non_exhaustive]`: an adapter that matches on it learns from the compiler when the wire contract gains a
/// code. [`code`](Error::code) is stable; the text of [`Display`](fmt::Display) is for people and may change.
///
/// Three variants are never made by this crate, which sees neither runtimes nor streams: `WasmUnavailable`,
/// `BodyNotRaw` and `BodyTooLarge` are here so that bindings and adapters have one list.
///
/// ```
/// use encrata_webhooks::{Error, SecretFault};
///
/// assert_eq!(Error::SignatureMismatch.code(), "signature_mismatch");
/// assert_eq!(Error::SignatureMismatch.http_status(), 401);
/// assert_eq!(Error::InvalidSecret(SecretFault::Blank).http_status(), 500);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Error {
    /// The secret cannot be a secret; the fault says why. Our own side is misconfigured, not the sender's.
    InvalidSecret(SecretFault),
    /// The JavaScript runtime refuses to instantiate WebAssembly. Only the JavaScript package makes this one.
    WasmUnavailable,
    /// The body was parsed or read before it could be verified. Only adapters make this one.
    BodyNotRaw,
    /// The body is over the adapter's limit. Only adapters make this one.
    BodyTooLarge,
    /// No signature header, or an empty one.
    MissingSignature,
    /// `x-encrata-signature` is there more than once, or holds values joined by a comma.
    MultipleSignatures,
    /// Not exactly 64 lower-case hexadecimal digits, or no well-formed `v1` entry in `webhook-signature`.
    MalformedSignature,
    /// A tolerance was set, or `webhook-signature` is there, and there is no signed timestamp.
    MissingTimestamp,
    /// The signed timestamp is not a decimal number of Unix seconds.
    MalformedTimestamp,
    /// Well formed, and made with another secret or for another body.
    SignatureMismatch,
    /// The signed timestamp is further in the past than the tolerance allows.
    TimestampTooOld,
    /// The signed timestamp is further in the future than the tolerance allows.
    TimestampTooNew,
    /// Verified, but not a JSON envelope of `event`, `data` and `created_at`.
    InvalidPayload,
}

impl Error {
    /// Every variant once, in the order of the wire contract's table; `InvalidSecret` with one of its faults.
    pub const ALL: [Error; 13] = [
        Error::InvalidSecret(SecretFault::Blank),
        Error::WasmUnavailable,
        Error::BodyNotRaw,
        Error::BodyTooLarge,
        Error::MissingSignature,
        Error::MultipleSignatures,
        Error::MalformedSignature,
        Error::MissingTimestamp,
        Error::MalformedTimestamp,
        Error::SignatureMismatch,
        Error::TimestampTooOld,
        Error::TimestampTooNew,
        Error::InvalidPayload,
    ];

    /// The stable name of this error, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Error::InvalidSecret(_) => "invalid_secret",
            Error::WasmUnavailable => "wasm_unavailable",
            Error::BodyNotRaw => "body_not_raw",
            Error::BodyTooLarge => "body_too_large",
            Error::MissingSignature => "missing_signature",
            Error::MultipleSignatures => "multiple_signatures",
            Error::MalformedSignature => "malformed_signature",
            Error::MissingTimestamp => "missing_timestamp",
            Error::MalformedTimestamp => "malformed_timestamp",
            Error::SignatureMismatch => "signature_mismatch",
            Error::TimestampTooOld => "timestamp_too_old",
            Error::TimestampTooNew => "timestamp_too_new",
            Error::InvalidPayload => "invalid_payload",
        }
    }

    /// The HTTP status a receiver answers with: 500 when its own side is at fault, else 413, 401 or 400.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Error::InvalidSecret(_) | Error::WasmUnavailable | Error::BodyNotRaw => 500,
            Error::BodyTooLarge => 413,
            Error::MissingSignature
            | Error::MultipleSignatures
            | Error::MalformedSignature
            | Error::MissingTimestamp
            | Error::MalformedTimestamp
            | Error::SignatureMismatch
            | Error::TimestampTooOld
            | Error::TimestampTooNew => 401,
            Error::InvalidPayload => 400,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::InvalidSecret(fault) => return fault.fmt(f),
            Error::WasmUnavailable => {
                "this runtime refuses to run WebAssembly; allow it (in a browser: `script-src 'wasm-unsafe-eval'`) \
                 or verify elsewhere"
            }
            Error::BodyNotRaw => {
                "the body was parsed or read before it was verified; the signature covers the bytes as they came, so \
                 hand over the raw body"
            }
            Error::BodyTooLarge => {
                "the body is larger than this receiver accepts; raise the limit if it is really one of Encrata's"
            }
            Error::MissingSignature => {
                "no signature: expected an `x-encrata-signature` or `webhook-signature` header with a value; check \
                 that the request is from Encrata and that no proxy removes these headers"
            }
            Error::MultipleSignatures => {
                "more than one `x-encrata-signature`: expected exactly one header with one value; check for a proxy \
                 that repeats or joins headers"
            }
            Error::MalformedSignature => {
                "the signature is malformed: expected exactly 64 lower-case hexadecimal digits in \
                 `x-encrata-signature`, or at least one `v1,<base64>` entry in `webhook-signature`; pass the header \
                 on unchanged"
            }
            Error::MissingTimestamp => {
                "no signed timestamp: a tolerance needs `webhook-signature` and `webhook-timestamp`, because \
                 `x-encrata-signature` alone can be replayed; check that no proxy removes them, or set no tolerance"
            }
            Error::MalformedTimestamp => {
                "the timestamp is malformed: expected `webhook-timestamp` to be Unix seconds in decimal digits"
            }
            Error::SignatureMismatch => {
                "the signature does not match: it was made with another secret, or the body or the `webhook-id` and \
                 `webhook-timestamp` headers changed on the way; check the secret of this very webhook and verify the \
                 raw bytes"
            }
            Error::TimestampTooOld => {
                "the timestamp is older than the tolerance: a replay, a long queue in between, or a clock here that \
                 runs ahead; check the clock"
            }
            Error::TimestampTooNew => {
                "the timestamp is further in the future than the tolerance: check the clock here, it seems to be behind"
            }
            Error::InvalidPayload => {
                "the signature is right, but the body is not an envelope: expected a JSON object with `event` \
                 (string), `data` (object) and `created_at` (string)"
            }
        })
    }
}

impl core::error::Error for Error {}

impl From<SecretFault> for Error {
    fn from(fault: SecretFault) -> Self {
        Error::InvalidSecret(fault)
    }
}

/// What is wrong with a secret, without a character of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretFault {
    /// No secret was given: none at all, or only unset ones.
    Missing,
    /// It is empty or nothing but white space. An empty key would accept everyone's forgery.
    Blank,
    /// It is `whsec_` and nothing more, so that everyone knows it.
    OnlyPrefix,
    /// It begins or ends with white space or a byte order mark.
    SurroundingWhitespace,
    /// It begins or ends with a quotation mark.
    SurroundingQuotes,
    /// It holds a control character; typically the newline at the end of a file.
    ControlCharacter,
    /// After `whsec_` there is no base64, so there is no Standard Webhooks key. Only where such a key is needed.
    NotBase64,
}

impl SecretFault {
    /// Every fault once.
    pub const ALL: [SecretFault; 7] = [
        SecretFault::Missing,
        SecretFault::Blank,
        SecretFault::OnlyPrefix,
        SecretFault::SurroundingWhitespace,
        SecretFault::SurroundingQuotes,
        SecretFault::ControlCharacter,
        SecretFault::NotBase64,
    ];

    /// A stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            SecretFault::Missing => "missing",
            SecretFault::Blank => "blank",
            SecretFault::OnlyPrefix => "only_prefix",
            SecretFault::SurroundingWhitespace => "surrounding_whitespace",
            SecretFault::SurroundingQuotes => "surrounding_quotes",
            SecretFault::ControlCharacter => "control_character",
            SecretFault::NotBase64 => "not_base64",
        }
    }
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SecretFault::Missing => {
                "no secret was given: set the signing secret that the create or rotate call returned (`whsec_` and 64 \
                 hexadecimal digits); is the environment variable set?"
            }
            SecretFault::Blank => "the secret is blank: expected `whsec_` and 64 hexadecimal digits; is the variable set?",
            SecretFault::OnlyPrefix => "the secret is only the prefix `whsec_`: expected 64 hexadecimal digits after it",
            SecretFault::SurroundingWhitespace => {
                "the secret begins or ends with white space: remove it where the secret is stored"
            }
            SecretFault::SurroundingQuotes => {
                "the secret begins or ends with a quotation mark: remove the quotes where the secret is stored"
            }
            SecretFault::ControlCharacter => {
                "the secret holds a control character, most likely the newline at the end of a file: remove it where \
                 the secret is stored"
            }
            SecretFault::NotBase64 => {
                "the secret has no Standard Webhooks key: expected base64 after `whsec_`; use a secret as Encrata \
                 issues it, `whsec_` and 64 hexadecimal digits"
            }
        })
    }
}

impl core::error::Error for SecretFault {}

/// Why a message cannot be signed.
///
/// Apart from [`Error`], whose codes are about deliveries that came in: these are faults of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignError {
    /// The id is empty, holds a dot, or holds something else than visible ASCII characters.
    InvalidId,
    /// The timestamp is negative; receivers read decimal digits only.
    InvalidTimestamp,
    /// A secret has no Standard Webhooks key.
    InvalidSecret(SecretFault),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SignError::InvalidId => {
                "the id cannot be signed: expected at least one visible ASCII character, and no dots, which separate \
                 the parts that are signed"
            }
            SignError::InvalidTimestamp => "the timestamp is negative: expected Unix seconds",
            SignError::InvalidSecret(fault) => return fault.fmt(f),
        })
    }
}

impl core::error::Error for SignError {}

impl From<SecretFault> for SignError {
    fn from(fault: SecretFault) -> Self {
        SignError::InvalidSecret(fault)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::string::{String, ToString};

    use super::{Error, SecretFault, SignError};

    #[test]
    fn every_error_has_a_text_of_its_own() {
        let texts: BTreeSet<String> = Error::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), Error::ALL.len());
        assert!(texts.iter().all(|text| text.len() > 40));
        let sign =
            [SignError::InvalidId, SignError::InvalidTimestamp, SignError::from(SecretFault::NotBase64)];
        let texts: BTreeSet<String> = sign.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), sign.len());
        assert!(texts.iter().all(|text| text.len() > 40));
    }

    #[test]
    fn the_text_of_an_invalid_secret_names_its_fault() {
        for fault in SecretFault::ALL {
            assert_eq!(Error::from(fault).to_string(), fault.to_string());
        }
    }
}
