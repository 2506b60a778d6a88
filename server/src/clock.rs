//! The one place that reads the clock. Everything else takes the time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::duration::ms;
use jiff::{Timestamp, Unit};

/// Milliseconds since the Unix epoch, now.
pub fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ms(since_epoch)
}

/// `now_ms` as the API writes it: RFC 3339, UTC, milliseconds, `Z`.
///
/// ```
/// # use encrata_webhooks_server::clock::rfc3339_ms;
/// assert_eq!(rfc3339_ms(1_767_225_600_250), "2026-01-01T00:00:00.250Z");
/// ```
pub fn rfc3339_ms(ms: i64) -> String {
    format!("{:.3}", timestamp(ms))
}

/// `now_ms` as the envelope's `created_at` wants it: RFC 3339, UTC, whole seconds, `Z`.
///
/// ```
/// # use encrata_webhooks_server::clock::rfc3339_s;
/// assert_eq!(rfc3339_s(1_767_225_600_999), "2026-01-01T00:00:00Z");
/// ```
pub fn rfc3339_s(ms: i64) -> String {
    format!("{:.0}", timestamp(ms))
}

/// Reads any RFC 3339 instant (an offset is needed) as milliseconds since the Unix epoch.
///
/// ```
/// # use encrata_webhooks_server::clock::parse_rfc3339;
/// assert_eq!(parse_rfc3339("2026-01-01T01:00:00+01:00"), Some(1_767_225_600_000));
/// assert_eq!(parse_rfc3339("yesterday"), None);
/// ```
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Rounds down to the second: `jiff` prints a truncated fraction, and a time never runs ahead of itself.
fn timestamp(ms: i64) -> Timestamp {
    let instant = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.round(Unit::Millisecond).unwrap_or(instant)
}
