//! What counts for which metric: a method for each thing that happens, so that who tells of it needs one line.

use std::borrow::Cow;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use prometheus_client::encoding::prometheus_text;

use super::{Group, Metrics, NONE_DUE};
use crate::clock::now_ms;
use crate::model::delivery::Next;
use crate::model::outcome::{Failure, Outcome};
use crate::store::{Finish, Finished, Lane, RecordError, Recorded};

/// The values of `reason`: what stood in the way of an answer, or the class of its status. 429 and 503 ask to be left
/// alone, and 410 for ever.
pub(super) const REASONS: [&str; 14] = [
    "timeout", "blocked", "resolve", "connect", "tls", "exchange", "secret", "3xx", "4xx", "410", "429",
    "5xx", "503", "other",
];

/// What `reason` says of an attempt.
pub(crate) fn reason(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered { status: 410, .. } => "410",
        Outcome::Answered { status: 429, .. } => "429",
        Outcome::Answered { status: 503, .. } => "503",
        Outcome::Answered { status: 300..=399, .. } => "3xx",
        Outcome::Answered { status: 400..=499, .. } => "4xx",
        Outcome::Answered { status: 500..=599, .. } => "5xx",
        Outcome::Answered { .. } => "other",
        Outcome::Unanswered(failure) => match failure {
            Failure::Timeout { .. } => "timeout",
            Failure::Blocked(_) | Failure::BlockedName => "blocked",
            Failure::Resolve | Failure::LateLookup => "resolve",
            Failure::Connect(_) | Failure::Proxy => "connect",
            Failure::Tls(_) => "tls",
            Failure::Exchange(_) => "exchange",
            Failure::Secret(_) => "secret",
        },
    }
}

impl Metrics {
    /// A group was recorded.
    pub(crate) fn recorded(&self, answers: &[Result<Recorded, RecordError>]) {
        let (mut events, mut deliveries) = (0, 0);
        for answer in answers {
            if let Ok(Recorded::New(accepted)) = answer {
                events += accepted.len() as u64;
                deliveries += accepted.iter().map(|one| u64::from(one.deliveries)).sum::<u64>();
            }
        }
        self.events_accepted.inc_by(events);
        self.deliveries_accepted.inc_by(deliveries);
    }

    /// A request to a receiver takes its slot.
    pub(crate) fn slot_taken(&self, bytes: usize) {
        self.in_flight.inc();
        self.bytes_in_flight.inc_by(int(bytes));
    }

    /// And leaves it.
    pub(crate) fn slot_left(&self, bytes: usize) {
        self.in_flight.dec();
        self.bytes_in_flight.dec_by(int(bytes));
    }

    /// An attempt was made.
    pub(crate) fn attempted(&self, took: Duration, outcome: &Outcome, next: Next) {
        self.attempt.observe(took.as_secs_f64());
        if let Next::Retry { .. } = next {
            self.retried.get_or_create(&[("reason", reason(outcome).into())]).inc();
        }
    }

    /// What came of an attempt was written, or was not to be.
    pub(crate) fn finished(&self, finish: &Finish, finished: Finished) {
        match (finished, finish.next) {
            (Finished::LeaseLost, _) => {
                self.leases_lost.inc();
            }
            (Finished::Written, Next::Succeeded) => {
                self.delivered.inc();
                let answered_ms = finish.attempt.started_ms.saturating_add(finish.attempt.duration_ms);
                self.delivery.observe(seconds(answered_ms.saturating_sub(finish.claim.created_ms)));
            }
            (Finished::Written, Next::Failed) => {
                self.failed.inc();
            }
            (Finished::Written, Next::Retry { .. }) => {}
        }
    }

    /// A webhook was switched off, by itself or by its receiver.
    pub(crate) fn disabled(&self, reason: &'static str) {
        self.disabled.get_or_create(&[("reason", reason.into())]).inc();
    }

    /// An attempt to send a notice ended.
    pub(crate) fn notice(&self, result: &'static str) {
        self.notices.get_or_create(&[("result", result.into())]).inc();
    }

    /// The queue was looked at.
    pub(crate) fn lanes(&self, lanes: &[Lane]) {
        let due = || lanes.iter().filter(|lane| lane.due_in_ms <= 0);
        self.webhooks_waiting.set(int(lanes.len()));
        self.webhooks_due.set(int(due().count()));
        let oldest_ms = due().map(|lane| now_ms().saturating_add(lane.due_in_ms)).min();
        self.oldest_due_ms.store(oldest_ms.unwrap_or(NONE_DUE), Ordering::Relaxed);
    }

    /// A connection was refused.
    pub(crate) fn refused(&self, limit: &'static str) {
        self.refused.get_or_create(&[("limit", limit.into())]).inc();
    }

    /// Whether outcomes can be written.
    pub(crate) fn stuck(&self, stuck: bool) {
        self.stuck.set(stuck.into());
    }

    /// The API answered.
    pub(crate) fn answered(&self, method: &'static str, route: Option<&str>, status: u16) {
        let route = route.map_or(Cow::from("none"), |route| route.to_owned().into());
        let status = format!("{}xx", status / 100).into();
        self.requests.get_or_create(&[("method", method.into()), ("route", route), ("status", status)]).inc();
    }

    /// Everything, in the Prometheus text format.
    pub(crate) fn encode(&self) -> String {
        // It goes on ageing while nobody can look at the queue.
        let oldest_due_ms = self.oldest_due_ms.load(Ordering::Relaxed);
        self.oldest_due.set(seconds(now_ms().saturating_sub(oldest_due_ms)));
        if let Some(bytes) = resident_bytes() {
            self.resident_bytes.set(bytes);
        }
        let mut text = String::new();
        // Writing to a String can't fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

impl Group {
    /// Measures a transaction of so many rows.
    pub(crate) async fn commit<T, E>(
        &self,
        rows: usize,
        transaction: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let result = transaction.await;
        if result.is_ok() {
            self.rows.observe(f64::from(u32::try_from(rows).unwrap_or(u32::MAX)));
            self.seconds.observe(began.elapsed().as_secs_f64());
        } else {
            self.errors.inc();
        }
        result
    }
}

/// Linux tells it in `/proc`, in KiB; elsewhere it stays 0.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// Times that lie ahead, by another node's clock, count as now.
pub(super) fn seconds(ms: i64) -> f64 {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64()
}

pub(super) fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_known_reason() {
        let why = String::new;
        let failures = [
            Failure::Timeout { after_ms: 1 },
            Failure::Blocked(why()),
            Failure::BlockedName,
            Failure::Resolve,
            Failure::Proxy,
            Failure::Connect(why()),
            Failure::Tls(why()),
            Failure::Exchange(why()),
            Failure::Secret(why()),
        ];
        let answered = |status| Outcome::Answered { status, body: Vec::new(), retry_after_s: None };
        let outcomes = failures.map(Outcome::Unanswered).into_iter().chain((100..=999).map(answered));
        let found: std::collections::HashSet<_> = outcomes.map(|outcome| reason(&outcome)).collect();
        assert_eq!(found, REASONS.into());
    }
}
