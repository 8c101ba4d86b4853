//! Accounts of people: the checks of `pii_finance.py`.

use super::shapes::is_in_digest;
use crate::exact::{Region, Span};
use crate::rules::Rule;
use crate::rules::iban_prefix;

/// With a separator at every fourth character or a few more.
const IBAN_LONGEST: usize = 33 + 10;

/// Accept what is an IBAN by its country's length and its check digits; it may follow another code in the region.
pub fn iban(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let text = region.value();
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let length = iban_prefix(&text[start..text.len().min(start + IBAN_LONGEST)]);
        if length > 0 && !is_in_digest(region, start, start + length) {
            found.push(region.part(start..start + length));
        }
        let last = start + length.max(1) - 1;
        let gap = text.iter().skip(last).position(|byte| matches!(byte, b' ' | b'-'));
        start = gap.map_or(text.len(), |gap| last + gap + 1);
    }
    found
}
