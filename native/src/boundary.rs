//! The boundary to Python: no panic leaves it.
//!
//! `PyO3` would raise a panic as `PanicException`, which is no `Exception` and passes every guard; and the message of a panic may quote the
//! text that was being looked at, which must reach no log. So every function that Python can call runs its work in `contained` or `guarded`.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, set_hook};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

pyo3::create_exception!(
    secure_gateway_native,
    NativePanicError,
    PyRuntimeError,
    "A defect of the Rust core stopped a call; the message says where. Nothing that the call was given is in it."
);

thread_local! {
    /// Where this thread panicked last.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Let panics say where they happened, and nothing else: their messages may quote a payload.
///
/// The hook is that of the standard library linked into this extension; other extensions have their own.
pub fn withhold_messages() {
    set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), file_and_line);
        eprintln!("secure-gateway-native: a defect at {place}; please report it");
        PLACE.set(Some(place));
    }));
}

/// `payload.rs:12`: the folder may be one of the machine that built this.
fn file_and_line(location: &Location<'_>) -> String {
    let file = location.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", location.line())
}

/// Run `work` and decline if it panics: for functions whose twin is asked where they decline.
pub fn contained<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

/// Run `work` and raise `NativePanicError` if it panics: for functions that have to answer.
///
/// # Errors
/// What `work` raises, and `NativePanicError`.
pub fn guarded<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> PyErr {
    let place = PLACE.take().unwrap_or_else(|| "an unknown place".to_owned());
    NativePanicError::new_err(format!(
        "the Rust core has a defect at {place}; SECURE_GATEWAY_SCANNER=python does without it"
    ))
}

/// Panic with `text` as the message, behind the boundary: shows what becomes of a panic, in tests.
///
/// # Errors
/// Always `NativePanicError`, without `text` in it.
#[pyfunction]
#[allow(clippy::panic)] // that is what it is for
pub fn provoke_panic(text: &str) -> PyResult<()> {
    guarded(|| panic!("about {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_exception_that_quotes_nothing() {
        withhold_messages();
        Python::attach(|py| {
            let error = provoke_panic("hunter2").expect_err("it panics");
            assert!(error.is_instance_of::<NativePanicError>(py));
            assert!(error.is_instance_of::<PyRuntimeError>(py));
            let message = error.to_string();
            assert!(message.contains("boundary.rs:") && !message.contains("hunter2"), "{message}");
        });
    }

    #[test]
    fn a_panic_is_a_refusal_to_answer() {
        withhold_messages();
        assert_eq!(contained(|| Some(1)), Some(1));
        let nothing: [u8; 0] = [];
        assert_eq!(contained(|| Some(nothing[std::hint::black_box(3)])), None);
    }

    #[test]
    fn what_is_raised_and_returned_stays_as_it_is() {
        assert_eq!(guarded(|| Ok(7)).ok(), Some(7));
        Python::attach(|py| {
            let error = guarded::<()>(|| Err(PyRuntimeError::new_err("plain"))).expect_err("it is an error");
            assert!(!error.is_instance_of::<NativePanicError>(py));
        });
    }
}
