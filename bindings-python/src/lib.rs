//! The native module of the Python package `encrata-webhooks`: it converts, calls the core, and maps errors.

mod body;
mod diagnose;
mod error;
mod event;
mod events;
mod headers;
mod json;
mod seconds;
mod secrets;
mod signature;
mod unknown;
mod webhook;

/// What the Python modules of the package import from.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::diagnose::{Diagnosis, diagnose};
    #[pymodule_export]
    use crate::error::refusal;
    #[pymodule_export]
    use crate::signature::verify_signature;
    #[pymodule_export]
    use crate::unknown::UnknownEvent;
    #[pymodule_export]
    use crate::webhook::{Verified, Webhook};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::events::add_to(module)?;
        // pytest would take them for tests.
        for class in ["TestEvent", "TestData"] {
            module.getattr(class)?.setattr("__test__", false)?;
        }
        crate::error::add_to(module)
    }
}
