//! Headers and secrets as JavaScript packs them.

use encrata_webhooks::headers::{ENCRATA_SIGNATURE, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use encrata_webhooks::{Headers, Secrets};

/// What a text ends with; no UTF-8 holds it.
const END: u8 = 0xff;

/// In the order of their numbers in [`PackedHeaders`].
const NAMES: [&str; 4] = [ENCRATA_SIGNATURE, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE];

/// Header values, each with the number of its name before it and [`END`] after it.
pub(crate) struct PackedHeaders<'a>(pub(crate) &'a [u8]);

impl Headers for PackedHeaders<'_> {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for text in texts(self.0) {
            if let Some((&number, value)) = text.split_first()
                && NAMES.get(usize::from(number)) == Some(&name)
            {
                each(value);
            }
        }
    }
}

/// Secrets, each with [`END`] after it; an unset one is empty.
pub(crate) struct PackedSecrets<'a>(pub(crate) &'a [u8]);

impl Secrets for PackedSecrets<'_> {
    fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
        texts(self.0)
            .filter_map(|text| str::from_utf8(text).ok())
            .filter(|text| !text.is_empty())
            .for_each(each);
    }
}

fn texts(packed: &[u8]) -> impl Iterator<Item = &[u8]> {
    packed.split_inclusive(|&byte| byte == END).map(|text| text.strip_suffix(&[END]).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn values_are_found_by_the_number_of_their_name() {
        let headers = PackedHeaders(b"\x01evt_1\xff\x03\xff\x00ab\xff\x03v1,x\xff\x09y\xff");
        let values = |name| {
            let mut values = Vec::new();
            headers.for_each_value(name, &mut |value| values.push(value.to_vec()));
            values
        };
        assert_eq!(values(ENCRATA_SIGNATURE), [b"ab"]);
        assert_eq!(values(WEBHOOK_ID), [b"evt_1"]);
        assert!(values(WEBHOOK_TIMESTAMP).is_empty());
        assert_eq!(values(WEBHOOK_SIGNATURE), [&b""[..], b"v1,x"]);
    }

    #[test]
    fn unset_secrets_are_skipped() {
        let mut secrets = Vec::new();
        PackedSecrets(b"a\xff\xffb c\xff").for_each_secret(&mut |secret| secrets.push(secret.to_owned()));
        assert_eq!(secrets, ["a", "b c"]);
    }
}
