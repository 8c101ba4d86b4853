//! The Rust core of secure-gateway.
//!
//! `gate` says which texts need a closer look, `scanner` walks values of Python's to ask it, `payload` counts and compares the JSON values that pass the gateway. Everything here has a twin in Python that gives the same
//! answers; where the twin raises an error, these functions decline, and the twin is asked to say what is wrong.

#[cfg(feature = "python")]
mod boundary;
pub mod checks;
pub mod exact;
pub mod gate;
#[cfg(feature = "python")]
mod payload;
pub mod rules;
#[cfg(feature = "python")]
mod satisfies;
#[cfg(feature = "python")]
mod scanner;

/// The Rust core of secure-gateway: payloads.
#[cfg(feature = "python")]
#[pyo3::pymodule]
mod secure_gateway_native {
    use pyo3::types::PyModuleMethods;
    use pyo3::{Bound, PyResult, types::PyModule};

    #[pymodule_export]
    use crate::boundary::{NativePanicError, provoke_panic};
    #[pymodule_export]
    use crate::checks::python::accepted;
    #[pymodule_export]
    use crate::payload::{count_values, differences};
    #[pymodule_export]
    use crate::satisfies::{measured, satisfies};
    #[pymodule_export]
    use crate::scanner::CandidateGate;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::boundary::withhold_messages();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
