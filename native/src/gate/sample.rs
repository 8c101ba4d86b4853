//! How often what the gate looks for is seen in usual texts.

use std::cell::RefCell;
use std::collections::HashMap;

use super::required::{COUNT, WINDOW};
use super::symbols::members;

/// The most windows (as numbers) that one run may stand for.
const MOST_WINDOWS: u64 = 1 << 19;
/// Letters, digits and the blank: what texts are mostly made of. Of the windows of these that the sample leaves out, one in so many is seen in a
/// megabyte.
const COMMON: u64 = (1 << 28) - 1;
const UNSEEN: u64 = 3;

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
    pub(super) fn cost_of(&self, window: &[u64]) -> Option<u64> {
        let many = window.iter().map(|set| u64::from(set.count_ones())).product::<u64>();
        if many > MOST_WINDOWS {
            return None;
        }
        let key: [u64; WINDOW] = window.try_into().ok()?;
        let unseen = window.iter().map(|set| u64::from((set & COMMON).count_ones())).product::<u64>() / UNSEEN;
        Some(*self.known.borrow_mut().entry(key).or_insert_with(|| ((self.count(key) + unseen) << COUNT) | many))
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
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_window_and_a_count() {
        let table = include_str!("windows.txt");
        let read: usize = Sample::new(table).seen.iter().map(Vec::len).sum();
        assert_eq!(read, table.lines().count());
        assert!(read > 5000);
    }

    #[test]
    fn windows_of_common_symbols_are_seen_even_where_the_table_leaves_them_out() {
        let sample = Sample::new("AAAA 1000\n");
        let cost = |window: [u64; WINDOW]| sample.cost_of(&window).map(|cost| cost >> COUNT);
        assert_eq!(cost([1; WINDOW]), Some(1000));
        assert_eq!(cost([1 << 40; WINDOW]), Some(0));
        assert_eq!(cost([0b110; WINDOW]), Some(16 / UNSEEN));
        assert_eq!(cost([u64::MAX; WINDOW]), None);
    }
}
