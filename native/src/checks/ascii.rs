//! Python's methods of strings, for ASCII bytes.

/// Whether there is such a byte and it is a letter or digit: next to a number they make it part of a longer word.
pub fn is_latin(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether there is text, and nothing but digits in it.
pub fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Return the digits of a text.
pub fn digits_of(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(u8::is_ascii_digit).collect()
}

/// Return a text without the bytes at its end of which `is_left_out` holds.
pub fn trimmed_end(text: &[u8], is_left_out: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().rposition(|&byte| !is_left_out(byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or(text)
}

/// Return where each run of digits begins and ends.
pub fn runs_of_digits(text: &[u8]) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut place = 0;
    for run in text.chunk_by(|left, right| left.is_ascii_digit() == right.is_ascii_digit()) {
        if is_digits(run) {
            runs.push((place, place + run.len()));
        }
        place += run.len();
    }
    runs
}

/// Return the value of a text of digits; one beyond all numbers stays at the largest.
pub fn number(digits: &[u8]) -> u64 {
    let value = |digit: &u8| u64::from(digit.wrapping_sub(b'0'));
    digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(value(digit)))
}
