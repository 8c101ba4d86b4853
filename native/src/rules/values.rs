//! What a value looks like: generated, made of words, or documentation's example of one: `secrets_values.py`. And checksums of tokens.

use super::reading::parted_at_last;
use super::sums::distinct;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PASSWORD_SIGNS: &[u8] = b"!@#$%^&*?+~=";

/// Check a token whose last six characters are the CRC-32 of what follows its prefix, in base 62 (`GitHub`, npm).
#[must_use]
pub fn crc32_base62(token: &[u8]) -> bool {
    let (_, body) = parted_at_last(token, b'_');
    let (content, check) = body.split_at(body.len().saturating_sub(6));
    let mut sum = crc32(content);
    let mut written = [b'0'; 6];
    for digit in written.iter_mut().rev() {
        *digit = BASE62[sum as usize % 62];
        sum /= 62;
    }
    check == written
}

/// Check a token whose last part is the CRC-32 of what stands before its last underscore, in hexadecimal (Grafana).
#[must_use]
pub fn crc32_hex(token: &[u8]) -> bool {
    let (body, check) = parted_at_last(token, b'_');
    format!("{:08x}", crc32(body)).as_bytes() == check
}

/// Return the CRC-32 of ISO 3309, bit by bit: tokens are short.
fn crc32(bytes: &[u8]) -> u32 {
    let shifted = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), shifted))
}

/// Return the Shannon entropy of `text` in bits per character.
///
/// Characters are summed in the order in which they first stand there, as the twin does it: the last bits of the sum are the same.
#[must_use]
pub fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    let mut order = Vec::new();
    for char in text {
        let count = &mut counts[usize::from(*char)];
        if *count == 0 {
            order.push(*char);
        }
        *count += 1;
    }
    let size: f64 = counts.iter().copied().map(f64::from).sum();
    let shares = order.iter().map(|char| f64::from(counts[usize::from(*char)]) / size);
    -shares.fold(0.0, |sum, share| sum + share * share.log2())
}

/// Say whether a value with an issuer's prefix is what documentation shows: EXAMPLE in it, a run of x, hardly any variety.
#[must_use]
pub fn is_sample(value: &[u8]) -> bool {
    const MARKS: [&[u8]; 7] = [b"xxxxxx", b"your_", b"your-", b"placeholder", b"redacted", b"***", b"..."];
    let low = value.to_ascii_lowercase();
    contains(value, b"EXAMPLE")
        || MARKS.iter().any(|mark| contains(&low, mark))
        || says_here(&low)
        || (value.len() >= 20 && distinct(value) < 8)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether the word `here` ends a text's part, as in `key_here`.
fn says_here(low: &[u8]) -> bool {
    let is_word = |char: &u8| char.is_ascii_alphanumeric() || *char == b'_';
    let ends = |at: usize| !low.get(at).is_some_and(is_word);
    low.windows(5).zip(5..).any(|(window, end)| matches!(window, [b'_' | b'-', b'h', b'e', b'r', b'e']) && ends(end))
}

/// Say whether most of the letters in `value` form words, however they are joined: `maxRetries_2`, `form.password`.
#[must_use]
pub fn is_worded(value: &[u8]) -> bool {
    let letters = value.iter().filter(|char| char.is_ascii_alphabetic()).count();
    let digits = value.iter().filter(|char| char.is_ascii_digit()).count();
    if letters == 0 || digits > letters || mixed_pairs(value) > (letters / 8).max(3) {
        return false;
    }
    let runs = value.split(|char| !char.is_ascii_alphabetic());
    4 * runs.map(worded_letters).sum::<usize>() >= 3 * letters
}

/// Return how many pairs there are of a letter and a digit that stand beside each other; none counts twice.
fn mixed_pairs(value: &[u8]) -> usize {
    let is_mixed = |one: u8, other: u8| one.is_ascii_alphabetic() && other.is_ascii_digit();
    let (mut count, mut rest) = (0, value);
    while let [one, other, behind @ ..] = rest {
        let found = is_mixed(*one, *other) || is_mixed(*other, *one);
        count += usize::from(found);
        rest = if found { behind } else { &rest[1..] };
    }
    count
}

/// Return how many letters of one run stand in what could be words: three letters and more, with a vowel, not endless.
fn worded_letters(run: &[u8]) -> usize {
    let is_vowel = |char: &u8| b"aeiouy".contains(&char.to_ascii_lowercase());
    let (mut count, mut rest) = (0, run);
    while !rest.is_empty() {
        let (hump, behind) = rest.split_at(hump_length(rest));
        if (3..=20).contains(&hump.len()) && hump.iter().any(is_vowel) {
            count += hump.len();
        }
        rest = behind;
    }
    count
}

/// Return how long the hump is that a run of letters begins with: small letters, with a capital before them or not, or capitals.
fn hump_length(run: &[u8]) -> usize {
    let capitals = run.iter().take_while(|char| char.is_ascii_uppercase()).count();
    let small = run[capitals..].iter().take_while(|char| char.is_ascii_lowercase()).count();
    if capitals <= 1 && small > 0 { capitals + small } else { capitals }
}

/// Say whether `value` could be a generated key: long, varied, and not made of words.
#[must_use]
pub fn generated(value: &[u8], shortest: usize, bits: f64) -> bool {
    let has = |kind: fn(&u8) -> bool| value.iter().any(kind);
    let has_digit = has(u8::is_ascii_digit);
    // A seed of one-time passwords (RFC 4648).
    let is_seed = has_digit && value.len() >= 16 && value.iter().all(|char| matches!(char, b'A'..=b'Z' | b'2'..=b'7'));
    if value.len() < shortest || entropy(value) < bits || (is_worded(value) && !is_seed) {
        return false;
    }
    has(u8::is_ascii_alphabetic) && (has_digit || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)))
}

/// Say whether `value` could be a generated key of the usual length.
#[must_use]
pub fn is_generated(value: &[u8]) -> bool {
    generated(value, 16, 3.0)
}

/// Say whether `value` has hexadecimal digits and hyphens only: as likely a digest or an identifier as a key.
#[must_use]
pub fn is_hexadecimal(value: &[u8]) -> bool {
    value.iter().all(|char| char.is_ascii_hexdigit() || *char == b'-')
}

/// Say whether somebody would take `value` for a password in a sentence: digits or signs among letters, or letters that form no words.
#[must_use]
pub fn is_password(value: &[u8]) -> bool {
    let is_telling = |char: &u8| char.is_ascii_digit() || PASSWORD_SIGNS.contains(char);
    let is_letters = value.iter().all(u8::is_ascii_alphabetic);
    value.iter().any(u8::is_ascii_alphabetic)
        && (value.iter().any(is_telling) || (is_letters && value.len() >= 8 && !is_worded(value)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_hold;
    use super::*;

    #[test]
    fn checksums_of_tokens_hold_and_changed_ones_do_not() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926); // the catalogue's check value
        assert_hold(&[
            ("crc32_hex", "123456789_cbf43926", "123456788_cbf43926"),
            ("crc32_hex", "00000000", "0"),
            ("crc32_base62", "x_1234567893jZRME", "x_1234567883jZRME"),
        ]);
    }

    #[test]
    fn entropy_is_in_bits_per_character() {
        for (text, bits) in [("", 0.0), ("aaaa", 0.0), ("abcd", 2.0), ("aabc", 1.5)] {
            assert!((entropy(text.as_bytes()) - bits).abs() < f64::EPSILON, "{text}");
        }
    }

    #[test]
    fn values_are_told_by_their_looks() {
        assert_hold(&[
            ("is_sample", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLx"),
            ("is_sample", "key_XXXXXX", "key_XXXXX"),
            ("is_sample", "put-token-HERE!", "put-token-heres"),
            ("is_sample", "ababababababababababab", "abab"),
            ("is_worded", "maxRetries_2", "mx9Rt3s_2qZ"),
            ("is_worded", "form.password", "frm.psswrd"),
            ("is_generated", "q7Zk2PxV9mWb4TnL", "rememberThePassword"),
            ("is_hexadecimal", "550e8400-e29b-41d4", "550g8400-e29b-41d4"),
            ("is_password", "hunter2", "hunter"),
            ("is_password", "qwrtpsdf", "sunshine"),
        ]);
    }
}
