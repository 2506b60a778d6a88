//! What the headers of a delivery claim, read before anything is computed.

use alloc::vec::Vec;

use subtle::{Choice, ConstantTimeEq};

use crate::entries::Entries;
use crate::error::Error;
use crate::headers::{ENCRATA_SIGNATURE, Headers, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use crate::signature::Signature;
use crate::standard::{StandardSignature, ascii, is_valid_id};
use crate::verify::Verified;

/// Which of a secret's two keys signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `x-encrata-signature`: the secret as it is written.
    Plain,
    /// `webhook-signature`: the base64 after `whsec_`, decoded.
    Standard,
}

/// One of the two schemes with what it needs, well formed.
#[allow(
    clippy::large_enum_variant,
    reason = "one lives at a time, on the stack; a box would cost an allocation"
)]
pub(crate) enum Claim {
    Plain(Signature),
    Standard { entries: Entries, id: Vec<u8>, timestamp: Vec<u8> },
}

impl Claim {
    /// If `webhook-signature` is there, it alone decides.
    pub(crate) fn read<H: Headers + ?Sized>(headers: &H, needs_time: bool) -> Result<Claim, Error> {
        match StandardHeaders::find(headers) {
            Some(standard) => standard.claim(),
            None => Claim::read_plain(headers, needs_time),
        }
    }

    fn read_plain<H: Headers + ?Sized>(headers: &H, needs_time: bool) -> Result<Claim, Error> {
        let value = match One::find(headers, ENCRATA_SIGNATURE) {
            One::Absent => return Err(Error::MissingSignature),
            One::Value(value) if value.is_empty() => return Err(Error::MissingSignature),
            _ if needs_time => return Err(Error::MissingTimestamp),
            One::Several => return Err(Error::MultipleSignatures),
            One::Value(value) => value,
        };
        // The entry of the other scheme holds a comma too, but is one value.
        if value.contains(&b',') && !value.starts_with(b"v1") {
            return Err(Error::MultipleSignatures);
        }
        Signature::from_header(&value).map(Claim::Plain)
    }

    pub(crate) const fn scheme(&self) -> Scheme {
        match self {
            Claim::Plain(_) => Scheme::Plain,
            Claim::Standard { .. } => Scheme::Standard,
        }
    }

    /// What is signed before the body: the header values as they came, whatever they hold.
    pub(crate) fn prefix(&self) -> [&[u8]; 4] {
        match self {
            Claim::Plain(_) => [b""; 4],
            Claim::Standard { id, timestamp, .. } => [id, b".", timestamp, b"."],
        }
    }

    /// Whether one of the digests, one per key, is the claimed one; then the time. All are compared, in constant time.
    pub(crate) fn settle(
        &self,
        digests: &mut dyn Iterator<Item = Signature>,
        tolerance_seconds: Option<u64>,
        now_unix_seconds: i64,
    ) -> Result<Verified, Error> {
        let matches = digests.fold(Choice::from(0), |any, digest| any | self.holds(digest));
        if !bool::from(matches) {
            return Err(Error::SignatureMismatch);
        }
        let Claim::Standard { id, timestamp, .. } = self else {
            return Ok(Verified { id: None, timestamp: None });
        };
        // An id with a dot is refused even when the MAC covers it: the same bytes could be read as an id without it
        // and another timestamp.
        if !is_valid_id(id) {
            return Err(Error::SignatureMismatch);
        }
        let timestamp = parse_timestamp(timestamp)?;
        check_time(timestamp, now_unix_seconds, tolerance_seconds)?;
        Ok(Verified { id: Some(ascii(id)), timestamp: Some(timestamp) })
    }

    fn holds(&self, digest: Signature) -> Choice {
        match self {
            Claim::Plain(claimed) => claimed.ct_eq(&digest),
            Claim::Standard { entries, .. } => {
                entries.contain(&StandardSignature::from_bytes(digest.to_bytes()))
            }
        }
    }
}

fn check_time(timestamp: i64, now: i64, tolerance_seconds: Option<u64>) -> Result<(), Error> {
    let Some(tolerance) = tolerance_seconds else { return Ok(()) };
    // The distance of any two i64 fits an u64. What is left differs: `<=` below would be the same.
    if now.abs_diff(timestamp) <= tolerance {
        Ok(())
    } else if timestamp < now {
        Err(Error::TimestampTooOld)
    } else {
        Err(Error::TimestampTooNew)
    }
}

/// A header that has to be there once.
enum One {
    Absent,
    Value(Vec<u8>),
    Several,
}

impl One {
    fn find<H: Headers + ?Sized>(headers: &H, name: &str) -> One {
        let mut found = One::Absent;
        headers.for_each_value(name, &mut |value| {
            found = match found {
                One::Absent => One::Value(value.to_vec()),
                One::Value(_) | One::Several => One::Several,
            };
        });
        found
    }
}

struct StandardHeaders {
    signature_empty: bool,
    entries: Entries,
    id: One,
    timestamp: One,
}

impl StandardHeaders {
    /// `None` when there is no `webhook-signature`. An empty one is there, and decides.
    fn find<H: Headers + ?Sized>(headers: &H) -> Option<StandardHeaders> {
        let mut values = 0usize;
        let mut entries = Entries::default();
        let mut last_is_empty = true;
        headers.for_each_value(WEBHOOK_SIGNATURE, &mut |value| {
            values += 1;
            entries.add(value);
            last_is_empty = value.is_empty();
        });
        (values > 0).then(|| StandardHeaders {
            signature_empty: values == 1 && last_is_empty,
            entries,
            id: One::find(headers, WEBHOOK_ID),
            timestamp: One::find(headers, WEBHOOK_TIMESTAMP),
        })
    }

    fn claim(self) -> Result<Claim, Error> {
        if self.signature_empty {
            return Err(Error::MissingSignature);
        }
        if self.entries.is_empty() {
            return Err(Error::MalformedSignature);
        }
        let timestamp = match self.timestamp {
            One::Absent => return Err(Error::MissingTimestamp),
            One::Value(value) if value.is_empty() => return Err(Error::MissingTimestamp),
            // No MAC can cover two, and a runtime that joins them would not match either.
            One::Several => return Err(Error::SignatureMismatch),
            One::Value(value) => value,
        };
        let One::Value(id) = self.id else { return Err(Error::SignatureMismatch) };
        Ok(Claim::Standard { entries: self.entries, id, timestamp })
    }
}

/// Decimal digits only: no sign, no space, no fraction, and within an `i64`.
fn parse_timestamp(value: &[u8]) -> Result<i64, Error> {
    let add = |number: i64, digit: &u8| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    };
    value.iter().try_fold(0, add).ok_or(Error::MalformedTimestamp)
}
