//! Durations as an operator writes them, and as the store counts them.

use std::time::Duration;

/// In whole milliseconds.
pub(crate) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `250ms`, `30s`, `5m`, `12h`, `30d`.
///
/// # Errors
///
/// A sentence that says what to write.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("'{text}' is not a duration: write a number with ms, s, m, h or d, as in 5s or 30d");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(unit_ms)
        .filter(|ms| *ms <= LONGEST_DAYS * 86_400_000)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("'{text}' is longer than {LONGEST_DAYS} days"))
}

/// Ten years: longer than anything here is meant to last, and far from the end of any clock.
const LONGEST_DAYS: u64 = 3650;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_written() {
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for text in
            ["", "5", "d", "5 s", "-5s", "1w", "4000d", "18446744073709551615d", "18446744073709551616s"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
