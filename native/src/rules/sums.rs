//! Check-digit systems that several issuers share, over ASCII digits and capital letters: `validators_sums.py`, and Luhn's.

use super::reading::{char_at, int, part, value};

const VERHOEFF_PRODUCT: [&[u8; 10]; 10] = [
    b"0123456789",
    b"1234067895",
    b"2340178956",
    b"3401289567",
    b"4012395678",
    b"5987604321",
    b"6598710432",
    b"7659821043",
    b"8765932104",
    b"9876543210",
];
const VERHOEFF_TURN: [&[u8; 10]; 8] = [
    b"0123456789",
    b"1576283094",
    b"5803796142",
    b"8916043527",
    b"9453126870",
    b"4286573901",
    b"2793806415",
    b"7046913258",
];
const DAYS: [i64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Check the Luhn digit (ISO/IEC 7812-1 annex B).
#[must_use]
pub fn luhn(digits: &[u8]) -> bool {
    let plain = |char: u8| if char.is_ascii_digit() { char - b'0' } else { char };
    let doubled = |digit: u8| match digit {
        0..=4 => 2 * digit,
        5..=9 => 2 * digit - 9,
        _ => digit,
    };
    let values = digits.iter().rev().map(|char| plain(*char)).enumerate();
    let sum: u64 = values.map(|(at, digit)| u64::from(if at % 2 == 1 { doubled(digit) } else { digit })).sum();
    sum % 10 == 0
}

/// Return the sum of the digits, each times its weight; digits beyond the weights are left out.
pub fn weighted<'a>(digits: impl IntoIterator<Item = &'a u8>, weights: impl IntoIterator<Item = i64>) -> i64 {
    digits.into_iter().zip(weights).map(|(digit, weight)| value(*digit) * weight).sum()
}

/// Return the commonest check: 11 less the weighted sum's rest, 0 for 11. It may be 10.
pub fn mod11<'a>(digits: impl IntoIterator<Item = &'a u8>, weights: impl IntoIterator<Item = i64>) -> i64 {
    (-weighted(digits, weights)).rem_euclid(11)
}

/// Check the last digit by J. Verhoeff's dihedral group code (Mathematical Centre Tracts 29, 1969).
pub fn verhoeff(digits: &[u8]) -> Option<bool> {
    // What stands up to ten places before 0 in ASCII counts from a row's end, as the twin's tables have it.
    let digit_of = |char: u8| if char < b'0' { value(char) + 10 } else { value(char) };
    let turns = VERHOEFF_TURN.iter().cycle();
    let state = digits.iter().rev().zip(turns).try_fold(0, |state, (char, turn)| {
        let turned = value(char_at(*turn, digit_of(*char))?);
        char_at(VERHOEFF_PRODUCT.get(usize::try_from(state).ok()?).copied()?, turned).map(value)
    })?;
    Some(state == 0)
}

/// Check digits that end in a digit or X (ISO/IEC 7064, MOD 11-2).
pub fn mod11_2(text: &[u8]) -> Option<bool> {
    let (check, digits) = text.split_last()?;
    let state = digits.iter().fold(0, |state, digit| ((state + value(*digit)) * 2).rem_euclid(11));
    let check = if *check == b'X' { 10 } else { value(*check) };
    Some((state + check).rem_euclid(11) == 1)
}

/// Check the last digit of a number (ISO/IEC 7064, MOD 11,10).
pub fn mod11_10(text: &[u8]) -> Option<bool> {
    let (check, digits) = text.split_last()?;
    let state = digits.iter().fold(10, |state, digit| match (state + value(*digit)).rem_euclid(10) {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    Some((state + value(*check)).rem_euclid(10) == 1)
}

/// Say whether there is such a day in some year like it; 29 February counts where the two-digit year allows.
pub fn calendar(year: i64, month: i64, day: i64) -> bool {
    let days = usize::try_from(month - 1).ok().and_then(|month| DAYS.get(month));
    days.is_some_and(|days| (1..=*days).contains(&day)) && !(month == 2 && day == 29 && year % 4 != 0)
}

/// Say whether six digits are a day, the year first.
pub fn yymmdd(text: &[u8]) -> Option<bool> {
    Some(calendar(int(part(text, 0..2))?, int(part(text, 2..4))?, int(part(text, 4..6))?))
}

/// Say whether six digits are a day, the year last.
pub fn ddmmyy(text: &[u8]) -> Option<bool> {
    Some(calendar(int(part(text, 4..6))?, int(part(text, 2..4))?, int(part(text, 0..2))?))
}

/// Return how many different characters of ASCII there are in `text`.
#[must_use]
pub fn distinct(text: &[u8]) -> u32 {
    text.iter().fold(0_u128, |seen, char| seen | 1 << (char & 0x7F)).count_ones()
}

/// Say whether a number is more than one digit over and over: placeholders pass many checks.
#[must_use]
pub fn varied(digits: &[u8]) -> bool {
    distinct(digits) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_hold_and_changed_ones_do_not() {
        assert!(luhn(b"79927398713") && !luhn(b"79927398710")); // ISO/IEC 7812-1's own example
        assert_eq!((verhoeff(b"2363"), verhoeff(b"2364"), verhoeff(b"23a3")), (Some(true), Some(false), None));
        assert_eq!((mod11_2(b"079X"), mod11_2(b"0790"), mod11_2(b"")), (Some(true), Some(false), None)); // ISO/IEC 7064
        assert_eq!((mod11_10(b"07945"), mod11_10(b"07946"), mod11_10(b"")), (Some(true), Some(false), None));
    }

    #[test]
    fn a_day_that_is_in_no_calendar_is_none() {
        for (text, is_day) in
            [("000229", true), ("010229", false), ("990431", false), ("991331", false), ("991200", false)]
        {
            assert_eq!(yymmdd(text.as_bytes()), Some(is_day), "{text}");
        }
        assert_eq!((ddmmyy(b"290200"), ddmmyy(b"290201"), ddmmyy(b"2902")), (Some(true), Some(false), None));
    }

    #[test]
    fn one_digit_over_and_over_is_not_varied() {
        assert!(varied(b"10") && !varied(b"11") && !varied(b""));
    }
}
