//! Why a signature does not match, in words.

use pyo3::prelude::*;

use crate::body::Body;
use crate::error::raise;
use crate::headers::all;
use crate::seconds::{tolerance, unix_seconds};

/// Why a delivery does or does not verify.
#[pyclass(frozen, eq, module = "encrata_webhooks", get_all)]
#[derive(PartialEq)]
pub(crate) struct Diagnosis {
    /// The cause; its names are stable.
    cause: &'static str,
    /// Whether it was proven; if not, it is the most likely cause.
    proven: bool,
    /// What is wrong, for people.
    message: String,
    /// What to do about it, for people.
    fix: String,
}

#[pymethods]
impl Diagnosis {
    fn __str__(&self) -> String {
        format!("{} {}", self.message, self.fix)
    }

    fn __repr__(slf: &Bound<'_, Diagnosis>) -> PyResult<String> {
        crate::event::repr(slf, &["cause", "proven", "message", "fix"])
    }
}

/// Finds out why a delivery does not verify: for a developer, and never to decide whether one is accepted.
#[pyfunction]
#[pyo3(signature = (body, headers, secret, *, tolerance = None, now = None))]
pub(crate) fn diagnose(
    py: Python<'_>,
    body: &Bound<'_, PyAny>,
    headers: &Bound<'_, PyAny>,
    secret: Option<&str>,
    tolerance: Option<f64>,
    now: Option<&Bound<'_, PyAny>>,
) -> PyResult<Diagnosis> {
    let body = Body::new(body).map_err(|error| raise(py, error))?;
    let headers = all(headers)?;
    let now = unix_seconds(now)?;
    let time = self::tolerance(tolerance)?.map(|tolerance| (now, tolerance));
    let secret = secret.unwrap_or_default();
    let found = body.work(py, |body| encrata_webhooks::diagnose(&headers, body, secret, time));
    let encrata_webhooks::Diagnosis { cause, proven, message, fix } = found;
    Ok(Diagnosis { cause: cause.code(), proven, message, fix })
}
