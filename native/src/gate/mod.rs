//! The gate: says of a text which patterns may match in it, at the price of one look at each byte when none does.
//!
//! Four steps, each sound, which means that it lets every match pass. First, whether four neighbouring symbols are among those that some pattern
//! needs: one bit of a table of 2^24. Then, whether the whole run that the pattern needs stands there. Then, whether the pattern itself matches
//! around it, by an engine that takes linear time. Last, whether the patterns that have to match beside it do so somewhere in the text.

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
use required::{FARTHEST, FARTHEST_SEARCH, Run, Sample, WINDOW, is_blank, is_of_a_word, required};
use symbols::{END, SYMBOL, members};

const GRAMS: usize = 1 << 24;
const WORDS: usize = GRAMS / 64;
const MASK: u32 = 0x00ff_ffff;
/// How often windows are seen in texts as they are.
const SAMPLE: &str = include_str!("windows.txt");
const DEEPEST_PATTERN: u32 = 100;
const PAIRS: usize = 64 * 64;
const BUCKETS: usize = 1 << 14;
/// Windows that stand for more than this are found by their first two symbols.
const NARROW: u64 = 64;
/// What looking for a pattern may cost that is not worth comparing with another.
const RARE: u64 = 40 << 24;
/// What a try costs grows with the reach of the pattern: it doubles with so many bytes; one without end costs so many times more.
const SHORT: u64 = 48;
const ENDLESS_COST: u64 = 8;
/// To try one place costs what reading so many bytes does.
const TRY_COST: usize = 8;
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
    edges: (bool, Option<usize>),
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
    fn each(&self, text: &[u8], mut look: impl FnMut(Range<usize>)) {
        let is_member = |at: usize| self.any >> SYMBOL[usize::from(text[at])] & 1 == 1;
        let mut begin: usize = 0;
        while let Some(last) = begin.checked_add(self.shortest).filter(|end| *end <= text.len()) {
            if let Some(other) = (begin..last).rev().find(|at| !is_member(*at)) {
                begin = other + 1;
                continue;
            }
            let end = (last..text.len()).find(|at| !is_member(*at)).unwrap_or(text.len());
            look(begin..end);
            begin = end + 1;
        }
    }
}

/// A pattern that announces others.
struct First {
    hir: Hir,
    /// Over how many bytes it matches at most, where that is known and little (see `required::reach`).
    reach: Option<usize>,
    /// Whether that holds in every text, and not only where no run is long.
    is_bounded: bool,
    engine: OnceLock<Option<Engine>>,
}

impl First {
    fn new(source: &str) -> Result<Self, String> {
        let hir = parsed(source)?;
        let reach = required::reach(&hir).filter(|reach| *reach <= FARTHEST_SEARCH);
        let is_bounded = hir.properties().maximum_len().is_some();
        Ok(Self { hir, reach, is_bounded, engine: OnceLock::new() })
    }

    /// The engine for it; None where it is too large for one, and then it counts as found: the closer look decides.
    fn engine(&self) -> Option<&Engine> {
        self.engine.get_or_init(|| Engine::new(&self.hir)).as_ref()
    }

    /// What it needs and what looking for that costs.
    fn required(&self, sample: &Sample) -> Option<(u64, Vec<Run>)> {
        let (cost, runs) = required(&self.hir, sample)?;
        Some((cost.saturating_mul(self.reach.map_or(ENDLESS_COST, |reach| 1 + reach as u64 / SHORT)), runs))
    }
}

/// A pattern that is asked where another one announced it, and prepared only then.
struct Other {
    source: String,
    engine: OnceLock<Option<Engine>>,
}

impl Other {
    /// Whether it matches in `text`. What no engine takes counts as a match: the closer look decides.
    fn matches(&self, text: &[u8]) -> bool {
        self.engine
            .get_or_init(|| Engine::new(&parsed(&self.source).ok()?))
            .as_ref()
            .is_none_or(|engine| engine.matches_in(text, 0..text.len()))
    }
}

fn parsed(source: &str) -> Result<Hir, String> {
    ParserBuilder::new()
        .utf8(false)
        .nest_limit(DEEPEST_PATTERN)
        .build()
        .parse(&dialect::translated(source))
        .map_err(|error| error.to_string())
}

/// Patterns of which all have to match in one text.
struct Wanted {
    first: First,
    others: Vec<Other>,
}

impl Wanted {
    fn others_match(&self, text: &[u8]) -> bool {
        self.others.iter().all(|other| other.matches(text))
    }
}

/// Patterns, ready to be looked for.
pub struct Gate {
    grams: Box<[u64]>,
    entries: Vec<Entry>,
    /// Windows of few forms with the entries that they belong to, by bucket, and where each bucket begins.
    narrow: Vec<(u32, u32)>,
    buckets: Vec<u32>,
    /// By their first two symbols: windows of many forms.
    wide: Vec<Vec<(u64, u64, u32)>>,
    wanted: Vec<Wanted>,
    always: Vec<usize>,
    words: Stretches,
    numbers: Stretches,
}

impl Gate {
    /// Prepare what is `wanted`: each entry is patterns that all have to match, in the syntax that RE2 and Rust's engine share.
    ///
    /// # Errors
    /// The first entry with a pattern that is none.
    pub fn new(wanted: &[Vec<String>]) -> Result<Self, Refused> {
        let sample = Sample::new(SAMPLE);
        let mut gate = Self {
            grams: vec![0; WORDS].into_boxed_slice(),
            entries: Vec::new(),
            narrow: Vec::new(),
            buckets: Vec::new(),
            wide: vec![Vec::new(); PAIRS],
            wanted: Vec::with_capacity(wanted.len()),
            always: Vec::new(),
            words: Stretches::none(),
            numbers: Stretches::none(),
        };
        for (index, sources) in wanted.iter().enumerate() {
            gate.want(index, sources, &sample).map_err(|reason| Refused { index, reason })?;
        }
        gate.narrow.sort_unstable_by_key(|(gram, number)| (bucket(*gram), *gram, *number));
        gate.buckets = (0..=BUCKETS)
            .map(|place| gate.narrow.partition_point(|(gram, _)| bucket(*gram) < place))
            .filter_map(|begin| u32::try_from(begin).ok())
            .collect();
        Ok(gate)
    }

    /// Enter the runs of the pattern that is announced by the rarest. That is the first one if its own are rare enough.
    fn want(&mut self, index: usize, sources: &[String], sample: &Sample) -> Result<(), String> {
        let mut best: Option<(u64, Vec<Run>, usize, First)> = None;
        let mut known = None;
        for (place, source) in sources.iter().enumerate() {
            let first = First::new(source)?;
            let Some((cost, runs)) = first.required(sample) else {
                known.get_or_insert((place, first));
                continue;
            };
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, runs, place, first));
            }
            if cost < RARE {
                break;
            }
        }
        let (place, first) = if let Some((_, runs, place, first)) = best {
            for run in runs {
                self.enter(index, run);
            }
            (place, first)
        } else {
            self.always.push(index);
            known.ok_or("no pattern")?
        };
        let others = sources.iter().enumerate().filter(|(other, _)| *other != place);
        let others = others.map(|(_, source)| Other { source: source.clone(), engine: OnceLock::new() }).collect();
        self.wanted.push(Wanted { first, others });
        Ok(())
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.wanted.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    fn enter(&mut self, pattern: usize, run: Run) {
        match run {
            Run::Window { sets, window, edges, before } => {
                self.enter_window(Entry { pattern, sets, window, edges, before });
            }
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
        let is_narrow = window.iter().map(|set| u64::from(set.count_ones())).product::<u64>() <= NARROW;
        for first in members(window[0]) {
            for second in members(window[1]) {
                if !is_narrow {
                    self.wide[(first << 6 | second) as usize].push((window[2], window[3], number));
                }
                for third in members(window[2]) {
                    let begin = first << 12 | second << 6 | third;
                    self.grams[begin as usize] |= window[3];
                    if is_narrow {
                        self.narrow.extend(members(window[3]).map(|last| (begin << 6 | last, number)));
                    }
                }
            }
        }
        self.entries.push(entry);
    }

    /// Add the places of the entries that match in `text` to `fired`, each once. `asked` may have been used for other texts.
    pub fn fired(&self, text: &[u8], asked: &mut Asked, fired: &mut Vec<usize>) {
        asked.begin(self.wanted.len());
        fired.extend(self.always.iter().filter(|index| self.matches(**index, text)));
        self.each_hit(text, |at, gram| self.look_at_window(text, at, gram, asked, fired));
        for kind in [&self.words, &self.numbers] {
            kind.each(text, |place| {
                for wanted in &kind.all {
                    if let Some(begin) = wanted.stands_in(&text[place.clone()]) {
                        let place = place.start + begin..place.end;
                        self.try_at(wanted.pattern, wanted.before, text, place, asked, fired);
                    }
                }
            });
        }
    }

    fn look_at_window(&self, text: &[u8], at: usize, gram: u32, asked: &mut Asked, fired: &mut Vec<usize>) {
        let place = bucket(gram);
        let narrow = &self.narrow[self.buckets[place] as usize..self.buckets[place + 1] as usize];
        let narrow = narrow.iter().filter(|(known, _)| *known == gram).map(|(_, number)| number);
        let wide = self.wide[(gram >> 12) as usize]
            .iter()
            .filter(|(third, last, _)| third >> (gram >> 6 & 63) & last >> (gram & 63) & 1 == 1)
            .map(|(_, _, number)| number);
        for number in narrow.chain(wide) {
            let entry = &self.entries[*number as usize];
            if !asked.is_settled(entry.pattern) && stands_at(entry, text, at) {
                let begin = at - entry.window;
                self.try_at(entry.pattern, entry.before, text, begin..begin + 1, asked, fired);
            }
        }
    }

    fn matches(&self, index: usize, text: &[u8]) -> bool {
        let wanted = &self.wanted[index];
        wanted.first.engine().is_none_or(|engine| engine.matches_in(text, 0..text.len())) && wanted.others_match(text)
    }

    /// Try an entry whose first pattern has a run that begins within `place`. What is settled is not looked for again.
    fn try_at(
        &self,
        index: usize,
        before: Option<usize>,
        text: &[u8],
        place: Range<usize>,
        asked: &mut Asked,
        fired: &mut Vec<usize>,
    ) {
        if asked.is_settled(index) {
            return;
        }
        let wanted = &self.wanted[index];
        let matched = match self.try_near(index, before, text, &place, asked) {
            Tried::Matched => true,
            Tried::Failed => return,
            Tried::Unknown => wanted.first.engine().is_none_or(|engine| engine.matches_in(text, 0..text.len())),
        };
        asked.settle(index);
        if matched && wanted.others_match(text) {
            fired.push(index);
        }
    }

    /// Try the first pattern of an entry around `place`, as far as it reaches.
    fn try_near(
        &self,
        index: usize,
        before: Option<usize>,
        text: &[u8],
        place: &Range<usize>,
        asked: &mut Asked,
    ) -> Tried {
        let pattern = &self.wanted[index].first;
        let (Some(before), Some(engine)) = (before, pattern.engine()) else { return Tried::Unknown };
        let start = place.start.saturating_sub(before);
        let end = pattern.reach.map(|reach| text.len().min(place.end + reach));
        let sees_all = start == 0 && end == Some(text.len());
        if sees_all || !pattern.is_bounded && asked.has_long_runs(text, start..end.unwrap_or(place.end)) {
            return Tried::Unknown;
        }
        let tries = place.len() + before;
        match end {
            _ if place.len() == 1 && before <= FARTHEST && end.is_none_or(|end| tries * TRY_COST < end - start) => {
                engine.try_from(text, start..place.end, asked.budget(index, text.len()))
            }
            Some(end) if asked.may_read(index, text.len(), end - start) => {
                if engine.matches_in(text, start..end) {
                    Tried::Matched
                } else {
                    Tried::Failed
                }
            }
            _ => Tried::Unknown,
        }
    }

    /// Call `hit` with each place whose window some pattern needs.
    fn each_hit(&self, text: &[u8], mut hit: impl FnMut(usize, u32)) {
        let symbol = |byte: &u8| SYMBOL[usize::from(*byte)];
        let mut gram: u32 = text.iter().take(WINDOW - 1).fold(0, |gram, byte| gram << 6 | u32::from(symbol(byte)));
        for (at, byte) in text.iter().skip(WINDOW - 1).enumerate() {
            gram = (gram << 6 | u32::from(symbol(byte))) & MASK;
            if self.grams[(gram >> 6) as usize] >> (gram & 63) & 1 == 1 {
                hit(at, gram);
            }
        }
        // What stands at the end may be shorter than a window.
        for at in text.len().saturating_sub(WINDOW - 1)..text.len() {
            gram = (at..at + WINDOW).fold(0, |gram, at| gram << 6 | u32::from(text.get(at).map_or(END, symbol)));
            if self.grams[(gram >> 6) as usize] >> (gram & 63) & 1 == 1 {
                hit(at, gram);
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

/// How many bytes may still be read for each entry that was tried in a text, so that the work stays in step with its length; none once it is known
/// whether the entry matches.
#[derive(Default)]
pub struct Asked {
    /// For each entry: the text in which it was tried last, and what is left of its budget there.
    left: Vec<(u32, usize)>,
    text: u32,
    long_runs: Option<Vec<Range<usize>>>,
}

const SETTLED: usize = usize::MAX;

impl Asked {
    /// Begin with another text, of which nothing is known.
    fn begin(&mut self, entries: usize) {
        self.long_runs = None;
        self.text = self.text.wrapping_add(1);
        if self.left.len() != entries || self.text == 0 {
            self.left = vec![(0, 0); entries];
            self.text = 1;
        }
    }

    fn is_settled(&self, entry: usize) -> bool {
        self.left[entry] == (self.text, SETTLED)
    }

    fn settle(&mut self, entry: usize) {
        self.left[entry] = (self.text, SETTLED);
    }

    fn budget(&mut self, entry: usize, length: usize) -> &mut usize {
        let (text, left) = &mut self.left[entry];
        if *text != self.text {
            (*text, *left) = (self.text, BUDGET_FLOOR + BUDGET_SHARE * length);
        }
        left
    }

    /// Whether a run in which the reach of a pattern means nothing may stand near `place`.
    fn has_long_runs(&mut self, text: &[u8], place: Range<usize>) -> bool {
        let runs = self.long_runs.get_or_insert_with(|| {
            let mut runs = long_runs(text, required::LONGEST_WORD, |byte| !is_blank(byte));
            runs.extend(long_runs(text, required::LONGEST_GAP, |byte| !is_of_a_word(byte)));
            runs.sort_unstable_by_key(|run| run.start);
            // Runs of the two kinds may lie within each other: then the one that begins last ends as far.
            let mut end = 0;
            for run in &mut runs {
                end = run.end.max(end);
                run.end = end;
            }
            runs
        });
        let behind = runs.partition_point(|run| run.start <= place.end);
        runs[..behind].last().is_some_and(|run| place.start <= run.end)
    }

    fn may_read(&mut self, pattern: usize, length: usize, bytes: usize) -> bool {
        let left = self.budget(pattern, length);
        let enough = left.checked_sub(bytes);
        *left = enough.unwrap_or(0);
        enough.is_some()
    }
}

/// Return the runs of more than `most` bytes that are all such.
fn long_runs(text: &[u8], most: usize, is_such: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut begin = 0;
    for (at, byte) in text.iter().enumerate() {
        if !is_such(*byte) {
            if at - begin > most {
                runs.push(begin..at);
            }
            begin = at + 1;
        }
    }
    if text.len() - begin > most {
        runs.push(begin..text.len());
    }
    runs
}

fn stands_at(entry: &Entry, text: &[u8], window_at: usize) -> bool {
    let Some(begin) = window_at.checked_sub(entry.window) else { return false };
    let is_edge = |at: usize| is_word_byte(at.checked_sub(1).and_then(|at| text.get(at))) != is_word_byte(text.get(at));
    entry.sets.iter().enumerate().all(|(index, set)| {
        let symbol = text.get(begin + index).map_or(END, |byte| SYMBOL[usize::from(*byte)]);
        set >> symbol & 1 == 1
    }) && (!entry.edges.0 || is_edge(begin))
        && entry.edges.1.is_none_or(|length| is_edge(begin + length))
}

fn is_word_byte(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn bucket(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> 18) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(patterns: &[&str], text: &str) -> Vec<usize> {
        let owned: Vec<Vec<String>> = patterns.iter().map(|pattern| vec![(*pattern).to_string()]).collect();
        let mut found = Vec::new();
        Gate::new(&owned).map_err(|refused| refused.reason).unwrap_or_else(|reason| panic!("{reason}")).fired(
            text.as_bytes(),
            &mut Asked::default(),
            &mut found,
        );
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
    fn runs_are_long_where_words_or_gaps_are() {
        let text = [b"ab ".repeat(40), vec![b'x'; 70], b" ".repeat(20)].concat();
        let mut asked = Asked::default();
        assert!(!asked.has_long_runs(&text, 0..119));
        assert!(asked.has_long_runs(&text, 0..120));
        assert!(asked.has_long_runs(&text, 190..200));
        assert!(!Asked::default().has_long_runs(&b"ab ".repeat(100), 0..300));
    }

    #[test]
    fn all_patterns_of_an_entry_have_to_match() {
        let wanted = vec![vec!["key".to_string(), "k.y [0-9]+".to_string()]];
        let gate = Gate::new(&wanted).map_err(|refused| refused.reason).unwrap_or_else(|reason| panic!("{reason}"));
        let mut asked = Asked::default();
        for (text, count) in [("key", 0), ("kay 5", 0), ("a key 5", 1), ("a key b", 0), ("key, kay 7", 1)] {
            let mut fired = Vec::new();
            gate.fired(text.as_bytes(), &mut asked, &mut fired);
            assert_eq!(fired.len(), count, "{text}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        assert_eq!(
            Gate::new(&[vec!["ok".into()], vec!["ok".into(), "(".into()]]).err().map(|refused| refused.index),
            Some(1)
        );
    }
}
