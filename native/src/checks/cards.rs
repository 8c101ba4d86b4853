//! Payment card numbers inside runs of digits: `cards.py`.

use super::ascii::{digits_of, is_latin, runs_of_digits};
use super::issuers::{Issued, PREFIX};
use super::shapes::is_in_digest;
use crate::exact::{Region, Span};
use crate::rules::varied;
use crate::rules::{Rule, luhn};

const TABLE_CELL: usize = 4;
const NEXT_CELLS: usize = 2;
/// Issuers print Amex as 4-6-5 and Diners Club as 4-6-4; some print 6-13 and 8-8. Longer numbers keep their rest in the last group at times.
const PRINTED_LAYOUTS: [&[usize]; 9] =
    [&[4, 6, 5], &[4, 6, 4], &[6, 13], &[4, 5, 6], &[6, 4, 5], &[4, 4, 5], &[4, 4, 4, 5], &[4, 4, 4, 6], &[4, 4, 4, 7]];

/// Return the card numbers within a run of digits and single separators, longest first at each group.
///
/// A card begins and ends at a group's border, so the number in "3 4111 …" is found although the run as a whole is none.
/// Groups must be laid out as cards are, and must not be cells of a longer row of numbers, unless context words are near.
pub fn cards(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let mut run = Run::new(region);
    let mut found = Vec::new();
    let mut first = 0;
    while first < run.groups.len() {
        let Some(last) = run.card_end(first) else {
            first += 1;
            continue;
        };
        found.push(region.part(run.groups[first].0..run.groups[last].1));
        first = last + 1;
        run.free_from = first;
    }
    found
}

/// A run of digit groups. Everything is looked up by place in the digits alone, so that a start costs the same anywhere.
struct Run<'r, 'a> {
    region: &'r Region<'a>,
    groups: Vec<(usize, usize)>,
    digits: Vec<u8>,
    /// For each group, how many digits the run has up to its end.
    ends: Vec<usize>,
    /// The groups before belong to cards already found.
    free_from: usize,
}

impl<'r, 'a> Run<'r, 'a> {
    fn new(region: &'r Region<'a>) -> Self {
        let groups = runs_of_digits(region.value());
        let mut offset = 0;
        let ends = groups.iter().map(|(start, end)| {
            offset += end - start;
            offset
        });
        let ends = ends.collect();
        Self { region, groups, digits: digits_of(region.value()), ends, free_from: 0 }
    }

    fn size(&self, at: usize) -> usize {
        self.groups.get(at).map_or(0, |(start, end)| end - start)
    }

    /// What stands between group `at` and the next.
    fn gap(&self, at: usize) -> &'a [u8] {
        let [left, right] = [at, at + 1].map(|at| self.groups.get(at));
        left.zip(right).and_then(|(left, right)| self.region.value().get(left.1..right.0)).unwrap_or_default()
    }

    /// The index of the last group of the card that begins at group `first`.
    fn card_end(&self, first: usize) -> Option<usize> {
        let offset = self.ends[first] - self.size(first);
        let prefix = &self.digits[offset..self.digits.len().min(offset + PREFIX)];
        Issued::beginning_with(prefix).longest_first().find_map(|(length, is_known)| {
            let last = self.ends.binary_search(&(offset + length)).ok()?;
            let digits = &self.digits[offset..offset + length];
            (luhn(digits) && varied(digits) && self.is_plausible(first, last, is_known)).then_some(last)
        })
    }

    fn is_plausible(&self, first: usize, last: usize, is_known: bool) -> bool {
        let (start, end) = (self.groups[first].0, self.groups[last].1);
        if self.is_fraction(start) || is_in_digest(self.region, start, end) {
            return false;
        }
        if self.region.has_context() {
            return !self.is_decimal(first, last);
        }
        // Letters that touch it make it part of a code.
        let is_glued_before = first == 0 && is_latin(self.region.before(1).first());
        let is_glued_after = last + 1 == self.groups.len() && is_latin(self.region.after(1).first());
        is_known && !is_glued_before && !is_glued_after && self.is_set_apart(first, last)
    }

    fn is_set_apart(&self, first: usize, last: usize) -> bool {
        if first == last {
            return true;
        }
        let size = self.size(first);
        let is_even = (first..last).all(|at| self.size(at) == size) && self.size(last) <= size;
        let is_printed =
            || PRINTED_LAYOUTS.iter().any(|layout| layout.iter().copied().eq((first..=last).map(|at| self.size(at))));
        let has_one_separator = (first..last).all(|at| self.gap(at) == self.gap(first));
        let is_in_row = || {
            let (before, after) = (first.checked_sub(NEXT_CELLS), last + NEXT_CELLS);
            before.is_some_and(|before| self.free_from <= before && self.are_cells(before))
                && after < self.groups.len()
                && self.are_cells(last)
        };
        has_one_separator && (is_even || is_printed()) && !is_in_row()
    }

    /// Whether the three groups from `at` on have the size and the separators of a table's row.
    fn are_cells(&self, at: usize) -> bool {
        (at..=at + NEXT_CELLS).all(|at| self.size(at) == TABLE_CELL) && self.gap(at) == self.gap(at + 1)
    }

    /// Whether what begins at `start` is the fraction of a decimal number.
    fn is_fraction(&self, start: usize) -> bool {
        let before = match start {
            0 => self.region.before(2),
            _ => &self.region.value()[start.saturating_sub(2)..start],
        };
        matches!(before, [digit, b'.'] if digit.is_ascii_digit())
    }

    fn is_decimal(&self, first: usize, last: usize) -> bool {
        last == first + 1 && self.size(first) < TABLE_CELL && self.gap(first) == b"."
    }
}
