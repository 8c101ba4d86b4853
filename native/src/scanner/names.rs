//! What names a value, and how that is written before its text: as the twin writes it.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// How much of a name stands before its text, in characters.
const NAME_LONGEST: usize = 64;
const LABEL_LONGEST: usize = 128;

/// The names around a value: of its field (or what names it), of the member that holds it, and of the member above that.
pub struct Names<'a> {
    pub field: &'a str,
    pub member: &'a str,
    pub above: &'a str,
}

/// Return what names the value at `name`: in `{"key": "API_KEY", "value": …}` its sibling does.
pub fn label<'py>(dict: &Bound<'py, PyDict>, name: &str) -> Option<Bound<'py, PyString>> {
    let siblings = match name {
        "value" => ["key", "name"],
        "Value" => ["Key", "Name"],
        _ => return None,
    };
    siblings.into_iter().find_map(|sibling| {
        let found = dict.get_item(sibling).ok()??.cast_into_exact::<PyString>().ok()?;
        let length = found.to_str().ok()?.chars().count();
        (0 < length && length <= LABEL_LONGEST).then_some(found)
    })
}

/// Return the last characters of a name: more of it would cost its length for every item below it.
pub fn last(name: &str) -> &str {
    if name.len() <= NAME_LONGEST {
        return name;
    }
    name.char_indices().nth_back(NAME_LONGEST - 1).map_or(name, |(at, _)| &name[at..])
}

/// Write `name` with camel case split.
pub fn write_spaced(name: &str, out: &mut String) {
    if !name.is_ascii() {
        out.push_str(name);
        return;
    }
    let mut before = 0;
    for byte in name.bytes() {
        if byte.is_ascii_uppercase() && u8::is_ascii_lowercase(&before) {
            out.push(' ');
        }
        out.push(char::from(byte));
        before = byte;
    }
}
