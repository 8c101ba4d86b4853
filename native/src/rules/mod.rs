//! Arithmetic of the numbers that issuers give out: the rules of `validators*.py`, by the names of these functions.
//!
//! Each takes what its twin takes, as ASCII bytes, and answers the same. A panic would be contained, but none is meant to happen: a rule says no to
//! what is not of its shape.

/// Whether a compact value satisfies its issuer's rule.
pub type Rule = fn(&[u8]) -> bool;

/// Return the rule of this name.
#[must_use]
pub fn named(name: &str) -> Option<Rule> {
    Some(match name {
        "luhn" => luhn,
        _ => return None,
    })
}

/// Check the Luhn digit (ISO/IEC 7812-1 annex B).
#[must_use]
pub fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let digits = digits.iter().rev().map(|byte| u32::from(byte.wrapping_sub(b'0')));
    let sum: u32 = digits.enumerate().map(|(at, digit)| if at % 2 == 1 { doubled(digit) } else { digit }).sum();
    sum % 10 == 0
}
