//! Headers and secrets as JavaScript packs them.

use encrata_webhooks::headers::{ENCRATA_SIGNATURE, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use encrata_webhooks::{Headers, Secrets};

/// In the order of their numbers in [`PackedHeaders`].
const NAMES: [&str; 4] = [ENCRATA_SIGNATURE, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE];

/// Header values, each a text with the number of its name before it.
pub(crate) struct PackedHeaders<'a>(pub(crate) &'a [u8]);

impl Headers for PackedHeaders<'_> {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        let mut rest = self.0;
        while let Some((&number, after)) = rest.split_first() {
            rest = after;
            let Some(value) = text(&mut rest) else { return };
            if NAMES.get(usize::from(number)) == Some(&name) {
                each(value);
            }
        }
    }
}

/// Secrets, each a text; an unset one is empty.
pub(crate) struct PackedSecrets<'a>(pub(crate) &'a [u8]);

impl Secrets for PackedSecrets<'_> {
    fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
        let mut rest = self.0;
        core::iter::from_fn(|| text(&mut rest))
            .filter_map(|text| str::from_utf8(text).ok())
            .filter(|text| !text.is_empty())
            .for_each(each);
    }
}

/// Takes a text: its length in two bytes, the lower first, then its bytes.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (&length, after) = rest.split_first_chunk()?;
    let (text, after) = after.split_at_checked(usize::from(u16::from_le_bytes(length)))?;
    *rest = after;
    Some(text)
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn values_are_found_by_the_number_of_their_name() {
        let headers = PackedHeaders(b"\x01\x05\0evt_1\x03\0\0\0\x02\0ab\x03\x04\0v1,x\x09\x01\0y");
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
        PackedSecrets(b"\x01\0a\0\0\x03\0b c").for_each_secret(&mut |secret| secrets.push(secret.to_owned()));
        assert_eq!(secrets, ["a", "b c"]);
    }

    #[test]
    fn what_is_cut_off_is_no_text() {
        for packed in [&b"\x00\x05\0abcd"[..], b"\x00\x05", b"\x00"] {
            PackedHeaders(packed).for_each_value(ENCRATA_SIGNATURE, &mut |_| panic!("there is none"));
        }
    }
}
