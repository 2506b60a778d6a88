//! The signing secret: checked once, shown only on purpose.

use crate::error::SecretFault;

/// Every secret as Encrata issues it begins with this; it is part of the key of `x-encrata-signature`, and not part
/// of the Standard Webhooks key.
pub(crate) const PREFIX: &str = "whsec_";

/// The wire contract's rule for secrets.
///
/// What is refused here is not wrong as an HMAC key, but no issued secret looks like it, and the two schemes (one
/// takes the text as it is, the other decodes it) would derive keys that do not belong together.
pub(crate) fn check(secret: &str) -> Result<(), SecretFault> {
    // One walk, without the searches that text has: they weigh more than this in a binding's module.
    let mut ends: Option<(char, char)> = None;
    let (mut is_blank, mut has_control) = (true, false);
    for c in secret.chars() {
        ends = Some((ends.map_or(c, |(first, _)| first), c));
        is_blank &= is_space(c);
        has_control |= c.is_control();
    }
    let is_at_an_end = |is: fn(char) -> bool| ends.is_some_and(|(first, last)| is(first) || is(last));
    if is_blank {
        Err(SecretFault::Blank)
    } else if has_control {
        Err(SecretFault::ControlCharacter)
    } else if is_at_an_end(is_space) {
        Err(SecretFault::SurroundingWhitespace)
    } else if is_at_an_end(is_quote) {
        Err(SecretFault::SurroundingQuotes)
    } else if secret == PREFIX {
        Err(SecretFault::OnlyPrefix)
    } else {
        Ok(())
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

pub(crate) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '«' | '»')
}

#[cfg(feature = "alloc")]
pub use owned::{Secret, Secrets};

#[cfg(feature = "alloc")]
mod owned {
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::fmt;

    use zeroize::{Zeroize, Zeroizing};

    use super::{PREFIX, check};
    use crate::error::Error;
    use crate::hex;
    use crate::sign::Key;
    use crate::standard::StandardKey;

    /// A webhook's signing secret, checked.
    ///
    /// There is no `Clone`, `Display`, `Deref` or `PartialEq`, and `Debug` is redacted: the one way to the text is
    /// [`expose`](Secret::expose), which a review can search for. The memory is wiped when it is dropped.
    ///
    /// ```
    /// use encrata_webhooks::{Error, Secret, SecretFault};
    ///
    /// let secret = Secret::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c")?;
    /// assert_eq!(format!("{secret:?}"), "Secret([redacted])");
    ///
    /// let from_a_file = Secret::new("whsec_6cce5d54\n");
    /// assert_eq!(from_a_file.unwrap_err(), Error::InvalidSecret(SecretFault::ControlCharacter));
    /// # Ok::<(), Error>(())
    /// ```
    pub struct Secret(Zeroizing<String>);

    impl Secret {
        /// Checks a secret.
        ///
        /// # Errors
        ///
        /// [`Error::InvalidSecret`] with the fault named: blank, only the prefix `whsec_`, surrounded by white space
        /// or quotes, or holding a control character.
        pub fn new(secret: impl Into<String>) -> Result<Secret, Error> {
            let secret = Zeroizing::new(secret.into());
            check(&secret)?;
            Ok(Secret(secret))
        }

        /// The secret in its issued form, `whsec_` and 64 lower-case hexadecimal digits, from 32 random bytes.
        ///
        /// This crate has no source of randomness: the caller brings bytes from the operating system's.
        #[must_use]
        pub fn from_entropy(mut entropy: [u8; 32]) -> Secret {
            let digits = Zeroizing::new(hex::encode(&entropy));
            entropy.zeroize();
            let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + digits.len()));
            text.push_str(PREFIX);
            text.extend(digits.iter().map(|&digit| char::from(digit)));
            Secret(text)
        }

        /// The text itself. Show it once, to the one who asked for it; store it encrypted; never log it.
        #[must_use]
        pub fn expose(&self) -> &str {
            &self.0
        }

        /// The key of `x-encrata-signature`. Infallible, since the secret was checked.
        #[must_use]
        pub fn key(&self) -> Key {
            Key::from_bytes(self.0.as_bytes())
        }

        /// The key of `webhook-signature`.
        ///
        /// # Errors
        ///
        /// [`Error::InvalidSecret`] when there is no base64 after `whsec_`; never for an issued secret.
        pub fn standard_key(&self) -> Result<StandardKey, Error> {
            StandardKey::new(&self.0)
        }
    }

    impl fmt::Debug for Secret {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Secret([redacted])")
        }
    }

    impl From<&Secret> for Key {
        fn from(secret: &Secret) -> Key {
            secret.key()
        }
    }

    /// One or several secrets, some of which may be unset: what [`Webhook::new`](crate::Webhook::new) takes.
    ///
    /// A text, a [`Secret`], an `Option` of one (`None` is unset, and so is the empty text, which is what an unset
    /// variable looks like in many a configuration), or an array, slice or vector of these.
    pub trait Secrets {
        /// Calls `each` with every secret that is set, in order.
        fn for_each_secret(&self, each: &mut dyn FnMut(&str));
    }

    impl Secrets for str {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            if !self.is_empty() {
                each(self);
            }
        }
    }

    impl Secrets for String {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            self.as_str().for_each_secret(each);
        }
    }

    impl Secrets for Secret {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            each(self.expose());
        }
    }

    impl<T: Secrets + ?Sized> Secrets for &T {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            (**self).for_each_secret(each);
        }
    }

    impl<T: Secrets> Secrets for Option<T> {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            if let Some(secrets) = self {
                secrets.for_each_secret(each);
            }
        }
    }

    impl<T: Secrets> Secrets for [T] {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            for secrets in self {
                secrets.for_each_secret(each);
            }
        }
    }

    impl<T: Secrets, const N: usize> Secrets for [T; N] {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            self.as_slice().for_each_secret(each);
        }
    }

    impl<T: Secrets> Secrets for Vec<T> {
        fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
            self.as_slice().for_each_secret(each);
        }
    }

    #[cfg(test)]
    #[test]
    fn a_secret_is_wiped_when_dropped() {
        fn wipes<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wipes(&Secret::from_entropy([1; 32]).0);
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::{PREFIX, check};
    use crate::error::SecretFault;

    #[test]
    fn every_fault_is_named() {
        let secret = "whsec_0123456789abcdef";
        assert_eq!(check(secret), Ok(()));
        assert_eq!(check("two words"), Ok(()));
        for blank in ["", " ", "\t\n", "\u{a0}", "\u{feff}", "\u{3000} "] {
            assert_eq!(check(blank), Err(SecretFault::Blank), "{blank:?}");
        }
        assert_eq!(check(PREFIX), Err(SecretFault::OnlyPrefix));
        for space in [" ", "\u{a0}", "\u{2003}", "\u{feff}"] {
            assert_eq!(check(&format!("{secret}{space}")), Err(SecretFault::SurroundingWhitespace));
            assert_eq!(check(&format!("{space}{secret}")), Err(SecretFault::SurroundingWhitespace));
        }
        for quote in ['"', '\'', '`', '‘', '’', '“', '”', '„', '«', '»'] {
            assert_eq!(check(&format!("{quote}{secret}")), Err(SecretFault::SurroundingQuotes));
            assert_eq!(check(&format!("{secret}{quote}")), Err(SecretFault::SurroundingQuotes));
        }
        for control in ['\n', '\r', '\t', '\0', '\u{7f}', '\u{85}'] {
            assert_eq!(check(&format!("{secret}{control}")), Err(SecretFault::ControlCharacter));
            assert_eq!(check(&format!("{control}{secret}")), Err(SecretFault::ControlCharacter));
            assert_eq!(check(&format!("a{control}b")), Err(SecretFault::ControlCharacter));
        }
    }

    #[test]
    fn no_text_of_an_error_is_empty_or_twice_the_same() {
        let texts: std::collections::BTreeSet<_> = SecretFault::ALL.iter().map(|f| format!("{f}")).collect();
        let codes: std::collections::BTreeSet<_> = SecretFault::ALL.iter().map(|f| f.code()).collect();
        assert_eq!((texts.len(), codes.len()), (SecretFault::ALL.len(), SecretFault::ALL.len()));
        assert!(texts.iter().all(|text| text.len() > 20));
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn a_secret_is_shown_on_purpose_only() {
        use crate::secret::Secret;

        let secret = Secret::from_entropy([0xa5; 32]);
        assert_eq!(secret.expose(), format!("whsec_{}", "a5".repeat(32)));
        let webhook = crate::Webhook::new(&secret).unwrap();
        let shown = format!(
            "{secret:?} {:?} {:?} {:?} {webhook:?}",
            secret.key(),
            secret.standard_key().unwrap(),
            secret.key().signing()
        );
        assert!(!shown.contains("a5a5"), "{shown}");
        assert!(shown.starts_with("Secret([redacted]) Key([redacted]) StandardKey([redacted])"), "{shown}");
        assert!(shown.ends_with("Webhook { secrets: 1, tolerance_seconds: None }"), "{shown}");
    }

    #[test]
    fn what_holds_a_key_is_wiped_when_dropped() {
        const fn wipes<T: zeroize::ZeroizeOnDrop>() {}
        // `Hmac` itself is not marked, but it is made of two of these and a buffer that wipes itself.
        wipes::<sha2::Sha256>();
        #[cfg(feature = "alloc")]
        wipes::<zeroize::Zeroizing<alloc::string::String>>();
    }
}
