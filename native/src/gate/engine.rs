//! One pattern as an automaton that is built while it is used: each byte of a text takes it one state on.

use std::ops::Range;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA};
use regex_automata::util::pool::{Pool, PoolGuard};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

const MOST_MEMORY: usize = 4 << 20;
const CACHE: usize = 1 << 20;

type MakeCache = Box<dyn Fn() -> Cache + Send + Sync>;
type Guard<'a> = PoolGuard<'a, Cache, MakeCache>;

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
    caches: Pool<Cache, MakeCache>,
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
        let model = dfa.clone();
        let make: MakeCache = Box::new(move || model.create_cache());
        Some(Self { dfa, caches: Pool::new(make) })
    }

    /// Whether it matches in `place` of `text`. What stands around that is seen by boundaries of words only.
    #[must_use]
    pub fn matches_in(&self, text: &[u8], place: Range<usize>) -> bool {
        let mut cache: Guard<'_> = self.caches.get();
        let input = Input::new(text).range(place).earliest(true);
        // An automaton that gives up counts as a match: the closer look decides.
        self.dfa.try_search_fwd(&mut cache, &input).map_or(true, |end| end.is_some())
    }

    /// Try whether it matches from one of the places `starts` on, reading at most `budget` bytes, which are taken off it.
    #[must_use]
    pub fn try_from(&self, text: &[u8], starts: Range<usize>, budget: &mut usize) -> Tried {
        let mut cache: Guard<'_> = self.caches.get();
        for start in starts {
            match self.step_through(&mut cache, text, start, budget) {
                Some(false) => {}
                Some(true) => return Tried::Matched,
                None => return Tried::Unknown,
            }
        }
        Tried::Failed
    }

    fn step_through(&self, cache: &mut Cache, text: &[u8], start: usize, budget: &mut usize) -> Option<bool> {
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let mut state = self.dfa.start_state_forward(cache, &input).ok()?;
        for byte in &text[start..] {
            state = self.dfa.next_state(cache, state, *byte).ok()?;
            if state.is_tagged() {
                if state.is_match() {
                    return Some(true);
                }
                if state.is_dead() {
                    return Some(false);
                }
                if state.is_quit() {
                    return None;
                }
            }
            *budget = budget.checked_sub(1)?;
        }
        Some(self.dfa.next_eoi_state(cache, state).ok()?.is_match())
    }
}
