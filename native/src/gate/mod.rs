//! The gate: says of a text which patterns may match in it, at the price of one look at each byte when none does.
//!
//! Three steps, each sound, which means that it lets every match pass. First, whether four neighbouring symbols are among those that some pattern
//! needs: one bit of a table of 2^24. Then, whether the whole run that the pattern needs stands there. Last, whether the pattern itself matches
//! somewhere in the text, by an engine that takes linear time.

mod dialect;
mod engine;
pub mod folding;
mod required;
pub mod symbols;

use std::ops::Range;
use std::sync::OnceLock;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use engine::{Engine, Tried};
use required::{FARTHEST, Run, Sample, WINDOW, required};
use symbols::{ALL, END, SYMBOL};

const GRAMS: usize = 1 << 24;
const WORDS: usize = GRAMS / 64;
const MASK: u32 = 0x00ff_ffff;
/// Texts as they are, by which rare windows are told from common ones.
const SAMPLE: &str = include_str!("sample.txt");
const DEEPEST_PATTERN: u32 = 100;
const PAIRS: usize = 64 * 64;
const BUCKETS: usize = 1 << 12;
/// Windows that stand for more than this are found by their first two symbols.
const NARROW: u64 = 64;
/// Bounded matches are looked for in so much of the text.
const LONGEST: usize = 512;
/// How many bytes may be read again for one pattern in a text: so many at least, and so many times its length.
const BUDGET_FLOOR: usize = 4096;
const BUDGET_SHARE: usize = 2;

/// A pattern that the gate cannot take, and why.
#[derive(Debug)]
pub struct Refused {
    /// Its place among the patterns.
    pub index: usize,
    /// What is wrong with it.
    pub reason: String,
}

#[derive(PartialEq, Eq)]
struct Entry {
    pattern: usize,
    sets: Vec<u64>,
    window: usize,
    before: Option<usize>,
}

struct Stretch {
    pattern: usize,
    set: u64,
    length: usize,
    digits: usize,
    before: Option<usize>,
}

/// Stretches that are looked for together.
struct Stretches {
    all: Vec<Stretch>,
    any: u64,
    shortest: usize,
}

impl Stretches {
    fn none() -> Self {
        Self { all: Vec::new(), any: 0, shortest: usize::MAX }
    }

    /// Call `look` with each part of `text` whose bytes are all of some stretch's set and that is as long as the shortest of them.
    ///
    /// Looks at the place where a stretch would end, and back from there: where something else stands in between, none begins before that.
    fn each(&self, text: &[u8], mut look: impl FnMut(Range<usize>) -> bool) {
        let is_member = |at: usize| self.any >> SYMBOL[usize::from(text[at])] & 1 == 1;
        let mut begin: usize = 0;
        while let Some(last) = begin.checked_add(self.shortest).filter(|end| *end <= text.len()) {
            if let Some(other) = (begin..last).rev().find(|at| !is_member(*at)) {
                begin = other + 1;
                continue;
            }
            let end = (last..text.len()).find(|at| !is_member(*at)).unwrap_or(text.len());
            if look(begin..end) {
                return;
            }
            begin = end + 1;
        }
    }
}

struct Pattern {
    hir: Hir,
    /// The most bytes that it matches, where they are few.
    longest: Option<usize>,
    engine: OnceLock<Option<Engine>>,
}

impl Pattern {
    /// The engine for it; None where it is too large for one, and then it counts as found: the closer look decides.
    fn engine(&self) -> Option<&Engine> {
        self.engine.get_or_init(|| Engine::new(&self.hir)).as_ref()
    }
}

/// Patterns, ready to be looked for.
pub struct Gate {
    grams: Box<[u64]>,
    entries: Vec<Entry>,
    around: Vec<(u64, u64)>,
    by_gram: Vec<Vec<(u32, u32)>>,
    wide: Vec<Vec<(u64, u64, u32)>>,
    patterns: Vec<Pattern>,
    always: Vec<usize>,
    words: Stretches,
    numbers: Stretches,
}

impl Gate {
    /// Prepare `patterns`, in the syntax that RE2 and Rust's engine share.
    ///
    /// # Errors
    /// The first pattern that is none.
    pub fn new(patterns: &[String]) -> Result<Self, Refused> {
        let sample = Sample::new(SAMPLE);
        let mut gate = Self {
            grams: vec![0; WORDS].into_boxed_slice(),
            entries: Vec::new(),
            around: vec![(0, 0); BUCKETS],
            by_gram: vec![Vec::new(); BUCKETS],
            wide: vec![Vec::new(); PAIRS],
            patterns: Vec::with_capacity(patterns.len()),
            always: Vec::new(),
            words: Stretches::none(),
            numbers: Stretches::none(),
        };
        for (index, pattern) in patterns.iter().enumerate() {
            let source = dialect::translated(pattern);
            let hir = ParserBuilder::new()
                .utf8(false)
                .nest_limit(DEEPEST_PATTERN)
                .build()
                .parse(&source)
                .map_err(|error| Refused { index, reason: error.to_string() })?;
            match required(&hir, &sample) {
                Some(runs) => runs.into_iter().for_each(|run| gate.enter(index, run)),
                None => gate.always.push(index),
            }
            let longest = hir.properties().maximum_len().filter(|longest| *longest <= LONGEST);
            gate.patterns.push(Pattern { hir, longest, engine: OnceLock::new() });
        }
        Ok(gate)
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    fn enter(&mut self, pattern: usize, run: Run) {
        match run {
            Run::Window { sets, window, before } => self.enter_window(Entry { pattern, sets, window, before }),
            Run::Stretch { set, length, digits, before } => {
                let kind = if digits > 0 { &mut self.numbers } else { &mut self.words };
                kind.any |= set;
                kind.shortest = kind.shortest.min(length);
                kind.all.push(Stretch { pattern, set, length, digits, before });
            }
        }
    }

    fn enter_window(&mut self, entry: Entry) {
        if self.entries.contains(&entry) {
            return;
        }
        let window = &entry.sets[entry.window..entry.window + WINDOW];
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let before = if entry.window > 0 { entry.sets[entry.window - 1] } else { ALL };
        let behind = entry.sets.get(entry.window + WINDOW).copied().unwrap_or(ALL);
        let is_narrow = window.iter().map(|set| u64::from(set.count_ones())).product::<u64>() <= NARROW;
        for first in members(window[0]) {
            for second in members(window[1]) {
                if !is_narrow {
                    self.wide[(first << 6 | second) as usize].push((window[2], window[3], number));
                }
                for third in members(window[2]) {
                    let begin = first << 12 | second << 6 | third;
                    self.grams[begin as usize] |= window[3];
                    for gram in members(window[3]).map(|last| begin << 6 | last) {
                        let around = &mut self.around[bucket(gram)];
                        *around = (around.0 | before, around.1 | behind);
                        if is_narrow {
                            self.by_gram[bucket(gram)].push((gram, number));
                        }
                    }
                }
            }
        }
        self.entries.push(entry);
    }

    /// Add the places of the patterns that match in `text` to `fired`, each once.
    pub fn fired(&self, text: &[u8], fired: &mut Vec<usize>) {
        self.each_match(text, |pattern| {
            fired.push(pattern);
            false
        });
    }

    /// Whether no pattern matches in `text`.
    #[must_use]
    pub fn is_clean(&self, text: &[u8]) -> bool {
        let mut clean = true;
        self.each_match(text, |_| {
            clean = false;
            true
        });
        clean
    }

    /// Call `found` with each pattern that matches in `text`, once, until it says that this is enough.
    fn each_match(&self, text: &[u8], mut found: impl FnMut(usize) -> bool) {
        let mut asked = Asked::default();
        for index in &self.always {
            if self.matches(*index, text) && found(*index) {
                return;
            }
        }
        let mut enough = false;
        self.each_hit(text, |at, gram| {
            let narrow =
                self.by_gram[bucket(gram)].iter().filter(|(known, _)| *known == gram).map(|(_, number)| number);
            let wide = self.wide[(gram >> 12) as usize]
                .iter()
                .filter(|(third, last, _)| third >> (gram >> 6 & 63) & last >> (gram & 63) & 1 == 1)
                .map(|(_, _, number)| number);
            for number in narrow.chain(wide) {
                let entry = &self.entries[*number as usize];
                if stands_at(entry, text, at) {
                    let begin = at - entry.window;
                    if self.matches_at(entry.pattern, entry.before, text, begin..begin + 1, &mut asked) {
                        enough = found(entry.pattern);
                    }
                }
                if enough {
                    break;
                }
            }
            enough
        });
        for kind in [&self.words, &self.numbers] {
            if enough {
                return;
            }
            kind.each(text, |place| {
                for wanted in &kind.all {
                    if let Some(begin) = wanted.stands_in(&text[place.clone()])
                        && self.matches_at(
                            wanted.pattern,
                            wanted.before,
                            text,
                            place.start + begin..place.end,
                            &mut asked,
                        )
                    {
                        enough = found(wanted.pattern);
                        if enough {
                            break;
                        }
                    }
                }
                enough
            });
        }
    }

    fn matches(&self, index: usize, text: &[u8]) -> bool {
        self.patterns[index].engine().is_none_or(|engine| engine.matches_in(text, 0..text.len()))
    }

    /// Whether `pattern`, of which a run begins within `place`, matches around it. Settled patterns are not looked for again.
    fn matches_at(
        &self,
        index: usize,
        before: Option<usize>,
        text: &[u8],
        place: Range<usize>,
        asked: &mut Asked,
    ) -> bool {
        if asked.is_settled(index) {
            return false;
        }
        let pattern = &self.patterns[index];
        let Some(engine) = pattern.engine() else {
            asked.settle(index);
            return true;
        };
        let near = before.filter(|before| *before <= FARTHEST).map(|before| place.start.saturating_sub(before));
        let tried = match (near, pattern.longest) {
            (Some(start), Some(longest)) if asked.may_read(index, text.len(), place.end + longest - start) => {
                let matched = engine.matches_in(text, start..text.len().min(place.end + longest));
                if matched { Tried::Matched } else { Tried::Failed }
            }
            (Some(start), None) if place.len() == 1 => {
                engine.try_from(text, start..place.end, asked.budget(index, text.len()))
            }
            _ => Tried::Unknown,
        };
        let matched = match tried {
            Tried::Matched => true,
            Tried::Failed => false,
            Tried::Unknown => {
                asked.settle(index);
                engine.matches_in(text, 0..text.len())
            }
        };
        if matched {
            asked.settle(index);
        }
        matched
    }

    /// Call `hit` with each place whose window some pattern needs, until it says true.
    fn each_hit(&self, text: &[u8], mut hit: impl FnMut(usize, u32) -> bool) {
        let symbol = |byte: &u8| SYMBOL[usize::from(*byte)];
        let mut gram: u32 = text.iter().take(WINDOW - 1).fold(0, |gram, byte| gram << 6 | u32::from(symbol(byte)));
        let mut look = |at: usize, gram: u32| {
            let (before, behind) = self.around[bucket(gram)];
            let fits = at.checked_sub(1).map_or(before == ALL, |at| before >> symbol(&text[at]) & 1 == 1)
                && behind >> text.get(at + WINDOW).map_or(END, symbol) & 1 == 1;
            fits && hit(at, gram)
        };
        for (at, byte) in text.iter().skip(WINDOW - 1).enumerate() {
            gram = (gram << 6 | u32::from(symbol(byte))) & MASK;
            if self.grams[(gram >> 6) as usize] >> (gram & 63) & 1 == 1 && look(at, gram) {
                return;
            }
        }
        // What stands at the end may be shorter than a window.
        for at in text.len().saturating_sub(WINDOW - 1)..text.len() {
            gram = (at..at + WINDOW).fold(0, |gram, at| gram << 6 | u32::from(text.get(at).map_or(END, symbol)));
            if self.grams[(gram >> 6) as usize] >> (gram & 63) & 1 == 1 && look(at, gram) {
                return;
            }
        }
    }
}

impl Stretch {
    /// Return where in `text` so many neighbours of the set begin, and so many digits among them.
    fn stands_in(&self, text: &[u8]) -> Option<usize> {
        let mut begin = 0;
        for part in text.split(|byte| self.set >> SYMBOL[usize::from(*byte)] & 1 == 0) {
            if part.len() >= self.length
                && (self.digits == 0 || part.iter().filter(|byte| byte.is_ascii_digit()).count() >= self.digits)
            {
                return Some(begin);
            }
            begin += part.len() + 1;
        }
        None
    }
}

/// How many bytes may still be read for each pattern that was tried in a text, so that the work stays in step with its length; none once it is
/// known whether the pattern matches.
#[derive(Default)]
struct Asked(Vec<(usize, Option<usize>)>);

impl Asked {
    fn is_settled(&self, pattern: usize) -> bool {
        self.0.iter().any(|(known, left)| *known == pattern && left.is_none())
    }

    fn settle(&mut self, pattern: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, left)) => *left = None,
            None => self.0.push((pattern, None)),
        }
    }

    fn budget(&mut self, pattern: usize, length: usize) -> &mut usize {
        let at = self.0.iter().position(|(known, _)| *known == pattern).unwrap_or_else(|| {
            self.0.push((pattern, None));
            self.0.len() - 1
        });
        self.0[at].1.get_or_insert(BUDGET_FLOOR + BUDGET_SHARE * length)
    }

    fn may_read(&mut self, pattern: usize, length: usize, bytes: usize) -> bool {
        let left = self.budget(pattern, length);
        let enough = left.checked_sub(bytes);
        *left = enough.unwrap_or(0);
        enough.is_some()
    }
}

fn stands_at(entry: &Entry, text: &[u8], window_at: usize) -> bool {
    let Some(begin) = window_at.checked_sub(entry.window) else { return false };
    entry.sets.iter().enumerate().all(|(index, set)| {
        let symbol = text.get(begin + index).map_or(END, |byte| SYMBOL[usize::from(*byte)]);
        set >> symbol & 1 == 1
    })
}

fn bucket(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> 20) as usize
}

fn members(set: u64) -> impl Iterator<Item = u32> {
    (0..symbols::SYMBOLS).filter(move |symbol| set >> symbol & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(patterns: &[&str], text: &str) -> Vec<usize> {
        let owned: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        let mut found = Vec::new();
        Gate::new(&owned)
            .map_err(|refused| refused.reason)
            .unwrap_or_else(|reason| panic!("{reason}"))
            .fired(text.as_bytes(), &mut found);
        found.sort_unstable();
        found
    }

    #[test]
    fn patterns_fire_where_they_match_and_nowhere_else() {
        let patterns = [
            "(?i)ignore",
            r"\d{3}-\d{2}-\d{4}",
            "a@b",
            "x",
            r"(?:AKIA|ASIA)[A-Z0-9]{16}",
            "игнор",
            "(?i)ИГНОР",
            r"[a-z]+:\d*/",
        ];
        assert_eq!(fired(&patterns, "nothing here"), Vec::<usize>::new());
        assert_eq!(fired(&patterns, "please IGNORE it"), [0]);
        assert_eq!(fired(&patterns, "123-45-6789"), [1]);
        assert_eq!(fired(&patterns, "123-45-678"), Vec::<usize>::new());
        assert_eq!(fired(&patterns, "a@b"), [2]);
        assert_eq!(fired(&patterns, "x"), [3]);
        assert_eq!(fired(&patterns, "ASIA0123456789ABCDEF"), [4]);
        assert_eq!(fired(&patterns, "Игнорируй"), [6]);
        assert_eq!(fired(&patterns, "игнорируй"), [5, 6]);
        assert_eq!(fired(&patterns, "http:/"), [7]);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        assert_eq!(Gate::new(&["ok".into(), "(".into()]).err().map(|refused| refused.index), Some(1));
    }
}
