//! The gate: says of a text which patterns may match in it, at the price of one look at each byte when none does.
//!
//! Four steps, each sound, which means that it lets every match pass. First, whether four neighbouring symbols are among those that some pattern
//! needs: one bit of a table of 2^24. Then, whether the whole run that the pattern needs stands there, and behind it what else it needs. Then,
//! whether the pattern itself matches around it, by an engine that takes linear time. Last, whether the patterns that have to match beside it do so
//! somewhere in the text.

mod asked;
mod dialect;
mod engine;
pub mod folding;
mod relaxed;
mod required;
mod sample;
mod stretches;
pub mod symbols;
mod windows;

use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread::{Builder, available_parallelism, scope};

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

pub use asked::Asked;
use asked::MOST_BEGUN;
use engine::{Engine, Met, Tried};
use relaxed::relaxed;
use required::{COUNT, Cut, FARTHEST, FARTHEST_SEARCH, Needs, Run, beginning, reach, required};
use sample::Sample;
use stretches::{Stretch, Stretches};
use symbols::{ALL, SYMBOL, is_edge};
use windows::{Entry, Link, Windows};

/// How often windows are seen in texts as they are.
const SAMPLE: &str = include_str!("windows.txt");
const DEEPEST_PATTERN: u32 = 100;
/// So many threads prepare patterns at most.
const MOST_THREADS: usize = 4;
/// What looking for a pattern may cost that is not worth comparing with another.
const RARE: u64 = 100 << COUNT;
/// To try one place costs what reading so many bytes does.
const TRY_COST: usize = 8;

/// A pattern that the gate cannot take, and why.
#[derive(Debug)]
pub struct Refused {
    /// Its place among the patterns.
    pub index: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// A pattern that announces others, and is prepared when it is tried.
struct First {
    source: String,
    /// Whether another pattern is tried instead, which matches wherever this one does (see `relaxed`).
    is_relaxed: bool,
    /// Over how many bytes it matches at most, where that is known and little (see `required::reach`).
    reach: Option<usize>,
    /// Whether that holds in every text, and not only where no run is long.
    is_bounded: bool,
    /// With which symbols a match begins, and whether a word begins or ends there.
    begins: (u64, bool),
    engine: OnceLock<Option<Engine>>,
    number: usize,
}

impl First {
    fn new(source: &str, hir: &Hir) -> Self {
        Self {
            source: source.to_owned(),
            is_relaxed: relaxed(hir).is_some(),
            reach: reach(hir).filter(|reach| *reach <= FARTHEST_SEARCH),
            is_bounded: hir.properties().maximum_len().is_some(),
            begins: beginning(hir).unwrap_or((ALL, false)),
            engine: OnceLock::new(),
            number: 0,
        }
    }

    /// The engine for it; None where it is too large for one, and then it counts as found: the closer look decides.
    fn engine(&self) -> Option<&Engine> {
        let prepared = || {
            let hir = parsed(&self.source).ok()?;
            Engine::new(&relaxed(&hir).unwrap_or(hir))
        };
        self.engine.get_or_init(prepared).as_ref()
    }

    /// Whether a match may begin at `at`.
    fn may_begin(&self, text: &[u8], at: usize) -> bool {
        let (set, is_at_an_edge) = self.begins;
        set >> SYMBOL[usize::from(text[at])] & 1 == 1 && (!is_at_an_edge || is_edge(text, at))
    }

    /// Whether one match may reach over `place`.
    fn may_span(&self, text: &[u8], place: Range<usize>, asked: &mut Asked) -> bool {
        self.reach.is_none_or(|reach| place.len() <= reach) || !self.is_bounded && asked.has_long_runs(text, place)
    }

    /// Whether it matches somewhere in `text`.
    fn matches(&self, text: &[u8], asked: &mut Asked) -> bool {
        self.engine().is_none_or(|engine| engine.matches_in(text, 0..text.len(), asked.met(self.number)))
    }
}

/// A pattern that is asked where another one announced it, and prepared only then.
struct Other {
    source: String,
    engine: OnceLock<Option<Engine>>,
    number: usize,
}

impl Other {
    /// Whether it matches in `text`. What no engine takes counts as a match: the closer look decides.
    fn matches(&self, text: &[u8], met: &mut Met) -> bool {
        self.engine
            .get_or_init(|| Engine::new(&parsed(&self.source).ok()?))
            .as_ref()
            .is_none_or(|engine| engine.matches_in(text, 0..text.len(), met))
    }
}

fn parsed(source: &str) -> Result<Hir, String> {
    read(&dialect::translated(source, dialect::BEYOND_ASCII))
}

/// Read a pattern for texts of ASCII characters: what it matches there, and nothing more.
pub(crate) fn parsed_for_ascii(source: &str) -> Result<Hir, String> {
    read(&dialect::translated(source, ""))
}

fn read(translated: &str) -> Result<Hir, String> {
    ParserBuilder::new()
        .utf8(false)
        .nest_limit(DEEPEST_PATTERN)
        .build()
        .parse(translated)
        .map_err(|error| error.to_string())
}

/// Patterns of which all have to match in one text.
struct Wanted {
    first: First,
    others: Vec<Other>,
}

impl Wanted {
    fn others_match(&self, text: &[u8], asked: &mut Asked) -> bool {
        self.others.iter().all(|other| other.matches(text, asked.met(other.number)))
    }
}

/// How an entry is looked for.
struct Plan {
    /// What announces it; None where nothing is known to.
    needs: Option<Needs>,
    first: First,
    others: Vec<Other>,
}

impl Plan {
    /// Choose the pattern that is announced by the rarest runs. That is the first one if its own are rare enough.
    fn new(sources: &[String], sample: &Sample) -> Result<Self, String> {
        let mut best: Option<(Option<Needs>, usize, First)> = None;
        for (place, source) in sources.iter().enumerate() {
            let hir = parsed(source)?;
            let first = First::new(source, &hir);
            let needs = required(&hir, first.reach, sample);
            let cost = |needs: &Option<Needs>| needs.as_ref().map_or(u64::MAX, |needs| needs.cost);
            let cheap = cost(&needs);
            if best.as_ref().is_none_or(|(known, ..)| cheap < cost(known)) {
                best = Some((needs, place, first));
            }
            if cheap < RARE {
                break;
            }
        }
        let (needs, place, first) = best.ok_or("no pattern")?;
        let others = sources
            .iter()
            .enumerate()
            .filter(|(other, source)| if *other == place { first.is_relaxed } else { **source != first.source });
        let others = others.map(|(_, source)| Other { source: source.clone(), engine: OnceLock::new(), number: 0 });
        Ok(Self { needs, others: others.collect(), first })
    }
}

/// Return the plan of each entry. They are made by several threads: a command that starts waits for this.
fn plans(wanted: &[Vec<String>]) -> Vec<Result<Plan, String>> {
    let threads = available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let share = |number: usize| {
        let sample = Sample::new(SAMPLE);
        wanted.iter().skip(number).step_by(threads).map(|sources| Plan::new(sources, &sample)).collect::<Vec<_>>()
    };
    scope(|scope| {
        let share = &share;
        let started: Vec<_> = (1..threads)
            .map(|number| Builder::new().spawn_scoped(scope, move || share(number)).map_err(|_| number))
            .collect();
        let mut shares = vec![share(0).into_iter()];
        for thread in started {
            // A thread that could not be had is done without; one that panicked panics here too.
            let done = thread.map_or_else(share, |thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            shares.push(done.into_iter());
        }
        (0..wanted.len()).filter_map(|index| shares[index % threads].next()).collect()
    })
}

/// Patterns, ready to be looked for.
pub struct Gate {
    windows: Windows,
    words: Stretches,
    numbers: Stretches,
    wanted: Vec<Wanted>,
    always: Vec<usize>,
    engines: usize,
    links: usize,
}

impl Gate {
    /// Prepare what is `wanted`: each entry is patterns that all have to match, in the syntax that RE2 and Rust's engine share.
    ///
    /// # Errors
    /// The first entry with a pattern that is none.
    pub fn new(wanted: &[Vec<String>]) -> Result<Self, Refused> {
        let mut gate = Self {
            windows: Windows::none(),
            words: Stretches::none(),
            numbers: Stretches::none(),
            wanted: Vec::with_capacity(wanted.len()),
            always: Vec::new(),
            engines: 0,
            links: 0,
        };
        for (index, plan) in plans(wanted).into_iter().enumerate() {
            gate.want(index, plan.map_err(|reason| Refused { index, reason })?);
        }
        gate.windows.finish();
        Ok(gate)
    }

    fn want(&mut self, index: usize, plan: Plan) {
        let Plan { needs, mut first, mut others } = plan;
        if let Some(needs) = needs {
            needs.chains.into_iter().for_each(|chain| self.enter_chain(index, chain));
        } else {
            self.always.push(index);
        }
        first.number = self.engines;
        for (other, number) in others.iter_mut().zip(self.engines + 1..) {
            other.number = number;
        }
        self.engines += 1 + others.len();
        self.wanted.push(Wanted { first, others });
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

    fn enter_chain(&mut self, pattern: usize, chain: Vec<Cut>) {
        let first = self.links;
        let last = first + chain.len() - 1;
        for (number, cut) in chain.into_iter().enumerate() {
            let link = match first + number {
                _ if first == last => Link::Only,
                here if here == first => Link::First(first),
                here if here < last => Link::Next(here),
                here => Link::Last(here, first),
            };
            cut.runs.into_iter().for_each(|run| self.enter(pattern, run, link));
        }
        self.links = last + 1;
    }

    fn enter(&mut self, pattern: usize, run: Run, link: Link) {
        match run {
            Run::Window { sets, window, edges, before, .. } => {
                let looked_up = std::array::from_fn(|place| sets[window + place]);
                self.windows.enter(Entry::new((pattern, link), &sets, window, edges, before), looked_up);
            }
            Run::Stretch { set, length, digits, before } => {
                let kind = if digits > 0 { &mut self.numbers } else { &mut self.words };
                kind.enter(Stretch { pattern, set, length, digits, before });
            }
        }
    }

    /// Add the places of the entries that match in `text` to `fired`, each once. `asked` may have been used for other texts, by this gate.
    pub fn fired(&self, text: &[u8], asked: &mut Asked, fired: &mut Vec<usize>) {
        asked.begin(self.wanted.len(), self.engines, self.links);
        fired.extend(self.always.iter().filter(|index| self.matches(**index, text, asked)));
        self.windows.each(text, |at, entry| self.look_at(entry, text, at, asked, fired));
        for kind in [&self.words, &self.numbers] {
            kind.each(text, |place, wanted| self.try_at(wanted.pattern, wanted.before, text, place, asked, fired));
        }
        asked.end();
    }

    /// Look at an entry whose window stands at `at`.
    fn look_at(&self, entry: &Entry, text: &[u8], at: usize, asked: &mut Asked, fired: &mut Vec<usize>) {
        if asked.is_settled(entry.pattern) || !self.is_next(entry, text, at, asked) {
            return;
        }
        let Some(begin) = entry.begin(text, at) else { return };
        match entry.link {
            Link::Only => self.try_at(entry.pattern, entry.before, text, begin..begin + 1, asked, fired),
            Link::First(link) => {
                if asked.begin_chain(link, at, (begin, entry.before)) >= MOST_BEGUN {
                    self.make_room(entry.pattern, link, text, at, asked, fired);
                }
            }
            Link::Next(link) => asked.see(link, at),
            Link::Last(_, first) => {
                let pattern = &self.wanted[entry.pattern].first;
                while let Some((begin, before)) = asked.take_begun(first) {
                    if pattern.may_span(text, begin..at, asked) {
                        self.try_at(entry.pattern, before, text, begin..begin + 1, asked, fired);
                    }
                }
            }
        }
    }

    /// Forget where matches that would have ended by now were begun. Where that makes no room, the whole text is searched, and the pattern settled: an
    /// attacker may write one word over and over.
    fn make_room(&self, index: usize, link: usize, text: &[u8], at: usize, asked: &mut Asked, fired: &mut Vec<usize>) {
        let pattern = &self.wanted[index].first;
        let left = asked.forget(link, |begin, asked| !pattern.may_span(text, begin..at, asked));
        if left > MOST_BEGUN / 2 {
            asked.settle(index);
            if self.matches(index, text, asked) {
                fired.push(index);
            }
        }
    }

    /// Whether the link before this one was seen, so shortly before `at` that one match may hold both.
    fn is_next(&self, entry: &Entry, text: &[u8], at: usize, asked: &mut Asked) -> bool {
        match entry.link {
            Link::Only | Link::First(_) => true,
            Link::Next(link) | Link::Last(link, _) => asked
                .seen(link - 1)
                .is_some_and(|seen| self.wanted[entry.pattern].first.may_span(text, seen..at, asked)),
        }
    }

    fn matches(&self, index: usize, text: &[u8], asked: &mut Asked) -> bool {
        let wanted = &self.wanted[index];
        wanted.first.matches(text, asked) && wanted.others_match(text, asked)
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
            Tried::Unknown => wanted.first.matches(text, asked),
        };
        asked.settle(index);
        if matched && wanted.others_match(text, asked) {
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
        let is_one_of_few = |before: usize| place.len() == 1 && before <= FARTHEST;
        let Some(reach) = pattern.reach else {
            if !is_one_of_few(before) || !pattern.is_bounded && asked.has_long_runs(text, start..place.end) {
                return Tried::Unknown;
            }
            return self.try_each(index, engine, text, start..place.end, None, asked);
        };
        let around = start..text.len().min(place.end + reach);
        let longer = if pattern.is_bounded { 0 } else { longer_by(text, &around, asked) };
        let (start, end) = (start.saturating_sub(longer), text.len().min(around.end + longer));
        if start == 0 && end == text.len() {
            return Tried::Unknown;
        }
        let starts = || (start..place.end).filter(|at| pattern.may_begin(text, *at)).count();
        if is_one_of_few(before + longer) && starts() * TRY_COST < end - start {
            return self.try_each(index, engine, text, start..place.end, Some(reach + longer), asked);
        }
        if !asked.may_read(index, text.len(), end - start) {
            return Tried::Unknown;
        }
        if engine.matches_in(text, start..end, asked.met(pattern.number)) { Tried::Matched } else { Tried::Failed }
    }

    /// Try the first pattern of an entry from each place in `starts` where it may begin.
    fn try_each(
        &self,
        index: usize,
        engine: &Engine,
        text: &[u8],
        starts: Range<usize>,
        reach: Option<usize>,
        asked: &mut Asked,
    ) -> Tried {
        let pattern = &self.wanted[index].first;
        let (budget, met) = asked.budget_and_met(index, text.len(), pattern.number);
        let starts = starts.filter(|at| pattern.may_begin(text, *at));
        engine.try_from(text, starts, reach, budget, met)
    }
}

/// By how much a match within `place` may be longer than its pattern reaches in a text without long runs.
///
/// Of a match no part is longer than the reach and the long runs that it touches. So what is `place` and as much more on both sides as the runs in it
/// have holds every match that touches the middle of it.
fn longer_by(text: &[u8], place: &Range<usize>, asked: &mut Asked) -> usize {
    let mut longer = 0;
    loop {
        let (start, end) = (place.start.saturating_sub(longer), text.len().min(place.end + longer));
        let runs = asked.in_long_runs(text, start..end);
        if runs <= longer || start == 0 && end == text.len() {
            return longer.max(runs);
        }
        longer = runs;
    }
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
    fn a_chain_holds_wherever_its_links_stand() {
        let pattern = r"(?i)\b(?:read|open|get)\b[^\n]{0,60}?\b(?:used|called|run)\b";
        let gate = Gate::new(&[vec![pattern.to_string()]]).map_err(|refused| refused.reason);
        assert_eq!(gate.map(|gate| gate.links), Ok(2));
        for (text, found) in [
            ("Open the file, read it twice,\nand get what is called a rest.", true),
            ("read, then run", true),
            ("read it. Read all of it; it is used", true),
            (&format!("read {} and run", "x".repeat(80)), false),
            (&format!("read {} and run, or read and run", "x".repeat(80)), true),
            ("run, but read", false),
            ("used by what you read and run", true),
        ] {
            assert_eq!(fired(&[pattern, "called.*z"], text).contains(&0), found, "{text}");
        }
    }

    #[test]
    fn a_word_said_over_and_over_is_remembered_a_few_times_only() {
        let pattern = r"(?i)\b(?:read|open|get)\b[^\n]{0,60}?\b(?:used|called|run)\b";
        let wanted = vec![vec![pattern.to_string()]];
        let gate = Gate::new(&wanted).map_err(|refused| refused.reason).unwrap_or_else(|reason| panic!("{reason}"));
        assert_eq!(gate.links, 2);
        let mut asked = Asked::default();
        for gap in [" ", " and so on, and on, and on; ", "\n"] {
            for (end, found) in [("run", gap != "\n"), ("ran", false)] {
                let text = format!("{}{end}", format!("read{gap}").repeat(20_000));
                let mut fired = Vec::new();
                gate.fired(text.as_bytes(), &mut asked, &mut fired);
                assert_eq!(fired.len(), usize::from(found), "{gap:?} {end}");
                assert!((1..=MOST_BEGUN).contains(&asked.most_begun()));
            }
        }
    }

    #[test]
    fn one_link_may_be_the_end_of_what_is_repeated_before_it() {
        let pattern = "(?:ab){2,4}(?:ab){2}c[^x]{0,20}d{3,5}e";
        for text in ["ababababc ddde", "abababababababababc dddddde", "ababababcddde"] {
            assert_eq!(fired(&[pattern], text), [0], "{text}");
        }
        assert!(fired(&[pattern], "abababc ddde").is_empty());
    }

    #[test]
    fn what_a_panic_left_behind_is_not_used() {
        let wanted = vec![vec!["abcd".to_string()]];
        let gate = Gate::new(&wanted).map_err(|refused| refused.reason).unwrap_or_else(|reason| panic!("{reason}"));
        let mut asked = Asked::default();
        asked.begin(1, 2, 1);
        asked.settle(0);
        let mut found = Vec::new();
        gate.fired(b"abcd", &mut asked, &mut found);
        assert_eq!(found, [0]);
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
