//! Headers, as Python's frameworks hold them.

use std::cell::RefCell;

use encrata_webhooks::Headers;
use encrata_webhooks::headers::{ENCRATA_SIGNATURE, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString, PyTuple};

const NAMES: [&str; 4] = [ENCRATA_SIGNATURE, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE];
/// The same in a WSGI environment (PEP 3333).
const WSGI_NAMES: [&str; 4] =
    ["HTTP_X_ENCRATA_SIGNATURE", "HTTP_WEBHOOK_ID", "HTTP_WEBHOOK_TIMESTAMP", "HTTP_WEBHOOK_SIGNATURE"];
/// Stands for a value that is no text: it is there, and cannot be well formed.
const MALFORMED: &[u8] = b"\xff";

/// The values of the headers that count, each with the number of its name.
pub(crate) struct Found(Vec<(usize, Vec<u8>)>);

impl Headers for Found {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (number, value) in &self.0 {
            if NAMES[*number] == name {
                each(value);
            }
        }
    }
}

impl Found {
    /// Looks for the headers that count.
    ///
    /// # Errors
    ///
    /// As [`values`].
    pub(crate) fn new(headers: &Bound<'_, PyAny>) -> PyResult<Found> {
        Ok(Found(values(headers, 0, number_of)?))
    }
}

/// All headers, by name.
///
/// # Errors
///
/// As [`values`].
pub(crate) fn all(headers: &Bound<'_, PyAny>) -> PyResult<Vec<(Vec<u8>, Vec<u8>)>> {
    values(headers, ENCRATA_SIGNATURE.into(), |name| match name.cast::<PyString>() {
        Ok(text) => Some(from_wsgi(&text.to_cow().ok()?).into_bytes()),
        Err(_) => Some(name.cast::<PyBytes>().ok()?.as_bytes().to_vec()),
    })
}

/// The values of those headers that `key` takes by their names, in a mapping or in pairs. A bare text is the value of
/// `bare`; what is no headers has none.
///
/// # Errors
///
/// What the headers' own methods raise.
fn values<K: Clone>(
    headers: &Bound<'_, PyAny>,
    bare: K,
    key: impl Fn(&Bound<'_, PyAny>) -> Option<K>,
) -> PyResult<Vec<(K, Vec<u8>)>> {
    let mut found = Vec::new();
    if let Ok(dict) = headers.cast_exact::<PyDict>() {
        let taken = RefCell::new(Vec::new());
        // Nothing that could change the dict runs in here.
        dict.locked_for_each(|name, value| {
            taken.borrow_mut().extend(key(&name).map(|key| (key, value)));
            Ok(())
        })?;
        for (key, value) in taken.into_inner() {
            add(&mut found, &key, &value)?;
        }
    } else if headers.is_instance_of::<PyString>() || headers.is_instance_of::<PyBytes>() {
        add(&mut found, &bare, headers)?;
    } else {
        let pairs = match headers.getattr_opt("items")? {
            Some(items) => items.call0()?,
            None => headers.clone(),
        };
        // What can't be iterated over holds no headers.
        for pair in pairs.try_iter().into_iter().flatten() {
            let Ok((name, value)) = pair?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() else { continue };
            if let Some(key) = key(&name) {
                add(&mut found, &key, &value)?;
            }
        }
    }
    Ok(found)
}

fn add<K: Clone>(found: &mut Vec<(K, Vec<u8>)>, key: &K, value: &Bound<'_, PyAny>) -> PyResult<()> {
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_cow();
        found.push((key.clone(), text.map_or(MALFORMED.to_vec(), |text| text.as_bytes().to_vec())));
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        found.push((key.clone(), bytes.as_bytes().to_vec()));
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        for one in value.try_iter()? {
            add(found, key, &one?)?;
        }
    } else if value.is_exact_instance_of::<PyInt>() {
        found.push((key.clone(), value.str()?.to_cow()?.as_bytes().to_vec()));
    } else if !value.is_none() {
        found.push((key.clone(), MALFORMED.to_vec()));
    }
    Ok(())
}

/// The length tells most names apart, without reading them.
fn number_of(name: &Bound<'_, PyAny>) -> Option<usize> {
    if let Ok(text) = name.cast::<PyString>() {
        match text.code_point_len().ok()? {
            10 | 17 | 19 | 15 | 22 | 24 => number_of_bytes(text.to_cow().ok()?.as_bytes()),
            _ => None,
        }
    } else {
        number_of_bytes(name.cast::<PyBytes>().ok()?.as_bytes())
    }
}

fn number_of_bytes(name: &[u8]) -> Option<usize> {
    NAMES
        .iter()
        .position(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        .or_else(|| WSGI_NAMES.iter().position(|known| name == known.as_bytes()))
}

/// A name as a WSGI environment spells it, as it is in a request; any other as it is.
fn from_wsgi(name: &str) -> String {
    match name.strip_prefix("HTTP_") {
        Some(rest) => rest.replace('_', "-"),
        None if name == "CONTENT_LENGTH" => name.replace('_', "-"),
        None => name.to_owned(),
    }
}
