//! The master key, and what is sealed under it.
//!
//! Signing secrets are kept as XChaCha20-Poly1305 boxes (RFC 8439 with the 24-byte nonce of
//! draft-irtf-cfrg-xchacha) with a random nonce in front. A box is bound to its row: moved to another
//! webhook it does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::model::ids::{WebhookId, WorkspaceId};

const NONCE_BYTES: usize = 24;
const CHECK_PLAINTEXT: &[u8] = b"encrata-webhooks master key check";
const CHECK_CONTEXT: &[u8] = b"check";

/// A box that only the master key opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// A box as it was kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Why a box could not be made or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VaultError {
    /// The key is not 64 hex digits.
    #[error("the master key must be 64 hex digits (32 random bytes), as `openssl rand -hex 32` prints them")]
    NotAKey,
    /// The box was made with another key, for another row, or was changed.
    #[error(
        "a sealed value does not open: it was sealed under another master key, or the database was changed"
    )]
    DoesNotOpen,
    /// The system has no randomness to give.
    #[error("the system gave no randomness: {0}")]
    Randomness(String),
}

/// The master key, ready to seal and open.
pub struct MasterKey(XChaCha20Poly1305);

impl MasterKey {
    /// Reads 64 hex digits; white space around them is allowed, as a file ends with a newline.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotAKey`].
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut()).map_err(|_| VaultError::NotAKey)?;
        // From the slice, as a key by value would stay on the stack.
        XChaCha20Poly1305::new_from_slice(bytes.as_ref()).map(Self).map_err(|_| VaultError::NotAKey)
    }

    /// A new key, as hex.
    ///
    /// # Errors
    ///
    /// [`VaultError::Randomness`].
    pub fn generate_hex() -> Result<Zeroizing<String>, VaultError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random(bytes.as_mut())?;
        Ok(Zeroizing::new(hex::encode(bytes.as_ref())))
    }

    /// Seals a webhook's signing secret, bound to that webhook.
    ///
    /// # Errors
    ///
    /// [`VaultError::Randomness`].
    pub fn seal_secret(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        secret: &str,
    ) -> Result<Sealed, VaultError> {
        self.seal(secret.as_bytes(), &secret_context(workspace_id, webhook_id))
    }

    /// Opens a webhook's signing secret.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`].
    pub fn open_secret(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, VaultError> {
        let plain = self.open(sealed, &secret_context(workspace_id, webhook_id))?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// A value by which [`Self::matches`] tells later whether a key is this one.
    ///
    /// # Errors
    ///
    /// [`VaultError::Randomness`].
    pub fn check_value(&self) -> Result<Sealed, VaultError> {
        self.seal(CHECK_PLAINTEXT, CHECK_CONTEXT)
    }

    /// Whether `check` was made by this key.
    pub fn matches(&self, check: &Sealed) -> bool {
        self.open(check, CHECK_CONTEXT).is_ok_and(|plain| *plain == CHECK_PLAINTEXT)
    }

    fn seal(&self, msg: &[u8], aad: &[u8]) -> Result<Sealed, VaultError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        random(&mut nonce)?;
        // Fails only on plaintexts of 256 GiB.
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), Payload { msg, aad })
            .map_err(|_| VaultError::DoesNotOpen)?;
        Ok(Sealed([&nonce[..], &sealed].concat()))
    }

    fn open(&self, sealed: &Sealed, aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, msg) = sealed.0.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::DoesNotOpen)?;
        let plain = self.0.decrypt(&XNonce::from(*nonce), Payload { msg, aad });
        plain.map(Zeroizing::new).map_err(|_| VaultError::DoesNotOpen)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

fn secret_context(workspace_id: WorkspaceId, webhook_id: WebhookId) -> Vec<u8> {
    format!("webhook secret {workspace_id} {webhook_id}").into_bytes()
}

fn random(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|error| VaultError::Randomness(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        MasterKey::from_hex(&MasterKey::generate_hex().unwrap()).unwrap()
    }

    #[test]
    fn a_secret_opens_only_in_its_own_row_and_under_its_own_key() {
        let (key, workspace, webhook) = (key(), WorkspaceId::new(1), WebhookId::new(2));
        let sealed = key.seal_secret(workspace, webhook, "whsec_x").unwrap();
        assert_eq!(*key.open_secret(workspace, webhook, &sealed).unwrap(), "whsec_x");

        let closed = Err(VaultError::DoesNotOpen);
        assert_eq!(key.open_secret(workspace, WebhookId::new(3), &sealed), closed);
        assert_eq!(key.open_secret(WorkspaceId::new(4), webhook, &sealed), closed);
        assert_eq!(self::key().open_secret(workspace, webhook, &sealed), closed);
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert_eq!(key.open_secret(workspace, webhook, &changed), closed, "byte {at}");
        }
        assert_eq!(key.open_secret(workspace, webhook, &Sealed(vec![1; 8])), closed);
    }

    #[test]
    fn the_check_value_tells_keys_apart() {
        let (one, other) = (key(), key());
        let check = one.check_value().unwrap();
        assert!(one.matches(&check));
        assert!(!other.matches(&check));
    }

    #[test]
    fn a_key_and_what_it_opens_are_wiped_when_dropped() {
        fn wipes<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let (key, workspace, webhook) = (key(), WorkspaceId::new(1), WebhookId::new(2));
        wipes(&key.0);
        let sealed = key.seal_secret(workspace, webhook, "whsec_x").unwrap();
        wipes(&key.open_secret(workspace, webhook, &sealed).unwrap());
        wipes(&MasterKey::generate_hex().unwrap());
    }

    #[test]
    fn a_key_is_64_hex_digits() {
        assert!(MasterKey::from_hex(&format!("{}\n", "0a".repeat(32))).is_ok());
        for text in ["", "0a", &"0g".repeat(32), &"0a".repeat(33)] {
            assert_eq!(MasterKey::from_hex(text).err(), Some(VaultError::NotAKey), "{text}");
        }
        assert_eq!(format!("{:?}", key()), "MasterKey(redacted)");
    }
}
