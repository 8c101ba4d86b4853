//! Patterns for texts of ASCII characters only: classes of Unicode make an automaton large, and most of it is for other texts.

use regex_syntax::hir::{
    Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition,
};

/// Return what matches in a text of ASCII characters where `hir` does, by the same groups.
pub fn plain(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Literal(literal) if !literal.0.is_ascii() => Hir::fail(),
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7f')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7f)]));
            Hir::class(Class::Bytes(class))
        }
        HirKind::Repetition(repetition) => {
            let sub = Box::new(plain(&repetition.sub));
            Hir::repetition(Repetition { sub, ..repetition.clone() })
        }
        HirKind::Capture(capture) => {
            let sub = Box::new(plain(&capture.sub));
            Hir::capture(Capture { sub, ..capture.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(plain).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(plain).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::parse;

    use super::*;

    #[test]
    fn what_is_beyond_ascii_is_left_out() {
        for (pattern, other) in [
            (r"a\pL+b", "a[A-Za-z]+b"),
            ("(é|e)[^x]", r"([[a&&b]e])[\x00-wy-\x7F]"),
            ("straße", r"[a&&b]"),
            ("(?i)k{2,3}", "[Kk]{2,3}"),
            ("(a)|(ü)|(c)", "(a)|([a&&b])|(c)"),
        ] {
            let made = parse(pattern).map(|hir| plain(&hir).to_string());
            let expected = parse(other).map(|hir| hir.to_string());
            assert_eq!(made, expected, "{pattern}");
        }
    }
}
