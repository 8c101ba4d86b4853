//! What is known of one text while it is looked at, and what a thread keeps from one text to the next.

use std::mem::take;
use std::ops::Range;

use super::engine::Met;
use super::required::{LONGEST_GAP, LONGEST_WORD, is_blank, is_of_a_word};

/// So many places of one chain are remembered at most.
pub(super) const MOST_BEGUN: usize = 256;
/// How many bytes may be read again for one pattern in a text: so many at least, and so many times its length.
const BUDGET_FLOOR: usize = 4096;
const BUDGET_SHARE: usize = 2;

/// How many bytes may still be read for each entry that was tried in a text, so that the work stays in step with its length; none once it is known
/// whether the entry matches.
#[derive(Default)]
pub struct Asked {
    /// For each entry: the text in which it was tried last, and what is left of its budget there.
    left: Vec<(u32, usize)>,
    text: u32,
    long_runs: Option<Vec<Range<usize>>>,
    met: Vec<Met>,
    /// Whether a look at a text began and has not ended: by a panic, and then nothing that is kept can be trusted.
    is_at_work: bool,
    /// For each link of a chain: the text in which it was seen last, and where.
    seen: Vec<(u32, usize)>,
    /// For each first link: where matches may begin by it, and have not been tried yet.
    begun: Vec<Vec<(usize, Option<usize>)>>,
}

const SETTLED: usize = usize::MAX;

impl Asked {
    /// Begin with another text, of which nothing is known.
    pub(super) fn begin(&mut self, entries: usize, engines: usize, links: usize) {
        if self.is_at_work {
            *self = Self::default();
        }
        self.is_at_work = true;
        self.long_runs = None;
        self.met.resize_with(engines, Met::default);
        self.text = self.text.wrapping_add(1);
        if (self.left.len(), self.seen.len()) != (entries, links) || self.text == 0 {
            self.left = vec![(0, 0); entries];
            self.seen = vec![(0, 0); links];
            self.begun = vec![Vec::new(); links];
            self.text = 1;
        }
    }

    /// The look at the text that was begun has ended.
    pub(super) fn end(&mut self) {
        self.is_at_work = false;
    }

    pub(super) fn is_settled(&self, entry: usize) -> bool {
        self.left[entry] == (self.text, SETTLED)
    }

    pub(super) fn settle(&mut self, entry: usize) {
        self.left[entry] = (self.text, SETTLED);
    }

    fn budget(&mut self, entry: usize, length: usize) -> &mut usize {
        let (text, left) = &mut self.left[entry];
        if *text != self.text {
            (*text, *left) = (self.text, BUDGET_FLOOR + BUDGET_SHARE * length);
        }
        left
    }

    /// What may still be read for an entry, and the states met of an engine.
    pub(super) fn budget_and_met(&mut self, entry: usize, length: usize, engine: usize) -> (&mut usize, &mut Met) {
        self.budget(entry, length);
        (&mut self.left[entry].1, &mut self.met[engine])
    }

    /// Note that the first link of a chain stands at `at`, and where a match would begin by that; return how many such places are remembered.
    pub(super) fn begin_chain(&mut self, link: usize, at: usize, place: (usize, Option<usize>)) -> usize {
        if self.seen[link].0 != self.text {
            self.begun[link].clear();
        }
        self.begun[link].push(place);
        self.see(link, at);
        self.begun[link].len()
    }

    /// Let go of the places of a chain that no match can begin from any more, and return how many are left.
    pub(super) fn forget(&mut self, link: usize, mut is_past: impl FnMut(usize, &mut Self) -> bool) -> usize {
        let mut begun = take(&mut self.begun[link]);
        begun.retain(|(begin, _)| !is_past(*begin, self));
        self.begun[link] = begun;
        self.begun[link].len()
    }

    /// Take one of the places that were noted for a chain: each is tried once.
    pub(super) fn take_begun(&mut self, link: usize) -> Option<(usize, Option<usize>)> {
        self.begun[link].pop()
    }

    /// Of how many places the fullest chain has had to be remembered.
    #[cfg(test)]
    pub(super) fn most_begun(&self) -> usize {
        self.begun.iter().map(Vec::capacity).max().unwrap_or(0)
    }

    /// Note that a link of a chain stands at `at`.
    pub(super) fn see(&mut self, link: usize, at: usize) {
        self.seen[link] = (self.text, at);
    }

    /// Where a link of a chain was seen last in this text.
    pub(super) fn seen(&self, link: usize) -> Option<usize> {
        let (text, at) = self.seen[link];
        (text == self.text).then_some(at)
    }

    /// The states met of an engine.
    pub(super) fn met(&mut self, engine: usize) -> &mut Met {
        &mut self.met[engine]
    }

    /// How many bytes the runs have in which the reach of a pattern means nothing, of those that begin or end within `place`.
    pub(super) fn in_long_runs(&mut self, text: &[u8], place: Range<usize>) -> usize {
        let runs = self.long_runs.get_or_insert_with(|| {
            let mut runs = long_runs(text, LONGEST_WORD, |byte| !is_blank(byte));
            runs.extend(long_runs(text, LONGEST_GAP, |byte| !is_of_a_word(byte)));
            runs.sort_unstable_by_key(|run| run.start);
            joined(runs)
        });
        let first = runs.partition_point(|run| run.end < place.start);
        runs[first..].iter().take_while(|run| run.start <= place.end).map(Range::len).sum()
    }

    /// Whether there are such runs.
    pub(super) fn has_long_runs(&mut self, text: &[u8], place: Range<usize>) -> bool {
        self.in_long_runs(text, place) > 0
    }

    pub(super) fn may_read(&mut self, pattern: usize, length: usize, bytes: usize) -> bool {
        let left = self.budget(pattern, length);
        let enough = left.checked_sub(bytes);
        *left = enough.unwrap_or(0);
        enough.is_some()
    }
}

/// Return `runs`, which are in order, with those as one that touch each other.
fn joined(runs: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(runs.len());
    for run in runs {
        match apart.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => apart.push(run),
        }
    }
    apart
}

/// Return the runs of more than `most` bytes that are all such.
///
/// Looks at the place where a run would be long enough, and back from there: where something else stands in between, none begins before that.
fn long_runs(text: &[u8], most: usize, is_such: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut begin = 0;
    while let Some(part) = text.get(begin..=begin + most) {
        if let Some(other) = part.iter().rposition(|byte| !is_such(*byte)) {
            begin += other + 1;
            continue;
        }
        let end = text[begin..].iter().position(|byte| !is_such(*byte)).map_or(text.len(), |length| begin + length);
        runs.push(begin..end);
        begin = end + 1;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_long_where_words_or_gaps_are() {
        let text = [b"ab ".repeat(40), vec![b'x'; 90], b" ".repeat(20)].concat();
        let mut asked = Asked::default();
        assert!(!asked.has_long_runs(&text, 0..119));
        assert!(asked.has_long_runs(&text, 0..120));
        assert!(asked.has_long_runs(&text, 210..220));
        assert_eq!(asked.in_long_runs(&text, 0..119), 0);
        assert_eq!(asked.in_long_runs(&text, 150..160), 110, "runs that touch each other are one, and it counts whole");
        assert!(!Asked::default().has_long_runs(&b"ab ".repeat(100), 0..300));
    }
}
