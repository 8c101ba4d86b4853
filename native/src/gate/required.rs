//! What every match of a pattern must hold: runs of neighbouring bytes, each of a known set of symbols.
//!
//! A pattern is read as a sequence of such sets and of gaps about which nothing is known. A run between two gaps stands in every match; of an
//! alternation, a run of one of its branches does. So whoever finds none of the runs that were chosen for a pattern knows that it does not match.

use std::cell::RefCell;
use std::collections::HashMap;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::symbols::{ALL, members, set_of};

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
const BLANKS: [char; 5] = [' ', '\n', '\t', '\r', '\x0c'];
/// In a text without long runs no word is longer, in bytes: between blanks.
pub const LONGEST_WORD: usize = 64;
/// In a text without long runs no more bytes stand between letters and digits.
pub const LONGEST_GAP: usize = 16;
/// So many forms of one run are told apart.
const MOST_FORMS: usize = 16;
/// So many forms of an alternation are told apart.
const MOST_BRANCHES: usize = 160;
/// From so many places before a run a match is tried at each; where more are possible, what stands around the run is searched.
pub const FARTHEST: usize = 48;
/// What a try costs grows with what stands before the run: it doubles with so many bytes.
const NEAR: u64 = 12;
/// Where matches reach further, the whole text is searched when a run is found, and that costs so many times more.
pub const FARTHEST_SEARCH: usize = 2048;
const FAR_COST: u64 = 200;
const NUMBER_COST: u64 = 800 << 24;
/// What looking for a stretch costs: windows seen more often in the sample are worse.
const STRETCH_COST: u64 = 1600 << 24;
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
        /// Whether a word begins or ends before the first byte, and behind the last: behind so many.
        edges: (bool, Option<usize>),
        /// How far a match reaches before the run at most (see `reach`); None where there is no limit.
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
        /// How far a match reaches before the run at most (see `reach`); None where there is no limit.
        before: Option<usize>,
    },
}

#[derive(Clone, Debug)]
enum Item {
    Set(u64),
    /// A place where a word begins or ends.
    Edge,
    /// One byte of a set, or nothing.
    Maybe(u64),
    /// Something that reaches over at most so many bytes, each of a set.
    Gap(Option<usize>, u64),
    /// The last of the bytes just matched, once more: what follows stands right behind so many copies of them.
    Again(Vec<Item>, usize),
    OneOf(Vec<Vec<Item>>),
}

/// Return the runs of which every match of `hir` holds one, chosen to be rare in `sample`, and what looking for them costs; None where nothing is
/// known of its matches.
#[must_use]
pub fn required(hir: &Hir, sample: &Sample) -> Option<(u64, Vec<Run>)> {
    let mut items = Vec::new();
    spell(hir, &mut items);
    best(&items, Some(0), sample)
}

fn spell(hir: &Hir, items: &mut Vec<Item>) {
    match hir.kind() {
        HirKind::Look(Look::WordAscii) => items.push(Item::Edge),
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
        items.push(Item::Gap(reach(hir), symbols_of(&one)));
        if copies > 0 && one.iter().all(|item| matches!(item, Item::Set(_))) {
            items.push(Item::Again(one, copies));
        }
    }
}

/// Return over how many bytes a match of `hir` reaches at most, in a text without long runs: what a pattern repeats without limit is a word then, or
/// what stands between words, and so it ends with that. None where there is no limit even so.
#[must_use]
pub fn reach(hir: &Hir) -> Option<usize> {
    if let Some(longest) = hir.properties().maximum_len() {
        return Some(longest);
    }
    match hir.kind() {
        HirKind::Capture(capture) => reach(&capture.sub),
        HirKind::Concat(parts) => parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(reach(part)?)),
        HirKind::Alternation(branches) => branches.iter().try_fold(0, |most, branch| Some(reach(branch)?.max(most))),
        HirKind::Repetition(repetition) => match repetition.max {
            Some(most) => reach(&repetition.sub)?.checked_mul(usize::try_from(most).ok()?),
            None if !holds(&repetition.sub, |char| BLANKS.contains(&char))? => Some(LONGEST_WORD),
            None if !holds(&repetition.sub, |char| char.is_ascii_alphanumeric() || !char.is_ascii())? => {
                Some(LONGEST_GAP)
            }
            None => None,
        },
        _ => None,
    }
}

/// Whether the class `hir` holds one of the characters that are `wanted`; None for what is no class.
fn holds(hir: &Hir, wanted: impl Fn(char) -> bool) -> Option<bool> {
    let ascii = |from: u32, to: u32| (from..=to.min(0x7f)).filter_map(char::from_u32).any(&wanted);
    match hir.kind() {
        HirKind::Capture(capture) => holds(&capture.sub, wanted),
        HirKind::Literal(literal) => match *literal.0 {
            [byte] => Some(ascii(byte.into(), byte.into())),
            _ => None,
        },
        HirKind::Class(Class::Unicode(class)) => Some(class.ranges().iter().any(|range| {
            ascii(range.start().into(), range.end().into()) || !range.end().is_ascii() && wanted(range.end())
        })),
        HirKind::Class(Class::Bytes(class)) => Some(
            class
                .ranges()
                .iter()
                .any(|range| ascii(range.start().into(), range.end().into()) || range.end() > 0x7f && wanted('\u{80}')),
        ),
        _ => None,
    }
}

/// Whether `byte` stands between words.
#[must_use]
pub fn is_blank(byte: u8) -> bool {
    BLANKS.contains(&char::from(byte))
}

/// Whether `byte` may be part of a word.
#[must_use]
pub fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Return the symbols of all bytes that `items` match.
fn symbols_of(items: &[Item]) -> u64 {
    items.iter().fold(0, |union, item| {
        union
            | match item {
                Item::Set(set) | Item::Maybe(set) | Item::Gap(_, set) => *set,
                Item::Edge => 0,
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

/// Return over how many bytes `items` reach at most; None where there is no limit.
fn longest(items: &[Item]) -> Option<usize> {
    items.iter().try_fold(0_usize, |sum, item| {
        let more = match item {
            Item::Set(_) | Item::Maybe(_) => 1,
            Item::Gap(length, _) => (*length)?,
            Item::Again(..) | Item::Edge => 0,
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
    for (index, item) in items.iter().enumerate() {
        match item {
            Item::Set(set) => runs.push(*set),
            Item::Edge => runs.edge(),
            Item::Maybe(set) if runs.fork(*set) => {}
            Item::OneOf(branches) if runs.branch(branches) => {}
            _ => offer(runs.end(sample)),
        }
        if !digits.take(item) {
            offer(digits.end());
        }
        if let Item::OneOf(branches) = item {
            let lead = neighbours_before(&items[..index]);
            let at =
                here.map(|here| here.saturating_sub(lead.iter().filter(|item| matches!(item, Item::Set(_))).count()));
            offer(best_of_all(&lead, branches, neighbours_behind(&items[index + 1..]), at, sample));
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

/// Return what stands right before the end of `items`, as far as it is known byte for byte.
fn neighbours_before(items: &[Item]) -> Vec<Item> {
    if let Some(Item::Again(one, copies)) = items.last() {
        return std::iter::repeat_n(one, (*copies).min(WINDOW)).flatten().cloned().collect();
    }
    let is_known = |item: &&Item| matches!(item, Item::Set(_) | Item::Edge);
    let mut known: Vec<Item> = items.iter().rev().take_while(is_known).take(WINDOW).cloned().collect();
    known.reverse();
    known
}

fn neighbours_behind(items: &[Item]) -> &[Item] {
    let known = items.iter().take(WINDOW).take_while(|item| matches!(item, Item::Set(_) | Item::Edge)).count();
    &items[..known]
}

fn best_of_all(
    lead: &[Item],
    branches: &[Vec<Item>],
    behind: &[Item],
    before: Option<usize>,
    sample: &Sample,
) -> Option<Choice> {
    let mut cost = 0;
    let mut runs: Vec<Run> = Vec::new();
    for branch in branches {
        let (more, chosen) = best(&[lead, branch, behind].concat(), before, sample)?;
        cost += more;
        runs.extend(chosen);
    }
    Some((cost, runs))
}

/// The forms of the run that is being read: one, or more where something in it may be missing.
struct Runs {
    forms: Vec<Vec<u64>>,
    at: Option<usize>,
    /// Whether a word begins or ends before the run, and behind what was read of it last.
    edges: (bool, bool),
}

impl Runs {
    fn begin(at: Option<usize>) -> Self {
        Self { forms: vec![Vec::new()], at, edges: (false, false) }
    }

    fn edge(&mut self) {
        if self.forms.iter().all(Vec::is_empty) {
            self.edges.0 = true;
        } else if !self.forms.iter().any(Vec::is_empty) {
            self.edges.1 = true;
        }
    }

    fn push(&mut self, set: u64) {
        self.edges.1 = false;
        self.forms.iter_mut().for_each(|form| form.push(set));
    }

    /// Go on with and without a byte of `set`; false where that makes too many forms, or there is no run yet.
    fn fork(&mut self, set: u64) -> bool {
        if self.forms[0].is_empty() || self.forms.len() >= MOST_FORMS {
            return false;
        }
        self.edges.1 = false;
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
        self.edges.1 = false;
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
        let edges = std::mem::take(&mut self.edges);
        let mut cost = 0;
        let mut chosen = Vec::new();
        for form in forms {
            let (more, run) = best_window(&form, edges, self.at, sample)?;
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
            Item::Edge => {}
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
            Item::Again(..) | Item::Edge => return true,
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

fn best_window(run: &[u64], edges: (bool, bool), before: Option<usize>, sample: &Sample) -> Option<Choice> {
    if run.is_empty() || run.contains(&0) {
        return None;
    }
    let edges = (edges.0, (edges.1 && run.len() <= LONGEST_RUN).then_some(run.len()));
    let run = &run[..run.len().min(LONGEST_RUN)];
    let mut sets = run.to_vec();
    sets.resize(run.len().max(WINDOW), ALL);
    let costs =
        (0..=sets.len() - WINDOW).filter_map(|window| Some((sample.cost_of(&sets[window..window + WINDOW])?, window)));
    let far = before.filter(|before| *before <= FARTHEST_SEARCH).map_or(FAR_COST, |before| 1 + before as u64 / NEAR);
    match (costs.map(|(cost, window)| (cost * far, window)).min(), stretch(run, before)) {
        (Some((cost, window)), long) if long.is_none() || cost < STRETCH_COST => {
            Some((cost, vec![Run::Window { sets, window, edges, before }]))
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

/// How often windows are seen in texts as they are, by which the rare ones are told from the common ones.
pub struct Sample {
    /// By the first two symbols: the others, and how often the four are seen in a megabyte.
    seen: Vec<Vec<(u8, u8, u32)>>,
    known: RefCell<HashMap<[u64; WINDOW], u64>>,
}

impl Sample {
    /// Read a table as `tools/count_windows.py` writes it: four digits of base 64 and a number in each line.
    #[must_use]
    pub fn new(table: &str) -> Self {
        let mut seen = vec![Vec::new(); 64 * 64];
        for (window, count) in table.lines().filter_map(|line| line.split_once(' ')) {
            if let (&[first, second, third, last], Ok(count)) = (window.as_bytes(), count.parse()) {
                seen[usize::from(digit(first)) << 6 | usize::from(digit(second))].push((
                    digit(third),
                    digit(last),
                    count,
                ));
            }
        }
        Self { seen, known: RefCell::default() }
    }

    /// Return how often the window is seen, and how many there are, as one number; None where there are too many.
    fn cost_of(&self, window: &[u64]) -> Option<u64> {
        let many = window.iter().map(|set| u64::from(set.count_ones())).product::<u64>();
        if many > MOST_WINDOWS {
            return None;
        }
        let key: [u64; WINDOW] = window.try_into().ok()?;
        Some(*self.known.borrow_mut().entry(key).or_insert_with(|| self.count(key) << 24 | many))
    }

    fn count(&self, [first, second, third, last]: [u64; WINDOW]) -> u64 {
        let pairs = members(first).flat_map(|first| members(second).map(move |second| first << 6 | second));
        pairs
            .flat_map(|pair| &self.seen[pair as usize])
            .filter(|(one, other, _)| third >> one & last >> other & 1 == 1)
            .map(|(_, _, count)| u64::from(*count))
            .sum()
    }
}

/// Return the value of a digit of base 64.
fn digit(char: u8) -> u8 {
    match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' => 62,
        _ => 63,
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::ParserBuilder;

    use super::*;

    fn parsed(pattern: &str) -> Hir {
        ParserBuilder::new().utf8(false).build().parse(pattern).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_pattern_reaches_as_far_as_words_and_gaps_do() {
        assert_eq!(reach(&parsed("abc{2,5}")), Some(7));
        assert_eq!(reach(&parsed(r"a[0-9A-Za-z_]+b")), Some(2 + LONGEST_WORD));
        assert_eq!(reach(&parsed(r"a(?:[\t\n ]+b){0,3}")), Some(1 + 3 * (LONGEST_GAP + 1)));
        assert_eq!(reach(&parsed(r"a[\t\n ,]*|b")), Some(1 + LONGEST_GAP));
        for endless in [r"a.*b", r"a[a-z ]+", r"(?:a b)+", r"a[^\n]*", r"a[\s\pL]+"] {
            assert_eq!(reach(&parsed(endless)), None, "{endless}");
        }
    }

    #[test]
    fn the_rarest_run_is_chosen_with_what_stands_beside_a_word() {
        let sample = Sample::new("AAAA 1000\n");
        let runs = |pattern: &str| required(&parsed(pattern), &sample).map(|(_, runs)| runs);
        let Some([Run::Window { window, edges, before, .. }]) =
            runs(r"(?-u:\b)aaaazzzz(?-u:\b)").as_deref().map(|runs| {
                assert_eq!(runs.len(), 1);
                [runs[0].clone()]
            })
        else {
            panic!("no window");
        };
        assert!(window > 0);
        assert_eq!((edges, before), ((true, Some(8)), Some(0)));
        assert!(runs("a*").is_none());
    }
}
