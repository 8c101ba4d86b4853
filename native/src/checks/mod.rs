//! What detectors ask of a text that has the right shape: the checks of the Python tables, by name, for texts of ASCII characters.

mod accounts;
mod addresses;
mod ascii;
mod cards;
mod documents;
mod email;
mod expression;
mod issuers;
mod phones;
#[cfg(feature = "python")]
pub mod python;
mod shapes;
mod tokens;

use crate::exact::{Region, Span};
use crate::rules::Rule;

/// Return what of a region is accepted; nothing where it is refused.
pub type Check = fn(&Region<'_>, Option<Rule>) -> Vec<Span>;

/// Return the check of this name.
#[must_use]
pub fn named(name: &str) -> Option<Check> {
    Some(match name {
        "whole" => whole,
        "where" => shapes::satisfying,
        "number" => shapes::number,
        "separated" => shapes::separated,
        "cards" => cards::cards,
        "iban" => accounts::iban,
        "document" => documents::document,
        "birth_date" => documents::birth_date,
        "phone_context" => phones::in_context,
        "phone_international" => phones::international,
        "phone_north_american" => phones::north_american,
        "email" => email::email,
        "quoted_email" => email::quoted_email,
        "mac" => addresses::mac,
        "ipv4" => addresses::ipv4,
        "ipv4_private" => addresses::ipv4_private,
        "ipv6" => addresses::ipv6,
        "ipv6_private" => addresses::ipv6_private,
        "issued" => tokens::issued,
        "alone" => tokens::alone,
        "checksummed" => tokens::checksummed,
        _ => return None,
    })
}

fn whole(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    region.whole()
}

/// Accept the whole region where this holds.
fn whole_if(is_accepted: bool, region: &Region<'_>) -> Vec<Span> {
    if is_accepted { region.whole() } else { Vec::new() }
}
