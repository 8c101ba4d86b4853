//! Runs of symbols that patterns need, found by four neighbours of each.

use super::required::WINDOW;
use super::symbols::{ALL, END, SYMBOL, is_edge, members};

const GRAMS: usize = 1 << 24;
const WORDS: usize = GRAMS / 64;
const MASK: u32 = 0x00ff_ffff;
const PAIRS: usize = 64 * 64;
const BUCKETS: usize = 1 << 14;
/// Windows that stand for more than this are found by their first two symbols.
const NARROW: u64 = 64;

/// A run of a pattern.
pub struct Entry {
    /// The pattern.
    pub pattern: usize,
    /// How far a match reaches before the run at most; None where there is no limit.
    pub before: Option<usize>,
    /// Its place in a chain.
    pub link: Link,
    /// How much of the run stands before its window.
    pub window: usize,
    /// Where, behind its first byte, the sets of symbols beside the window stand that say something.
    beside: Vec<(usize, u64)>,
    /// Whether a word begins or ends before the first byte, and behind the last: behind so many.
    edges: (bool, Option<usize>),
}

/// The place of a run in its chain.
#[derive(Clone, Copy)]
pub enum Link {
    /// It is alone: where it stands the pattern is tried.
    Only,
    /// Where it stands a match may begin, which is tried once the whole chain was seen.
    First(usize),
    /// It is the link of this number and comes after the one before that.
    Next(usize),
    /// So is this, and it is the last of the chain that begins with the second number.
    Last(usize, usize),
}

/// All runs, ready to be looked for.
pub struct Windows {
    /// One bit for each four symbols: whether some window holds them.
    grams: Box<[u64; WORDS]>,
    entries: Vec<Entry>,
    /// Windows of few forms with the entries that they belong to, by bucket, and where each bucket begins.
    narrow: Vec<(u32, u32)>,
    buckets: Vec<u32>,
    /// By their first two symbols: windows of many forms.
    wide: Vec<Vec<(u64, u64, u32)>>,
}

impl Entry {
    /// A run of `sets` of which the four from `window` on are looked up.
    pub fn new(
        (pattern, link): (usize, Link),
        sets: &[u64],
        window: usize,
        edges: (bool, Option<usize>),
        before: Option<usize>,
    ) -> Self {
        let beside = |at: &(usize, u64)| !(window..window + WINDOW).contains(&at.0) && at.1 != ALL;
        let mut beside: Vec<_> = sets.iter().copied().enumerate().filter(beside).collect();
        // The nearest are looked at first, behind the window and then before it.
        beside.sort_by_key(|(at, _)| if *at < window { sets.len() + window - at } else { *at });
        Self { pattern, before, link, window, beside, edges }
    }

    /// Whether the run stands in `text` where its window was found, and from where on.
    pub fn begin(&self, text: &[u8], window_at: usize) -> Option<usize> {
        let begin = window_at.checked_sub(self.window)?;
        let holds = |(at, set): &(usize, u64)| {
            set >> text.get(begin + at).map_or(END, |byte| SYMBOL[usize::from(*byte)]) & 1 == 1
        };
        let stands = (!self.edges.0 || is_edge(text, begin))
            && self.beside.iter().all(holds)
            && self.edges.1.is_none_or(|length| is_edge(text, begin + length));
        stands.then_some(begin)
    }
}

impl Windows {
    /// There are none yet.
    pub fn none() -> Self {
        Self {
            grams: zeros(),
            entries: Vec::new(),
            narrow: Vec::new(),
            buckets: Vec::new(),
            wide: vec![Vec::new(); PAIRS],
        }
    }

    /// Enter a run with the sets of its window.
    pub fn enter(&mut self, entry: Entry, window: [u64; WINDOW]) {
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

    /// Make ready what was entered.
    pub fn finish(&mut self) {
        self.narrow.sort_unstable_by_key(|(gram, number)| (bucket(*gram), *gram, *number));
        self.buckets = (0..=BUCKETS)
            .map(|place| self.narrow.partition_point(|(gram, _)| bucket(*gram) < place))
            .filter_map(|begin| u32::try_from(begin).ok())
            .collect();
    }

    /// Call `hit` with each place where a window stands, and the entry that it belongs to, from the first place to the last.
    pub fn each(&self, text: &[u8], mut hit: impl FnMut(usize, &Entry)) {
        let known = text.len().min(WINDOW - 1);
        let mut gram = text[..known].iter().fold(0, |gram, byte| next(gram, SYMBOL[usize::from(*byte)]));
        for (at, byte) in text[known..].iter().enumerate() {
            gram = next(gram, SYMBOL[usize::from(*byte)]);
            if self.is_known(gram) {
                self.entries_of(gram, |entry| hit(at, entry));
            }
        }
        // What stands at the end may be shorter than a window.
        gram = (known..WINDOW - 1).fold(gram, |gram, _| next(gram, END));
        for at in text.len() - known..text.len() {
            gram = next(gram, END);
            if self.is_known(gram) {
                self.entries_of(gram, |entry| hit(at, entry));
            }
        }
    }

    fn is_known(&self, gram: u32) -> bool {
        self.grams[(gram >> 6) as usize] >> (gram & 63) & 1 == 1
    }

    fn entries_of(&self, gram: u32, mut call: impl FnMut(&Entry)) {
        let place = bucket(gram);
        for (known, number) in &self.narrow[self.buckets[place] as usize..self.buckets[place + 1] as usize] {
            if *known == gram {
                call(&self.entries[*number as usize]);
            }
        }
        for (third, last, number) in &self.wide[(gram >> 12) as usize] {
            if third >> (gram >> 6 & 63) & last >> (gram & 63) & 1 == 1 {
                call(&self.entries[*number as usize]);
            }
        }
    }
}

/// Return the window one symbol on.
fn next(gram: u32, symbol: u8) -> u32 {
    (gram << 6 | u32::from(symbol)) & MASK
}

/// A table on the heap, which a stack may have no room for.
fn zeros() -> Box<[u64; WORDS]> {
    vec![0; WORDS].into_boxed_slice().try_into().unwrap_or_else(|_| unreachable!("so many were made"))
}

fn bucket(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> 18) as usize
}
