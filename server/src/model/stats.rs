//! What came of the attempts of some time: counts, and how long receivers took to answer.

use super::delivery::{Attempt, Next, Status};

/// How many classes of answer times there are.
pub const CLASSES: usize = 16;
/// Up to how many milliseconds each class reaches, but for the last. Each is some 1.7 times the one before.
const BOUNDS_MS: [i64; CLASSES - 1] = [2, 4, 7, 12, 20, 35, 60, 100, 180, 320, 560, 1000, 1800, 3000, 5000];
/// What the last class is taken to reach: an answer that takes longer than 5 s is none, but its end may be late.
const END_MS: i64 = 6000;

/// Counts of some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that were answered 2xx.
    pub delivered: i64,
    /// Attempts that failed, and ended their delivery as failed.
    pub failed: i64,
    /// Attempts that failed, and that another follows.
    pub retried: i64,
    /// Answers by how long they took, whatever they said.
    pub answers: [i64; CLASSES],
    /// The last attempt: its end (milliseconds since the Unix epoch), and what its delivery was then.
    pub last: Option<(i64, Status)>,
}

impl Tally {
    /// One attempt.
    pub fn of(attempt: &Attempt, next: Next) -> Self {
        let mut tally = Self::default();
        let (count, status) = match next {
            Next::Succeeded => (&mut tally.delivered, Status::Success),
            Next::Failed => (&mut tally.failed, Status::Failed),
            Next::Retry { .. } => (&mut tally.retried, Status::Pending),
        };
        *count = 1;
        if attempt.response_status.is_some() {
            let class = BOUNDS_MS.iter().take_while(|bound| attempt.duration_ms >= **bound).count();
            tally.answers[class] = 1;
        }
        tally.last = Some((attempt.started_ms.saturating_add(attempt.duration_ms), status));
        tally
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.retried += other.retried;
        for (answers, more) in self.answers.iter_mut().zip(other.answers) {
            *answers += more;
        }
        self.last = match (self.last, other.last) {
            (Some(one), Some(other)) if one.0 > other.0 => Some(one),
            (one, other) => other.or(one),
        };
    }

    /// Within how many milliseconds `percent` of the answers came; none without an answer. Where in its class a time lies
    /// is not known: it is taken to be spread evenly.
    ///
    /// ```
    /// # use encrata_webhooks_server::model::stats::Tally;
    /// let mut tally = Tally::default();
    /// assert_eq!(tally.percentile(50), None);
    /// tally.answers[7] = 10; // from 60 ms to 100 ms
    /// assert_eq!((tally.percentile(50), tally.percentile(95)), (Some(80), Some(98)));
    /// ```
    pub fn percentile(&self, percent: i64) -> Option<i64> {
        let total: i64 = self.answers.iter().sum();
        // In hundredths of an answer, to stay with whole numbers.
        let mut left = total * percent;
        for (class, answers) in self.answers.iter().enumerate() {
            let reach = answers * 100;
            if *answers > 0 && left <= reach {
                let from_ms = if class == 0 { 0 } else { BOUNDS_MS[class - 1] };
                let to_ms = BOUNDS_MS.get(class).copied().unwrap_or(END_MS);
                return Some(from_ms + (to_ms - from_ms) * left / reach);
            }
            left -= reach;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::{Failure, Outcome};

    fn attempt(duration_ms: i64, status: Option<u16>) -> Attempt {
        let outcome = match status {
            Some(status) => Outcome::Answered { status, body: Vec::new(), retry_after_s: None },
            None => Outcome::Unanswered(Failure::Timeout { after_ms: 5000 }),
        };
        Attempt::new(1000, 1000 + duration_ms, outcome)
    }

    #[test]
    fn attempts_add_up() {
        let mut tally = Tally::default();
        for (attempt, next) in [
            (attempt(500, Some(200)), Next::Succeeded),
            (attempt(5000, None), Next::Retry { after_ms: 1 }),
            (attempt(1, Some(500)), Next::Failed),
        ] {
            tally.add(&Tally::of(&attempt, next));
        }
        assert_eq!((tally.delivered, tally.failed, tally.retried), (1, 1, 1));
        assert_eq!(tally.answers.iter().sum::<i64>(), 2, "no answer takes no time");
        assert_eq!((tally.answers[0], tally.answers[10]), (1, 1));
        assert_eq!(tally.last, Some((6000, Status::Pending)), "that which ended last");
    }

    #[test]
    fn percentiles_are_within_a_class_of_the_truth() {
        for (ms, class) in [(0, 0), (1, 0), (2, 1), (4999, 14), (5000, 15), (90_000, 15)] {
            let tally = Tally::of(&attempt(ms, Some(200)), Next::Succeeded);
            assert_eq!(tally.answers[class], 1, "{ms}");
        }
        let mut tally = Tally::default();
        for ms in 0..1000 {
            tally.add(&Tally::of(&attempt(ms, Some(200)), Next::Succeeded));
        }
        let (half, most) = (tally.percentile(50).unwrap(), tally.percentile(95).unwrap());
        assert!((490..=510).contains(&half) && (940..=960).contains(&most), "{half}, {most}");
    }
}
