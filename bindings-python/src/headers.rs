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

/// The values of the headers that count, one after the other in one piece of memory.
pub(crate) struct Found {
    bytes: Vec<u8>,
    /// The number of its name, and where a value ends.
    ends: Vec<(usize, usize)>,
}

impl Headers for Found {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        let mut start = 0;
        for &(number, end) in &self.ends {
            if NAMES[number] == name {
                each(&self.bytes[start..end]);
            }
            start = end;
        }
    }
}

impl Found {
    /// Looks for the headers that count.
    ///
    /// # Errors
    ///
    /// As [`visit`].
    pub(crate) fn new(headers: &Bound<'_, PyAny>) -> PyResult<Found> {
        let mut found = Found { bytes: Vec::with_capacity(256), ends: Vec::with_capacity(NAMES.len()) };
        visit(headers, 0, number_of, &mut |number, value| {
            found.bytes.extend_from_slice(value);
            found.ends.push((number, found.bytes.len()));
        })?;
        Ok(found)
    }
}

/// All headers, by name.
///
/// # Errors
///
/// As [`visit`].
pub(crate) fn all(headers: &Bound<'_, PyAny>) -> PyResult<Vec<(Vec<u8>, Vec<u8>)>> {
    let key = |name: &Bound<'_, PyAny>| match name.cast::<PyString>() {
        Ok(text) => Some(from_wsgi(&text.to_cow().ok()?).into_bytes()),
        Err(_) => Some(name.cast::<PyBytes>().ok()?.as_bytes().to_vec()),
    };
    let mut found = Vec::new();
    visit(headers, ENCRATA_SIGNATURE.into(), key, &mut |key, value| found.push((key, value.to_vec())))?;
    Ok(found)
}

/// Gives `each` the values of those headers that `key` takes by their names, in a mapping or in pairs. A bare text is
/// the value of `bare`; what is no headers has none.
///
/// # Errors
///
/// What the headers' own methods raise.
fn visit<K: Clone>(
    headers: &Bound<'_, PyAny>,
    bare: K,
    key: impl Fn(&Bound<'_, PyAny>) -> Option<K>,
    each: &mut dyn FnMut(K, &[u8]),
) -> PyResult<()> {
    if let Ok(dict) = headers.cast_exact::<PyDict>() {
        let rest = visit_dict(dict, key, each)?;
        return rest.into_iter().try_for_each(|(key, value)| add(&key, &value, each));
    }
    if headers.is_instance_of::<PyString>() || headers.is_instance_of::<PyBytes>() {
        return add(&bare, headers, each);
    }
    let pairs = match headers.getattr_opt("items")? {
        Some(items) => items.call0()?,
        None => headers.clone(),
    };
    // What can't be iterated over holds no headers.
    for pair in pairs.try_iter().into_iter().flatten() {
        let pair = pair?;
        if !(pair.is_instance_of::<PyTuple>() || pair.is_instance_of::<PyList>()) || pair.len()? != 2 {
            continue;
        }
        if let Some(key) = key(&pair.get_item(0)?) {
            add(&key, &pair.get_item(1)?, each)?;
        }
    }
    Ok(())
}

/// Visits the values that are texts, and returns the others: to look at those may run Python code, which could change
/// the dict.
fn visit_dict<'py, K: Clone>(
    dict: &Bound<'py, PyDict>,
    key: impl Fn(&Bound<'_, PyAny>) -> Option<K>,
    each: &mut dyn FnMut(K, &[u8]),
) -> PyResult<Vec<(K, Bound<'py, PyAny>)>> {
    let each = RefCell::new(each);
    let rest = RefCell::new(Vec::new());
    dict.locked_for_each(|name, value| {
        let Some(key) = key(&name) else { return Ok(()) };
        match value.cast_into::<PyString>() {
            Ok(text) => (each.borrow_mut())(key, text.to_cow().as_deref().map_or(MALFORMED, str::as_bytes)),
            Err(other) => rest.borrow_mut().push((key, other.into_inner())),
        }
        Ok(())
    })?;
    Ok(rest.into_inner())
}

fn add<K: Clone>(key: &K, value: &Bound<'_, PyAny>, each: &mut dyn FnMut(K, &[u8])) -> PyResult<()> {
    if let Ok(text) = value.cast::<PyString>() {
        each(key.clone(), text.to_cow().as_deref().map_or(MALFORMED, str::as_bytes));
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        each(key.clone(), bytes.as_bytes());
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        for one in value.try_iter()? {
            add(key, &one?, each)?;
        }
    } else if value.is_exact_instance_of::<PyInt>() {
        each(key.clone(), value.str()?.to_cow()?.as_bytes());
    } else if !value.is_none() {
        each(key.clone(), MALFORMED);
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
