//! When to try again. Pure: time and chance are arguments.

use std::str::FromStr;
use std::time::Duration;

use crate::model::delivery::Next;
use crate::model::outcome::Outcome;

/// How far a receiver's `Retry-After` can put off the next attempt.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The delays between attempts: ten attempts over three days, unless configured otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl Default for RetrySchedule {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let seconds = [5, 30, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR, 24 * HOUR, 36 * HOUR];
        Self(seconds.map(Duration::from_secs).to_vec())
    }
}

impl RetrySchedule {
    /// What follows an attempt after which `step` delays were used up. The delay gets ±20 % of jitter:
    /// `chance` lies in `0.0..1.0`. `Retry-After` can lengthen a delay, never shorten it.
    pub fn next(&self, outcome: &Outcome, step: i64, now_ms: i64, chance: f64) -> Next {
        if outcome.is_success() {
            return Next::Succeeded;
        }
        let Some(delay) = usize::try_from(step).ok().and_then(|step| self.0.get(step)) else {
            return Next::Failed;
        };
        let jittered = delay.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0));
        let asked = match outcome {
            Outcome::Answered { retry_after_s: Some(seconds), .. } => Duration::from_secs(*seconds),
            _ => Duration::ZERO,
        };
        let delay_ms = jittered.max(asked.min(LONGEST_RETRY_AFTER)).as_millis();
        Next::Retry { at_ms: now_ms.saturating_add(i64::try_from(delay_ms).unwrap_or(i64::MAX)) }
    }
}

/// `5s,30s,2m`: numbers with `ms`, `s`, `m` or `h`. Empty means that nothing is retried.
impl FromStr for RetrySchedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(|part| duration(part.trim())).collect::<Result<_, _>>().map(Self)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a delay: write a number with ms, s, m or h, as in 5s,30s,2m,1h");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let month_ms = 30 * 24 * 3_600_000;
    number
        .checked_mul(unit_ms)
        .filter(|ms| *ms <= month_ms)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("'{text}' is longer than 30 days"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after_s: Option<u64>) -> Outcome {
        Outcome::Answered { status, body: Vec::new(), retry_after_s }
    }

    #[test]
    fn ten_attempts_over_three_days() {
        let schedule = RetrySchedule::default();
        let mut at = 0;
        for step in 0..9 {
            let Next::Retry { at_ms } = schedule.next(&answered(500, None), step, at, 0.5) else {
                panic!("attempt {step} is not followed by another");
            };
            at = at_ms;
        }
        assert_eq!(at, (5 + 30 + 120 + 600 + 3600 * (1 + 3 + 8 + 24 + 36)) * 1000);
        assert_eq!(schedule.next(&answered(500, None), 9, at, 0.5), Next::Failed);
        assert_eq!(schedule.next(&answered(204, None), 3, at, 0.5), Next::Succeeded);
    }

    #[test]
    fn jitter_is_a_fifth_either_way() {
        let schedule: RetrySchedule = "10s".parse().unwrap();
        assert_eq!(schedule.next(&answered(500, None), 0, 0, 0.0), Next::Retry { at_ms: 8_000 });
        assert_eq!(schedule.next(&answered(500, None), 0, 0, 1.0), Next::Retry { at_ms: 12_000 });
    }

    #[test]
    fn retry_after_lengthens_and_never_shortens() {
        let schedule: RetrySchedule = "10s".parse().unwrap();
        assert_eq!(schedule.next(&answered(503, Some(60)), 0, 0, 0.5), Next::Retry { at_ms: 60_000 });
        assert_eq!(schedule.next(&answered(503, Some(1)), 0, 0, 0.5), Next::Retry { at_ms: 10_000 });
        assert_eq!(
            schedule.next(&answered(503, Some(u64::MAX)), 0, 0, 0.5),
            Next::Retry { at_ms: 86_400_000 }
        );
    }

    #[test]
    fn schedules_are_read_as_written() {
        assert_eq!("5s,30s,2m,10m,1h,3h,8h,24h,36h".parse(), Ok(RetrySchedule::default()));
        assert_eq!(
            " 250ms , 1s".parse(),
            Ok(RetrySchedule(vec![Duration::from_millis(250), Duration::from_secs(1)]))
        );
        assert_eq!("".parse(), Ok(RetrySchedule(Vec::new())));
        for text in ["5", "s", "5 s", "-5s", "5s,", "1d", "999999999999h", "18446744073709551616s"] {
            assert!(text.parse::<RetrySchedule>().is_err(), "{text}");
        }
    }
}
