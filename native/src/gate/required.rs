//! What every match of a pattern must hold: runs of neighbouring bytes, each of a known set of symbols.
//!
//! A pattern is read as a sequence of such sets and of gaps about which nothing is known. A run between two gaps stands in every match; of an
//! alternation, a run of one of its branches does. So whoever finds none of the runs that were chosen for a pattern knows that it does not match.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::symbols::{ALL, SYMBOL, set_of};

/// How many neighbours are looked up at once.
pub const WINDOW: usize = 4;
/// Longer runs are cut: what is checked of them suffices.
const LONGEST_RUN: usize = 48;
/// Shorter stretches are words.
const SHORTEST_STRETCH: usize = 20;
/// Numbers of fewer digits are looked for by their windows.
const FEWEST_DIGITS: usize = 7;
/// More signs than this between digits are no number.
const MOST_SIGNS: u32 = 8;
/// All letters, and all bytes beyond ASCII, whose symbols are those of other bytes too.
const LETTERS: u64 = (1 << 26) - 1;
/// So many forms of one run are told apart.
const MOST_FORMS: usize = 16;
/// So many forms of an alternation are told apart.
const MOST_BRANCHES: usize = 160;
/// Where matches begin further before their runs, the whole text is searched when a run is found, and that costs so many times more.
pub const FARTHEST: usize = 48;
const FAR_COST: u64 = 16;
const NUMBER_COST: u64 = 6 << 24;
/// What looking for a stretch costs: windows seen more often in the sample are worse.
const STRETCH_COST: u64 = 12 << 24;
/// The most windows (as numbers) that one run may stand for.
const MOST_WINDOWS: u64 = 1 << 19;

/// One of the alternatives of which every match holds at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// Neighbours, each of its own set of symbols, of which the four from `window` on are looked up.
    Window {
        /// The set of symbols of each byte.
        sets: Vec<u64>,
        /// The index in `sets` of the first of the four.
        window: usize,
        /// How many bytes of a match stand before the run at most; None where there is no limit.
        before: Option<usize>,
    },
    /// At least `length` neighbours that are all of one set.
    Stretch {
        /// The set of symbols of every byte.
        set: u64,
        /// How many there are at least.
        length: usize,
        /// How many of them are digits at least.
        digits: usize,
        /// How many bytes of a match stand before the run at most; None where there is no limit.
        before: Option<usize>,
    },
}

#[derive(Clone, Debug)]
enum Item {
    Set(u64),
    /// One byte of a set, or nothing.
    Maybe(u64),
    /// Something of at most so many bytes, each of a set.
    Gap(Option<usize>, u64),
    /// The last of the bytes just matched, once more: what follows stands right behind so many copies of them.
    Again(Vec<Item>, usize),
    OneOf(Vec<Vec<Item>>),
}

/// Return the runs of which every match of `hir` holds one, chosen to be rare in `sample` (symbols); None where nothing is known of its matches.
#[must_use]
pub fn required(hir: &Hir, sample: &Sample) -> Option<Vec<Run>> {
    let mut items = Vec::new();
    spell(hir, &mut items);
    best(&items, Some(0), sample).map(|(_, runs)| runs)
}

fn spell(hir: &Hir, items: &mut Vec<Item>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => items.extend(literal.0.iter().map(|byte| Item::Set(set_of(*byte)))),
        HirKind::Class(class) => spell_class(class, items),
        HirKind::Repetition(repetition) => spell_repetition(hir, repetition, items),
        HirKind::Capture(capture) => spell(&capture.sub, items),
        HirKind::Concat(parts) => parts.iter().for_each(|part| spell(part, items)),
        HirKind::Alternation(branches) => {
            let spelt = branches.iter().map(|branch| {
                let mut inner = Vec::new();
                spell(branch, &mut inner);
                inner
            });
            items.push(Item::OneOf(spelt.collect()));
        }
    }
}

fn spell_repetition(hir: &Hir, repetition: &Repetition, items: &mut Vec<Item>) {
    let copies = usize::try_from(repetition.min).unwrap_or(LONGEST_RUN).min(LONGEST_RUN);
    let mut one = Vec::new();
    spell(&repetition.sub, &mut one);
    if let ([Item::Set(set)], 0, Some(1)) = (&*one, copies, repetition.max) {
        items.push(Item::Maybe(*set));
        return;
    }
    let is_exact = repetition.max == Some(repetition.min) && copies < LONGEST_RUN;
    for _ in 0..copies {
        items.extend(one.iter().cloned());
    }
    if !is_exact {
        // The last copies stand right before what follows, whatever the first ones stand behind.
        items.push(Item::Gap(hir.properties().maximum_len(), symbols_of(&one)));
        if copies > 0 && one.iter().all(|item| matches!(item, Item::Set(_))) {
            items.push(Item::Again(one, copies));
        }
    }
}

/// Return the symbols of all bytes that `items` match.
fn symbols_of(items: &[Item]) -> u64 {
    items.iter().fold(0, |union, item| {
        union
            | match item {
                Item::Set(set) | Item::Maybe(set) | Item::Gap(_, set) => *set,
                Item::Again(one, _) => symbols_of(one),
                Item::OneOf(branches) => branches.iter().fold(0, |union, branch| union | symbols_of(branch)),
            }
    })
}

fn spell_class(class: &Class, items: &mut Vec<Item>) {
    let mut by_width: [Vec<u64>; 5] = Default::default();
    match class {
        Class::Bytes(bytes) => {
            by_width[1].push(0);
            for range in bytes.ranges() {
                (range.start()..=range.end()).for_each(|byte| by_width[1][0] |= set_of(byte));
            }
        }
        Class::Unicode(unicode) => {
            for range in unicode.ranges() {
                for sequence in Utf8Sequences::new(range.start(), range.end()) {
                    let bytes = sequence.as_slice();
                    if !is_of_a_folded_letter(bytes, &by_width[1]) {
                        let sets = &mut by_width[bytes.len()];
                        sets.resize(bytes.len(), 0);
                        for (set, range) in sets.iter_mut().zip(bytes) {
                            (range.start..=range.end).for_each(|byte| *set |= set_of(byte));
                        }
                    }
                }
            }
        }
    }
    let mut branches: Vec<Vec<Item>> = by_width
        .into_iter()
        .filter(|sets| !sets.is_empty())
        .map(|sets| sets.into_iter().map(Item::Set).collect())
        .collect();
    match branches.len() {
        1 => items.append(&mut branches[0]),
        _ => items.push(Item::OneOf(branches)),
    }
}

/// Whether the bytes are there only since cases fold (the long s for s, the Kelvin sign for k): the folded text, which is looked at as well,
/// holds the plain letter.
fn is_of_a_folded_letter(bytes: &[Utf8Range], ascii: &[u64]) -> bool {
    let plain = |letter: u8| ascii.first().is_some_and(|set| set & set_of(letter) != 0);
    let is = |spelt: &[u8]| {
        bytes.len() == spelt.len()
            && bytes.iter().zip(spelt).all(|(range, byte)| range.start == *byte && range.end == *byte)
    };
    is("\u{17f}".as_bytes()) && plain(b's') || is("\u{212a}".as_bytes()) && plain(b'k')
}

type Choice = (u64, Vec<Run>);

/// Return the most bytes that `items` match; None where there is no limit.
fn longest(items: &[Item]) -> Option<usize> {
    items.iter().try_fold(0_usize, |sum, item| {
        let more = match item {
            Item::Set(_) | Item::Maybe(_) => 1,
            Item::Gap(length, _) => (*length)?,
            Item::Again(..) => 0,
            Item::OneOf(branches) => branches.iter().try_fold(0, |most, branch| Some(longest(branch)?.max(most)))?,
        };
        sum.checked_add(more)
    })
}

fn best(items: &[Item], before: Option<usize>, sample: &Sample) -> Option<Choice> {
    let mut found: Option<Choice> = None;
    let mut offer = |choice: Option<Choice>| {
        if let Some(choice) = choice
            && found.as_ref().is_none_or(|known| choice.0 < known.0)
        {
            found = Some(choice);
        }
    };
    let mut runs = Runs::begin(before);
    let mut digits = Digits::begin(before);
    let mut here = before;
    for item in items {
        match item {
            Item::Set(set) => runs.push(*set),
            Item::Maybe(set) if runs.fork(*set) => {}
            Item::OneOf(branches) if runs.branch(branches) => {}
            _ => offer(runs.end(sample)),
        }
        if !digits.take(item) {
            offer(digits.end());
        }
        if let Item::OneOf(branches) = item {
            offer(best_of_all(branches, here, sample));
        }
        here = here.zip(longest(std::slice::from_ref(item))).and_then(|(here, more)| here.checked_add(more));
        runs.goes_on_at(here);
        digits.goes_on_at(here);
        if let Item::Again(one, copies) = item {
            for _ in 0..*copies {
                for item in one {
                    if let Item::Set(set) = item {
                        runs.push(*set);
                    }
                }
            }
        }
    }
    offer(runs.end(sample));
    offer(digits.end());
    found
}

fn best_of_all(branches: &[Vec<Item>], before: Option<usize>, sample: &Sample) -> Option<Choice> {
    let mut cost = 0;
    let mut runs: Vec<Run> = Vec::new();
    for branch in branches {
        let (more, chosen) = best(branch, before, sample)?;
        cost += more;
        runs.extend(chosen);
    }
    Some((cost, runs))
}

/// The forms of the run that is being read: one, or more where something in it may be missing.
struct Runs {
    forms: Vec<Vec<u64>>,
    at: Option<usize>,
}

impl Runs {
    fn begin(at: Option<usize>) -> Self {
        Self { forms: vec![Vec::new()], at }
    }

    fn push(&mut self, set: u64) {
        self.forms.iter_mut().for_each(|form| form.push(set));
    }

    /// Go on with and without a byte of `set`; false where that makes too many forms, or there is no run yet.
    fn fork(&mut self, set: u64) -> bool {
        if self.forms[0].is_empty() || self.forms.len() >= MOST_FORMS {
            return false;
        }
        let mut with = self.forms.clone();
        for form in &mut with {
            form.push(set);
        }
        self.forms.append(&mut with);
        true
    }

    /// Go on with each of `branches`; false where that makes too many forms, or some branch is more than neighbours of known sets.
    fn branch(&mut self, branches: &[Vec<Item>]) -> bool {
        let Some(spelt) = branches.iter().map(|branch| plain_forms(branch)).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let spelt: Vec<Vec<u64>> = spelt.concat();
        if self.forms.len() * spelt.len() > MOST_BRANCHES {
            return false;
        }
        self.forms = self
            .forms
            .iter()
            .flat_map(|form| spelt.iter().map(|more| form.iter().chain(more).copied().collect()))
            .collect();
        true
    }

    fn goes_on_at(&mut self, here: Option<usize>) {
        if self.forms.iter().all(Vec::is_empty) {
            self.at = here;
        }
    }

    fn end(&mut self, sample: &Sample) -> Option<Choice> {
        let forms = std::mem::replace(&mut self.forms, vec![Vec::new()]);
        let mut cost = 0;
        let mut chosen = Vec::new();
        for form in forms {
            let (more, run) = best_window(&form, self.at, sample)?;
            cost += more;
            chosen.extend(run);
        }
        Some((cost, chosen))
    }
}

/// Return the forms of what is nothing but neighbours of known sets; None where it is more, or there are too many forms.
fn plain_forms(items: &[Item]) -> Option<Vec<Vec<u64>>> {
    let mut runs = Runs::begin(None);
    for item in items {
        match item {
            Item::Set(set) => runs.push(*set),
            Item::Maybe(set) => {
                let with = [vec![Item::Set(*set)], Vec::new()];
                if !runs.branch(&with) {
                    return None;
                }
            }
            Item::OneOf(branches) if runs.branch(branches) => {}
            _ => return None,
        }
    }
    Some(runs.forms)
}

/// What is being read of numbers: digits and what may stand between them, no letters.
struct Digits {
    set: u64,
    length: usize,
    certain: usize,
    at: Option<usize>,
}

impl Digits {
    fn begin(at: Option<usize>) -> Self {
        Self { set: 0, length: 0, certain: 0, at }
    }

    fn take(&mut self, item: &Item) -> bool {
        let set = match item {
            Item::Set(set) | Item::Maybe(set) | Item::Gap(_, set) => *set,
            Item::Again(..) => return true,
            Item::OneOf(_) => return false,
        };
        if set & LETTERS != 0 || (set | self.set).count_ones() > MOST_SIGNS {
            return false;
        }
        self.set |= set;
        if matches!(item, Item::Set(_)) {
            self.length += 1;
            self.certain += usize::from(set == set_of(b'0'));
        }
        true
    }

    fn goes_on_at(&mut self, here: Option<usize>) {
        if self.set == 0 {
            self.at = here;
        }
    }

    fn end(&mut self) -> Option<Choice> {
        let Self { set, length, certain: digits, at } = std::mem::replace(self, Self::begin(None));
        (digits >= FEWEST_DIGITS).then(|| (NUMBER_COST, vec![Run::Stretch { set, length, digits, before: at }]))
    }
}

fn best_window(run: &[u64], before: Option<usize>, sample: &Sample) -> Option<Choice> {
    if run.is_empty() || run.contains(&0) {
        return None;
    }
    let run = &run[..run.len().min(LONGEST_RUN)];
    let mut sets = run.to_vec();
    sets.resize(run.len().max(WINDOW), ALL);
    let costs =
        (0..=sets.len() - WINDOW).filter_map(|window| Some((sample.cost_of(&sets[window..window + WINDOW])?, window)));
    let far = if before.is_some_and(|before| before <= FARTHEST) { 1 } else { FAR_COST };
    match (costs.map(|(cost, window)| (cost * far, window)).min(), stretch(run, before)) {
        (Some((cost, window)), long) if long.is_none() || cost < STRETCH_COST => {
            Some((cost, vec![Run::Window { sets, window, before }]))
        }
        (_, long) => long.map(|long| (STRETCH_COST, vec![long])),
    }
}

/// Return the longest stretch of `run` in which no word of prose ends: sets without the blank.
fn stretch(run: &[u64], before: Option<usize>) -> Option<Run> {
    let blank = set_of(b' ') | set_of(b'\n');
    let longest = run.split(|set| set & blank != 0).max_by_key(|part| part.len())?;
    let set = longest.iter().fold(0, |union, set| union | set);
    // How much of the run stands before the stretch is not told: its length is more than that.
    let before = before.map(|before| before + run.len());
    (longest.len() >= SHORTEST_STRETCH).then_some(Run::Stretch { set, length: longest.len(), digits: 0, before })
}

/// Text as it is, by which rare windows are told from common ones.
pub struct Sample {
    symbols: Vec<u8>,
    /// Where each symbol stands, but at the end.
    places: Vec<Vec<usize>>,
}

impl Sample {
    /// Read `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let symbols: Vec<u8> = text.bytes().map(|byte| SYMBOL[usize::from(byte)]).collect();
        let mut places = vec![Vec::new(); 64];
        for place in 0..=symbols.len().saturating_sub(WINDOW) {
            places[usize::from(symbols[place])].push(place);
        }
        Self { symbols, places }
    }

    /// Return how often the window is seen, and how many there are, as one number; None where there are too many.
    fn cost_of(&self, window: &[u64]) -> Option<u64> {
        let many = window.iter().map(|set| u64::from(set.count_ones())).product::<u64>();
        if many > MOST_WINDOWS {
            return None;
        }
        let fits = |place: &&usize| {
            self.symbols[**place..].iter().zip(window).skip(1).all(|(symbol, set)| set >> symbol & 1 == 1)
        };
        let begins = self.places.iter().enumerate().filter(|(symbol, _)| window[0] >> symbol & 1 == 1);
        let seen: usize = begins.map(|(_, places)| places.iter().filter(fits).count()).sum();
        Some((seen as u64) << 24 | many)
    }
}
