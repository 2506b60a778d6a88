//! The value of `x-encrata-signature`, and the drop-in check.

use core::fmt;
use core::str::FromStr;

use subtle::{Choice, ConstantTimeEq};

use crate::error::Error;
use crate::hex;
use crate::sign::Key;

/// An HMAC-SHA256 of 32 bytes, written as 64 lower-case hexadecimal digits.
///
/// `==` takes the same time wherever two signatures differ. There is no `Deref` or `AsRef`, so that nothing compares
/// the bytes in another way by accident.
///
/// ```
/// use encrata_webhooks::{Error, Signature};
///
/// let text = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3";
/// let signature: Signature = text.parse()?;
/// assert_eq!(signature.to_string(), text);
/// assert_eq!(text.to_uppercase().parse::<Signature>(), Err(Error::MalformedSignature));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Signature([u8; 32]);

impl Signature {
    /// A signature of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Signature {
        Signature(bytes)
    }

    /// The bytes, to be written somewhere. Compare signatures, not these.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The 64 lower-case hexadecimal digits as ASCII, without an allocation.
    #[must_use]
    pub fn to_hex(self) -> [u8; 64] {
        hex::encode(&self.0)
    }

    /// Reads a header value: exactly 64 lower-case hexadecimal digits, nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedSignature`].
    pub fn from_header(value: &[u8]) -> Result<Signature, Error> {
        hex::decode(value).map(Signature).ok_or(Error::MalformedSignature)
    }
}

impl FromStr for Signature {
    type Err = Error;

    fn from_str(text: &str) -> Result<Signature, Error> {
        Signature::from_header(text.as_bytes())
    }
}

impl ConstantTimeEq for Signature {
    fn ct_eq(&self, other: &Signature) -> Choice {
        // By words: byte by byte it takes longer than to hash a block.
        let words = self.0.as_chunks::<8>().0.iter().zip(other.0.as_chunks::<8>().0);
        words.fold(Choice::from(1), |equal, (one, other)| {
            equal & u64::from_ne_bytes(*one).ct_eq(&u64::from_ne_bytes(*other))
        })
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Signature) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Signature {}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

/// The drop-in: whether `signature`, the value of the one `x-encrata-signature` header, is that of `body`.
///
/// It never panics, and it answers `false` to every trap the documentation's own snippets fall into: a signature of
/// another length or alphabet, one with `sha256=` before it, one in upper case, two joined by a comma, and a secret
/// that is blank, which would accept anyone's forgery. It knows neither timestamps nor ids, so a delivery can be
/// replayed against it; `Webhook` knows more.
///
/// ```
/// use encrata_webhooks::verify_signature;
///
/// let body = br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;
/// let secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
/// let signature = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3";
/// assert!(verify_signature(body, secret, signature));
/// assert!(!verify_signature(body, "", signature));
/// ```
#[must_use]
pub fn verify_signature(body: impl AsRef<[u8]>, secret: &str, signature: &str) -> bool {
    let Ok(signature) = signature.parse::<Signature>() else { return false };
    let Ok(key) = Key::new(secret) else { return false };
    key.verify(body, &signature)
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::ToString;

    use super::Signature;

    #[test]
    fn every_way_to_write_a_signature_is_the_same() {
        let bytes: [u8; 32] = core::array::from_fn(|i| u8::try_from(i * 7).unwrap());
        let signature = Signature::from_bytes(bytes);
        let text = signature.to_string();
        assert_eq!(text.as_bytes(), signature.to_hex());
        assert_eq!(format!("{signature:?}"), format!("Signature({text})"));
        assert_eq!(text.parse::<Signature>().unwrap().to_bytes(), bytes);
    }

    #[test]
    fn signatures_that_differ_in_any_bit_differ() {
        let one = Signature::from_bytes([0x5a; 32]);
        for bit in 0..256 {
            let mut bytes = [0x5a; 32];
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(one, Signature::from_bytes(bytes));
        }
        assert_eq!(one, Signature::from_bytes([0x5a; 32]));
    }
}
