//! Checks of whole numbers, and what stands around them: `pii_shapes.py`.

use super::ascii::{is_digits, is_latin};
use super::expression::Expression;
use super::whole_if;
use crate::exact::{Region, Span};
use crate::rules::Rule;

const SEPARATORS: &[u8] = b" -./_";
const MOST_SEPARATORS: usize = 3;
const CODE_LONGEST: usize = 40;
const DIGEST_SHORTEST: usize = 20;
const WORDS_LONGEST: usize = 32;

static BUSINESS: Expression = Expression::new(concat!(
    r"(?i)\b(?:order|invoice|ticket|item|article|version|build|release|commit|request|tracking|booking|page|room",
    r"|rechnung|bestellung|auftrag|vorgang|artikel|facture|commande|factura|pedido|fattura|ordine)s?",
    r"(?: (?:id|no|nr|num|number|nummer|numero))?[.:]?[\t-\r\x1c-\x20][#-]?(?:[A-Z]{2,4}-)?\n?\z",
));

/// Whether it is an ASCII letter, a digit or a hyphen: what codes are written with.
fn is_of_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Whether it is a hexadecimal digit or a hyphen: what digests and UUIDs are written with.
fn is_of_digest(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'-'
}

fn is_of_small_digest(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Return a number as its issuer stores it: in capitals, without separators.
pub fn compact(text: &[u8]) -> Vec<u8> {
    let kept = text.iter().filter(|byte| !SEPARATORS.contains(byte));
    kept.map(u8::to_ascii_uppercase).collect()
}

/// Accept a region whose value satisfies the rule.
pub fn satisfying(region: &Region<'_>, rule: Option<Rule>) -> Vec<Span> {
    whole_if(rule.is_none_or(|rule| rule(region.value())), region)
}

/// Accept a number that stands alone and whose compact form satisfies the rule.
pub fn number(region: &Region<'_>, rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    let is_accepted = stands_alone(region)
        && !is_short_digest(region)
        && SEPARATORS.iter().filter(|separator| value.contains(separator)).count() <= MOST_SEPARATORS
        && rule.is_none_or(|rule| rule(&compact(value)));
    whole_if(is_accepted, region)
}

/// Accept a number by the rule unless it goes on beyond the same separators: then it is part of a longer row.
pub fn separated(region: &Region<'_>, rule: Option<Rule>) -> Vec<Span> {
    separated_by(region, |value| rule.is_none_or(|rule| rule(value)))
}

/// Do as `separated` does, with a rule that is no function of the tables.
pub fn separated_by(region: &Region<'_>, rule: impl Fn(&[u8]) -> bool) -> Vec<Span> {
    let value = region.value();
    let separates = |mark: u8| !mark.is_ascii_digit() && value.contains(&mark);
    whole_if(!goes_on(region, separates, u8::is_ascii_digit) && !touches_latin(region) && rule(value), region)
}

/// Whether a number is no part of a longer word, a longer row of digits, a decimal fraction or a code such as a UUID.
pub fn stands_alone(region: &Region<'_>) -> bool {
    let value = region.value();
    let separates = |mark: u8| mark == b'.' || (matches!(mark, b'-' | b'/') && value.contains(&mark));
    let is_joined = matches!(region.after(2), [b'-', next] if next.is_ascii_alphanumeric());
    let is_in_clock = || goes_on(region, |mark| mark == b':', u8::is_ascii_digit);
    !touches_latin(region)
        && !is_joined
        && !goes_on_code(region)
        && !is_in_clock()
        && !goes_on(region, separates, u8::is_ascii_digit)
}

/// Whether a letter or digit touches a region.
pub fn touches_latin(region: &Region<'_>) -> bool {
    is_latin(region.before(1).last()) || is_latin(region.after(1).first())
}

/// Whether what `is_part` accepts stands on either side, beyond what `separates`.
pub fn goes_on(region: &Region<'_>, separates: impl Fn(u8) -> bool, is_part: fn(&u8) -> bool) -> bool {
    matches!(region.before(2), [part, mark] if separates(*mark) && is_part(part))
        || matches!(region.after(2), [mark, part] if separates(*mark) && is_part(part))
}

/// Whether a number goes on what a hyphen joins to it and what holds a digit; a word, as in `tel-5550123`, says what it is.
pub fn goes_on_code(region: &Region<'_>) -> bool {
    let before = region.before(CODE_LONGEST);
    let mut code = before.iter().rev().take_while(|&&byte| is_of_code(byte));
    before.last() == Some(&b'-') && code.any(u8::is_ascii_digit)
}

/// Whether the words right in front of a number say that it is one of an order, a version or the like, whatever else is spoken of.
pub fn is_of_business(region: &Region<'_>) -> bool {
    BUSINESS.is_in(region.before(WORDS_LONGEST))
}

/// Whether a part of the value stands inside hexadecimal digits, in groups or not, of which some are letters: a digest or UUID.
pub fn is_in_digest(region: &Region<'_>, start: usize, end: usize) -> bool {
    let value = region.value();
    let front = value.iter().take(start).rev().chain(region.before(CODE_LONGEST).iter().rev());
    let rest = value.iter().skip(end).chain(region.after(CODE_LONGEST));
    let (front, rest) = (Edge::of(front), Edge::of(rest));
    let is_mixed = (front.has_letters || rest.has_letters) && (front.has_digits || rest.has_digits);
    is_mixed
        && !front.is_in_word
        && !rest.is_in_word
        && front.size + end.saturating_sub(start) + rest.size >= DIGEST_SHORTEST
}

/// The hexadecimal digits and hyphens that go on from one end of a number.
#[derive(Default)]
struct Edge {
    size: usize,
    has_letters: bool,
    has_digits: bool,
    /// Whether a letter beyond them makes them part of a word.
    is_in_word: bool,
}

impl Edge {
    /// What stands next to a number, the nearest byte first; no more is looked at than a code is long.
    fn of<'a>(bytes: impl Iterator<Item = &'a u8>) -> Self {
        let mut edge = Self::default();
        for &byte in bytes.take(CODE_LONGEST) {
            if !is_of_digest(byte) {
                edge.is_in_word = byte.is_ascii_alphanumeric();
                break;
            }
            edge.size += 1;
            edge.has_letters |= byte.is_ascii_alphabetic();
            edge.has_digits |= byte.is_ascii_digit();
        }
        edge
    }
}

/// Whether a number with letters that no cue speaks of may as well be the beginning of a digest: hexadecimal, in small letters.
fn is_short_digest(region: &Region<'_>) -> bool {
    let value = region.value();
    !is_digits(value) && value.iter().all(|&byte| is_of_small_digest(byte)) && !region.has_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles() {
        BUSINESS.try_out();
    }
}
