//! Patterns as RE2 understands them, in the spelling of Rust's engine.
//!
//! Both read the same syntax; what differs is that `\d`, `\w`, `\s` and `\b` mean ASCII to RE2 and Unicode to Rust, that `\<` and `\>` are signs
//! to RE2 and borders of words to Rust, that Rust has operations on classes, and that it is more generous about repetitions.

use std::iter::Peekable;
use std::str::Chars;

/// More digits than this are no number to RE2.
const DIGITS_LONGEST: usize = 9;
/// What is not of some category of Unicode is any character beyond ASCII: the tables of RE2 and Rust are of different years.
pub const BEYOND_ASCII: &str = "\\x{80}-\\x{10FFFF}";
const BRACES_LONGEST: usize = 2 * DIGITS_LONGEST + 1;

/// Return `pattern` so that Rust's engine finds in bytes what RE2 finds in UTF-8, or more: `beyond` is what no category of Unicode is taken to hold.
#[must_use]
pub fn translated(pattern: &str, beyond: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => escape(&mut chars, &mut out, beyond),
            '[' => class(&mut chars, &mut out, beyond),
            '{' if !repeats(&chars) => out.push_str("\\{"),
            other => out.push(other),
        }
    }
    out
}

/// Whether a brace, behind which `chars` stand, says how often: one number, or two with a comma, which begin with no zero.
fn repeats(chars: &Peekable<Chars<'_>>) -> bool {
    let inner: String = chars.clone().take_while(|char| *char != '}').take(BRACES_LONGEST + 1).collect();
    let is_closed = chars.clone().nth(inner.len()) == Some('}');
    let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
    is_closed && is_number(least) && (most.is_empty() || is_number(most))
}

fn is_number(text: &str) -> bool {
    let is_short = !text.is_empty() && text.len() <= DIGITS_LONGEST;
    is_short && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// Write what follows a backslash outside a class.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String, beyond: &str) {
    match chars.next() {
        Some('d') => out.push_str("[0-9]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('s') => out.push_str("[\\t\\n\\x0C\\r ]"),
        Some('b') => out.push_str("(?-u:\\b)"),
        Some('B') => out.push_str("(?-u:\\B)"),
        Some('P') => {
            out.push('[');
            escape_anywhere(Some('P'), chars, out);
            out.push_str(beyond);
            out.push(']');
        }
        other => escape_anywhere(other, chars, out),
    }
}

fn escape_anywhere(escaped: Option<char>, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    match escaped {
        Some('D') => out.push_str("[^0-9]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('S') => out.push_str("[^\\t\\n\\x0C\\r ]"),
        Some(sign @ ('<' | '>')) => out.push(sign),
        Some(other) => {
            out.extend(['\\', other]);
            match other {
                'x' | 'p' | 'P' if chars.peek() == Some(&'{') => copy_to('}', chars, out),
                'x' => out.extend(chars.by_ref().take(2)),
                'p' | 'P' => out.extend(chars.next()),
                _ => {}
            }
        }
        None => out.push('\\'),
    }
}

fn copy_to(last: char, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    for inner in chars.by_ref() {
        out.push(inner);
        if inner == last {
            break;
        }
    }
}

/// Whether a bracket in a class, behind which `chars` stand, begins the name of another, as in `[[:alpha:]]`.
fn begins_name(chars: &Peekable<Chars<'_>>) -> bool {
    let mut rest = chars.clone();
    let mut last = ' ';
    rest.next() == Some(':') && rest.any(|char| std::mem::replace(&mut last, char) == ':' && char == ']')
}

/// What stands before a hyphen in a class says what the hyphen means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that a range could begin with.
    Nothing,
    /// A character: the hyphen makes it a range.
    Character,
    /// A character and a hyphen: what comes ends the range.
    Hyphen,
}

/// Write the class whose bracket was just read.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String, beyond: &str) {
    let begin = out.len();
    let mut is_wide = false;
    out.push('[');
    let is_negated = chars.next_if_eq(&'^').is_some();
    if is_negated {
        out.push('^');
    }
    let mut before = Before::Nothing;
    if chars.next_if_eq(&']').is_some() {
        out.push_str("\\]");
        before = Before::Character;
    }
    while let Some(char) = chars.next() {
        let after = if before == Before::Hyphen { Before::Nothing } else { Before::Character };
        before = match char {
            ']' => {
                out.push(']');
                if is_wide {
                    out.insert(begin, '[');
                    out.push_str(beyond);
                    out.push(']');
                }
                return;
            }
            '[' if before != Before::Hyphen && begins_name(chars) => {
                out.push('[');
                copy_to(']', chars, out);
                Before::Nothing
            }
            '-' if before == Before::Character && chars.peek() != Some(&']') => {
                out.push('-');
                Before::Hyphen
            }
            // Signs that mean something in a class to Rust's engine only: nested sets and their differences.
            '-' | '[' | '&' | '~' => {
                out.extend(['\\', char]);
                after
            }
            '\\' => {
                let escaped = chars.next();
                is_wide |= matches!(escaped, Some('P')) || is_negated && matches!(escaped, Some('p'));
                escape_in_class(escaped, chars, out);
                let is_set = matches!(escaped, Some('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P'));
                if is_set { Before::Nothing } else { after }
            }
            other => {
                out.push(other);
                after
            }
        };
    }
}

fn escape_in_class(escaped: Option<char>, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    match escaped {
        Some('d') => out.push_str("0-9"),
        Some('w') => out.push_str("0-9A-Za-z_"),
        Some('s') => out.push_str("\\t\\n\\x0C\\r "),
        other => escape_anywhere(other, chars, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(pattern: &str) -> String {
        super::translated(pattern, BEYOND_ASCII)
    }

    #[test]
    fn what_means_ascii_to_re2_is_spelt_out() {
        assert_eq!(
            translated(r"\bab\d{3}[\d.-][]a&&b[]\w\\b"),
            r"(?-u:\b)ab[0-9]{3}[0-9.\-][\]a\&\&b\[][0-9A-Za-z_]\\b"
        );
    }

    #[test]
    fn a_hyphen_means_in_a_class_what_it_means_to_re2() {
        assert_eq!(translated("[+--]"), r"[+-\-]");
        assert_eq!(translated("[--a]"), r"[\--a]");
        assert_eq!(translated("[^-a-c-]"), r"[^\-a-c\-]");
        assert_eq!(translated(r"[]-a\d-x[:alpha:]-]"), r"[\]-a0-9\-x[:alpha:]\-]");
        assert_eq!(translated(r"[\x{41}-\x42-Z]"), r"[\x{41}-\x42\-Z]");
        assert_eq!(translated(r"[\pL-\x41-Z]"), r"[\pL\-\x41-Z]");
    }

    #[test]
    fn a_bracket_in_a_class_is_a_sign_where_no_name_follows() {
        assert_eq!(translated("[^[:digit<]]a"), r"[^\[:digit<]]a");
        assert_eq!(translated("[[:^alpha:][]"), r"[[:^alpha:]\[]");
    }

    #[test]
    fn braces_are_signs_where_they_say_no_numbers() {
        assert_eq!(translated("a{2}b{0,}c{1,30}"), "a{2}b{0,}c{1,30}");
        assert_eq!(translated("a{02}b{,3}c{ 1}d{x}{"), r"a\{02}b\{,3}c\{ 1}d\{x}\{");
        assert_eq!(translated("a{1,2,3}b{}é{é"), r"a\{1,2,3}b\{}é\{é");
    }

    #[test]
    fn what_is_not_of_a_category_may_be_anything_beyond_ascii() {
        assert_eq!(translated(r"\pL\PL\P{Lu}"), r"\pL[\PL\x{80}-\x{10FFFF}][\P{Lu}\x{80}-\x{10FFFF}]");
        assert_eq!(translated(r"[\pN_][^\p{Lu}-]"), r"[\pN_][[^\p{Lu}\-]\x{80}-\x{10FFFF}]");
        assert_eq!(translated(r"[\PN_]a"), r"[[\PN_]\x{80}-\x{10FFFF}]a");
    }

    #[test]
    fn in_plain_text_it_may_be_what_it_is() {
        assert_eq!(super::translated(r"\PL[\PN_]a", ""), r"[\PL][[\PN_]]a");
    }

    #[test]
    fn what_is_not_closed_stays_open() {
        assert_eq!(translated(r"[^\PLa"), r"[^\PLa");
        assert_eq!(translated(r"a[\"), r"a[\");
    }

    #[test]
    fn escaped_angles_are_signs() {
        assert_eq!(translated(r"\<a\>[\<\>]\\<"), r"<a>[<>]\\<");
    }
}
