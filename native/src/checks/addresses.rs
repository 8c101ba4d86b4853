//! Addresses of machines: the checks of `pii_contacts.py`.

use super::ascii::{is_latin, trimmed_end};
use super::shapes::{goes_on, touches_latin};
use super::whole_if;
use crate::exact::{Region, Span};
use crate::rules::Rule;
use crate::rules::{ipv4_address, ipv6_address};

const MAC_DIGITS: usize = 12;
const WORD_LONGEST: usize = 12;
const SHORTEST_QUAD: usize = 7;
const OPERATORS: [&[u8]; 5] = [b"==", b">=", b"<=", b"~=", b"!="];
const NUMBERED: [&[u8]; 11] = [
    b"version",
    b"release",
    b"build",
    b"firmware",
    b"section",
    b"chapter",
    b"clause",
    b"appendix",
    b"ver",
    b"rev",
    b"v",
];

/// Accept a 48-bit address of one card: not broadcast, not nothing, not a part of a longer row of pairs (a fingerprint).
pub fn mac(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    let mut separators = value.iter().filter(|byte| !byte.is_ascii_alphanumeric());
    let separator = separators.next();
    let has_one_separator = separators.all(|byte| Some(byte) == separator);
    let digits = || value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let separates = |mark: u8| !mark.is_ascii_alphanumeric() && value.contains(&mark);
    let is_number = separator == Some(&b'.') && !value.iter().any(u8::is_ascii_alphabetic);
    let is_accepted = has_one_separator
        && digits().count() == MAC_DIGITS
        && digits().any(|digit| Some(digit) != digits().next())
        && !touches_latin(region)
        && !goes_on(region, separates, u8::is_ascii_alphanumeric)
        && (!is_number || region.has_context());
    whole_if(is_accepted, region)
}

/// Accept an address of a host on the Internet; not a version, a section number or a part of a longer dotted number.
pub fn ipv4(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    whole_if(is_ipv4(region, false), region)
}

/// Accept an address of any host; not a version, a section number or a part of a longer dotted number.
pub fn ipv4_private(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    whole_if(is_ipv4(region, true), region)
}

fn is_ipv4(region: &Region<'_>, is_private_too: bool) -> bool {
    let value = region.value();
    let (before, after) = (region.before(WORD_LONGEST), region.after(2));
    let is_inside = match after {
        [b'-', ..] => true,
        [b'.', digit] => digit.is_ascii_digit(),
        _ => false,
    };
    let is_behind = match before {
        [.., b'.' | b'-'] => true,
        [.., byte, b'/'] => byte.is_ascii_alphanumeric(), // a product's version in a user agent
        _ => false,
    };
    // Four single digits are as likely a heading's number.
    let is_heading = || value.len() == SHORTEST_QUAD && distinct_octets(value) > 2 && !region.has_context();
    !touches_latin(region)
        && !is_inside
        && !is_behind
        && !is_compared(before)
        && !is_numbered(before)
        && !is_heading()
        && ipv4_address(value, is_private_too)
}

fn distinct_octets(value: &[u8]) -> usize {
    let octets: Vec<&[u8]> = value.split(|byte| *byte == b'.').collect();
    octets.iter().enumerate().filter(|(at, octet)| !octets[..*at].contains(octet)).count()
}

/// Whether an operator that compares versions ends what stands before.
fn is_compared(before: &[u8]) -> bool {
    let trimmed = trimmed_end(before, |byte| b" \"'".contains(&byte));
    OPERATORS.iter().any(|operator| trimmed.ends_with(operator))
}

/// Whether a word for what has a number with dots ends what stands before.
fn is_numbered(before: &[u8]) -> bool {
    let word = trimmed_end(before, |byte| b" .:=#_\"'".contains(&byte)).to_ascii_lowercase();
    let is_alone = |rest: &[u8]| !rest.last().is_some_and(u8::is_ascii_alphabetic);
    NUMBERED.iter().any(|name| word.strip_suffix(*name).is_some_and(is_alone))
}

/// Accept an IPv6 address of the Internet that stands by itself and holds more than two-digit groups (those are hardware addresses).
pub fn ipv6(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    ipv6_of(region, false)
}

/// Accept an IPv6 address of any host that stands by itself and holds more than two-digit groups (those are hardware addresses).
pub fn ipv6_private(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    ipv6_of(region, true)
}

fn ipv6_of(region: &Region<'_>, is_private_too: bool) -> Vec<Span> {
    let value = trimmed_end(region.value(), |byte| byte == b'.');
    let is_apart = |byte: Option<&u8>| !is_latin(byte) && !matches!(byte, Some(b':' | b'_'));
    let is_whole = value.len() == region.value().len();
    let is_accepted = is_apart(region.before(1).first())
        && (!is_whole || is_apart(region.after(1).first()))
        && value.split(|byte| *byte == b':').any(|group| group.len() != 2)
        && ipv6_address(value, is_private_too);
    if is_accepted { vec![region.part(0..value.len())] } else { Vec::new() }
}
