//! A pattern that matches wherever another one does, with fewer states.

use regex_syntax::hir::{Hir, HirKind, Repetition};

/// To count more than this takes as many states, for each place where the counting may have begun.
const MOST_COUNTED: u32 = 8;

/// Return `hir` with what repeats a class up to some number of times repeating it without end; None where there is no such thing.
#[must_use]
pub fn relaxed(hir: &Hir) -> Option<Hir> {
    match hir.kind() {
        HirKind::Repetition(repetition) => relaxed_repetition(repetition),
        HirKind::Capture(capture) => relaxed(&capture.sub),
        HirKind::Concat(parts) => relaxed_parts(parts).map(Hir::concat),
        HirKind::Alternation(parts) => relaxed_parts(parts).map(Hir::alternation),
        _ => None,
    }
}

fn relaxed_parts(parts: &[Hir]) -> Option<Vec<Hir>> {
    let mut any = false;
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let changed = relaxed(part);
        any |= changed.is_some();
        all.push(changed.unwrap_or_else(|| part.clone()));
    }
    any.then_some(all)
}

fn relaxed_repetition(repetition: &Repetition) -> Option<Hir> {
    let Repetition { min, max, greedy, ref sub } = *repetition;
    let is_counted = max.is_some_and(|max| max - min > MOST_COUNTED);
    let inner = relaxed(sub);
    if is_counted && matches!(sub.kind(), HirKind::Class(_)) {
        return Some(Hir::repetition(Repetition { min, max: None, greedy, sub: sub.clone() }));
    }
    inner.map(|sub| Hir::repetition(Repetition { min, max, greedy, sub: Box::new(sub) }))
}

#[cfg(test)]
mod tests {
    use regex_syntax::parse;

    use super::*;

    #[test]
    fn long_counts_of_classes_have_no_end() {
        let relaxed_to = |pattern: &str| parse(pattern).ok().and_then(|hir| relaxed(&hir));
        for (pattern, other) in [
            ("a[^b]{0,60}?c", Some("a[^b]*?c")),
            ("(?:a|([xy]{2,40}))b", Some("(?:a|(?:[xy]{2,}))b")),
            ("(?:a[xy]{0,9}){3}", Some("(?:a[xy]*){3}")),
            ("[a-z]{20}(?:ab){0,30}[0-9]{1,8}", None),
        ] {
            assert_eq!(relaxed_to(pattern), other.and_then(|other| parse(other).ok()), "{pattern}");
        }
    }
}
