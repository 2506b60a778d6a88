//! The keyed state behind `x-encrata-signature`.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::error::Error;
use crate::secret;
use crate::signature::Signature;

/// SHA-256 works in blocks of 64 bytes, and HMAC hashes a key that is longer (RFC 2104, section 2).
pub(crate) const BLOCK_LENGTH: usize = 64;

/// The key of a secret, padded.
#[cfg(feature = "alloc")]
pub(crate) fn plain_block(secret: &str, block: &mut [u8; BLOCK_LENGTH]) -> Result<(), Error> {
    secret::check(secret)?;
    let mut padding = Padding::default();
    padding.update(secret.as_bytes());
    padding.finish(block);
    Ok(())
}

/// Pads a key that comes in pieces: one that fits the block is used as it is, of a longer one only the hash.
pub(crate) struct Padding {
    start: [u8; BLOCK_LENGTH],
    length: usize,
    hash: Sha256,
}

impl Default for Padding {
    fn default() -> Padding {
        Padding { start: [0; BLOCK_LENGTH], length: 0, hash: Sha256::new() }
    }
}

impl Padding {
    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.start.iter_mut().skip(self.length).zip(piece).for_each(|(to, from)| *to = *from);
        self.length = self.length.saturating_add(piece.len());
        self.hash.update(piece);
    }

    #[inline(never)]
    pub(crate) fn finish(mut self, block: &mut [u8; BLOCK_LENGTH]) {
        if self.length > BLOCK_LENGTH {
            self.start.fill(0);
            self.start[..32].copy_from_slice(&self.hash.finalize_reset());
        }
        *block = self.start;
        self.start.zeroize();
    }
}

/// A key, ready to sign: HMAC-SHA256 (RFC 2104) keyed with the UTF-8 bytes of the **whole** secret, prefix included.
///
/// Both padded key blocks are hashed once, at construction, so the second message costs no key schedule. There is no
/// `Clone`: signing takes `&self`, so a reference or an `Arc` serves where a copy would leave the key in one place
/// more. The state is wiped when it is dropped.
///
/// ```
/// use encrata_webhooks::Key;
///
/// let key = Key::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?;
/// let body = br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;
/// assert_eq!(key.sign(body).to_string(), "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3");
/// # Ok::<(), encrata_webhooks::Error>(())
/// ```
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The key of a secret. A `Secret` that was checked before has a method `key`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSecret`] with the fault named.
    pub fn new(secret: &str) -> Result<Key, Error> {
        secret::check(secret)?;
        Ok(Key::from_bytes(secret.as_bytes()))
    }

    /// A key of any bytes, unchecked: for test vectors and for keys that are not text.
    ///
    /// For a secret use [`new`](Key::new), which refuses an empty one: anyone can sign with the empty key.
    #[must_use]
    pub fn from_bytes(key: &[u8]) -> Key {
        Key(<Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// Signs one message.
    #[must_use]
    pub fn sign(&self, body: impl AsRef<[u8]>) -> Signature {
        let mut signing = self.signing();
        signing.update(body.as_ref());
        signing.finish()
    }

    /// Whether this signature is the one of this message, in time that depends on the message's length only.
    #[must_use]
    pub fn verify(&self, body: impl AsRef<[u8]>, signature: &Signature) -> bool {
        self.sign(body) == *signature
    }

    /// Begins a message that comes in pieces.
    #[must_use]
    pub fn signing(&self) -> Signing {
        Signing(self.0.clone())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// A message that is signed or verified piece by piece; where it is cut makes no difference.
///
/// ```
/// use encrata_webhooks::Key;
///
/// let key = Key::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?;
/// let mut signing = key.signing();
/// signing.update(b"{\"event\":");
/// signing.update(b"\"test\"}");
/// assert_eq!(signing.finish(), key.sign(b"{\"event\":\"test\"}"));
/// # Ok::<(), encrata_webhooks::Error>(())
/// ```
pub struct Signing(Hmac<Sha256>);

impl Signing {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        Mac::update(&mut self.0, piece);
    }

    /// The signature of all pieces.
    #[must_use]
    pub fn finish(self) -> Signature {
        Signature::from_bytes(self.0.finalize().into_bytes().into())
    }

    /// Whether this is the signature of all pieces, in constant time.
    #[must_use]
    pub fn verify(self, signature: &Signature) -> bool {
        self.finish() == *signature
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signing([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::Key;

    #[test]
    fn pieces_are_verified_like_the_whole() {
        let key = Key::from_bytes(b"Jefe");
        let signature = key.sign("what do ya want for nothing?");
        let verify = |end: &[u8]| {
            let mut signing = key.signing();
            signing.update(b"what do ya want ");
            signing.update(end);
            signing.verify(&signature)
        };
        assert!(verify(b"for nothing?"));
        assert!(!verify(b"for nothing!"));
        assert!(!verify(b""));
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = Key::from_bytes(b"Jefe");
        assert_eq!(format!("{key:?} {:?}", key.signing()), "Key([redacted]) Signing([redacted])");
    }
}
