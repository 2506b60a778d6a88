//! The master keys that a server has: one, or two while one replaces the other.

use crate::model::ids::{WebhookId, WorkspaceId};
use crate::store::{Store, StoreError};
use crate::vault::{MasterKey, Sealed, VaultError};

/// One master key, or two while a rekey goes on. Either opens; what is sealed anew is sealed under the one that the
/// database is under at that moment ([`Keyring::key_of`]).
#[derive(Debug)]
pub struct Keyring {
    key: MasterKey,
    other: Option<MasterKey>,
}

impl From<MasterKey> for Keyring {
    fn from(key: MasterKey) -> Self {
        Self::new(key, None)
    }
}

impl Keyring {
    /// The key, and the one that it replaces, if that is still needed.
    pub fn new(key: MasterKey, other: Option<MasterKey>) -> Self {
        Self { key, other }
    }

    /// The key with this check value, if it is here.
    pub fn key_of(&self, check: &Sealed) -> Option<&MasterKey> {
        self.keys().find(|key| key.matches(check))
    }

    /// Opens a webhook's signing secret, whichever of the keys it is under.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`].
    pub fn open_secret(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        sealed: &Sealed,
    ) -> Result<zeroize::Zeroizing<String>, VaultError> {
        self.keys()
            .find_map(|key| key.open_secret(workspace_id, webhook_id, sealed).ok())
            .ok_or(VaultError::DoesNotOpen)
    }

    /// The key to seal under now, with the check value that a store is shown with what was sealed: when the database is
    /// under another key by then, it keeps nothing ([`StoreError::MasterKeyChanged`]).
    ///
    /// # Errors
    ///
    /// [`StoreError`]; [`StoreError::MasterKeyChanged`] when the database is under a key that is not here.
    pub async fn to_seal(&self, store: &Store) -> Result<(&MasterKey, Sealed), StoreError> {
        let check = store.master_key_checks().await?.current.ok_or(StoreError::MasterKeyChanged)?;
        let key = self.key_of(&check).ok_or(StoreError::MasterKeyChanged)?;
        Ok((key, check))
    }

    fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.key).chain(&self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: &str) -> MasterKey {
        MasterKey::from_hex(&digit.repeat(64)).unwrap()
    }

    #[test]
    fn two_keys_open_what_is_under_either_and_tell_which_one_a_database_is_under() {
        let (workspace, webhook) = (WorkspaceId::new(1), WebhookId::new(2));
        let seal = |digit| key(digit).seal_secret(workspace, webhook, "whsec_x").unwrap();
        let keys = Keyring::new(key("1"), Some(key("2")));
        for digit in ["1", "2"] {
            assert_eq!(*keys.open_secret(workspace, webhook, &seal(digit)).unwrap(), "whsec_x");
            let found = keys.key_of(&key(digit).check_value().unwrap()).unwrap();
            assert!(found.matches(&key(digit).check_value().unwrap()), "{digit}");
        }
        assert_eq!(keys.open_secret(workspace, webhook, &seal("3")), Err(VaultError::DoesNotOpen));
        assert!(keys.key_of(&key("3").check_value().unwrap()).is_none());
        assert_eq!(
            Keyring::from(key("1")).open_secret(workspace, webhook, &seal("2")),
            Err(VaultError::DoesNotOpen)
        );
    }
}
