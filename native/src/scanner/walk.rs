//! The walk through a nested value, and what of it is worth a closer look.

use std::mem::take;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::names::{Names, label, last, write_spaced};
use super::{CandidateGate, LONG, Suspect, Views, Way};

/// What stands between a key and its text, as in serialised JSON.
const FIELD_END: &str = "\":\"";

/// One walk through a value.
pub struct Walk<'a, 'py> {
    pub py: Python<'py>,
    pub gate: &'a CandidateGate,
    pub chars_left: usize,
    pub nodes_left: usize,
    pub number: usize,
    pub way: Way<'py>,
    /// The text that is looked at, behind the name of its field.
    pub full: String,
    pub views: Views<'a>,
    pub found: Vec<(usize, Suspect<'py>)>,
    pub long: Vec<Long<'py>>,
}

/// A long text, which is looked at after the walk.
pub struct Long<'py> {
    number: usize,
    way: Way<'py>,
    names: String,
    text: Bound<'py, PyString>,
}

impl<'py> Walk<'_, 'py> {
    /// Look at everything in `value`; None where the walk declines.
    pub fn visit(&mut self, value: &Bound<'py, PyAny>, names: &Names<'_>, depth_left: usize) -> Option<()> {
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
        self.way.push((0, None));
        for (place, item) in items.enumerate() {
            self.way[level].0 = place;
            self.visit(&item, names, depth_left)?;
        }
        self.way.pop();
        Some(())
    }

    fn members(&mut self, dict: &Bound<'py, PyDict>, names: &Names<'_>, depth_left: usize) -> Option<()> {
        self.nodes_left = self.nodes_left.checked_sub(dict.len())?;
        let depth = depth_left.checked_sub(1)?;
        let level = self.way.len();
        self.way.push((0, None));
        for (place, (key, _)) in dict.iter().enumerate() {
            let key = key.cast_into_exact::<PyString>().ok()?;
            self.take_plain(&key, level, place)?;
        }
        for (place, (key, child)) in dict.iter().enumerate() {
            let key = key.cast_into_exact::<PyString>().ok()?;
            self.way[level] = (place, Some(key.clone()));
            let name = key.to_str().ok()?;
            let label = label(dict, name);
            let field = label.as_ref().map_or(name, |label| label.to_str().unwrap_or(name));
            self.visit(&child, &Names { field, member: name, above: names.member }, depth)?;
        }
        self.way.pop();
        Some(())
    }

    /// Look at a key: nothing stands before it.
    fn take_plain(&mut self, key: &Bound<'py, PyString>, level: usize, place: usize) -> Option<()> {
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
        self.way[level] = (place, Some(key.clone()));
        self.note(true, text.len(), Some(key));
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
            let (names, text) = (self.full.clone(), value.clone());
            self.long.push(Long { number: self.number, way: self.way.clone(), names, text });
            self.number += 1;
            return Some(());
        }
        if names.field.is_empty() {
            self.gate.look(value.py(), text, &mut self.views)?;
            self.note(false, text.len(), Some(value));
        } else {
            self.write_names(names);
            self.full.push_str(text);
            self.gate.look(value.py(), &self.full, &mut self.views)?;
            self.note(false, text.len(), None);
        }
        Some(())
    }

    fn take_number(&mut self, text: &str, names: &Names<'_>) -> Option<()> {
        self.chars_left = self.chars_left.checked_sub(text.len())?;
        self.write_names(names);
        self.full.push_str(text);
        self.views.folded.clear();
        // A name beyond ASCII is folded with its key, but context is judged on the whole.
        self.views.is_for_the_twin = !self.full.is_ascii();
        if !self.views.is_for_the_twin {
            let most = self.views.most;
            self.gate.look_at(&self.full, &mut self.views.kept.asked, most, &mut self.views.as_it_is);
        }
        self.note(false, text.len(), None);
        Some(())
    }

    /// Remember what was looked at last, unless it is clean: `own` bytes behind the name of its field, as they stand in `full` where they are not all
    /// of it.
    fn note(&mut self, is_key: bool, own: usize, whole: Option<&Bound<'py, PyString>>) {
        let is_for_the_twin = self.views.is_for_the_twin;
        if is_for_the_twin || !self.views.are_clean() {
            let seen = (!is_for_the_twin).then(|| (self.views.as_it_is.take(), self.views.folded.take()));
            let names = self.full.len().saturating_sub(own);
            let (text, skip) = match whole {
                Some(text) => (text.clone(), 0),
                None => (PyString::new(self.py, &self.full), self.full[..names].chars().count()),
            };
            self.found.push((self.number, (self.way.clone(), is_key, text, skip, seen)));
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

    /// Look at what was left for after the walk.
    pub fn look_at_long_ones(&mut self) -> Option<()> {
        for long in take(&mut self.long) {
            let text = long.text.to_str().ok()?;
            self.full = long.names;
            self.full.push_str(text);
            self.gate.look(self.py, &self.full, &mut self.views)?;
            (self.number, self.way) = (long.number, long.way);
            let whole = (self.full.len() == text.len()).then_some(&long.text);
            self.note(false, text.len(), whole);
        }
        Some(())
    }
}
