//! The checks as Python calls them, to compare them with their twins.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::boundary::contained;
use crate::exact::{Confidences, Region, Span};

type Spans = Vec<(usize, usize, f64)>;

/// Return what the check of this name accepts of the text from `start` to `end`, by a rule or, where its name is empty, by none.
///
/// `near` says whether a context word stands nearby, and `confidences` are those without and with one. None where there is no such check or
/// rule, where the text is not ASCII, and where the place is not in it.
#[pyfunction]
#[must_use]
pub fn accepted(
    check: &str,
    rule: &str,
    text: &Bound<'_, PyString>,
    start: usize,
    end: usize,
    near: bool,
    confidences: Confidences,
) -> Option<Spans> {
    contained(|| {
        let check = super::named(check)?;
        let rule = if rule.is_empty() { None } else { Some(crate::rules::named(rule)?) };
        let text = text.to_str().ok().filter(|text| text.is_ascii())?.as_bytes();
        let _inside = text.get(start..end)?;
        let ask = || near;
        let spans = check(&Region::new(text, start..end, confidences, &ask), rule);
        Some(spans.into_iter().map(|Span { start, end, confidence }| (start, end, confidence)).collect())
    })
}
