//! The event that this version does not know.

use encrata_webhooks::EventData;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::{Map, Value};

use crate::event::{Delivery, arguments, repr};
use crate::json::{from_object, to_dict};

/// An event that this version does not know, or one whose data is not as this version knows it. Pass it through.
#[pyclass(frozen, eq, module = "encrata_webhooks")]
#[derive(PartialEq)]
pub(crate) struct UnknownEvent {
    event: String,
    data: Map<String, Value>,
    delivery: Delivery,
}

impl UnknownEvent {
    const FIELDS: &[&str] = &["event", "data", "created_at", "id", "timestamp", "extra"];

    pub(crate) fn made<'py>(
        py: Python<'py>,
        delivery: Delivery,
        data: EventData,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (event, data) = match data {
            EventData::Unknown { event, data } => (event, data),
            // A kind that the core knows and this binding does not.
            known => (known.name().to_owned(), known.to_data()),
        };
        Ok(Bound::new(py, UnknownEvent { event, data, delivery })?.into_any())
    }
}

#[pymethods]
impl UnknownEvent {
    #[new]
    #[pyo3(signature = (*, event, data, created_at, id = None, timestamp = None, extra = None))]
    fn new(
        event: String,
        data: &Bound<'_, PyAny>,
        created_at: String,
        id: Option<String>,
        timestamp: Option<i64>,
        extra: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<UnknownEvent> {
        let delivery = Delivery { id, timestamp, created_at, extra: from_object(extra)? };
        Ok(UnknownEvent { event, data: from_object(Some(data))?, delivery })
    }

    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("event", "data")
    }

    /// The event's name.
    #[getter]
    fn event(&self) -> &str {
        &self.event
    }

    /// The event's data: a fresh dict each time.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, &self.data)
    }

    /// When the event happened: RFC 3339, UTC, whole seconds.
    #[getter]
    fn created_at(&self) -> &str {
        &self.delivery.created_at
    }

    /// The event's id, the same at every attempt.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.delivery.id.as_deref()
    }

    /// When this attempt was sent, in Unix seconds.
    #[getter]
    fn timestamp(&self) -> Option<i64> {
        self.delivery.timestamp
    }

    /// Fields of the envelope that this version does not know: a fresh dict each time.
    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, &self.delivery.extra)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf, Self::FIELDS)
    }

    fn __getnewargs_ex__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        arguments(slf, Self::FIELDS)
    }
}
