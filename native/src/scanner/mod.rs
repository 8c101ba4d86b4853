//! The scanner for Python: walks a nested value and says what is found in its strings, or which of them need a closer look.

mod keys;
mod names;
mod walk;

use std::mem::take;
use std::ops::Range;
use std::sync::OnceLock;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use regex_automata::util::pool::{Pool, PoolGuard};

use crate::boundary::contained;
use crate::exact::{Detector, Exact, Found};
use crate::gate::folding::{Folded, Folding};
use crate::gate::{Asked, Gate};
use crate::{checks, rules};
use keys::CleanKeys;
use names::Names;
use walk::Walk;

/// Deeper than this nobody may nest, whatever the configuration says: the walk recurses.
const DEEPEST: usize = 1000;
/// The long s and the Kelvin sign, which the gate does not take for the letters that they are without their case.
const FOLDED_LETTERS: [char; 2] = ['\u{17f}', '\u{212a}'];
/// Longer texts are looked at after the walk, and without the interpreter's lock.
const LONG: usize = 64 * 1024;

/// A detector as Python describes it: its exact pattern, that of its context words ("" for none), whether it needs these, how sure it is without
/// and with them, and the names of the check and of the rule that a match has to satisfy ("" where that is for Python to say).
type Described = (String, String, bool, (f64, f64), String, String);
/// What was found: the place of its detector among all, its place in bytes, how surely.
type Match = (usize, usize, usize, f64);
/// What fires in a text, and what was found by that; None where that is for Python to look at.
type Seen = (Vec<usize>, Option<Vec<Match>>);
/// The way to a value: its place in each dict or list from the outermost on, and the key that stands there, if any.
type Way<'py> = Vec<(usize, Option<Bound<'py, PyString>>)>;
/// A string in which something is found or may be: the way to it, whether it is a key, itself behind the name of its field, how many characters of that
/// are not its own, and what is seen in it as it is and folded; None where that is for the twin to say.
type Suspect<'py> = (Way<'py>, bool, Bound<'py, PyString>, usize, Option<(Seen, Seen)>);

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

/// Candidate patterns, ready to be looked for in nested values. Threads may share one.
#[pyclass(frozen, module = "secure_gateway_native")]
pub struct CandidateGate {
    candidates: Vec<String>,
    /// For `fired`: the candidates alone.
    alone: OnceLock<Prepared>,
    /// For `suspects`: each candidate with any of the exact patterns behind it.
    both: Prepared,
    /// The detectors behind each candidate.
    groups: Vec<Range<usize>>,
    exact: Exact,
    folding: Folding,
    fold: Py<PyAny>,
    bare: Vec<String>,
}

#[pymethods]
impl CandidateGate {
    /// Prepare `detectors`: candidate patterns, each with the detectors behind it. `fold` returns the folded spellings of a text's characters, as a
    /// list; `bare`: names of fields that say nothing.
    ///
    /// # Errors
    /// `ValueError` for what is no pattern.
    #[new]
    fn new(detectors: Vec<(String, Vec<Described>)>, fold: Py<PyAny>, bare: Vec<String>) -> PyResult<Self> {
        let (mut candidates, mut wanted, mut groups, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (candidate, described) in detectors {
            let mut patterns = vec![candidate.clone()];
            if !described.is_empty() {
                patterns.push(described.iter().map(|each| format!("(?:{})", each.0)).collect::<Vec<_>>().join("|"));
            }
            candidates.push(candidate);
            wanted.push(patterns);
            groups.push(all.len()..all.len() + described.len());
            all.extend(described.into_iter().map(detector));
        }
        let both = prepared(&wanted)?;
        let exact = Exact::new(all, bare.clone()).ok_or_else(unprepared)?;
        let folding = Folding::new();
        Ok(Self { candidates, alone: OnceLock::new(), both, groups, exact, folding, fold, bare })
    }

    /// Return the places of the detectors whose checks are known here: of the others Python looks for the matches, too.
    fn known(&self) -> Vec<usize> {
        let count = self.groups.last().map_or(0, |group| group.end);
        (0..count).filter(|detector| self.exact.knows(*detector)).collect()
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

    /// Return the strings of `value` in which something is found or has to be looked at, in the order of the walk (keys before the values of their
    /// dict), as `Suspect` says. None where it declines: larger than the limits, or no JSON value of exactly these types.
    ///
    /// Of texts in which more is found than `most`, and of those beyond ASCII, only the candidates are told.
    fn suspects<'py>(
        &self,
        value: &Bound<'py, PyAny>,
        max_chars: usize,
        max_nodes: usize,
        max_depth: usize,
        most: usize,
    ) -> Option<Vec<Suspect<'py>>> {
        contained(|| {
            let mut walk = Walk {
                py: value.py(),
                gate: self,
                chars_left: max_chars,
                nodes_left: max_nodes.checked_sub(1)?,
                number: 0,
                way: Vec::new(),
                full: String::new(),
                views: Views::new(self.both.kept.get(), most),
                found: Vec::new(),
                long: Vec::new(),
            };
            let nobody = Names { field: "", member: "", above: "" };
            walk.visit(value, &nobody, max_depth.min(DEEPEST))?;
            walk.look_at_long_ones()?;
            walk.found.sort_unstable_by_key(|(number, _)| *number);
            Some(walk.found.into_iter().map(|(_, suspect)| suspect).collect())
        })
    }
}

fn prepared(wanted: &[Vec<String>]) -> PyResult<Prepared> {
    match contained(|| Some(Gate::new(wanted))) {
        Some(Ok(gate)) => Ok(Prepared { gate, kept: Pool::new(Kept::default) }),
        Some(Err(refused)) => Err(PyValueError::new_err(format!("pattern {}: {}", refused.index, refused.reason))),
        None => Err(unprepared()),
    }
}

fn unprepared() -> PyErr {
    PyValueError::new_err("the patterns cannot be prepared")
}

/// The detector that is described; None where it has a check or a rule that only Python knows.
fn detector((pattern, context, needs_context, confidences, check, rule): Described) -> Option<Detector> {
    let rule = if rule.is_empty() { None } else { Some(rules::named(&rule)?) };
    let context = (!context.is_empty()).then_some(context);
    Some(Detector { pattern, context, needs_context, confidences, check: (checks::named(&check)?, rule) })
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
        self.look_at(text, &mut views.kept.asked, views.most, &mut views.as_it_is);
        views.folded.clear();
        if text.is_ascii() {
            return Ok(());
        }
        match self.folding.fold(text, &mut views.spelling) {
            Folded::Same => {}
            Folded::Other => self.look_at(&views.spelling, &mut views.kept.asked, views.most, &mut views.folded),
            Folded::Missing(page) => return Err(page),
        }
        Ok(())
    }

    fn look_at(&self, text: &str, asked: &mut Asked, most: usize, view: &mut View) {
        view.clear();
        self.both.gate.fired(text.as_bytes(), asked, &mut view.fired);
        if !view.fired.is_empty() {
            view.fired.sort_unstable();
            // Beyond ASCII letters are those of a table of Unicode, and the engines' tables are of different years.
            view.found = if text.is_ascii() { self.find(text.as_bytes(), most, &mut view.fired) } else { None };
        }
    }

    /// Return what the detectors find whose candidates `fired`, and leave of these the ones that something came of or that Python has to ask.
    ///
    /// None where that cannot be told.
    fn find(&self, text: &[u8], most: usize, fired: &mut Vec<usize>) -> Option<Vec<Found>> {
        let mut found = Vec::new();
        let mut left = Vec::new();
        for index in &*fired {
            let group = self.groups.get(*index)?;
            let before = found.len();
            let mut is_for_python = group.is_empty();
            for detector in group.clone() {
                if self.exact.knows(detector) {
                    self.exact.find(detector, text, most, &mut found)?;
                } else {
                    is_for_python = true;
                }
            }
            if is_for_python || found.len() > before {
                left.push(*index);
            }
        }
        *fired = left;
        Some(found)
    }

    fn learn(&self, py: Python<'_>, page: u32) -> Option<()> {
        let told = self.fold.call1(py, (Folding::characters(page),)).ok()?;
        self.folding.learn(page, told.extract(py).ok()?);
        Some(())
    }
}

/// What fires in a text as it is or folded, and what is found by that, where the core can tell.
#[derive(Default)]
struct View {
    fired: Vec<usize>,
    found: Option<Vec<Found>>,
}

impl View {
    fn clear(&mut self) {
        self.fired.clear();
        self.found = None;
    }

    fn take(&mut self) -> Seen {
        let as_told = |each: Found| (each.detector, each.start, each.end, each.confidence);
        let found = if self.fired.is_empty() { Some(Vec::new()) } else { self.found.take() };
        (take(&mut self.fired), found.map(|found| found.into_iter().map(as_told).collect()))
    }
}

/// Both views of a text, and room for its folded spelling.
struct Views<'a> {
    /// Nothing was looked for: the twin has to.
    is_for_the_twin: bool,
    as_it_is: View,
    folded: View,
    spelling: String,
    kept: PoolGuard<'a, Kept, fn() -> Kept>,
    most: usize,
}

impl<'a> Views<'a> {
    fn new(kept: PoolGuard<'a, Kept, fn() -> Kept>, most: usize) -> Self {
        let (as_it_is, folded) = (View::default(), View::default());
        Self { is_for_the_twin: false, as_it_is, folded, spelling: String::new(), kept, most }
    }

    fn are_clean(&self) -> bool {
        self.as_it_is.fired.is_empty() && self.folded.fired.is_empty()
    }
}
