//! JSON values as Python holds them: dicts, lists, strings, numbers, truth values and None, of exactly these types.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Deeper than this nobody may nest, whatever the configuration says: the walk recurses.
const DEEPEST: usize = 1000;

/// Run `work` and decline if it panics: no panic may leave the extension, since `PanicException` is no `Exception` and passes every guard.
fn contained<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

fn is_scalar(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_none()
        || value.is_exact_instance_of::<PyFloat>()
}

/// Return how many values `value` holds at any depth, or -1 when it is nested deeper than `max_depth`, cyclic, or no JSON value.
///
/// Keys are not looked at.
#[pyfunction]
#[must_use]
pub fn count_values(value: &Bound<'_, PyAny>, max_depth: usize, most: usize) -> isize {
    contained(|| counted(value, max_depth.min(DEEPEST), most))
        .and_then(|count| isize::try_from(count).ok())
        .unwrap_or(-1)
}

fn counted(value: &Bound<'_, PyAny>, depth_left: usize, most: usize) -> Option<usize> {
    let mut count: usize = 0;
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        let depth = depth_left.checked_sub(1)?;
        count += dict.len();
        for (_, child) in dict {
            if !is_scalar(&child) {
                count += counted(&child, depth, most)?;
                if count > most {
                    return None;
                }
            }
        }
    } else if let Ok(list) = value.cast_exact::<PyList>() {
        let depth = depth_left.checked_sub(1)?;
        count += list.len();
        for child in list {
            if !is_scalar(&child) {
                count += counted(&child, depth, most)?;
                if count > most {
                    return None;
                }
            }
        }
    } else if !is_scalar(value) {
        return None;
    }
    (count <= most).then_some(count)
}

/// Return the places at which `before` and `after` differ, each as the tuple of keys and indices that leads there, at most about `most`.
///
/// Types count: 1 and True differ. A place whose keys came or went ends with an Ellipsis. None where it declines: both are nested deeper than
/// the walk goes, or hold what is no JSON value, so that comparing them would run code of others.
///
/// # Errors
/// What Python raises when memory ends.
#[pyfunction]
pub fn differences<'py>(
    before: &Bound<'py, PyAny>,
    after: &Bound<'py, PyAny>,
    most: usize,
) -> PyResult<Option<Vec<Bound<'py, PyTuple>>>> {
    let mut search = Search { found: Vec::new(), path: Vec::new(), most };
    contained(|| match search.compare(before, after, DEEPEST) {
        Ok(()) => Some(Ok(std::mem::take(&mut search.found))),
        Err(Stop::Declined) => None,
        Err(Stop::Raised(error)) => Some(Err(error)),
    })
    .transpose()
}

enum Stop {
    Declined,
    Raised(PyErr),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

struct Search<'py> {
    found: Vec<Bound<'py, PyTuple>>,
    path: Vec<Bound<'py, PyAny>>,
    most: usize,
}

impl<'py> Search<'py> {
    fn compare(&mut self, old: &Bound<'py, PyAny>, new: &Bound<'py, PyAny>, depth_left: usize) -> Result<(), Stop> {
        if old.is(new) || self.found.len() >= self.most {
            return Ok(());
        }
        if !old.get_type().is(new.get_type()) {
            return self.note(old.py());
        }
        let depth = depth_left.checked_sub(1).ok_or(Stop::Declined)?;
        if let (Ok(old), Ok(new)) = (old.cast_exact::<PyDict>(), new.cast_exact::<PyDict>()) {
            return self.compare_dicts(old, new, depth);
        }
        if let (Ok(old), Ok(new)) = (old.cast_exact::<PyList>(), new.cast_exact::<PyList>()) {
            return self.compare_lists(old, new, depth);
        }
        if !is_scalar(old) {
            return Err(Stop::Declined);
        }
        if old.ne(new)? {
            return self.note(old.py());
        }
        Ok(())
    }

    fn compare_lists(&mut self, old: &Bound<'py, PyList>, new: &Bound<'py, PyList>, depth: usize) -> Result<(), Stop> {
        if old.len() != new.len() {
            return self.note(old.py());
        }
        for (index, (one, other)) in old.iter().zip(new.iter()).enumerate() {
            if !one.is(&other) {
                self.path.push(index.into_pyobject(old.py()).map_err(PyErr::from)?.into_any());
                self.compare(&one, &other, depth)?;
                self.path.pop();
            }
        }
        Ok(())
    }

    fn compare_dicts(&mut self, old: &Bound<'py, PyDict>, new: &Bound<'py, PyDict>, depth: usize) -> Result<(), Stop> {
        let mut shared = 0;
        let noted = self.found.len();
        for (key, one) in old {
            if !key.is_exact_instance_of::<PyString>() {
                return Err(Stop::Declined);
            }
            let Some(other) = new.get_item(&key)? else { continue };
            shared += 1;
            if !one.is(&other) {
                self.path.push(key);
                self.compare(&one, &other, depth)?;
                self.path.pop();
            }
        }
        if shared != old.len() || shared != new.len() {
            self.path.push(old.py().Ellipsis().into_bound(old.py()));
            let place = PyTuple::new(old.py(), &self.path)?;
            self.path.pop();
            self.found.insert(noted, place);
        }
        Ok(())
    }

    fn note(&mut self, py: Python<'py>) -> Result<(), Stop> {
        self.found.push(PyTuple::new(py, &self.path)?);
        Ok(())
    }
}
