//! A secret on its way in or out: a signing secret, an API key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret that somebody gave, or is given. Its memory is wiped when it is dropped, and `Debug` shows nothing of it; only
/// the JSON that it is for has it.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretText {
    fn from(secret: &str) -> Self {
        Self(Zeroizing::new(secret.to_owned()))
    }
}

impl FromStr for SecretText {
    type Err = std::convert::Infallible;

    fn from_str(secret: &str) -> Result<Self, Self::Err> {
        Ok(secret.into())
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|secret| Self(Zeroizing::new(secret)))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_shows_it() {
        let secret = SecretText::from("whsec_x");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)).matches("whsec_x").count(), 0);
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"whsec_x\"");
        assert_eq!(serde_json::from_str::<SecretText>("\"whsec_x\"").unwrap().expose(), "whsec_x");
    }

    #[test]
    fn it_is_wiped_when_dropped() {
        const fn wipes<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wipes(&SecretText::from("whsec_x").0);
    }
}
