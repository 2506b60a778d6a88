//! The drop-in.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::body::Body;

/// Whether `signature`, the value of the one `X-Encrata-Signature` header, is that of the raw body.
#[pyfunction]
pub(crate) fn verify_signature(
    payload: &Bound<'_, PyAny>,
    secret: &Bound<'_, PyAny>,
    signature: &Bound<'_, PyAny>,
) -> bool {
    let Ok(body) = Body::new(payload) else { return false };
    let (Ok(secret), Ok(signature)) = (secret.cast::<PyString>(), signature.cast::<PyString>()) else {
        return false;
    };
    let (Ok(secret), Ok(signature)) = (secret.to_cow(), signature.to_cow()) else { return false };
    body.work(payload.py(), |body| encrata_webhooks::verify_signature(body, &secret, &signature))
}
