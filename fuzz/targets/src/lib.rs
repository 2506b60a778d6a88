//! What must hold for any input, as functions of bytes.
//!
//! [`signature`], [`standard`] and [`envelope`] are the core's doors, `url` and `api` (feature `server`) the
//! server's; [`corpus`] has the inputs to begin with, made from the test vectors. libFuzzer runs these functions
//! (`fuzz/run.sh`), and so does a test, over the corpus and edits of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "to panic is how a target says what it found"
)]

#[cfg(feature = "server")]
pub mod api;
pub mod corpus;
pub mod envelope;
pub mod signature;
pub mod standard;
#[cfg(feature = "server")]
pub mod url;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of its module, its corpus and its binary.
    pub name: &'static str,
    /// Panics when what must hold does not.
    pub check: fn(&[u8]),
    /// The inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "signature", check: signature::check, seeds: corpus::signature },
    Target { name: "standard", check: standard::check, seeds: corpus::standard },
    Target { name: "envelope", check: envelope::check, seeds: corpus::envelope },
    #[cfg(feature = "server")]
    Target { name: "url", check: url::check, seeds: corpus::url },
    #[cfg(feature = "server")]
    Target { name: "api", check: api::check, seeds: corpus::api },
];

/// Part of each secret that `diagnose` is given: no text of its own holds it.
const MARK: &str = "q7Zk2Vx9Lw4";

/// The first line without its end, and what comes after it.
fn line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &[]),
    }
}

/// A place in `bytes` that the whole input chooses, and the same bytes with one bit of it turned; none when empty.
fn flipped(bytes: &[u8], input: &[u8]) -> Option<Vec<u8>> {
    // FNV-1a: every byte of the input counts.
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let at = usize::try_from(hash >> 8).unwrap().checked_rem(bytes.len())?;
    let mut other = bytes.to_vec();
    other[at] ^= 1 << (hash % 8);
    Some(other)
}

/// Whatever `diagnose` is asked, it says something, and nothing of the secret.
fn diagnosed<H: encrata_webhooks::Headers + ?Sized>(headers: &H, body: &[u8], secret: &str) {
    let diagnosis = encrata_webhooks::diagnose(headers, body, &format!("{secret}{MARK}"), None);
    assert!(!diagnosis.message.is_empty() && !diagnosis.fix.is_empty());
    assert!(!format!("{diagnosis} {diagnosis:?}").contains(MARK), "the secret is shown");
}
