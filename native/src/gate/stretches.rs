//! Long stretches of bytes of one kind, which some patterns need: too common by their windows, rare by their length.

use std::ops::Range;

use super::symbols::SYMBOL;

/// At least so many neighbours of one set of symbols.
pub struct Stretch {
    /// The pattern that needs it.
    pub pattern: usize,
    /// The set.
    pub set: u64,
    /// How many there are at least.
    pub length: usize,
    /// How many digits are among them at least.
    pub digits: usize,
    /// How far a match reaches before them at most; None where there is no limit.
    pub before: Option<usize>,
}

/// Stretches that are looked for together.
pub struct Stretches {
    all: Vec<Stretch>,
    any: u64,
    shortest: usize,
}

/// A part of a text whose bytes are all of some stretch's set.
struct Part<'a> {
    bytes: &'a [u8],
    /// The symbols in it that are no letters or digits, and how many letters and digits stand together in it at most.
    signs: u64,
    longest_word: usize,
}

impl Stretches {
    /// There are none yet.
    pub fn none() -> Self {
        Self { all: Vec::new(), any: 0, shortest: usize::MAX }
    }

    /// Look for this one, too.
    pub fn enter(&mut self, stretch: Stretch) {
        self.any |= stretch.set;
        self.shortest = self.shortest.min(stretch.length);
        self.all.push(stretch);
    }

    /// Call `hit` with each stretch that stands in `text`, and where.
    ///
    /// Looks at the place where the shortest would end, and back from there: where something else stands in between, none begins before that.
    pub fn each(&self, text: &[u8], mut hit: impl FnMut(Range<usize>, &Stretch)) {
        let is_other = |byte: &u8| self.any >> SYMBOL[usize::from(*byte)] & 1 == 0;
        let mut begin: usize = 0;
        while let Some(end) = begin.checked_add(self.shortest)
            && let Some(bytes) = text.get(begin..end)
        {
            if let Some(other) = bytes.iter().rposition(is_other) {
                begin += other + 1;
                continue;
            }
            let end = text[end..].iter().position(is_other).map_or(text.len(), |length| end + length);
            let part = Part::new(&text[begin..end]);
            for wanted in &self.all {
                if let Some(place) = part.place_of(wanted) {
                    hit(begin + place..end, wanted);
                }
            }
            begin = end + 1;
        }
    }
}

impl<'a> Part<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let (mut signs, mut longest_word, mut word) = (0, 0, 0);
        for byte in bytes {
            if byte.is_ascii_alphanumeric() {
                word += 1;
                longest_word = longest_word.max(word);
            } else {
                signs |= 1 << SYMBOL[usize::from(*byte)];
                word = 0;
            }
        }
        Self { bytes, signs, longest_word }
    }

    /// Return where so many neighbours of the set begin, and so many digits among them.
    fn place_of(&self, wanted: &Stretch) -> Option<usize> {
        if self.bytes.len() < wanted.length || wanted.set & self.signs == 0 && self.longest_word < wanted.length {
            return None;
        }
        let mut begin = 0;
        for part in self.bytes.split(|byte| wanted.set >> SYMBOL[usize::from(*byte)] & 1 == 0) {
            if part.len() >= wanted.length
                && (wanted.digits == 0 || part.iter().filter(|byte| byte.is_ascii_digit()).count() >= wanted.digits)
            {
                return Some(begin);
            }
            begin += part.len() + 1;
        }
        None
    }
}
