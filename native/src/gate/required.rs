//! What every match of a pattern must hold: runs of neighbouring bytes, each of a known set of symbols.
//!
//! A pattern is read as a sequence of such sets and of gaps about which nothing is known. A run between two gaps stands in every match; of an
//! alternation, a run of one of its branches does. So whoever finds none of the runs that were chosen for a pattern knows that it does not match.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::sample::Sample;
use super::symbols::{ALL, set_of};

/// How many neighbours are looked up at once.
pub const WINDOW: usize = 4;
/// Longer runs are cut: what is checked of them suffices.
const LONGEST_RUN: usize = 48;
/// What is seen is counted in places in a megabyte of text, times two to this; what is below that tells places apart that are seen as often.
pub const COUNT: u32 = 24;
/// Of what is seen so many times in a megabyte, as a power of two, one is near every place.
const SEEN_NEAR: u32 = 13;
/// What is seen more often than this announces nothing.
const OFTEN: u64 = 3000;
/// To a cut or to chains so many other cuts are added.
const MOST_LINKED: usize = 2;
/// More chains than this stay as they are.
const MOST_CHAINS: usize = 12;
/// Cuts of more runs are not added to others.
const MOST_RUNS: usize = 400;
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
pub const LONGEST_WORD: usize = 80;
/// In a text without long runs no more bytes stand between letters and digits.
pub const LONGEST_GAP: usize = 16;
/// So many forms of one run are told apart.
const MOST_FORMS: usize = 16;
/// So many forms of an alternation are told apart.
const MOST_BRANCHES: usize = 160;
/// From so many places before a run a match is tried at each; where more are possible, what stands around the run is searched.
pub const FARTHEST: usize = 48;
/// Beside a window each set of no more symbols than this is taken to halve how often its run stands, up to so many times.
const FEW: u32 = 16;
const RAREST: usize = 8;
/// To try a pattern at a place costs what so many hits do.
const TRY: u64 = 4;
/// That grows with the reach of the pattern: it doubles with so many bytes; one without end costs so many times more.
const SHORT: u64 = 64;
const ENDLESS: u64 = 40;
/// It also grows with what stands before the run: it doubles with so many bytes.
const NEAR: u64 = 6;
/// Where matches reach further than this before a run, the whole text is searched when the run is found, and that costs so many times more.
pub const FARTHEST_SEARCH: usize = 2048;
const FAR: u64 = 400;
/// How often long numbers, and other long stretches, are seen in a megabyte.
const NUMBERS: u64 = 200;
const STRETCHES: u64 = 1600;

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
        /// How often the window is seen, and the run with it: see `COUNT`.
        seen: u64,
        /// How often the whole run stands where its window is seen.
        stands: u64,
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

/// Runs of which a match holds one.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The runs.
    pub runs: Vec<Run>,
    /// How often one of their windows is seen in a megabyte, and for how many windows they stand: see `COUNT`.
    seen: u64,
    /// How often one of them is.
    stands: u64,
    /// What a try costs where one of them is seen.
    a_try: u64,
}

/// What every match of a pattern holds: one of the chains, and of that one run of each cut, in the order of the cuts.
#[derive(Clone, Debug)]
pub struct Needs {
    /// What looking for it costs.
    pub cost: u64,
    /// The chains.
    pub chains: Vec<Vec<Cut>>,
}

/// Return what every match of `hir` holds, chosen to be rare in `sample`; None where nothing is known of its matches.
#[must_use]
pub fn required(hir: &Hir, reach: Option<usize>, sample: &Sample) -> Option<Needs> {
    let mut items = Vec::new();
    spell(hir, &mut items);
    best(
        &items,
        Some(0),
        &Prices {
            sample,
            a_try: TRY * reach.map_or(ENDLESS, |reach| 1 + reach as u64 / SHORT),
            has_end: reach.is_some(),
        },
    )
}

/// Return the symbols with which matches of `hir` begin, and whether a word always begins or ends there; None where one may be empty.
#[must_use]
pub fn beginning(hir: &Hir) -> Option<(u64, bool)> {
    let mut items = Vec::new();
    spell(hir, &mut items);
    first_symbols(&items).map(|set| (set, begins_at_an_edge(&items)))
}

fn first_symbols(items: &[Item]) -> Option<u64> {
    let mut set = 0;
    for item in items {
        match item {
            Item::Set(symbols) => return Some(set | symbols),
            Item::Maybe(symbols) | Item::Gap(_, symbols) => set |= symbols,
            Item::Edge | Item::Again(..) => {}
            Item::OneOf(branches) => {
                let firsts: Vec<_> = branches.iter().map(|branch| first_symbols(branch)).collect();
                set |= firsts.iter().flatten().fold(0, |union, set| union | set);
                if firsts.iter().all(Option::is_some) {
                    return Some(set);
                }
                set |= branches.iter().fold(0, |union, branch| union | symbols_of(branch));
            }
        }
    }
    None
}

fn begins_at_an_edge(items: &[Item]) -> bool {
    match items.first() {
        Some(Item::Edge) => true,
        Some(Item::OneOf(branches)) => branches.iter().all(|branch| begins_at_an_edge(branch)),
        _ => false,
    }
}

/// What looking for runs costs.
struct Prices<'a> {
    sample: &'a Sample,
    /// A try at one place, in hits.
    a_try: u64,
    /// Whether matches reach over so many bytes at most: then what was seen far away does not count.
    has_end: bool,
}

impl Prices<'_> {
    /// Return what a try costs where a match reaches so far before a run.
    fn of_a_try(&self, before: Option<usize>) -> u64 {
        self.a_try * before.filter(|before| *before <= FARTHEST_SEARCH).map_or(FAR, |before| 1 + before as u64 / NEAR)
    }

    /// Return what looking for a chain costs: a little for each hit, and a try for each of the first cut near which the others are seen.
    fn of_a_chain(&self, chain: &[Cut]) -> u64 {
        let Some((first, others)) = chain.split_first() else { return 0 };
        let tries = others.iter().filter(|_| self.has_end).fold(first.stands, |tries, cut| {
            let near = (cut.stands >> COUNT).min(1 << SEEN_NEAR);
            (tries >> SEEN_NEAR).saturating_mul(near)
        });
        chain.iter().map(|cut| cut.seen).sum::<u64>().saturating_add(tries.saturating_mul(first.a_try))
    }

    fn of(&self, chains: Vec<Vec<Cut>>) -> Needs {
        Needs { cost: chains.iter().map(|chain| self.of_a_chain(chain)).sum(), chains }
    }
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
            None if !holds(&repetition.sub, &|char| BLANKS.contains(&char)) => Some(LONGEST_WORD),
            None if !holds(&repetition.sub, &|char| char.is_ascii_alphanumeric() || !char.is_ascii()) => {
                Some(LONGEST_GAP)
            }
            None => None,
        },
        _ => None,
    }
}

/// Whether a match of `hir` may hold one of the characters that are `wanted`; all beyond ASCII are, or none.
fn holds(hir: &Hir, wanted: &impl Fn(char) -> bool) -> bool {
    let ascii = |from: u32, to: u32| (from..=to.min(0x7f)).filter_map(char::from_u32).any(wanted);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().any(|byte| wanted(char::from(*byte))),
        HirKind::Class(Class::Unicode(class)) => class.ranges().iter().any(|range| {
            ascii(range.start().into(), range.end().into()) || !range.end().is_ascii() && wanted('\u{80}')
        }),
        HirKind::Class(Class::Bytes(class)) => class
            .ranges()
            .iter()
            .any(|range| ascii(range.start().into(), range.end().into()) || range.end() > 0x7f && wanted('\u{80}')),
        HirKind::Repetition(repetition) => holds(&repetition.sub, wanted),
        HirKind::Capture(capture) => holds(&capture.sub, wanted),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(|part| holds(part, wanted)),
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

/// What was found in some of a sequence of items.
struct Offer {
    needs: Needs,
    /// The items.
    span: Range<usize>,
}

impl Cut {
    fn of(cuts: &[&Cut]) -> Self {
        let mut windows = HashSet::new();
        let mut runs: Vec<Run> = Vec::new();
        let mut known: HashMap<_, usize> = HashMap::new();
        let (mut seen, mut stands) = (0, 0);
        for run in cuts.iter().flat_map(|cut| &cut.runs) {
            let Run::Window { sets, window, edges, before, seen: often, stands: whole } = run else {
                seen += STRETCHES << COUNT;
                stands += STRETCHES << COUNT;
                runs.push(run.clone());
                continue;
            };
            if windows.insert(&sets[*window..*window + WINDOW]) {
                seen += often;
            }
            match known.entry((sets, edges)) {
                Entry::Vacant(place) => {
                    place.insert(runs.len());
                    stands += whole;
                    runs.push(run.clone());
                }
                Entry::Occupied(place) => {
                    if let Run::Window { before: most, .. } = &mut runs[*place.get()] {
                        *most = most.zip(*before).map(|(one, other)| one.max(other));
                    }
                }
            }
        }
        Self { runs, seen, stands, a_try: cuts.iter().map(|cut| cut.a_try).max().unwrap_or(0) }
    }

    /// Whether its runs are met in the order of the text: stretches are looked for by themselves.
    fn can_be_linked(&self) -> bool {
        self.runs.iter().all(|run| matches!(run, Run::Window { .. }))
    }
}

impl Needs {
    fn only_cut(&self) -> Option<&Cut> {
        match &*self.chains {
            [chain] if chain.len() == 1 => chain.first(),
            _ => None,
        }
    }

    /// Return one cut instead of the chains: the best of each.
    fn as_a_cut(&self) -> Option<Cut> {
        let best = self
            .chains
            .iter()
            .map(|chain| chain.iter().min_by_key(|cut| cut.seen.saturating_add(cut.stands.saturating_mul(cut.a_try))));
        Some(Cut::of(&best.collect::<Option<Vec<_>>>()?))
    }
}

fn best(items: &[Item], before: Option<usize>, prices: &Prices<'_>) -> Option<Needs> {
    let offers = offers(items, before, prices);
    offers.iter().map(|offer| linked(offer, &offers, prices)).min_by_key(|needs| needs.cost)
}

/// Return what `offer` needs with cuts before and behind it, as long as they make it cheaper.
fn linked(offer: &Offer, offers: &[Offer], prices: &Prices<'_>) -> Needs {
    let mut needs = offer.needs.clone();
    if needs.chains.len() > MOST_CHAINS || !needs.chains.iter().flatten().all(Cut::can_be_linked) {
        return needs;
    }
    let mut others: Vec<(u64, &Offer)> =
        offers.iter().filter_map(|other| other.needs.only_cut().map(|cut| (cut.seen, other))).collect();
    others.retain(|(seen, other)| {
        seen >> COUNT <= OFTEN
            && other.needs.chains.iter().flatten().all(|cut| cut.can_be_linked() && cut.runs.len() <= MOST_RUNS)
    });
    others.sort_by_key(|(seen, _)| *seen);
    let mut taken: Vec<&Offer> = Vec::new();
    for (_, other) in others {
        let is_apart = |known: &Offer| known.span.end <= other.span.start || other.span.end <= known.span.start;
        if taken.len() < MOST_LINKED && is_apart(offer) && taken.iter().all(|known| is_apart(known)) {
            let mut more = taken.clone();
            more.push(other);
            let joined = joined(offer, &mut more, prices);
            if joined.cost < needs.cost {
                (needs, taken) = (joined, more);
            }
        }
    }
    needs
}

/// Return the chains of `offer` with the cuts of `others` in their places.
fn joined(offer: &Offer, others: &mut [&Offer], prices: &Prices<'_>) -> Needs {
    others.sort_by_key(|other| other.span.start);
    let (lead, tail) = others.split_at(others.partition_point(|other| other.span.start < offer.span.start));
    let cuts = |of: &[&Offer]| of.iter().filter_map(|other| other.needs.only_cut().cloned()).collect::<Vec<_>>();
    let (lead, tail) = (cuts(lead), cuts(tail));
    prices.of(offer.needs.chains.iter().map(|chain| [&*lead, chain, &*tail].concat()).collect())
}

/// What is being read of a sequence of items.
struct Reading<'a> {
    prices: &'a Prices<'a>,
    offers: Vec<Offer>,
    runs: Runs,
    digits: Digits,
}

impl Reading<'_> {
    fn offer(&mut self, cut: Option<Cut>, span: Range<usize>) {
        self.offers.extend(cut.map(|cut| Offer { needs: self.prices.of(vec![vec![cut]]), span }));
    }

    fn end_run(&mut self, end: usize) {
        let begin = self.runs.begin;
        let cut = self.runs.end(self.prices);
        self.offer(cut, begin..end);
    }

    fn end_digits(&mut self, end: usize) {
        let cut = self.digits.end(self.prices);
        self.offer(cut, 0..end);
    }
}

fn offers(items: &[Item], before: Option<usize>, prices: &Prices<'_>) -> Vec<Offer> {
    let mut reading = Reading { prices, offers: Vec::new(), runs: Runs::begin(before), digits: Digits::begin(before) };
    let mut here = before;
    for (index, item) in items.iter().enumerate() {
        match item {
            Item::Set(set) => reading.runs.push(*set),
            Item::Edge => reading.runs.edge(),
            Item::Maybe(set) if reading.runs.fork(*set) => {}
            Item::OneOf(branches) if reading.runs.branch(branches) => {}
            _ => reading.end_run(index),
        }
        if !reading.digits.take(item) {
            reading.end_digits(index);
        }
        if let Item::OneOf(branches) = item {
            let (lead, begin) = neighbours_before(&items[..index]);
            let behind = neighbours_behind(&items[index + 1..]);
            let at =
                here.map(|here| here.saturating_sub(lead.iter().filter(|item| matches!(item, Item::Set(_))).count()));
            if let Some(needs) = best_of_all(&lead, branches, behind, at, prices) {
                let span = begin..index + 1 + behind.len();
                reading.offer(needs.as_a_cut(), span.clone());
                reading.offers.push(Offer { needs, span });
            }
        }
        here = here.zip(longest(std::slice::from_ref(item))).and_then(|(here, more)| here.checked_add(more));
        reading.runs.goes_on_at(here, index + 1);
        reading.digits.goes_on_at(here);
        if let Item::Again(one, copies) = item {
            reading.runs.begin = first_copy(index, one, *copies);
            for item in std::iter::repeat_n(one, *copies).flatten() {
                if let Item::Set(set) = item {
                    reading.runs.push(*set);
                }
            }
        }
    }
    reading.end_run(items.len());
    reading.end_digits(items.len());
    reading.offers
}

/// Return where the copies begin of which `Item::Again` at `index` are the last: what stands there may be the same bytes.
fn first_copy(index: usize, one: &[Item], copies: usize) -> usize {
    index.saturating_sub(1 + copies * one.len())
}

/// Return what stands right before the end of `items`, as far as it is known byte for byte, and from which item on.
fn neighbours_before(items: &[Item]) -> (Vec<Item>, usize) {
    if let Some(Item::Again(one, copies)) = items.last() {
        let known = std::iter::repeat_n(one, (*copies).min(WINDOW)).flatten().cloned().collect();
        return (known, first_copy(items.len() - 1, one, *copies));
    }
    let is_known = |item: &&Item| matches!(item, Item::Set(_) | Item::Edge);
    let count = items.iter().rev().take_while(is_known).take(WINDOW).count();
    let begin = items.len() - count;
    (items[begin..].to_vec(), begin)
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
    prices: &Prices<'_>,
) -> Option<Needs> {
    let mut chains = Vec::new();
    for branch in branches {
        chains.extend(best(&[lead, branch, behind].concat(), before, prices)?.chains);
    }
    if chains.len() <= 1 || chains.iter().any(|chain| chain.len() > 1) {
        return Some(prices.of(chains));
    }
    let as_a_cut = prices.of(chains).as_a_cut()?;
    Some(prices.of(vec![vec![as_a_cut]]))
}

/// The forms of the run that is being read: one, or more where something in it may be missing.
struct Runs {
    forms: Vec<Vec<u64>>,
    at: Option<usize>,
    /// The item that it begins with.
    begin: usize,
    /// Whether a word begins or ends before the run, and behind what was read of it last.
    edges: (bool, bool),
}

impl Runs {
    fn begin(at: Option<usize>) -> Self {
        Self { forms: vec![Vec::new()], at, begin: 0, edges: (false, false) }
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

    fn goes_on_at(&mut self, here: Option<usize>, item: usize) {
        if self.forms.iter().all(Vec::is_empty) {
            (self.at, self.begin) = (here, item);
        }
    }

    fn end(&mut self, prices: &Prices<'_>) -> Option<Cut> {
        let forms = std::mem::replace(&mut self.forms, vec![Vec::new()]);
        let edges = std::mem::take(&mut self.edges);
        let cuts: Option<Vec<Cut>> = forms.iter().map(|form| best_window(form, edges, self.at, prices)).collect();
        Some(Cut::of(&cuts?.iter().collect::<Vec<_>>()))
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

    fn end(&mut self, prices: &Prices<'_>) -> Option<Cut> {
        let Self { set, length, certain: digits, at } = std::mem::replace(self, Self::begin(None));
        let run = Run::Stretch { set, length, digits, before: at };
        (digits >= FEWEST_DIGITS).then(|| Cut {
            runs: vec![run],
            seen: NUMBERS << COUNT,
            stands: NUMBERS << COUNT,
            a_try: prices.of_a_try(at),
        })
    }
}

fn best_window(run: &[u64], edges: (bool, bool), before: Option<usize>, prices: &Prices<'_>) -> Option<Cut> {
    if run.is_empty() || run.contains(&0) {
        return None;
    }
    let edges = (edges.0, (edges.1 && run.len() <= LONGEST_RUN).then_some(run.len()));
    let run = &run[..run.len().min(LONGEST_RUN)];
    let mut sets = run.to_vec();
    sets.resize(run.len().max(WINDOW), ALL);
    let costs = (0..=sets.len() - WINDOW)
        .filter_map(|window| Some((prices.sample.cost_of(&sets[window..window + WINDOW])?, window)));
    let a_try = prices.of_a_try(before);
    match (costs.min(), stretch(run, before)) {
        (Some((seen, window)), long) if long.is_none() || seen < STRETCHES << COUNT => {
            let stands = seen >> rarer(&sets, window, edges);
            Some(Cut { runs: vec![Run::Window { sets, window, edges, before, seen, stands }], seen, stands, a_try })
        }
        (_, long) => Some(Cut { runs: vec![long?], seen: STRETCHES << COUNT, stands: STRETCHES << COUNT, a_try }),
    }
}

/// Return how much rarer than its window a run is, as a power of two.
fn rarer(sets: &[u64], window: usize, edges: (bool, Option<usize>)) -> usize {
    let beside = sets.iter().enumerate().filter(|(place, _)| !(window..window + WINDOW).contains(place));
    let few = beside.filter(|(_, set)| set.count_ones() <= FEW).count();
    (few + usize::from(edges.0) + usize::from(edges.1.is_some())).min(RAREST)
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
        let runs = |pattern: &str| {
            Some(
                required(&parsed(pattern), None, &sample)?
                    .chains
                    .concat()
                    .into_iter()
                    .flat_map(|cut| cut.runs)
                    .collect::<Vec<_>>(),
            )
        };
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
