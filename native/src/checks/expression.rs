//! Regular expressions over ASCII texts, as Python reads them.

use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// An expression of which it is only asked whether it matches; compiled when that is asked first.
///
/// Python's `\s` is written as `[\t-\r\x1c-\x20]`, and its `$` as `\n?\z`.
pub struct Expression {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Expression {
    pub const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// Whether it matches in `text`. All of them say what is to be left out, so one that does not compile matches nothing.
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    fn compiled(&self) -> Option<&Regex> {
        let config = syntax::Config::new().unicode(false).utf8(false);
        self.compiled.get_or_init(|| Regex::builder().syntax(config).build(self.source).ok()).as_ref()
    }

    /// Panic where it does not compile.
    #[cfg(test)]
    pub fn try_out(&self) {
        assert!(self.compiled().is_some(), "{}", self.source);
    }
}
