//! The drop-in.

use std::cell::RefCell;

use encrata_webhooks::{Error, Key, Secret, Signature};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::body::Body;

thread_local! {
    /// The secret that this thread used last, with its key: to derive it takes longer than to hash a small body.
    static LAST: RefCell<Option<(Secret, Key)>> = const { RefCell::new(None) };
}

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
    let Ok(signature) = signature.parse::<Signature>() else { return false };
    with_key(&secret, |key| body.work(payload.py(), |body| key.verify(body, &signature))).unwrap_or(false)
}

fn with_key<T>(secret: &str, work: impl FnOnce(&Key) -> T) -> Result<T, Error> {
    LAST.with_borrow_mut(|last| match last {
        Some((known, key)) if known.expose() == secret => Ok(work(key)),
        _ => {
            let secret = Secret::new(secret)?;
            let key = secret.key();
            let (_, key) = last.insert((secret, key));
            Ok(work(key))
        }
    })
}
