//! The receiver.

use encrata_webhooks::{Error, SignError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::body::Body;
use crate::error::raise;
use crate::headers::Found;
use crate::seconds::{tolerance, unix_seconds};
use crate::secrets::Texts;
use crate::{event, events};

/// A receiver of one webhook: make it once, and verify every delivery with it.
#[pyclass(frozen, module = "encrata_webhooks")]
pub(crate) struct Webhook {
    core: encrata_webhooks::Webhook,
    tolerance: Option<f64>,
}

#[pymethods]
impl Webhook {
    #[new]
    #[pyo3(signature = (secrets, tolerance = None))]
    fn new(secrets: &Bound<'_, PyAny>, tolerance: Option<f64>) -> PyResult<Webhook> {
        let texts = Texts::new(secrets)?;
        let core = encrata_webhooks::Webhook::new(&texts).map_err(|error| raise(secrets.py(), error))?;
        let core = match self::tolerance(tolerance)? {
            Some(tolerance) => core.with_tolerance(tolerance),
            None => core,
        };
        Ok(Webhook { core, tolerance })
    }

    /// Verifies a delivery and reads its event.
    #[pyo3(signature = (body, headers, *, now = None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        body: &Bound<'py, PyAny>,
        headers: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let event =
            self.delivery(py, body, headers, now, |body, found, now| self.core.verify(found, body, now))?;
        events::to_python(py, event)
    }

    /// Verifies a delivery without reading its body.
    #[pyo3(signature = (body, headers, *, now = None))]
    fn authenticate(
        &self,
        py: Python<'_>,
        body: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Verified> {
        let core = |body: &[u8], found: &Found, now| self.core.authenticate(found, body, now);
        let verified = self.delivery(py, body, headers, now, core)?;
        Ok(Verified { id: verified.id, timestamp: verified.timestamp })
    }

    /// Signs a body as Encrata does, in both schemes: for tests.
    #[pyo3(signature = (body, *, id = None, timestamp = None))]
    fn sign<'py>(
        &self,
        py: Python<'py>,
        body: &Bound<'py, PyAny>,
        id: Option<&str>,
        timestamp: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let body = Body::new(body).map_err(|error| raise(py, error))?;
        let timestamp = unix_seconds(timestamp)?;
        let id = id.map_or_else(|| fresh_id(py), |id| Ok(id.to_owned()))?;
        let headers =
            body.work(py, |body| self.core.sign(body, &id, timestamp)).map_err(|error| match error {
                SignError::InvalidSecret(fault) => raise(py, Error::InvalidSecret(fault)),
                other => PyValueError::new_err(other.to_string()),
            })?;
        headers.iter().into_py_dict(py)
    }

    fn __repr__(&self) -> String {
        let tolerance = self.tolerance.map_or("None".to_owned(), |seconds| seconds.to_string());
        format!("Webhook([redacted], tolerance={tolerance})")
    }
}

impl Webhook {
    fn delivery<T: Send>(
        &self,
        py: Python<'_>,
        body: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
        core: impl Send + FnOnce(&[u8], &Found, i64) -> Result<T, Error>,
    ) -> PyResult<T> {
        let body = Body::new(body).map_err(|error| raise(py, error))?;
        let found = Found::new(headers)?;
        // Without a tolerance no one asks for the time.
        let now = if self.tolerance.is_none() && now.is_none() { 0 } else { unix_seconds(now)? };
        body.work(py, |body| core(body, &found, now)).map_err(|error| raise(py, error))
    }
}

fn fresh_id(py: Python<'_>) -> PyResult<String> {
    let random = py.import("os")?.call_method1("urandom", (16,))?;
    Ok(format!("evt_{}", random.call_method0("hex")?))
}

/// What the signature covered beside the body.
#[pyclass(frozen, eq, module = "encrata_webhooks", get_all)]
#[derive(PartialEq)]
pub(crate) struct Verified {
    /// The event's id, the same at every attempt; `None` when only `X-Encrata-Signature` was verified.
    id: Option<String>,
    /// When this attempt was sent, in Unix seconds; `None` as for `id`.
    timestamp: Option<i64>,
}

#[pymethods]
impl Verified {
    fn __repr__(slf: &Bound<'_, Verified>) -> PyResult<String> {
        event::repr(slf, &["id", "timestamp"])
    }
}
