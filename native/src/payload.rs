//! JSON values as Python holds them: dicts, lists, strings, numbers, truth values and None, of exactly these types.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::boundary::contained;

/// Deeper than this nobody may nest, whatever the configuration says: the walk recurses.
const DEEPEST: usize = 1000;

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

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1000;

    /// What the Python expression is worth; `py` names nothing.
    fn evaluated<'py>(py: Python<'py>, expression: &str) -> Bound<'py, PyAny> {
        let code = std::ffi::CString::new(expression).expect("no NUL in a test");
        py.eval(&code, None, None).expect("a test's expression is Python")
    }

    fn count(expression: &str, max_depth: usize, most: usize) -> isize {
        Python::attach(|py| count_values(&evaluated(py, expression), max_depth, most))
    }

    /// The places as Python prints them, or what was said instead.
    fn places(before: &str, after: &str, most: usize) -> String {
        Python::attach(|py| match differences(&evaluated(py, before), &evaluated(py, after), most) {
            Ok(Some(found)) => PyList::new(py, found).expect("tuples fit into a list").to_string(),
            Ok(None) => "declined".to_owned(),
            Err(error) => error.to_string(),
        })
    }

    #[test]
    fn values_count_at_every_depth() {
        for (expression, expected) in
            [("1", 0), ("[]", 0), ("[1, 'a', None]", 3), ("{'a': [1, {'b': 2.5}], 'c': True}", 5)]
        {
            assert_eq!(count(expression, 64, MOST), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_no_json_value_is_declined() {
        for expression in [
            "(1,)",
            "{1}",
            "b'x'",
            "object",
            "[object()]",
            "{'a': (1,)}",
            "type('D', (dict,), {})(a=1)",
            "[type('T', (str,), {})('x')]",
        ] {
            assert_eq!(count(expression, 64, MOST), -1, "{expression}");
        }
    }

    #[test]
    fn depth_and_number_have_limits() {
        assert_eq!(count("[[1]]", 2, MOST), 2);
        assert_eq!(count("[[[1]]]", 2, MOST), -1);
        assert_eq!(count("[1, 2, 3]", 2, 3), 3);
        assert_eq!(count("[1, 2, 3]", 2, 2), -1);
        assert_eq!(count("(lambda a: [a.append(a), a][1])([])", 64, MOST), -1, "a cycle");
        let deep = "(lambda f: f(f, 5000))(lambda f, n: __import__('functools').reduce(lambda v, _: [v], range(n), 1))";
        assert_eq!(count(deep, usize::MAX, MOST * MOST), -1, "deeper than the walk goes");
    }

    #[test]
    fn differences_are_named_by_their_place() {
        for (before, after, expected) in [
            ("1", "1", "[]"),
            ("1", "True", "[()]"),
            ("{'a': [1, 2]}", "{'a': [1, 3]}", "[('a', 1)]"),
            ("{'a': 1}", "{'a': 1, 'b': 2}", "[(Ellipsis,)]"),
            ("{'a': 1, 'b': 1}", "{'b': 2, 'c': 1}", "[(Ellipsis,), ('b',)]"),
            ("[1]", "[1, 2]", "[()]"),
            ("{'a': {'b': [0, {'c': 'x'}]}}", "{'a': {'b': [0, {'c': 'y'}]}}", "[('a', 'b', 1, 'c')]"),
        ] {
            assert_eq!(places(before, after, 10), expected, "{before} and {after}");
        }
    }

    #[test]
    fn differences_end_at_the_most_that_are_asked_for() {
        assert_eq!(places("[0] * 9", "[1] * 9", 3), "[(0,), (1,), (2,)]");
        assert_eq!(places("[0]", "[1]", 0), "[]");
    }

    #[test]
    fn comparing_what_answers_for_itself_is_declined() {
        Python::attach(|py| {
            let sly = evaluated(py, "type('T', (str,), {'__eq__': lambda *_: 1 / 0, '__hash__': str.__hash__})");
            let pair = [sly.call1(("a",)), sly.call1(("a",))].map(|each| each.expect("a str can be made"));
            assert!(differences(&pair[0], &pair[1], 10).expect("no error").is_none());
        });
        assert_eq!(places("{1: 2}", "{1: 3}", 10), "declined");
    }
}
