//! The rules one by one, for those who compare them with their twins.

use pyo3::prelude::*;

use crate::boundary::contained;
use crate::rules;

/// Say whether `text` satisfies the rule that has the name of its twin. None where there is no such rule, or `text` is not ASCII.
#[pyfunction]
#[must_use]
pub fn satisfies(name: &str, text: &Bound<'_, PyAny>) -> Option<bool> {
    contained(|| Some(rules::named(name)?(ascii(text)?.as_bytes())))
}

/// Return what the function `name` counts in `text`: `entropy` or `iban_prefix`. None where it is neither, or `text` is not ASCII.
#[pyfunction]
#[must_use]
pub fn measured(name: &str, text: &Bound<'_, PyAny>) -> Option<f64> {
    contained(|| {
        let text = ascii(text)?;
        match name {
            "entropy" => Some(rules::entropy(text.as_bytes())),
            "iban_prefix" => u32::try_from(rules::iban_prefix(text.as_bytes())).ok().map(f64::from),
            _ => None,
        }
    })
}

/// A text of ASCII characters; one with a lone surrogate is none.
fn ascii(text: &Bound<'_, PyAny>) -> Option<String> {
    text.extract::<String>().ok().filter(|text| text.is_ascii())
}
