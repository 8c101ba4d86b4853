//! Telephone numbers: the checks of `pii_contacts.py`.

use super::ascii::{digits_of, is_digits, is_latin, number};
use super::expression::Expression;
use super::shapes::{goes_on, goes_on_code, is_in_digest, is_of_business, separated_by, touches_latin};
use super::whole_if;
use crate::exact::{Region, Span};
use crate::rules::Rule;
use crate::rules::{e164, nanp, varied};

const NANP_DIGITS: usize = 10;
const NAME_LONGEST: usize = 32;
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
const OCTETS: usize = 4;
const OCTET: u64 = 255;
/// What stands before the hyphen of a telephone number; any other few letters there name something else, as in `PO-`.
const PREFIXES: [&[u8]; 6] = [b"tel", b"cell", b"fax", b"mob", b"ph", b"sms"];

/// A day, a number of a year (invoices have one), a decimal fraction, thousands.
static NO_PHONE: Expression = Expression::new(concat!(
    r"\A(?:(?:19|20)\d\d(?:(?:-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.)\d{1,2}(?:[^\d]|\z)|[-/.]\d+\n?\z)",
    r"|\d{1,2}(?:-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.)(?:19|20)\d\d(?:[^\d]|\z)",
    r"|(?:0|[1-9]\d?)\.\d{5,}\n?\z|[1-9]\d\d\.\d{8,}\n?\z|[1-9]\d?(?:\.\d{3}){2,}\n?\z)",
));
/// What a field is that has a telephone in its name, and holds something else.
static OTHER_FIELD: Expression = Expression::new(concat!(
    r"(?i)(?:\b|_)(?:id|ids|ref|uuid|guid|version|build|count|at|time|timestamp|date|model|size|ms)",
    r#""[\t-\r\x1c-\x20]?:[\t-\r\x1c-\x20]?"?-?\n?\z"#,
));

/// Accept an E.164 number, without numbers that follow it; a plus sign after a letter or digit is arithmetic.
pub fn international(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let before = region.before(1).first();
    if is_latin(before) || before == Some(&b'+') || is_fraction_behind(region) {
        return Vec::new();
    }
    let value = region.value();
    let digits = digits_of(value);
    let end = ends_of_groups(value).find(|&(_, count)| e164(&digits[..count]));
    end.map(|(end, _)| region.part(0..end)).into_iter().collect()
}

/// Where groups of digits end, the last one first, and how many digits there are up to there.
fn ends_of_groups(value: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut left = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let digits = value.iter().enumerate().rev().filter(|(_, byte)| byte.is_ascii_digit());
    let counted = digits.map(move |(place, _)| {
        left -= 1;
        (place + 1, left + 1)
    });
    counted.filter(|&(end, _)| !value.get(end).is_some_and(u8::is_ascii_digit))
}

/// Accept ten digits in the usual groups, unless the word in front says that it is the number of a ticket or the like.
pub fn north_american(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    if is_of_business(region) { Vec::new() } else { separated_by(region, has_ten_digits) }
}

fn has_ten_digits(text: &[u8]) -> bool {
    let digits = digits_of(text);
    nanp(&digits[digits.len().saturating_sub(NANP_DIGITS)..])
}

/// Accept any plausible number that is called a phone number, but no date.
pub fn in_context(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    let digits = digits_of(value);
    let is_accepted = DIGITS.contains(&digits.len())
        && varied(&digits)
        && !touches_latin(region)
        && !goes_on(region, |mark| mark == b'.', u8::is_ascii_digit)
        && !goes_on_code(region)
        && !is_in_digest(region, 0, value.len())
        && !NO_PHONE.is_in(value)
        && !is_of_business(region)
        && !is_of_other_field(region.before(NAME_LONGEST))
        && !is_dotted_quad(value);
    whole_if(is_accepted, region)
}

fn is_fraction_behind(region: &Region<'_>) -> bool {
    matches!(region.after(2), [b'.', digit] if digit.is_ascii_digit())
}

fn is_of_other_field(before: &[u8]) -> bool {
    let line = before.strip_suffix(b"\n").unwrap_or(before);
    line.strip_suffix(b"-").is_some_and(ends_with_other_prefix) || OTHER_FIELD.is_in(before)
}

/// Whether two to four letters that stand alone end a text, and are not those of a telephone.
fn ends_with_other_prefix(text: &[u8]) -> bool {
    let letters = text.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (rest, word) = text.split_at(text.len() - letters);
    let is_alone = rest.last().is_none_or(|byte| !byte.is_ascii_digit() && *byte != b'_');
    is_alone && (2..=4).contains(&letters) && !PREFIXES.iter().any(|prefix| word.eq_ignore_ascii_case(prefix))
}

fn is_dotted_quad(value: &[u8]) -> bool {
    let is_octet = |part: &[u8]| is_digits(part) && (part.len() == 1 || part[0] != b'0') && number(part) <= OCTET;
    let octets = || value.split(|byte| *byte == b'.');
    octets().count() == OCTETS && octets().all(is_octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles() {
        NO_PHONE.try_out();
        OTHER_FIELD.try_out();
    }
}
