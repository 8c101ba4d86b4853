//! The longest run of one letter in a text, as `twin.py` finds it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// Return how often a letter stands in a row at most, or None: then the twin is to be asked.
///
/// It declines what is no plain string, whose code would run, and lone surrogates, which are no Unicode text.
#[pyfunction]
fn longest_run(text: &Bound<'_, PyAny>) -> Option<usize> {
    // A panic that leaves is no `Exception` in Python and passes every guard; here it is a refusal to answer.
    catch_unwind(AssertUnwindSafe(|| text.cast_exact::<PyString>().ok()?.to_str().ok().map(longest_run_of))).ok().flatten()
}

fn longest_run_of(text: &str) -> usize {
    let (mut longest, mut length, mut last) = (0, 0, None);
    for letter in text.chars() {
        length = if last == Some(letter) { length + 1 } else { 1 };
        last = Some(letter);
        longest = longest.max(length);
    }
    longest
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::longest_run;
}
