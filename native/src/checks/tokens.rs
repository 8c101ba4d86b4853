//! Credentials with an issuer's prefix: the checks of `secrets_checks.py`.

use super::whole_if;
use crate::exact::{Region, Span};
use crate::rules::Rule;
use crate::rules::{crc32_base62, entropy, is_sample, is_worded};

const SURE: f64 = 0.99;
const LEAST_ENTROPY: f64 = 2.5;
const LINE_ENDS: [&[u8]; 3] = [b"\\n", b"\\r", b"\\t"];

/// Accept a token with its issuer's prefix unless it is documentation's example of one.
pub fn issued(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    whole_if(!is_sample(region.value()), region)
}

/// Accept a token with a short prefix where it stands alone, not inside base64 or a longer name, and looks generated.
pub fn alone(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    let is_accepted = !is_inside(region.before(2))
        && !region.after(1).first().is_some_and(|&next| is_of_base64(next))
        && !is_name(value)
        && !is_sample(value)
        && entropy(value) >= LEAST_ENTROPY;
    whole_if(is_accepted, region)
}

fn is_inside(before: &[u8]) -> bool {
    before.last().is_some_and(|&last| is_of_base64(last) && last != b'/') && !LINE_ENDS.contains(&before)
}

fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/_-".contains(&byte)
}

fn is_name(value: &[u8]) -> bool {
    let has_several_parts = || value.iter().filter(|byte| b"_-.".contains(byte)).count() > 1;
    is_worded(value) && (!value.iter().any(u8::is_ascii_digit) || has_several_parts())
}

/// Accept a token, surer if its documented checksum holds; formats were issued without one, too.
pub fn checksummed(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    if is_sample(value) {
        return Vec::new();
    }
    let confidence = if crc32_base62(value) { SURE } else { region.confidence() };
    vec![Span { start: 0, end: value.len(), confidence }]
}
