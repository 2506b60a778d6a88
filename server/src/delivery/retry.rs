//! When to try again. Pure: time and chance are arguments.

use std::str::FromStr;
use std::time::Duration;

use crate::duration::{self, ms};
use crate::model::delivery::{Next, Verdict};
use crate::model::outcome::Outcome;

/// How far a receiver's `Retry-After` can put off the next attempt.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a webhook that answers 429 or 503 is left alone, at most, unless it asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Which part of the time for which a webhook has failed it is left alone.
const PART_OF_FAILING: u32 = 4;

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
    pub fn next(&self, outcome: &Outcome, step: i64, chance: f64) -> Next {
        if outcome.is_success() {
            return Next::Succeeded;
        }
        let Some(delay) = usize::try_from(step).ok().and_then(|step| self.0.get(step)) else {
            return Next::Failed;
        };
        let delay = jittered(*delay, chance).max(asked(outcome).unwrap_or_default());
        Next::Retry { after_ms: ms(delay) }
    }

    /// What an attempt says of its webhook, at which nothing has succeeded for `failing_ms`. One that answers 429 or
    /// 503 is left alone for as long as it asks for; if it does not say, for a part of the time for which it has failed,
    /// between the first delay of the schedule and five minutes.
    pub fn verdict(&self, outcome: &Outcome, failing_ms: Option<i64>, chance: f64) -> Verdict {
        match outcome {
            _ if outcome.is_success() => Verdict::Healthy,
            Outcome::Answered { status: 410, .. } => Verdict::Gone,
            Outcome::Answered { status: 429 | 503, .. } => {
                let first = self.0.first().copied().unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
                let failing = Duration::from_millis(u64::try_from(failing_ms.unwrap_or(0)).unwrap_or(0));
                let grown = (failing / PART_OF_FAILING).clamp(first, LONGEST_PAUSE);
                Verdict::Slow { after_ms: ms(asked(outcome).unwrap_or(jittered(grown, chance))) }
            }
            _ => Verdict::Failing,
        }
    }
}

fn jittered(delay: Duration, chance: f64) -> Duration {
    delay.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0))
}

/// What `Retry-After` asks for.
fn asked(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Answered { retry_after_s: Some(seconds), .. } => {
            Some(Duration::from_secs(*seconds).min(LONGEST_RETRY_AFTER))
        }
        Outcome::Answered { .. } | Outcome::Unanswered(_) => None,
    }
}

/// `5s,30s,2m`: numbers with `ms`, `s`, `m`, `h` or `d`. Empty means that nothing is retried.
impl FromStr for RetrySchedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(|part| duration::parse(part.trim())).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::Failure;

    fn answered(status: u16, retry_after_s: Option<u64>) -> Outcome {
        Outcome::Answered { status, body: Vec::new(), retry_after_s }
    }

    #[test]
    fn ten_attempts_over_three_days() {
        let schedule = RetrySchedule::default();
        let mut at = 0;
        for step in 0..9 {
            let Next::Retry { after_ms } = schedule.next(&answered(500, None), step, 0.5) else {
                panic!("attempt {step} is not followed by another");
            };
            at += after_ms;
        }
        assert_eq!(at, (5 + 30 + 120 + 600 + 3600 * (1 + 3 + 8 + 24 + 36)) * 1000);
        assert_eq!(schedule.next(&answered(500, None), 9, 0.5), Next::Failed);
        assert_eq!(schedule.next(&answered(204, None), 3, 0.5), Next::Succeeded);
    }

    #[test]
    fn jitter_is_a_fifth_either_way() {
        let schedule: RetrySchedule = "10s".parse().unwrap();
        assert_eq!(schedule.next(&answered(500, None), 0, 0.0), Next::Retry { after_ms: 8_000 });
        assert_eq!(schedule.next(&answered(500, None), 0, 1.0), Next::Retry { after_ms: 12_000 });
    }

    #[test]
    fn retry_after_lengthens_and_never_shortens() {
        let schedule: RetrySchedule = "10s".parse().unwrap();
        assert_eq!(schedule.next(&answered(503, Some(60)), 0, 0.5), Next::Retry { after_ms: 60_000 });
        assert_eq!(schedule.next(&answered(503, Some(1)), 0, 0.5), Next::Retry { after_ms: 10_000 });
        assert_eq!(
            schedule.next(&answered(503, Some(u64::MAX)), 0, 0.5),
            Next::Retry { after_ms: 86_400_000 }
        );
    }

    #[test]
    fn a_webhook_is_judged_by_what_it_answers() {
        let schedule: RetrySchedule = "10s".parse().unwrap();
        let verdict = |status, retry_after_s, failing_ms| {
            schedule.verdict(&answered(status, retry_after_s), failing_ms, 0.5)
        };
        assert_eq!(verdict(204, None, Some(5)), Verdict::Healthy);
        assert_eq!(verdict(410, None, None), Verdict::Gone);
        assert_eq!(verdict(500, Some(60), None), Verdict::Failing);
        for status in [429, 503] {
            assert_eq!(verdict(status, Some(60), None), Verdict::Slow { after_ms: 60_000 });
            assert_eq!(verdict(status, Some(1), None), Verdict::Slow { after_ms: 1_000 });
            assert_eq!(verdict(status, Some(u64::MAX), None), Verdict::Slow { after_ms: 86_400_000 });
            assert_eq!(verdict(status, None, None), Verdict::Slow { after_ms: 10_000 });
            assert_eq!(verdict(status, None, Some(400_000)), Verdict::Slow { after_ms: 100_000 });
            assert_eq!(verdict(status, None, Some(i64::MAX)), Verdict::Slow { after_ms: 300_000 });
            assert_eq!(verdict(status, None, Some(-7)), Verdict::Slow { after_ms: 10_000 });
        }
        assert_eq!(
            schedule.verdict(&Outcome::Unanswered(Failure::Timeout { after_ms: 5 }), None, 0.5),
            Verdict::Failing
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
        for text in ["5", "s", "5 s", "-5s", "5s,", "1w", "999999999999h", "18446744073709551616s"] {
            assert!(text.parse::<RetrySchedule>().is_err(), "{text}");
        }
    }
}
