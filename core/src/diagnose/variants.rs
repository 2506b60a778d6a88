//! What the signature may have been made with instead: the search for a proof.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::Cause;
use crate::headers::{ENCRATA_SIGNATURE, Headers, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use crate::hex;
use crate::secret::{PREFIX, is_quote};
use crate::sign::Key;
use crate::signature::Signature;
use crate::standard::is_valid_id;

/// No more values than this are looked at, of each header.
const MAX_VALUES: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Plain,
    Standard,
}

/// 32 bytes that somebody gave as a signature, and the fault in how they were written.
pub(super) struct Claim {
    pub(super) scheme: Scheme,
    signature: Signature,
    pub(super) fault: Option<Cause>,
}

/// The headers that matter.
pub(super) struct Received {
    plain: Vec<Vec<u8>>,
    standard: Vec<Vec<u8>>,
    ids: Vec<Vec<u8>>,
    timestamps: Vec<Vec<u8>>,
    content_lengths: Vec<Vec<u8>>,
}

impl Received {
    pub(super) fn find<H: Headers + ?Sized>(headers: &H) -> Received {
        let all = |name| {
            let mut values = Vec::new();
            headers.for_each_value(name, &mut |value: &[u8]| {
                // A bound on work: one more or less finds the same.
                if values.len() < MAX_VALUES {
                    values.push(value.to_vec());
                }
            });
            values
        };
        Received {
            plain: all(ENCRATA_SIGNATURE),
            standard: all(WEBHOOK_SIGNATURE),
            ids: all(WEBHOOK_ID),
            timestamps: all(WEBHOOK_TIMESTAMP),
            content_lengths: all("content-length"),
        }
    }

    pub(super) fn has_signature(&self) -> bool {
        let deciding = if self.standard_decides() { &self.standard } else { &self.plain };
        deciding.iter().any(|value| !value.trim_ascii().is_empty())
    }

    pub(super) fn standard_decides(&self) -> bool {
        !self.standard.is_empty()
    }

    pub(super) fn is_plain_only(&self) -> bool {
        self.standard.is_empty()
    }

    pub(super) fn has_repeated_plain(&self) -> bool {
        !self.standard_decides()
            && (self.plain.len() > 1 || self.plain.iter().any(|value| value.contains(&b',')))
    }

    pub(super) fn lacks_standard_parts(&self) -> bool {
        let once = |values: &[Vec<u8>]| matches!(values, [value] if !value.is_empty());
        self.standard_decides() && !(once(&self.ids) && once(&self.timestamps))
    }

    pub(super) fn has_wrong_id(&self) -> bool {
        self.ids.iter().any(|id| !is_valid_id(id))
    }

    pub(super) fn timestamp_number(&self) -> Option<i64> {
        number(self.timestamps.first()?)
    }

    pub(super) fn content_length(&self) -> Option<usize> {
        number(self.content_lengths.first()?)
    }

    /// Every signature in these headers, however it is written.
    pub(super) fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        for value in &self.standard {
            for entry in value.split(u8::is_ascii_whitespace).take(MAX_VALUES) {
                claims.extend(read_claim(entry, Scheme::Standard));
            }
        }
        for value in &self.plain {
            // The whole value first: a `v1,<base64>` holds a comma.
            match read_claim(value, Scheme::Plain) {
                Some(claim) => claims.push(claim),
                None => {
                    for part in value.split(|&byte| byte == b',').take(MAX_VALUES) {
                        let claim = read_claim(part, Scheme::Plain);
                        claims.extend(
                            claim.map(|claim| Claim { fault: Some(Cause::SignatureRepeated), ..claim }),
                        );
                    }
                }
            }
        }
        claims
    }

    /// What a signature of this scheme covers, with this body; `None` when a part is missing.
    fn content(&self, scheme: Scheme, body: &[u8]) -> Option<Vec<u8>> {
        match scheme {
            Scheme::Plain => Some(body.to_vec()),
            Scheme::Standard => {
                Some([self.ids.first()?, b".".as_slice(), self.timestamps.first()?, b".", body].concat())
            }
        }
    }
}

fn number<T: core::str::FromStr>(value: &[u8]) -> Option<T> {
    core::str::from_utf8(value).ok()?.parse().ok()
}

fn read_claim(value: &[u8], header: Scheme) -> Option<Claim> {
    let trimmed = core::str::from_utf8(value).ok()?.trim_matches(|c: char| c.is_whitespace() || is_quote(c));
    let trimmed_fault = (trimmed.len() != value.len()).then_some(Cause::SignatureWhitespace);
    if let Some(encoded) = trimmed.strip_prefix("v1,") {
        let signature = base64(encoded)?;
        let fault = match header {
            Scheme::Standard => trimmed_fault,
            Scheme::Plain => Some(Cause::SignatureInWrongHeader),
        };
        return Some(Claim { scheme: Scheme::Standard, signature, fault });
    }
    let plain = |signature, fault| {
        let fault = match header {
            Scheme::Plain => fault,
            Scheme::Standard => Some(Cause::SignatureInWrongHeader),
        };
        Some(Claim { scheme: Scheme::Plain, signature, fault })
    };
    // A digest in base64 may hold `=` only at its end, a prefix only before the digits.
    let digits = trimmed.split_once('=').filter(|(_, digits)| digits.len() == 64);
    let (digits, prefix_fault) = match digits {
        Some((_, digits)) => (digits, Some(Cause::SignaturePrefix)),
        None => (trimmed, None),
    };
    if let Some(bytes) = hex::decode(digits.as_bytes()) {
        return plain(Signature::from_bytes(bytes), prefix_fault.or(trimmed_fault));
    }
    if let Some(bytes) = hex::decode(digits.to_ascii_lowercase().as_bytes()) {
        return plain(Signature::from_bytes(bytes), Some(Cause::SignatureUppercase));
    }
    let encoded = trimmed.strip_prefix("sha256=").unwrap_or(trimmed);
    plain(base64(encoded)?, Some(Cause::SignatureBase64))
}

/// 32 bytes in any of the usual alphabets, padded or not.
fn base64(text: &str) -> Option<Signature> {
    let decoded = Base64::decode_vec(text)
        .or_else(|_| Base64Unpadded::decode_vec(text))
        .or_else(|_| Base64Url::decode_vec(text))
        .or_else(|_| Base64UrlUnpadded::decode_vec(text))
        .ok()?;
    Some(Signature::from_bytes(decoded.try_into().ok()?))
}

/// The causes that, taken together, make a claim match: the fewest that do.
pub(super) fn search(claims: &[Claim], received: &Received, body: &[u8], secret: &str) -> Option<Vec<Cause>> {
    let bodies = bodies(body);
    let mut best: Option<Vec<Cause>> = None;
    for claim in claims {
        for (key_cause, key) in keys(claim.scheme, secret) {
            for (body_cause, body) in &bodies {
                let Some(content) = received.content(claim.scheme, body) else { continue };
                if !key.verify(content, &claim.signature) {
                    continue;
                }
                let mut causes: Vec<Cause> =
                    [claim.fault, *body_cause, key_cause].into_iter().flatten().collect();
                // The one signature that would do is not the one that decides.
                if claim.scheme == Scheme::Plain && received.standard_decides() && claim.fault.is_none() {
                    causes.push(Cause::StandardHeadersChanged);
                }
                if causes.is_empty() && received.has_repeated_plain() {
                    causes.push(Cause::SignatureRepeated);
                }
                if causes.is_empty() {
                    // It matches as it is, and is refused for another reason: that is not ours to tell.
                    continue;
                }
                if best.as_ref().is_none_or(|best| causes.len() < best.len()) {
                    best = Some(causes);
                }
            }
        }
    }
    best
}

type KeyVariant = (Option<Cause>, Key);

/// The secret's own key first, then what may have been used for it.
fn keys(scheme: Scheme, secret: &str) -> Vec<KeyVariant> {
    let mut keys = Vec::new();
    for (cause, text) in secret_texts(secret) {
        // A secret that is nothing is no proof of anything but emptiness, which comes last.
        if text.is_empty() {
            continue;
        }
        let stripped = text.strip_prefix(PREFIX).unwrap_or(&text);
        match scheme {
            Scheme::Plain => keys.push((cause, Key::from_bytes(text.as_bytes()))),
            Scheme::Standard => keys.extend(decode(stripped).map(|key| (cause, Key::from_bytes(&key)))),
        }
    }

    let clean = secret.trim_matches(|c: char| c.is_whitespace() || is_quote(c));
    let stripped = clean.strip_prefix(PREFIX).unwrap_or(clean);
    let mut other = |cause, bytes: &[u8]| keys.push((Some(cause), Key::from_bytes(bytes)));
    match scheme {
        Scheme::Plain => {
            if clean.len() != stripped.len() {
                other(Cause::SecretPrefixStripped, stripped.as_bytes());
            } else if !clean.is_empty() {
                other(Cause::SecretPrefixMissing, Zeroizing::new([PREFIX, clean].concat()).as_bytes());
            }
            if let Some(decoded) = decode(stripped) {
                other(Cause::SecretDecoded, &decoded);
            }
        }
        Scheme::Standard => {
            if !clean.is_empty() {
                other(Cause::SecretNotDecoded, clean.as_bytes());
                other(Cause::SecretNotDecoded, stripped.as_bytes());
            }
        }
    }
    if let Some(bytes) = hex::decode(stripped.to_ascii_lowercase().as_bytes()).map(Zeroizing::new) {
        other(Cause::SecretHexDecoded, &bytes[..]);
    }
    other(Cause::SecretEmpty, b"");
    keys
}

/// The bytes of the Standard Webhooks key.
fn decode(stripped: &str) -> Option<Zeroizing<Vec<u8>>> {
    Base64::decode_vec(stripped).ok().filter(|key| !key.is_empty()).map(Zeroizing::new)
}

/// The secret's text, and what it may be on the other side.
fn secret_texts(secret: &str) -> Vec<(Option<Cause>, Zeroizing<String>)> {
    let mut texts = alloc::vec![(None, Zeroizing::new(String::from(secret)))];
    let mut add = |cause, text: String| {
        let text = Zeroizing::new(text);
        if *text != secret {
            texts.push((Some(cause), text));
        }
    };
    let trimmed = secret.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    add(Cause::SecretWhitespace, trimmed.into());
    add(Cause::SecretQuotes, trimmed.trim_matches(|c: char| is_quote(c) || c.is_whitespace()).into());
    for end in ["\n", "\r\n", " ", "\r", "\t"] {
        add(Cause::SecretWhitespace, [secret, end].concat());
    }
    for quote in ["\"", "'"] {
        add(Cause::SecretQuotes, [quote, secret, quote].concat());
    }
    texts
}

type BodyVariant = (Option<Cause>, Vec<u8>);

/// The body first, then what may have been signed for it.
fn bodies(body: &[u8]) -> Vec<BodyVariant> {
    let mut bodies: Vec<BodyVariant> = alloc::vec![(None, body.to_vec())];
    let mut add = |cause, variant: Option<Vec<u8>>| {
        bodies.extend(variant.filter(|variant| variant != body).map(|variant| (Some(cause), variant)));
    };
    for end in [b"\r\n".as_slice(), b"\n", b"\r"] {
        add(Cause::BodyNewlineAdded, body.strip_suffix(end).map(<[u8]>::to_vec));
        add(Cause::BodyNewlineMissing, Some([body, end].concat()));
    }
    add(Cause::BodyLineEnds, Some(line_ends(body, b"\n")));
    add(Cause::BodyLineEnds, Some(line_ends(body, b"\r\n")));
    let without_mark = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    add(Cause::BodyWhitespace, Some(without_mark.to_vec()));
    add(Cause::BodyWhitespace, Some(without_mark.trim_ascii().to_vec()));
    add(Cause::BodyReencoded, latin1(body));
    add(Cause::BodyDoubleEncoded, unquoted(body));
    add(Cause::BodyReserialised, canonical(body));
    bodies
}

/// Every line end as this one.
fn line_ends(body: &[u8], end: &[u8]) -> Vec<u8> {
    let mut converted = Vec::with_capacity(body.len());
    let mut lines = body.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_some() {
            converted.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            converted.extend_from_slice(end);
        } else {
            converted.extend_from_slice(line);
        }
    }
    converted
}

/// The bytes of which each was taken for a character.
fn latin1(body: &[u8]) -> Option<Vec<u8>> {
    core::str::from_utf8(body).ok()?.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// The text that this JSON text is.
#[cfg(feature = "serde")]
fn unquoted(body: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<String>(body).ok().map(String::into_bytes)
}

/// The body as Encrata would have written it: compact, the keys sorted.
#[cfg(feature = "serde")]
pub(super) fn canonical(body: &[u8]) -> Option<Vec<u8>> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    serde_json::to_vec(&crate::event::Sorted::from(&value)).ok()
}

/// Without the feature nobody reads JSON. Tests have all features, so none sees this.
#[cfg(not(feature = "serde"))]
pub(super) fn unread(_body: &[u8]) -> Option<Vec<u8>> {
    None
}
#[cfg(not(feature = "serde"))]
pub(super) use self::unread as canonical;
#[cfg(not(feature = "serde"))]
use self::unread as unquoted;
