//! What detectors ask of a text that has the right shape: the checks of the Python tables, by name, for texts of ASCII characters.

use crate::exact::{Region, Span};
use crate::rules::Rule;

/// Return what of a region is accepted; nothing where it is refused.
pub type Check = fn(&Region<'_>, Option<Rule>) -> Vec<Span>;

/// Return the check of this name.
#[must_use]
pub fn named(name: &str) -> Option<Check> {
    Some(match name {
        "whole" => whole,
        _ => return None,
    })
}

fn whole(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    region.whole()
}
