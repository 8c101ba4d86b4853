//! Documents and records of people: `pii_documents.py`.

use super::ascii::{digits_of, is_digits, number, runs_of_digits};
use super::expression::Expression;
use super::shapes::{compact, is_of_business, stands_alone};
use super::whole_if;
use crate::exact::{Region, Span};
use crate::rules::Rule;
use crate::rules::varied;

const YEARS: std::ops::RangeInclusive<u64> = 1900..=2035;
const DAYS: u64 = 31;
const MONTHS_A_YEAR: u64 = 12;
const FEWEST_DIGITS: usize = 5;
const SHORTEST_NUMBER: usize = 9;
const CLOCK_LONGEST: usize = 6;

static DAY_FORM: Expression = Expression::new(concat!(
    r"\A(?:(?:19|20)\d\d(?:-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.)\d{1,2}",
    r"|\d{1,2}(?:-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.)(?:19|20)\d\d|(?:19|20)\d\d-(?:19|20)\d\d)\z",
));
static CLOCK: Expression = Expression::new(r"\A[T ]\d{1,2}:\d\d");

/// Accept what can be a document's number: it stands alone, holds digits enough, and is neither a day nor one digit throughout.
pub fn document(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    let is_accepted =
        stands_alone(region) && has_digits_enough(value) && !is_of_business(region) && !DAY_FORM.is_in(value);
    whole_if(is_accepted, region)
}

/// Whether there are digits enough, and not one throughout; a long number in capitals and without separators may have fewer.
fn has_digits_enough(value: &[u8]) -> bool {
    let digits = digits_of(value);
    if digits.len() >= FEWEST_DIGITS {
        varied(&digits)
    } else {
        !digits.is_empty() && value.len() >= SHORTEST_NUMBER && compact(value) == value
    }
}

/// Accept a calendar date in a year that a living person can be born in; a two-digit year stands last.
pub fn birth_date(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    // With a clock behind it, something happened then.
    whole_if(!CLOCK.is_in(region.after(CLOCK_LONGEST)) && is_birth_date(value), region)
}

fn is_birth_date(value: &[u8]) -> bool {
    if is_digits(value) {
        return YEARS.contains(&number(value.get(..4).unwrap_or(value)));
    }
    let runs = runs_of_digits(value);
    let parts = || runs.iter().map(|&(start, end)| number(&value[start..end]));
    let has_name = value.iter().any(u8::is_ascii_alphabetic);
    let rest: Vec<u64> = if parts().any(|part| YEARS.contains(&part)) {
        parts().filter(|part| !YEARS.contains(part)).collect()
    } else {
        parts().take(if has_name { 1 } else { 2 }).collect()
    };
    let has_month = has_name || rest.iter().min().is_none_or(|least| *least <= MONTHS_A_YEAR);
    has_month && rest.iter().all(|part| (1..=DAYS).contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles() {
        DAY_FORM.try_out();
        CLOCK.try_out();
    }
}
