//! Sessions of the page: what a browser holds in place of the key that somebody signed in with.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::api_key::{ApiKey, KeyHash};

/// How long a session lasts, however busy it is.
pub const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// How long a session lasts without a request.
pub const IDLE: Duration = Duration::from_secs(2 * 3600);
/// How old the last use that is kept may be: no more than that is an idle session cut short.
pub const TOUCH_AFTER: Duration = Duration::from_secs(5 * 60);
/// How many sessions a key has at most. One more ends the oldest.
pub const MAX_PER_KEY: i64 = 50;

/// A session that goes on.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose rights it has: the key that was signed in with, still active.
    pub key: ApiKey,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
    /// For how long it was not used, as far as is kept, in milliseconds.
    pub idle_ms: i64,
}

/// Whether a text may be a session's token: 64 lower-case hex digits.
///
/// ```
/// use encrata_webhooks_server::model::session::{NewToken, may_be_token};
/// assert!(may_be_token(NewToken::generate().unwrap().expose()));
/// assert!(!may_be_token("enc_live_x"));
/// ```
pub fn may_be_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A token that was just made: 256 bits, as 64 hex digits. The browser has it, the server keeps its hash.
pub struct NewToken(Zeroizing<String>);

impl NewToken {
    /// From the system's randomness.
    ///
    /// # Errors
    ///
    /// When the system has none to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut())?;
        Ok(Self(Zeroizing::new(hex::encode(bytes.as_ref()))))
    }

    /// The token itself, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept instead of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_no_two_are_alike() {
        let token = NewToken::generate().unwrap();
        assert!(token.expose().len() == 64 && token.expose().bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(token.expose(), NewToken::generate().unwrap().expose());
        assert!(token.hash() == KeyHash::of(token.expose()));
        assert_eq!(format!("{token:?}"), "NewToken(redacted)");
    }
}
