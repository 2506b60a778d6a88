//! The core's errors as Python's.

use std::ffi::CString;

use encrata_webhooks::{Error, SecretFault};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyType};

const BASE: &str = "WebhookVerificationError";
const BASE_DOC: &str =
    "Why a delivery was refused, or why a receiver can't be made. Each `code` has a class of its own.";

/// One class per code, in the order of [`errors`].
static CLASSES: PyOnceLock<Vec<Py<PyType>>> = PyOnceLock::new();

/// All but the one that only JavaScript knows.
fn errors() -> impl Iterator<Item = Error> {
    Error::ALL.into_iter().filter(|error| *error != Error::WasmUnavailable)
}

/// Puts the classes into the module.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let classes = classes(module.py())?.iter().map(|class| class.bind(module.py()));
    for (error, class) in errors().zip(classes.clone()) {
        module.add(name_of(error).as_str(), class)?;
    }
    classes.take(1).try_for_each(|class| module.add(BASE, class.getattr("__base__")?))
}

fn classes(py: Python<'_>) -> PyResult<&'static Vec<Py<PyType>>> {
    CLASSES.get_or_try_init(py, || {
        let base = class(py, BASE, BASE_DOC, &py.get_type::<PyValueError>(), "", 500)?;
        errors()
            .map(|error| {
                let (name, text) = (name_of(error), error.to_string());
                let class = class(py, &name, &text, &base, error.code(), error.http_status())?;
                if matches!(error, Error::InvalidSecret(_)) {
                    class.setattr("fault", py.None())?;
                }
                Ok(class.unbind())
            })
            .collect()
    })
}

fn class<'py>(
    py: Python<'py>,
    name: &str,
    doc: &str,
    base: &Bound<'py, PyType>,
    code: &str,
    status: u16,
) -> PyResult<Bound<'py, PyType>> {
    let dict =
        [("code", code.into_pyobject(py)?.into_any()), ("status", status.into_pyobject(py)?.into_any())]
            .into_py_dict(py)?;
    let name = CString::new(format!("encrata_webhooks.{name}"))?;
    let doc = CString::new(doc)?;
    // A clone: PyO3 0.30 lets go of what it is given before Python has read it.
    let made = PyErr::new_type(py, &name, Some(&doc), Some(base), Some(dict.clone().into_any().unbind()))?;
    drop(dict);
    Ok(made.into_bound(py))
}

/// `signature_mismatch` is `SignatureMismatchError`.
fn name_of(error: Error) -> String {
    let mut name = String::new();
    for word in error.code().split('_') {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    name + "Error"
}

/// The error with the core's text, or with another.
fn with_text(py: Python<'_>, error: Error, text: &str) -> PyResult<PyErr> {
    let index = errors().position(|one| one.code() == error.code()).unwrap_or_default();
    Ok(PyErr::from_value(classes(py)?[index].bind(py).call1((text,))?))
}

/// What Python sees of a refusal.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    let made = || {
        let made = with_text(py, error, &error.to_string())?;
        if let Error::InvalidSecret(fault) = error {
            made.value(py).setattr("fault", fault.code())?;
        }
        Ok(made)
    };
    made().unwrap_or_else(|failure: PyErr| failure)
}

/// A secret that the core never saw.
pub(crate) fn secret_is_no_text(py: Python<'_>) -> PyErr {
    let text = "a secret is not a text: expected `whsec_` and 64 hexadecimal digits";
    with_text(py, Error::InvalidSecret(SecretFault::Missing), text).unwrap_or_else(|failure| failure)
}

/// The error of a code, for the adapters to raise: with the core's text, or with another.
#[pyfunction]
#[pyo3(signature = (code, text = None))]
pub(crate) fn refusal<'py>(py: Python<'py>, code: &str, text: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    let error = errors().find(|error| error.code() == code);
    let error = error.ok_or_else(|| PyValueError::new_err("this is no code of an error"))?;
    let text = text.map_or_else(|| error.to_string(), str::to_owned);
    Ok(with_text(py, error, &text)?.into_value(py).into_bound(py).into_any())
}
