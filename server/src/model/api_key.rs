//! API keys: who may ask for what. Only a hash of a key is kept.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::ids::{KeyId, WorkspaceId};

/// How keys begin.
pub const PREFIX: &str = "enc_live_";
/// How many keys a workspace may make, with those that are revoked and still listed: each opens limits of its own.
/// What the operator makes or imports is not refused.
pub const MAX_KEYS: u32 = 1_000;
/// How long a key's name may be.
pub const MAX_NAME_CHARS: usize = 100;

/// What the holder of a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads and writes.
    Admin,
    /// Reads and writes. Also spelled `tech`.
    Member,
    /// Reads only.
    Readonly,
    /// Publishes events, for any workspace, and nothing else: for the operator's own services.
    Publisher,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Member, Self::Readonly, Self::Publisher];

    /// As the API and the command line spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Readonly => "readonly",
            Self::Publisher => "publisher",
        }
    }

    /// Whether a key of this role makes keys of the other over the API, and changes, disables, enables, limits and revokes them:
    /// nobody does so with more than their own. Publishers' keys are the operator's, who has the command line.
    pub fn manages(self, other: Self) -> bool {
        match self {
            Self::Admin => other != Self::Publisher,
            Self::Member => matches!(other, Self::Member | Self::Readonly),
            Self::Readonly | Self::Publisher => false,
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let canonical = if text == "tech" { "member" } else { text };
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == canonical)
            .ok_or_else(|| format!("'{text}' is not a role: it is one of admin, member, readonly, publisher"))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An API key as it is kept.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The key's id.
    pub id: KeyId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// How it begins.
    pub key_prefix: String,
    /// `...` and its last four characters.
    pub key_preview: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// When it was last used, in milliseconds since the Unix epoch.
    pub last_used_ms: Option<i64>,
    /// How many requests were made with it.
    pub total_requests: i64,
    /// How many credits it has used, as far as this server was told.
    pub credits_used: i64,
    /// How many credits it may use; none means no limit of its own.
    pub credit_limit: Option<i64>,
    /// Whether it opens anything.
    pub is_active: bool,
    /// Whether an admin switched it off (it can be switched on again).
    pub disabled_by_admin: bool,
}

/// Whether a text may be a key at all. Keys are opaque when they come in, so this only refuses what nobody would have
/// made: no text, more than 256 bytes, white space, or anything else than visible ASCII.
///
/// ```
/// use encrata_webhooks_server::model::api_key::may_be_key;
/// assert!(may_be_key("enc_live_0123456789abcdefghijklmnopqrstuv"));
/// assert!(!may_be_key("") && !may_be_key("two words") && !may_be_key(&"x".repeat(257)));
/// ```
pub fn may_be_key(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The SHA-256 of a key, or of a session's token. Keys hold 165 bits of randomness, tokens 256, so a plain hash can't be
/// searched. Whatever comes in a request is hashed first, and only hashes are looked up and compared: how long that takes
/// says something of hashes, which nobody can steer, and nothing of a key. So none of it needs constant time.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of what came in a request, whatever it is.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// A hash that was made elsewhere.
    pub fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The bytes to keep and look up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(redacted)")
    }
}

/// A key that was just made: the only moment at which it is known.
pub struct NewKey(Zeroizing<String>);

impl NewKey {
    /// `enc_live_` and 32 characters of `[a-z0-9]`, from the system's randomness.
    ///
    /// # Errors
    ///
    /// When the system has none to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        // The largest multiple of 36 below 256: bytes from there on are drawn again, so no character is likelier.
        const LIMIT: u8 = 252;
        let mut key = Zeroizing::new(String::with_capacity(PREFIX.len() + 32));
        key.push_str(PREFIX);
        let mut bytes = Zeroizing::new([0_u8; 64]);
        while key.len() < PREFIX.len() + 32 {
            getrandom::fill(bytes.as_mut())?;
            let fair = bytes.iter().filter(|byte| **byte < LIMIT);
            let left = PREFIX.len() + 32 - key.len();
            key.extend(fair.take(left).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])));
        }
        Ok(Self(key))
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept instead of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// `...` and the last four characters.
    pub fn preview(&self) -> String {
        format!("...{}", &self.0[self.0.len() - 4..])
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_has_the_published_shape() {
        let key = NewKey::generate().unwrap();
        let rest = key.expose().strip_prefix(PREFIX).unwrap();
        assert_eq!(rest.len(), 32);
        assert!(rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert!(key.expose().ends_with(&key.preview()[3..]));
        assert_ne!(key.expose(), NewKey::generate().unwrap().expose());
        assert_eq!(format!("{key:?}"), "NewKey(redacted)");
    }

    #[test]
    fn tech_is_a_member() {
        assert_eq!("tech".parse(), Ok(Role::Member));
        assert!("owner".parse::<Role>().unwrap_err().contains("readonly"));
    }
}
