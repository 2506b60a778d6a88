//! Medians and percentiles.

use std::time::Duration;

use serde_json::{Value, json};

/// The median.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Three significant figures, or whole numbers when they are large.
pub(crate) fn rounded(value: f64) -> f64 {
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let digits = 2 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits.max(0));
    (value * scale).round() / scale
}

/// A distribution of times, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Times {
    /// Of these times.
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            let time = times.get(index.min(times.len().saturating_sub(1)));
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
        };
        Self { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) }
    }

    /// The median of each figure over several rounds, and the worst of all as the maximum.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        Self {
            p50_ms: median(rounds.iter().map(|round| round.p50_ms)),
            p99_ms: median(rounds.iter().map(|round| round.p99_ms)),
            max_ms: rounds.iter().map(|round| round.max_ms).fold(f64::NAN, f64::max),
        }
    }

    /// For the report.
    pub(crate) fn json(&self) -> Value {
        let Self { p50_ms, p99_ms, max_ms } = *self;
        json!({"p50_ms": rounded(p50_ms), "p99_ms": rounded(p99_ms), "max_ms": rounded(max_ms)})
    }
}
