//! The gate for Python: walks a nested value and says which of its strings need a closer look.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::gate::Gate;
use crate::gate::folding::{Folded, Folding};

/// Deeper than this nobody may nest, whatever the configuration says: the walk recurses.
const DEEPEST: usize = 1000;
/// What stands between a key and its text, as in serialised JSON.
const FIELD_END: &str = "\":\"";
/// How much of a name stands before its text, in characters.
const NAME_LONGEST: usize = 64;
const LABEL_LONGEST: usize = 128;
/// Longer texts are looked at after the walk, and without the interpreter's lock.
const LONG: usize = 64 * 1024;

/// Candidate patterns, ready to be looked for in nested values. Threads may share one.
#[pyclass(frozen, module = "secure_gateway_native")]
pub struct CandidateGate {
    gate: Gate,
    folding: Folding,
    fold: Py<PyAny>,
    bare: Vec<String>,
}

#[pymethods]
impl CandidateGate {
    /// Prepare `patterns`. `fold` returns the folded spellings of a text's characters, as a list; `bare`: names of fields that say nothing.
    ///
    /// # Errors
    /// `ValueError` for what is no pattern.
    #[new]
    #[allow(clippy::needless_pass_by_value)] // pyo3 hands over what it took from Python
    fn new(patterns: Vec<String>, fold: Py<PyAny>, bare: Vec<String>) -> PyResult<Self> {
        let made = catch_unwind(AssertUnwindSafe(|| Gate::new(&patterns)));
        let gate = match made {
            Ok(Ok(gate)) => gate,
            Ok(Err(refused)) => {
                return Err(PyValueError::new_err(format!("pattern {}: {}", refused.index, refused.reason)));
            }
            Err(_) => return Err(PyValueError::new_err("the patterns cannot be prepared")),
        };
        Ok(Self { gate, folding: Folding::new(), fold, bare })
    }

    /// Return the places of the patterns that match in `data` as it stands, in order.
    fn fired(&self, data: &[u8]) -> Vec<usize> {
        let all = || (0..self.gate.len()).collect();
        contained(|| {
            let mut found = Vec::new();
            self.gate.fired(data, &mut found);
            found.sort_unstable();
            Some(found)
        })
        .unwrap_or_else(all)
    }

    /// Return which strings of `value` some pattern matches in, as numbers in the order of the walk (keys before the values of their dict, empty
    /// ones not counted); None where it declines: larger than the limits, or no JSON value of exactly these types.
    fn suspects(
        &self,
        value: &Bound<'_, PyAny>,
        max_chars: usize,
        max_nodes: usize,
        max_depth: usize,
    ) -> Option<Vec<usize>> {
        contained(|| {
            let mut walk = Walk {
                gate: self,
                chars_left: max_chars,
                nodes_left: max_nodes.checked_sub(1)?,
                number: 0,
                full: String::new(),
                folded: String::new(),
                found: Vec::new(),
                long: Vec::new(),
            };
            let nobody = Names { field: "", member: "", above: "" };
            walk.visit(value, &nobody, max_depth.min(DEEPEST))?;
            walk.look_at_long_ones(value.py())?;
            Some(walk.found)
        })
    }
}

fn contained<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

impl CandidateGate {
    /// Whether no pattern matches in `text`, as it is and folded; None where it declines.
    fn is_clean(&self, py: Python<'_>, text: &str, folded: &mut String) -> Option<bool> {
        loop {
            let looked = if text.len() > LONG {
                py.detach(|| self.looked_at(text, folded))
            } else {
                self.looked_at(text, folded)
            };
            match looked {
                Ok(clean) => return Some(clean),
                Err(page) => self.learn(py, page)?,
            }
        }
    }

    fn looked_at(&self, text: &str, folded: &mut String) -> Result<bool, u32> {
        if !self.gate.is_clean(text.as_bytes()) {
            return Ok(false);
        }
        if text.is_ascii() {
            return Ok(true);
        }
        match self.folding.fold(text, folded) {
            Folded::Same => Ok(true),
            Folded::Other => Ok(self.gate.is_clean(folded.as_bytes())),
            Folded::Missing(page) => Err(page),
        }
    }

    fn learn(&self, py: Python<'_>, page: u32) -> Option<()> {
        let told = self.fold.call1(py, (Folding::characters(page),)).ok()?;
        self.folding.learn(page, told.extract(py).ok()?);
        Some(())
    }
}

/// The names around a value: of its field (or what names it), of the member that holds it, and of the member above that.
struct Names<'a> {
    field: &'a str,
    member: &'a str,
    above: &'a str,
}

struct Walk<'a, 'py> {
    gate: &'a CandidateGate,
    chars_left: usize,
    nodes_left: usize,
    number: usize,
    full: String,
    folded: String,
    found: Vec<usize>,
    long: Vec<(usize, String, Bound<'py, PyString>)>,
}

impl<'py> Walk<'_, 'py> {
    fn visit(&mut self, value: &Bound<'py, PyAny>, names: &Names<'_>, depth_left: usize) -> Option<()> {
        if let Ok(text) = value.cast_exact::<PyString>() {
            return self.take(text, names);
        }
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            return self.members(dict, names, depth_left);
        }
        if let Ok(list) = value.cast_exact::<PyList>() {
            self.nodes_left = self.nodes_left.checked_sub(list.len())?;
            let depth = depth_left.checked_sub(1)?;
            return list.iter().try_for_each(|item| self.visit(&item, names, depth));
        }
        if value.is_exact_instance_of::<PyBool>() || value.is_none() {
            return Some(());
        }
        if value.is_exact_instance_of::<PyInt>() {
            // What is longer than 64 bits is for the twin to look at.
            let number: i64 = value.extract().ok()?;
            return self.take_number(&number.to_string(), names);
        }
        if value.is_exact_instance_of::<PyFloat>() {
            let text = value.repr().ok()?;
            return self.take_number(text.to_str().ok()?, names);
        }
        if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            self.nodes_left = self.nodes_left.checked_sub(tuple.len())?;
            let depth = depth_left.checked_sub(1)?;
            return tuple.iter().try_for_each(|item| self.visit(&item, names, depth));
        }
        None
    }

    fn members(&mut self, dict: &Bound<'py, PyDict>, names: &Names<'_>, depth_left: usize) -> Option<()> {
        self.nodes_left = self.nodes_left.checked_sub(dict.len())?;
        let depth = depth_left.checked_sub(1)?;
        for (key, _) in dict {
            self.take_plain(key.cast_exact::<PyString>().ok()?)?;
        }
        for (key, child) in dict {
            let key = key.cast_exact::<PyString>().ok()?;
            let name = key.to_str().ok()?;
            let label = label(dict, name);
            let field = label.as_ref().map_or(name, |label| label.to_str().unwrap_or(name));
            self.visit(&child, &Names { field, member: name, above: names.member }, depth)?;
        }
        Some(())
    }

    /// Look at a key: nothing stands before it.
    fn take_plain(&mut self, key: &Bound<'py, PyString>) -> Option<()> {
        let text = key.to_str().ok()?;
        if text.is_empty() {
            return Some(());
        }
        self.chars_left = self.chars_left.checked_sub(text.len())?;
        let clean = self.gate.is_clean(key.py(), text, &mut self.folded)?;
        self.note(clean);
        Some(())
    }

    fn take(&mut self, value: &Bound<'py, PyString>, names: &Names<'_>) -> Option<()> {
        let text = value.to_str().ok()?;
        if text.is_empty() {
            return Some(());
        }
        self.chars_left = self.chars_left.checked_sub(text.len())?;
        if text.len() > LONG {
            self.write_names(names);
            self.long.push((self.number, self.full.clone(), value.clone()));
            self.number += 1;
            return Some(());
        }
        let clean = if names.field.is_empty() {
            self.gate.is_clean(value.py(), text, &mut self.folded)?
        } else {
            self.write_names(names);
            self.full.push_str(text);
            self.gate.is_clean(value.py(), &self.full, &mut self.folded)?
        };
        self.note(clean);
        Some(())
    }

    fn take_number(&mut self, text: &str, names: &Names<'_>) -> Option<()> {
        self.chars_left = self.chars_left.checked_sub(text.len())?;
        self.write_names(names);
        self.full.push_str(text);
        let clean = self.gate.gate.is_clean(self.full.as_bytes());
        // A name beyond ASCII is folded with its key, but context is judged on the whole.
        self.note(clean && self.full.is_ascii());
        Some(())
    }

    fn note(&mut self, clean: bool) {
        if !clean {
            self.found.push(self.number);
        }
        self.number += 1;
    }

    /// Write the name of a field as the twin writes it before its text.
    fn write_names(&mut self, names: &Names<'_>) {
        self.full.clear();
        if names.field.is_empty() {
            return;
        }
        if !names.above.is_empty() && self.is_bare(names.field) {
            write_spaced(last(names.above), &mut self.full);
            self.full.push(' ');
        }
        write_spaced(last(names.field), &mut self.full);
        self.full.push_str(FIELD_END);
    }

    fn is_bare(&self, field: &str) -> bool {
        field.len() <= 16 && self.gate.bare.iter().any(|bare| bare.eq_ignore_ascii_case(field))
    }

    fn look_at_long_ones(&mut self, py: Python<'py>) -> Option<()> {
        for (number, mut full, value) in std::mem::take(&mut self.long) {
            full.push_str(value.to_str().ok()?);
            if !self.gate.is_clean(py, &full, &mut self.folded)? {
                self.found.push(number);
            }
        }
        self.found.sort_unstable();
        Some(())
    }
}

/// Return what names the value at `name`: in `{"key": "API_KEY", "value": …}` its sibling does.
fn label<'py>(dict: &Bound<'py, PyDict>, name: &str) -> Option<Bound<'py, PyString>> {
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
fn last(name: &str) -> &str {
    if name.len() <= NAME_LONGEST {
        return name;
    }
    name.char_indices().nth_back(NAME_LONGEST - 1).map_or(name, |(at, _)| &name[at..])
}

/// Write `name` with camel case split.
fn write_spaced(name: &str, out: &mut String) {
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
