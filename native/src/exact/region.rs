//! The text that an exact pattern matched, with what stands around it.

use std::cell::OnceCell;
use std::ops::Range;

/// A part of a region's value, in bytes, and how sure it is that this is what was looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// From 0 to 1.
    pub confidence: f64,
}

/// How sure a detector is of what it finds: without its context words nearby, and with them.
pub type Confidences = (f64, f64);

/// What an exact pattern matched in a text of ASCII characters.
pub struct Region<'a> {
    text: &'a [u8],
    place: Range<usize>,
    confidences: Confidences,
    ask: &'a dyn Fn() -> bool,
    near: OnceCell<bool>,
}

impl<'a> Region<'a> {
    /// What stands at `place` of `text`; `ask` tells whether a context word stands nearby, and is asked once at most.
    #[must_use]
    pub fn new(text: &'a [u8], place: Range<usize>, confidences: Confidences, ask: &'a dyn Fn() -> bool) -> Self {
        Self { text, place, confidences, ask, near: OnceCell::new() }
    }

    /// The matched text.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        &self.text[self.place.clone()]
    }

    /// Up to `count` characters before it.
    #[must_use]
    pub fn before(&self, count: usize) -> &'a [u8] {
        &self.text[self.place.start.saturating_sub(count)..self.place.start]
    }

    /// Up to `count` characters after it.
    #[must_use]
    pub fn after(&self, count: usize) -> &'a [u8] {
        &self.text[self.place.end..self.text.len().min(self.place.end + count)]
    }

    /// Whether one of the detector's context words stands nearby.
    #[must_use]
    pub fn has_context(&self) -> bool {
        *self.near.get_or_init(self.ask)
    }

    /// How sure the detector is here.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        if self.has_context() { self.confidences.1 } else { self.confidences.0 }
    }

    /// The whole of it, accepted.
    #[must_use]
    pub fn whole(&self) -> Vec<Span> {
        vec![self.part(0..self.place.len())]
    }

    /// A part of it, accepted.
    #[must_use]
    pub fn part(&self, part: Range<usize>) -> Span {
        Span { start: part.start, end: part.end, confidence: self.confidence() }
    }
}
