//! Parts of a text and the numbers in it, read as Python reads them.

use std::ops::Range;

/// Return what stands at `place`, less of it where the text ends before.
pub fn part(text: &[u8], place: Range<usize>) -> &[u8] {
    let end = place.end.min(text.len());
    &text[place.start.min(end)..end]
}

/// Return what stands from `start` on.
pub fn from(text: &[u8], start: usize) -> &[u8] {
    text.get(start..).unwrap_or_default()
}

/// Return up to `count` characters at the end.
pub fn last(text: &[u8], count: usize) -> &[u8] {
    from(text, text.len().saturating_sub(count))
}

/// Return what stands before the last `sign` and behind it; where there is none, nothing and all.
pub fn parted_at_last(text: &[u8], sign: u8) -> (&[u8], &[u8]) {
    match text.iter().rposition(|char| *char == sign) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (&[], text),
    }
}

/// Return what a character is worth as a digit; of no digit too it is the distance from 0.
pub fn value(char: u8) -> i64 {
    i64::from(char) - i64::from(b'0')
}

/// Return the digit at `at`.
pub fn digit(text: &[u8], at: usize) -> Option<i64> {
    text.get(at).filter(|char| char.is_ascii_digit()).map(|char| value(*char))
}

/// Return the digit of base 36 that `char` is, whatever its case.
pub fn digit_36(char: u8) -> Option<i64> {
    char::from(char).to_digit(36).map(i64::from)
}

/// Return the place of `char` in `order`.
pub fn place_in(order: &[u8], char: u8) -> Option<i64> {
    order.iter().position(|other| *other == char).and_then(|place| i64::try_from(place).ok())
}

/// Return the character of `order` at `place`.
pub fn char_at(order: &[u8], place: i64) -> Option<u8> {
    order.get(usize::try_from(place).ok()?).copied()
}

/// Whether `word` is one of the words of `list`, which blanks part.
pub fn is_one_of(list: &str, word: &[u8]) -> bool {
    list.split_ascii_whitespace().any(|other| other.as_bytes() == word)
}

/// Whether a text is digits and nothing else.
pub fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Return the digits of `text`.
#[must_use]
pub fn digits_of(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(u8::is_ascii_digit).collect()
}

/// Return `text` with zeros before it, `width` characters long at least.
pub fn padded(text: &[u8], width: usize) -> Vec<u8> {
    [&vec![b'0'; width.saturating_sub(text.len())], text].concat()
}

/// Return the whole number that `text` writes; a huge one ends at the largest that there is.
pub fn int(text: &[u8]) -> Option<i64> {
    let (sign, digits) = numeral(text)?;
    Some(sign * digits.fold(0, |number: i64, digit| number.saturating_mul(10).saturating_add(digit)))
}

/// Return what is left of the number that `text` writes when it is divided by `divisor`, however long it is.
pub fn rest(text: &[u8], divisor: i64) -> Option<i64> {
    let (sign, digits) = numeral(text)?;
    Some((sign * digits.fold(0, |rest, digit| (rest * 10 + digit) % divisor)).rem_euclid(divisor))
}

/// Return the sign and the digits of a whole number: blanks may stand around it, and single underscores between its digits.
fn numeral(text: &[u8]) -> Option<(i64, impl Iterator<Item = i64>)> {
    let is_blank = |char: &u8| matches!(char, b'\t'..=b'\r' | b' ');
    let start = text.iter().position(|char| !is_blank(char))?;
    let end = text.iter().rposition(|char| !is_blank(char))? + 1;
    let (sign, digits) = match &text[start..end] {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits.strip_prefix(b"+").unwrap_or(digits)),
    };
    let fits = digits.split(|char| *char == b'_').all(is_digits);
    fits.then(|| (sign, digits.iter().filter(|char| **char != b'_').map(|char| value(*char))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_python_reads_it() {
        for (text, number) in [
            ("07", Some(7)),
            (" +1_000\n", Some(1000)),
            ("-3", Some(-3)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            (" ", None),
            ("- 3", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("\x1c1", None),
            ("0x1", None),
        ] {
            assert_eq!(int(text.as_bytes()), number, "{text:?}");
        }
        assert_eq!(rest(b"-1", 97), Some(96));
        assert_eq!(rest(b"340282366920938463463374607431768211456", 97), Some(35));
    }

    #[test]
    fn a_part_ends_where_the_text_ends() {
        assert_eq!(part(b"abc", 1..9), b"bc");
        assert_eq!(part(b"abc", 5..9), b"");
        assert_eq!(from(b"abc", 9), b"");
        assert_eq!(last(b"abc", 2), b"bc");
        assert_eq!(last(b"abc", 7), b"abc");
        assert_eq!(parted_at_last(b"a_b_c", b'_'), (&b"a_b"[..], &b"c"[..]));
        assert_eq!(parted_at_last(b"abc", b'_'), (&b""[..], &b"abc"[..]));
        assert_eq!(padded(b"12", 4), b"0012");
        assert_eq!(padded(b"12345", 4), b"12345");
    }
}
