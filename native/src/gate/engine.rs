//! One pattern as an automaton that is built while it is used: each byte of a text takes it one state on.

use std::ops::Range;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

const MOST_MEMORY: usize = 4 << 20;
const CACHE: usize = 1 << 20;

/// The states of an automaton that were met so far; every thread has its own.
#[derive(Default)]
pub struct Met(Option<Box<Cache>>);

impl Met {
    fn of(&mut self, dfa: &DFA) -> &mut Cache {
        self.0.get_or_insert_with(|| Box::new(dfa.create_cache()))
    }
}

/// What came of trying a pattern at one place.
pub enum Tried {
    /// It matches.
    Matched,
    /// It does not match there.
    Failed,
    /// The bytes that it was given were not enough to tell.
    Unknown,
}

/// A pattern, ready to be tried.
pub struct Engine {
    dfa: DFA,
}

impl Engine {
    /// Prepare `hir`; None where it is too large.
    #[must_use]
    pub fn new(hir: &Hir) -> Option<Self> {
        let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(MOST_MEMORY));
        let nfa: NFA = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config =
            DFA::config().match_kind(MatchKind::LeftmostFirst).cache_capacity(CACHE).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        Some(Self { dfa })
    }

    /// Whether it matches in `place` of `text`. What stands around that is seen by boundaries of words only.
    #[must_use]
    pub fn matches_in(&self, text: &[u8], place: Range<usize>, met: &mut Met) -> bool {
        let input = Input::new(text).range(place).earliest(true);
        // An automaton that gives up counts as a match: the closer look decides.
        self.dfa.try_search_fwd(met.of(&self.dfa), &input).map_or(true, |end| end.is_some())
    }

    /// Try whether it matches over at most `reach` bytes from one of the places `starts` on, reading at most `budget` bytes, which are taken off it.
    #[must_use]
    pub fn try_from(
        &self,
        text: &[u8],
        starts: impl Iterator<Item = usize>,
        reach: Option<usize>,
        budget: &mut usize,
        met: &mut Met,
    ) -> Tried {
        let cache = met.of(&self.dfa);
        for start in starts {
            // That a match ends is told by the byte behind it.
            let end = reach.map_or(text.len(), |reach| text.len().min(start + reach + 1));
            match self.step_through(cache, text, start..end, budget) {
                Some(false) => {}
                Some(true) => return Tried::Matched,
                None => return Tried::Unknown,
            }
        }
        Tried::Failed
    }

    fn step_through(&self, cache: &mut Cache, text: &[u8], place: Range<usize>, budget: &mut usize) -> Option<bool> {
        let input = Input::new(text).range(place.start..).anchored(Anchored::Yes);
        let mut state = self.dfa.start_state_forward(cache, &input).ok()?;
        if state.is_tagged() {
            return if state.is_dead() { Some(false) } else { None };
        }
        let bytes = &text[place.start..place.end.min(place.start.saturating_add(*budget))];
        for (read, byte) in bytes.iter().enumerate() {
            let mut next = self.dfa.next_state_untagged(cache, state, *byte);
            if next.is_tagged() {
                if next.is_unknown() {
                    next = self.dfa.next_state(cache, state, *byte).ok()?;
                }
                if next.is_match() || next.is_dead() {
                    *budget -= read;
                    return Some(next.is_match());
                }
                if next.is_quit() {
                    return None;
                }
            }
            state = next;
        }
        *budget -= bytes.len();
        if bytes.len() < place.len() {
            return None;
        }
        if place.end < text.len() {
            return Some(false);
        }
        Some(self.dfa.next_eoi_state(cache, state).ok()?.is_match())
    }
}
