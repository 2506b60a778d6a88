//! Events as Python's objects. The core's structs stay inside; attributes are converted when they are asked for.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::{Map, Value};

/// What every event has beside its name and data.
#[derive(PartialEq)]
pub(crate) struct Delivery {
    pub(crate) id: Option<String>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) created_at: String,
    pub(crate) extra: Map<String, Value>,
}

/// `Class(name=value, …)`: what is empty among `extra` is left out.
pub(crate) fn repr(object: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<String> {
    let mut fields = Vec::new();
    for name in names {
        let value = object.getattr(*name)?;
        if *name != "extra" || value.is_truthy()? {
            fields.push(format!("{name}={}", value.repr()?));
        }
    }
    Ok(format!("{}({})", object.get_type().name()?, fields.join(", ")))
}

/// What `copy` and `pickle` make the same object from.
pub(crate) fn arguments<'py>(
    object: &Bound<'py, PyAny>,
    names: &[&str],
) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
    let named = PyDict::new(object.py());
    for name in names {
        named.set_item(name, object.getattr(*name)?)?;
    }
    Ok((PyTuple::empty(object.py()), named))
}

/// The class of an event's data: attributes for the fields this version knows, `extra` for the others.
macro_rules! data {
    (
        $(#[doc = $doc:literal])+
        $class:ident($core:ident) { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty,)+ }
    ) => {
        $(#[doc = $doc])+
        #[pyclass(frozen, eq, module = "encrata_webhooks")]
        #[derive(PartialEq)]
        pub(crate) struct $class(pub(crate) encrata_webhooks::event::$core);

        impl $class {
            const FIELDS: &[&str] = &[$(stringify!($field),)+ "extra"];
        }

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*, $($field,)+ extra = None))]
            fn new($($field: $type,)+ extra: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
                Ok(Self(encrata_webhooks::event::$core { $($field,)+ extra: from_object(extra)? }))
            }

            $(
                $(#[doc = $field_doc])+
                #[getter]
                fn $field<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                    (&self.0.$field).into_bound_py_any(py)
                }
            )+

            /// Fields that this version does not know: a fresh dict each time.
            #[getter]
            fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                to_dict(py, &self.0.extra)
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                repr(slf, Self::FIELDS)
            }

            fn __getnewargs_ex__<'py>(
                slf: &Bound<'py, Self>,
            ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
                arguments(slf, Self::FIELDS)
            }
        }
    };
}

/// The class of an event.
macro_rules! event {
    ($(#[doc = $doc:literal])+ $class:ident($core:ident, $name:literal, $data:ident)) => {
        $(#[doc = $doc])+
        #[pyclass(frozen, eq, module = "encrata_webhooks")]
        pub(crate) struct $class {
            delivery: Delivery,
            data: Py<$data>,
        }

        impl PartialEq for $class {
            fn eq(&self, other: &Self) -> bool {
                self.delivery == other.delivery && self.data.get() == other.data.get()
            }
        }

        impl $class {
            const FIELDS: &[&str] = &["data", "created_at", "id", "timestamp", "extra"];

            fn made<'py>(
                py: Python<'py>,
                delivery: Delivery,
                data: encrata_webhooks::event::$core,
            ) -> PyResult<Bound<'py, PyAny>> {
                let data = Py::new(py, $data(data))?;
                Ok(Bound::new(py, $class { delivery, data })?.into_any())
            }
        }

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*, data, created_at, id = None, timestamp = None, extra = None))]
            fn new(
                data: Py<$data>,
                created_at: String,
                id: Option<String>,
                timestamp: Option<i64>,
                extra: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<Self> {
                Ok(Self { delivery: Delivery { id, timestamp, created_at, extra: from_object(extra)? }, data })
            }

            #[classattr]
            fn __match_args__() -> (&'static str,) {
                ("data",)
            }

            /// The event's name.
            #[getter]
            fn event(&self) -> &'static str {
                $name
            }

            /// What happened.
            #[getter]
            fn data<'py>(&self, py: Python<'py>) -> &Bound<'py, $data> {
                self.data.bind(py)
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

            fn __getnewargs_ex__<'py>(
                slf: &Bound<'py, Self>,
            ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
                arguments(slf, Self::FIELDS)
            }
        }
    };
}

/// The classes of all events this version knows, and how a verified event becomes one of them.
macro_rules! events {
    ($($(#[doc = $doc:literal])+ $class:ident($core:ident, $name:literal, $data:ident);)+) => {
        $(event! { $(#[doc = $doc])+ $class($core, $name, $data) })+

        /// The object of a verified event.
        pub(crate) fn to_python(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyAny>> {
            let Event { id, timestamp, created_at, extra, data, .. } = event;
            let delivery = Delivery { id, timestamp, created_at, extra };
            match data {
                $(EventData::$core(data) => $class::made(py, delivery, data),)+
                other => UnknownEvent::made(py, delivery, other),
            }
        }

        /// Puts the classes into the module.
        pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                module.add_class::<$class>()?;
                module.add_class::<$data>()?;
            )+
            Ok(())
        }
    };
}

pub(crate) use {data, event, events};
