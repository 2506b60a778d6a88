//! Bodies, as Python holds them.

use std::borrow::Cow;
use std::ops::Deref;

use encrata_webhooks::Error;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};

/// From this length on, other Python threads run while a body is hashed. Below, letting them costs more than it gives.
const DETACHED_BYTES: usize = 2048;

/// A raw body: what no one can change is not copied.
pub(crate) enum Body<'a> {
    Borrowed(Cow<'a, [u8]>),
    Copied(PyBackedBytes),
}

impl Deref for Body<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Body::Borrowed(bytes) => bytes,
            Body::Copied(bytes) => bytes,
        }
    }
}

impl<'a> Body<'a> {
    /// The bytes of a `bytes`, `str`, `bytearray` or `memoryview` (strided ones too).
    ///
    /// # Errors
    ///
    /// [`Error::BodyNotRaw`] for anything else, for text that is not Unicode, and for a released view.
    pub(crate) fn new(body: &'a Bound<'_, PyAny>) -> Result<Body<'a>, Error> {
        if let Ok(bytes) = body.cast::<PyBytes>() {
            Ok(Body::Borrowed(Cow::Borrowed(bytes.as_bytes())))
        } else if let Ok(text) = body.cast::<PyString>() {
            Ok(Body::Borrowed(match text.to_cow().map_err(|_| Error::BodyNotRaw)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }))
        } else if let Ok(bytes) = body.cast::<PyByteArray>() {
            Ok(Body::Copied(bytes.clone().into()))
        } else if let Ok(view) = body.cast::<PyMemoryView>() {
            let bytes = view.call_method0("tobytes").map_err(|_| Error::BodyNotRaw)?;
            Ok(Body::Copied(bytes.cast_into::<PyBytes>().map_err(|_| Error::BodyNotRaw)?.into()))
        } else {
            Err(Error::BodyNotRaw)
        }
    }

    /// Works on the bytes; while they are many, other Python threads run.
    pub(crate) fn work<T: Send>(&self, py: Python<'_>, work: impl Send + FnOnce(&[u8]) -> T) -> T {
        let bytes: &[u8] = self;
        if bytes.len() > DETACHED_BYTES { py.detach(|| work(bytes)) } else { work(bytes) }
    }
}
