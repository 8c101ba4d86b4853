//! The gate for Python: walks a nested value and says which of its strings need a closer look.

use std::mem::take;
use std::sync::OnceLock;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use regex_automata::util::pool::{Pool, PoolGuard};

use crate::boundary::contained;
use crate::gate::folding::{Folded, Folding};
use crate::gate::{Asked, Gate};

/// Deeper than this nobody may nest, whatever the configuration says: the walk recurses.
const DEEPEST: usize = 1000;
/// What stands between a key and its text, as in serialised JSON.
const FIELD_END: &str = "\":\"";
/// The long s and the Kelvin sign, which the gate does not take for the letters that they are without their case.
const FOLDED_LETTERS: [char; 2] = ['\u{17f}', '\u{212a}'];
/// How much of a name stands before its text, in characters.
const NAME_LONGEST: usize = 64;
const LABEL_LONGEST: usize = 128;
/// Longer texts are looked at after the walk, and without the interpreter's lock.
const LONG: usize = 64 * 1024;

/// The patterns that fire in one view of a text.
type Fired = Vec<usize>;
/// A string that needs a closer look: the way to it (its place in each dict or list from the outermost on), whether it is a key, and what fires in it
/// as it is and folded; None where that is for the twin to say.
type Suspect = (Vec<usize>, bool, Option<(Fired, Fired)>);

/// What a thread keeps from one text to the next.
#[derive(Default)]
struct Kept {
    asked: Asked,
    keys: CleanKeys,
}

/// A gate, and what the threads that use it keep.
struct Prepared {
    gate: Gate,
    kept: Pool<Kept, fn() -> Kept>,
}

const SLOTS: usize = 256;
const LONGEST_KEPT: usize = 31;

/// Short keys in which nothing was found: the same few stand in most payloads. Each has one place, which the next one takes.
struct CleanKeys {
    /// The length of a key, and the key.
    slots: Box<[[u8; 1 + LONGEST_KEPT]]>,
}

impl Default for CleanKeys {
    fn default() -> Self {
        Self { slots: vec![[0; 1 + LONGEST_KEPT]; SLOTS].into_boxed_slice() }
    }
}

impl CleanKeys {
    /// Return the place of a key and what stands there when it is kept; None for one that is too long.
    fn slot(&mut self, key: &str) -> Option<(&mut [u8; 1 + LONGEST_KEPT], [u8; 1 + LONGEST_KEPT])> {
        let mut spelt = [0; 1 + LONGEST_KEPT];
        spelt[0] = u8::try_from(key.len()).ok()?;
        spelt.get_mut(1..=key.len())?.copy_from_slice(key.as_bytes());
        let hash = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let place = usize::try_from(hash >> 32).ok()? % SLOTS;
        Some((&mut self.slots[place], spelt))
    }

    fn has(&mut self, key: &str) -> bool {
        self.slot(key).is_some_and(|(slot, spelt)| *slot == spelt)
    }

    fn keep(&mut self, key: &str) {
        if let Some((slot, spelt)) = self.slot(key) {
            *slot = spelt;
        }
    }
}

/// Candidate patterns, ready to be looked for in nested values. Threads may share one.
#[pyclass(frozen, module = "secure_gateway_native")]
pub struct CandidateGate {
    candidates: Vec<String>,
    /// For `fired`: the candidates alone.
    alone: OnceLock<Prepared>,
    /// For `suspects`: each candidate with any of the exact patterns behind it.
    exact: Prepared,
    folding: Folding,
    fold: Py<PyAny>,
    bare: Vec<String>,
}

#[pymethods]
impl CandidateGate {
    /// Prepare `detectors`: candidate patterns, each with the exact patterns behind it. `fold` returns the folded spellings of a text's
    /// characters, as a list; `bare`: names of fields that say nothing.
    ///
    /// # Errors
    /// `ValueError` for what is no pattern.
    #[new]
    fn new(detectors: Vec<(String, Vec<String>)>, fold: Py<PyAny>, bare: Vec<String>) -> PyResult<Self> {
        let mut wanted = Vec::new();
        let mut candidates = Vec::new();
        for (candidate, exact) in detectors {
            let mut patterns = vec![candidate.clone()];
            if !exact.is_empty() {
                patterns.push(exact.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|"));
            }
            wanted.push(patterns);
            candidates.push(candidate);
        }
        let exact = prepared(&wanted)?;
        Ok(Self { candidates, alone: OnceLock::new(), exact, folding: Folding::new(), fold, bare })
    }

    /// Return the places of the candidates that match in `data` as it stands, in order.
    fn fired(&self, data: &[u8]) -> PyResult<Vec<usize>> {
        let Prepared { gate, kept } = if let Some(prepared) = self.alone.get() {
            prepared
        } else {
            let wanted: Vec<_> = self.candidates.iter().map(|candidate| vec![candidate.clone()]).collect();
            let made = prepared(&wanted)?;
            self.alone.get_or_init(|| made)
        };
        let all = || (0..gate.len()).collect();
        Ok(contained(|| {
            let mut found = Vec::new();
            gate.fired(data, &mut kept.get().asked, &mut found);
            found.sort_unstable();
            Some(found)
        })
        .unwrap_or_else(all))
    }

    /// Return the strings of `value` in which some candidate and one of its exact patterns match, in the order of the walk (keys before the values
    /// of their dict): the way to each (its place in each dict or list from the outermost on), whether it is a key, and the places of these
    /// candidates in the text as it is and folded. None where it declines: larger than the limits, or no JSON value of exactly these types.
    fn suspects(
        &self,
        value: &Bound<'_, PyAny>,
        max_chars: usize,
        max_nodes: usize,
        max_depth: usize,
    ) -> Option<Vec<Suspect>> {
        contained(|| {
            let mut walk = Walk {
                gate: self,
                chars_left: max_chars,
                nodes_left: max_nodes.checked_sub(1)?,
                number: 0,
                way: Vec::new(),
                full: String::new(),
                views: Views::new(self.exact.kept.get()),
                found: Vec::new(),
                long: Vec::new(),
            };
            let nobody = Names { field: "", member: "", above: "" };
            walk.visit(value, &nobody, max_depth.min(DEEPEST))?;
            walk.look_at_long_ones(value.py())?;
            walk.found.sort_unstable_by_key(|(number, _)| *number);
            Some(walk.found.into_iter().map(|(_, suspect)| suspect).collect())
        })
    }
}

fn prepared(wanted: &[Vec<String>]) -> PyResult<Prepared> {
    match contained(|| Some(Gate::new(wanted))) {
        Some(Ok(gate)) => Ok(Prepared { gate, kept: Pool::new(Kept::default) }),
        Some(Err(refused)) => Err(PyValueError::new_err(format!("pattern {}: {}", refused.index, refused.reason))),
        None => Err(PyValueError::new_err("the patterns cannot be prepared")),
    }
}

impl CandidateGate {
    /// Look at `text` as it is and folded; None where it declines.
    fn look(&self, py: Python<'_>, text: &str, views: &mut Views<'_>) -> Option<()> {
        views.is_for_the_twin = !text.is_ascii() && text.contains(FOLDED_LETTERS);
        if views.is_for_the_twin {
            return Some(());
        }
        loop {
            let looked = if text.len() > LONG {
                py.detach(|| self.look_at_both(text, views))
            } else {
                self.look_at_both(text, views)
            };
            match looked {
                Ok(()) => return Some(()),
                Err(page) => self.learn(py, page)?,
            }
        }
    }

    fn look_at_both(&self, text: &str, views: &mut Views<'_>) -> Result<(), u32> {
        self.look_at(text, &mut views.kept.asked, &mut views.as_it_is);
        views.folded.clear();
        if text.is_ascii() {
            return Ok(());
        }
        match self.folding.fold(text, &mut views.spelling) {
            Folded::Same => {}
            Folded::Other => self.look_at(&views.spelling, &mut views.kept.asked, &mut views.folded),
            Folded::Missing(page) => return Err(page),
        }
        Ok(())
    }

    fn look_at(&self, text: &str, asked: &mut Asked, fired: &mut Fired) {
        fired.clear();
        self.exact.gate.fired(text.as_bytes(), asked, fired);
        fired.sort_unstable();
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

/// What fires in a text as it is and folded, and room for its folded spelling.
struct Views<'a> {
    /// Nothing was looked for: the twin has to.
    is_for_the_twin: bool,
    as_it_is: Fired,
    folded: Fired,
    spelling: String,
    kept: PoolGuard<'a, Kept, fn() -> Kept>,
}

impl<'a> Views<'a> {
    fn new(kept: PoolGuard<'a, Kept, fn() -> Kept>) -> Self {
        Self { is_for_the_twin: false, as_it_is: Fired::new(), folded: Fired::new(), spelling: String::new(), kept }
    }

    fn are_clean(&self) -> bool {
        self.as_it_is.is_empty() && self.folded.is_empty()
    }
}

struct Walk<'a, 'py> {
    gate: &'a CandidateGate,
    chars_left: usize,
    nodes_left: usize,
    number: usize,
    way: Vec<usize>,
    full: String,
    views: Views<'a>,
    found: Vec<(usize, Suspect)>,
    long: Vec<(usize, Vec<usize>, String, Bound<'py, PyString>)>,
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
            return self.items(list.iter(), names, depth);
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
            return self.items(tuple.iter(), names, depth);
        }
        None
    }

    fn items(
        &mut self,
        items: impl Iterator<Item = Bound<'py, PyAny>>,
        names: &Names<'_>,
        depth_left: usize,
    ) -> Option<()> {
        let level = self.way.len();
        self.way.push(0);
        for (place, item) in items.enumerate() {
            self.way[level] = place;
            self.visit(&item, names, depth_left)?;
        }
        self.way.pop();
        Some(())
    }

    fn members(&mut self, dict: &Bound<'py, PyDict>, names: &Names<'_>, depth_left: usize) -> Option<()> {
        self.nodes_left = self.nodes_left.checked_sub(dict.len())?;
        let depth = depth_left.checked_sub(1)?;
        let level = self.way.len();
        self.way.push(0);
        for (place, (key, _)) in dict.iter().enumerate() {
            self.way[level] = place;
            self.take_plain(key.cast_exact::<PyString>().ok()?)?;
        }
        for (place, (key, child)) in dict.iter().enumerate() {
            self.way[level] = place;
            let key = key.cast_exact::<PyString>().ok()?;
            let name = key.to_str().ok()?;
            let label = label(dict, name);
            let field = label.as_ref().map_or(name, |label| label.to_str().unwrap_or(name));
            self.visit(&child, &Names { field, member: name, above: names.member }, depth)?;
        }
        self.way.pop();
        Some(())
    }

    /// Look at a key: nothing stands before it.
    fn take_plain(&mut self, key: &Bound<'py, PyString>) -> Option<()> {
        let text = key.to_str().ok()?;
        if text.is_empty() {
            return Some(());
        }
        self.chars_left = self.chars_left.checked_sub(text.len())?;
        if self.views.kept.keys.has(text) {
            self.number += 1;
            return Some(());
        }
        self.gate.look(key.py(), text, &mut self.views)?;
        if !self.views.is_for_the_twin && self.views.are_clean() {
            self.views.kept.keys.keep(text);
        }
        self.note(true);
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
            self.long.push((self.number, self.way.clone(), self.full.clone(), value.clone()));
            self.number += 1;
            return Some(());
        }
        if names.field.is_empty() {
            self.gate.look(value.py(), text, &mut self.views)?;
        } else {
            self.write_names(names);
            self.full.push_str(text);
            self.gate.look(value.py(), &self.full, &mut self.views)?;
        }
        self.note(false);
        Some(())
    }

    fn take_number(&mut self, text: &str, names: &Names<'_>) -> Option<()> {
        self.chars_left = self.chars_left.checked_sub(text.len())?;
        self.write_names(names);
        self.full.push_str(text);
        if self.full.is_ascii() {
            self.gate.look_at(&self.full, &mut self.views.kept.asked, &mut self.views.as_it_is);
            self.views.folded.clear();
            self.views.is_for_the_twin = false;
            self.note(false);
        } else {
            // A name beyond ASCII is folded with its key, but context is judged on the whole.
            self.found.push((self.number, (self.way.clone(), false, None)));
            self.number += 1;
        }
        Some(())
    }

    fn note(&mut self, is_key: bool) {
        if self.views.is_for_the_twin {
            self.found.push((self.number, (self.way.clone(), is_key, None)));
        } else if !self.views.are_clean() {
            let fired = (take(&mut self.views.as_it_is), take(&mut self.views.folded));
            self.found.push((self.number, (self.way.clone(), is_key, Some(fired))));
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
        for (number, way, mut full, value) in take(&mut self.long) {
            full.push_str(value.to_str().ok()?);
            self.gate.look(py, &full, &mut self.views)?;
            (self.number, self.way) = (number, way);
            self.note(false);
        }
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
