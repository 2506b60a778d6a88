//! For bindings whose host computes HMAC-SHA256 faster than compiled code can there. Not a stable interface.

use crate::claim::Scheme;
use crate::error::Error;
use crate::sign::{BLOCK_LENGTH, plain_block};
use crate::standard::standard_block;

/// Writes the key of a secret to `block`, as HMAC pads it (RFC 2104, section 2): a key of 64 bytes at most with zeros
/// after it, of a longer one its hash. Whoever holds it can sign: wipe it.
///
/// # Errors
///
/// [`Error::InvalidSecret`].
pub fn key_block(secret: &str, scheme: Scheme, block: &mut [u8; BLOCK_LENGTH]) -> Result<(), Error> {
    match scheme {
        Scheme::Plain => plain_block(secret, block),
        Scheme::Standard => standard_block(secret, block),
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::{Scheme, key_block};
    use crate::standard::StandardKey;
    use crate::{Error, Key, SecretFault};

    #[test]
    fn a_block_is_the_key() {
        for length in (1..200).step_by(crate::STEP) {
            let secret = format!("whsec_{}", "abcd".repeat(length));
            let mut block = [0xff; 64];
            key_block(&secret, Scheme::Plain, &mut block).unwrap();
            assert_eq!(Key::from_bytes(&block).sign("body"), Key::new(&secret).unwrap().sign("body"));
            let mut block = [0xff; 64];
            key_block(&secret, Scheme::Standard, &mut block).unwrap();
            let standard = StandardKey::new(&secret).unwrap().sign("id", 7, b"body").unwrap();
            assert_eq!(Key::from_bytes(&block).sign("id.7.body").to_bytes(), standard.to_bytes());
        }
    }

    #[test]
    fn what_is_no_secret_has_no_block() {
        let mut block = [0; 64];
        let fault = |fault| Err(Error::InvalidSecret(fault));
        assert_eq!(key_block("", Scheme::Plain, &mut block), fault(SecretFault::Blank));
        assert_eq!(key_block("", Scheme::Standard, &mut block), fault(SecretFault::Blank));
        assert_eq!(key_block("no base64!", Scheme::Standard, &mut block), fault(SecretFault::NotBase64));
        assert_eq!(block, [0; 64]);
    }
}
