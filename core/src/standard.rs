//! The [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
//! scheme: `webhook-id`, `webhook-timestamp` and `webhook-signature`, symmetric (`v1`) only.

use core::fmt;
use core::str::FromStr;

use base64ct::{Base64, Encoding};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::error::{Error, SecretFault, SignError};
use crate::secret;
use crate::sign::{BLOCK_LENGTH, Key, Padding};
use crate::signature::Signature;

/// What comes before the base64 in an entry that we can check.
const VERSION: &str = "v1,";
/// 32 bytes in padded base64.
const BASE64_LENGTH: usize = 44;
const ENTRY_LENGTH: usize = VERSION.len() + BASE64_LENGTH;
/// Whole groups of base64, which can be decoded by themselves.
const PIECE_LENGTH: usize = 64;

/// The Standard Webhooks key of a secret: the base64 after `whsec_`, decoded, just as the published libraries derive
/// it. For a secret as Encrata issues it that reads 64 hexadecimal digits *as base64*, which gives 48 bytes.
///
/// ```
/// use encrata_webhooks::standard::StandardKey;
///
/// let key = StandardKey::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?;
/// let signature = key.sign("evt_1", 1_767_225_600, b"{}")?;
/// assert!(signature.to_string().starts_with("v1,"));
/// assert!(key.verify("evt_1", 1_767_225_600, b"{}", &signature));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StandardKey(Key);

impl StandardKey {
    /// Derives the key. `whsec_` may be absent; what follows must be padded base64, in which no bit is left over.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSecret`], with [`SecretFault::NotBase64`] when the secret is fine for the other scheme.
    pub fn new(secret: &str) -> Result<StandardKey, Error> {
        let mut block = Zeroizing::new([0; BLOCK_LENGTH]);
        standard_block(secret, &mut block)?;
        Ok(StandardKey(Key::from_bytes(&block[..])))
    }

    /// Signs `id.timestamp.body`; the timestamp is in Unix seconds.
    ///
    /// # Errors
    ///
    /// [`SignError::InvalidId`] when the id is empty, holds a dot or anything but visible ASCII characters: with a
    /// dot in it, the same bytes could be read as another id with another timestamp. [`SignError::InvalidTimestamp`]
    /// when the timestamp is negative.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<StandardSignature, SignError> {
        if !is_valid_id(id.as_bytes()) {
            return Err(SignError::InvalidId);
        }
        let timestamp = u64::try_from(timestamp).map_err(|_| SignError::InvalidTimestamp)?;
        let mut signing = self.0.signing();
        for piece in [id.as_bytes(), b".", decimal(timestamp, &mut [0; 20]), b".", body] {
            signing.update(piece);
        }
        Ok(StandardSignature(signing.finish()))
    }

    /// Whether the signature is that of this id, timestamp (in Unix seconds) and body, in constant time. It does not
    /// look at the clock: whether the timestamp is recent is the caller's question.
    #[must_use]
    pub fn verify(&self, id: &str, timestamp: i64, body: &[u8], signature: &StandardSignature) -> bool {
        self.sign(id, timestamp, body).is_ok_and(|expected| expected == *signature)
    }

    #[cfg(feature = "alloc")]
    pub(crate) const fn key(&self) -> &Key {
        &self.0
    }
}

impl fmt::Debug for StandardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandardKey([redacted])")
    }
}

/// The Standard Webhooks key of a secret, padded.
pub(crate) fn standard_block(secret: &str, block: &mut [u8; BLOCK_LENGTH]) -> Result<(), Error> {
    secret::check(secret)?;
    let encoded = secret.strip_prefix(secret::PREFIX).unwrap_or(secret);
    // A larger one would do as well, and tests would not see it.
    let mut buffer = Zeroizing::new([0; PIECE_LENGTH / 4 * 3]);
    let mut padding = Padding::default();
    let mut rest = encoded.as_bytes();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(PIECE_LENGTH));
        let is_padded_inside = !after.is_empty() && piece.ends_with(b"=");
        match Base64::decode(piece, &mut buffer[..]) {
            Ok(bytes) if !is_padded_inside => padding.update(bytes),
            _ => return Err(Error::InvalidSecret(SecretFault::NotBase64)),
        }
        rest = after;
    }
    padding.finish(block);
    Ok(())
}

/// A number in digits, without what formatting brings: a binding's module is as large as what it uses.
pub(crate) fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut start = digits.len();
    for (index, digit) in digits.iter_mut().enumerate().rev() {
        // A remainder of ten is a digit.
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start = index;
        if number == 0 {
            break;
        }
    }
    &digits[start..]
}

#[cfg(feature = "alloc")]
pub(crate) fn ascii(bytes: &[u8]) -> alloc::string::String {
    alloc::string::String::from_utf8(bytes.to_vec()).unwrap_or_default()
}

/// At least one character, all of them visible ASCII, and no dot.
pub(crate) fn is_valid_id(id: &[u8]) -> bool {
    !id.is_empty() && id.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'.')
}

/// One entry of `webhook-signature`: 32 bytes, written as `v1,` and padded base64. `==` is constant time.
///
/// ```
/// use encrata_webhooks::standard::StandardSignature;
///
/// let text = "v1,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// assert_eq!(text.parse::<StandardSignature>()?.to_string(), text);
/// # Ok::<(), encrata_webhooks::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StandardSignature(Signature);

impl StandardSignature {
    /// A signature of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> StandardSignature {
        StandardSignature(Signature::from_bytes(bytes))
    }

    /// The bytes, to be written somewhere. Compare signatures, not these.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub(crate) fn from_entry(entry: &[u8]) -> Option<StandardSignature> {
        let encoded = entry.strip_prefix(VERSION.as_bytes())?;
        if encoded.len() != BASE64_LENGTH {
            return None;
        }
        let mut bytes = [0; 32];
        let decoded = Base64::decode(encoded, &mut bytes).ok()?;
        (decoded.len() == bytes.len()).then_some(())?;
        Some(StandardSignature::from_bytes(bytes))
    }
}

impl StandardSignature {
    /// The entry, `v1,` and base64.
    fn to_entry(self) -> [u8; ENTRY_LENGTH] {
        let mut entry = [0; ENTRY_LENGTH];
        let (version, encoded) = entry.split_at_mut(VERSION.len());
        version.copy_from_slice(VERSION.as_bytes());
        // 44 characters are what 32 bytes take.
        let _ = Base64::encode(&self.to_bytes(), encoded);
        entry
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn push_to(self, text: &mut alloc::string::String) {
        text.push_str(&ascii(&self.to_entry()));
    }
}

impl FromStr for StandardSignature {
    type Err = Error;

    fn from_str(text: &str) -> Result<StandardSignature, Error> {
        StandardSignature::from_entry(text.as_bytes()).ok_or(Error::MalformedSignature)
    }
}

impl ConstantTimeEq for StandardSignature {
    fn ct_eq(&self, other: &StandardSignature) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl fmt::Display for StandardSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.to_entry()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for StandardSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StandardSignature({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec;

    use super::*;

    const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";

    #[test]
    fn keys_of_every_length_around_the_block() {
        for length in (1..300).step_by(crate::STEP) {
            let bytes: vec::Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let mut buffer = vec![0; 400];
            let encoded = Base64::encode(&bytes, &mut buffer).unwrap();
            let key = StandardKey::new(&format!("whsec_{encoded}")).unwrap();
            let expected = Key::from_bytes(&bytes).sign(b"evt_1.7.body");
            assert_eq!(key.sign("evt_1", 7, b"body").unwrap().to_bytes(), expected.to_bytes(), "{length}");
        }
    }

    #[test]
    fn what_is_no_base64_has_no_key() {
        for encoded in ["a", "ab", "abc", "abcd=", "ab==cd", "a-_d", "a bc", "whsec_abcd", "====", "ab=="] {
            let error = StandardKey::new(&format!("whsec_{encoded}")).unwrap_err();
            assert_eq!(error, Error::InvalidSecret(SecretFault::NotBase64), "{encoded}");
        }
        assert_eq!(StandardKey::new("whsec_").unwrap_err(), Error::InvalidSecret(SecretFault::OnlyPrefix));
        // Longer than what is decoded in one go; the second would be base64 if its halves stood alone.
        for long in [format!("{}!", "A".repeat(131)), format!("{}==AAAA", "A".repeat(62))] {
            let error = StandardKey::new(&format!("whsec_{long}")).unwrap_err();
            assert_eq!(error, Error::InvalidSecret(SecretFault::NotBase64), "{long}");
        }
    }

    #[test]
    fn ids_with_a_dot_are_not_signed() {
        let key = StandardKey::new(SECRET).unwrap();
        for id in ["", "evt.1", "evt 1", "evt\n", "é"] {
            assert_eq!(key.sign(id, 0, b""), Err(SignError::InvalidId), "{id}");
        }
        assert_eq!(key.sign("evt", -1, b""), Err(SignError::InvalidTimestamp));
        assert!(key.sign("evt", i64::MAX, b"").is_ok());
    }

    #[test]
    fn numbers_in_digits() {
        for number in [0, 7, 10, 1_767_225_600, 10_u64.pow(19), u64::MAX] {
            assert_eq!(decimal(number, &mut [0xff; 20]), format!("{number}").as_bytes());
        }
    }

    #[test]
    fn every_part_is_verified() {
        let key = StandardKey::new(SECRET).unwrap();
        let signature = key.sign("evt_1", 7, b"body").unwrap();
        assert!(key.verify("evt_1", 7, b"body", &signature));
        assert!(!key.verify("evt_2", 7, b"body", &signature));
        assert!(!key.verify("evt_1", 8, b"body", &signature));
        assert!(!key.verify("evt_1", 7, b"bodY", &signature));
        assert!(!key.verify("evt.1", 7, b"body", &signature));
        assert!(!StandardKey::new("whsec_abcd").unwrap().verify("evt_1", 7, b"body", &signature));
        assert_eq!(format!("{signature:?}"), format!("StandardSignature({signature})"));
        assert_eq!(format!("{key:?}"), "StandardKey([redacted])");
    }

    #[test]
    fn text_of_a_signature_is_read_strictly() {
        let good = "v1,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        assert!(good.parse::<StandardSignature>().is_ok());
        let bad: [String; 6] = [
            good[3..].into(),
            good.to_uppercase(),
            format!("{good} "),
            format!(" {good}"),
            good.replace("Hh8=", "Hh9="),
            good.replace('=', ""),
        ];
        for text in bad {
            assert_eq!(text.parse::<StandardSignature>(), Err(Error::MalformedSignature), "{text}");
        }
    }
}
