//! Secrets, as Python holds them.

use encrata_webhooks::Secrets;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::secret_is_no_text;

/// Texts that were checked to be Unicode.
pub(crate) struct Texts<'py>(Vec<Bound<'py, PyString>>);

impl Secrets for Texts<'_> {
    fn for_each_secret(&self, each: &mut dyn FnMut(&str)) {
        for secret in self.0.iter().filter_map(|text| text.to_cow().ok()) {
            secret.as_ref().for_each_secret(each);
        }
    }
}

impl<'py> Texts<'py> {
    /// One text or an iterable of them; what is unset is `None`.
    ///
    /// # Errors
    ///
    /// `InvalidSecretError` for what is no text.
    pub(crate) fn new(secrets: &Bound<'py, PyAny>) -> PyResult<Texts<'py>> {
        let mut texts = Texts(Vec::new());
        if secrets.is_none() || secrets.is_instance_of::<PyString>() {
            texts.add(secrets)?;
        } else {
            let py = secrets.py();
            for secret in secrets.try_iter().map_err(|_| secret_is_no_text(py))? {
                texts.add(&secret?)?;
            }
        }
        Ok(texts)
    }

    fn add(&mut self, secret: &Bound<'py, PyAny>) -> PyResult<()> {
        if secret.is_none() {
            return Ok(());
        }
        let refuse = || secret_is_no_text(secret.py());
        let text = secret.cast::<PyString>().map_err(|_| refuse())?;
        text.to_cow().map_err(|_| refuse())?;
        self.0.push(text.clone());
        Ok(())
    }
}
