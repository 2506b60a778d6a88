//! The list that `webhook-signature` holds.

use alloc::vec::Vec;

use subtle::{Choice, ConstantTimeEq};

use crate::standard::StandardSignature;

/// What comes after these is not looked at, so that a long header is no work.
pub(crate) const MAX_ENTRIES: usize = 16;

/// The well-formed `v1` entries of `webhook-signature` values; other versions (`v1a`, which is asymmetric) and whatever
/// else stands there are passed over.
///
/// Entries are separated by spaces. A proxy or runtime may have joined two such headers with `, `, so one comma at the
/// end of an entry is not part of it.
#[derive(Default)]
pub(crate) struct Entries(Vec<StandardSignature>);

impl Entries {
    pub(crate) fn add(&mut self, value: &[u8]) {
        for entry in value.split(|&byte| byte == b' ') {
            if self.0.len() == MAX_ENTRIES {
                return;
            }
            let entry = entry.strip_suffix(b",").unwrap_or(entry);
            self.0.extend(StandardSignature::from_entry(entry));
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is the expected one; all are compared, whichever matches.
    pub(crate) fn contain(&self, expected: &StandardSignature) -> Choice {
        self.0.iter().fold(Choice::from(0), |any, entry| any | entry.ct_eq(expected))
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::{Entries, MAX_ENTRIES};
    use crate::standard::StandardSignature;

    #[test]
    fn entries_are_bounded() {
        let entry = StandardSignature::from_bytes([7; 32]);
        let noise = "v1,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let with = |before: usize| {
            let mut entries = Entries::default();
            entries.add(&[noise; 1].repeat(before).join(" ").into_bytes());
            entries.add(entry.to_string().as_bytes());
            bool::from(entries.contain(&entry))
        };
        assert!(with(MAX_ENTRIES - 1));
        assert!(!with(MAX_ENTRIES));
    }
}
