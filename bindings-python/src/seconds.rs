//! Times and durations in seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A time in whole Unix seconds, of an `int` or a `float`; now, if it is none.
pub(crate) fn unix_seconds(time: Option<&Bound<'_, PyAny>>) -> PyResult<i64> {
    match time {
        None => Ok(now()),
        #[allow(clippy::cast_possible_truncation, reason = "it saturates")]
        Some(time) => time.extract::<i64>().or_else(|_| Ok(time.extract::<f64>()?.floor() as i64)),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A tolerance in seconds.
///
/// # Errors
///
/// `ValueError` when it is negative or no number.
pub(crate) fn tolerance(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(seconds) = seconds else { return Ok(None) };
    if seconds.is_nan() || seconds < 0.0 {
        return Err(PyValueError::new_err(
            "the tolerance is not a number of seconds: expected 0 or more, or None",
        ));
    }
    Ok(Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)))
}
