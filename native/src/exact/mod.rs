//! The exact patterns behind the gate: where they match in a text of ASCII characters, and what checks make of that.

mod context;
mod plain;
mod region;

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::{self, Regex};
use regex_automata::{Anchored, Input};

use crate::checks::Check;
use crate::gate::parsed_for_ascii;
use crate::rules::Rule;
use context::Surroundings;
use plain::plain;
pub use region::{Confidences, Region, Span};

const MOST_MEMORY: usize = 4 << 20;
/// For the states of each automaton that were met, in bytes: that for card numbers is slow with half of it.
const CACHE: usize = 1 << 20;

/// A detector as its table describes it.
pub struct Detector {
    /// Its exact pattern: its first group that takes part, or the whole match, is what was found.
    pub pattern: String,
    /// The pattern of its context words, if it has any.
    pub context: Option<String>,
    /// Whether nothing is found without these.
    pub needs_context: bool,
    /// How sure it is.
    pub confidences: Confidences,
    /// What a match has to satisfy.
    pub check: (Check, Option<Rule>),
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The place of the detector.
    pub detector: usize,
    /// From where on, in bytes.
    pub start: usize,
    /// Up to where.
    pub end: usize,
    /// How surely.
    pub confidence: f64,
}

/// A detector's patterns, prepared.
struct Prepared {
    pattern: Regex,
    context: Option<Regex>,
}

/// Detectors, each prepared when it is first asked.
pub struct Exact {
    /// None where the check is one that only Python knows.
    detectors: Vec<Option<(Detector, OnceLock<Option<Prepared>>)>>,
    surroundings: Surroundings,
}

/// The engine for `pattern` in texts of ASCII characters; None where it is too large for one.
fn engine(pattern: &str) -> Option<Regex> {
    let config = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(MOST_MEMORY))
        .onepass(false)
        .hybrid_cache_capacity(CACHE);
    Regex::builder().configure(config).build_from_hir(&plain(&parsed_for_ascii(pattern).ok()?)).ok()
}

impl Exact {
    /// Keep `detectors`, None for each that only Python can ask; `bare`: names of fields that say nothing of their own.
    ///
    /// None where no engine is to be had.
    #[must_use]
    pub fn new(detectors: Vec<Option<Detector>>, bare: Vec<String>) -> Option<Self> {
        let detectors = detectors.into_iter().map(|each| Some((each?, OnceLock::new()))).collect();
        Some(Self { detectors, surroundings: Surroundings::new(bare)? })
    }

    /// Whether the detector of number `index` is known here; of the others Python has to look for the matches, too.
    #[must_use]
    pub fn knows(&self, index: usize) -> bool {
        self.detectors.get(index).is_some_and(Option::is_some)
    }

    /// Add to `found` what the detector of number `index` finds in `text`, and return whether that could be told.
    ///
    /// It could not where its patterns are too large for an engine, or `found` would grow beyond `most`.
    pub fn find(&self, index: usize, text: &[u8], most: usize, found: &mut Vec<Found>) -> Option<()> {
        let (detector, prepared) = self.detectors.get(index)?.as_ref()?;
        let prepared = prepared.get_or_init(|| detector.prepared()).as_ref()?;
        each_match(&prepared.pattern, text, |place| {
            let ask = || prepared.context.as_ref().is_some_and(|words| self.surroundings.have(words, text, &place));
            let region = Region::new(text, place.clone(), detector.confidences, &ask);
            let (check, rule) = detector.check;
            // The check first: it costs less than a look around.
            let spans = check(&region, rule);
            if spans.is_empty() || detector.needs_context && !region.has_context() {
                return Some(());
            }
            let (start, detector) = (place.start, index);
            found.extend(spans.into_iter().map(|Span { start: from, end, confidence }| Found {
                detector,
                start: start + from,
                end: start + end,
                confidence,
            }));
            (found.len() <= most).then_some(())
        })
    }
}

impl Detector {
    fn prepared(&self) -> Option<Prepared> {
        let context = match &self.context {
            Some(words) => Some(engine(words)?),
            None => None,
        };
        Some(Prepared { pattern: engine(&self.pattern)?, context })
    }
}

/// Call `take` with each match of `pattern` from left to right, by its first group that takes part; stop where it returns None.
fn each_match(pattern: &Regex, text: &[u8], mut take: impl FnMut(Range<usize>) -> Option<()>) -> Option<()> {
    let groups = pattern.captures_len();
    let mut slots = vec![None; 2 * groups];
    let mut at = 0;
    while at <= text.len() {
        let input = Input::new(text).range(at..);
        let Some(whole) = pattern.search(&input) else { break };
        let mut place = whole.range();
        if groups > 1 {
            let input = Input::new(text).range(whole.range()).anchored(Anchored::Yes);
            pattern.search_slots(&input, &mut slots);
            let group = (1..groups).find_map(|group| Some(slots[2 * group]?.get()..slots[2 * group + 1]?.get()));
            place = group.unwrap_or(place);
        }
        take(place)?;
        at = if whole.end() > at { whole.end() } else { at + 1 };
    }
    Some(())
}
