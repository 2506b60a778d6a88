//! What both programs need: [`client_request`] speaks to valgrind, [`welch`] judges timings.

pub mod client_request;
pub mod welch;

/// A signing secret as it is issued, and a second one.
pub const SECRETS: [&str; 2] = [
    "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c",
    "whsec_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
];

/// What is signed.
pub const BODY: &[u8] =
    br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;

/// The comparison that must not be: it stops at the first difference. Both programs have to notice it.
#[inline(never)]
pub fn early_exit(one: &[u8; 32], other: &[u8; 32]) -> bool {
    for (one, other) in one.iter().zip(other) {
        // Byte by byte, whatever the compiler thinks of it.
        if std::hint::black_box(*one) != *other {
            return false;
        }
    }
    true
}
