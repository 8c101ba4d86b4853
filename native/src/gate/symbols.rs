//! The alphabet in which the gate reads: 64 symbols, so that four neighbours are a number below 2^24.
//!
//! Letters lose their case and digits their value; every sign of ASCII keeps a symbol of its own. Bytes beyond ASCII share the symbols by their
//! low six bits, but for that of the digits, which are counted. Two bytes with one symbol only mean that the gate looks more closely than it
//! needed to.

/// How many symbols there are; a set of them is the bits of one number.
pub const SYMBOLS: u32 = 64;
/// The set of all symbols.
pub const ALL: u64 = u64::MAX;
/// What stands behind the last byte of a text.
pub const END: u8 = 63;

const LETTERS: u8 = 0;
const DIGIT: u8 = 26;
const SIGNS: u8 = 27;

/// The symbol of each byte.
pub static SYMBOL: [u8; 256] = symbols();

static IS_OF_A_WORD: [bool; 256] = word_bytes();

const fn word_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
}

const fn symbols() -> [u8; 256] {
    let mut table = [END; 256];
    let mut byte: usize = 0;
    let mut sign = SIGNS;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation)] // below 256
        let value = byte as u8;
        table[byte] = match value {
            b'a'..=b'z' => LETTERS + value - b'a',
            b'A'..=b'Z' => LETTERS + value - b'A',
            b'0'..=b'9' => DIGIT,
            b'\n' => 60,
            b'\t' => 61,
            0x1b => 62,
            b' '..=b'~' => {
                sign += 1;
                sign - 1
            }
            0x80..=0xff if value & 0x3f != DIGIT => value & 0x3f,
            _ => END,
        };
        byte += 1;
    }
    table
}

/// The set that holds the symbol of `byte`.
#[must_use]
pub fn set_of(byte: u8) -> u64 {
    1 << SYMBOL[usize::from(byte)]
}

/// Whether a word begins or ends before `at`.
#[must_use]
pub fn is_edge(text: &[u8], at: usize) -> bool {
    let is_of_a_word =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| IS_OF_A_WORD[usize::from(*byte)]);
    is_of_a_word(at.checked_sub(1)) != is_of_a_word(Some(at))
}

/// The symbols of a set.
pub fn members(set: u64) -> impl Iterator<Item = u32> {
    (0..SYMBOLS).filter(move |symbol| set >> symbol & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_have_the_symbol_of_digits() {
        for byte in 0..=u8::MAX {
            assert_eq!(SYMBOL[usize::from(byte)] == DIGIT, byte.is_ascii_digit(), "{byte}");
        }
    }

    #[test]
    fn letters_have_no_case_and_signs_differ() {
        assert_eq!(SYMBOL[usize::from(b'a')], SYMBOL[usize::from(b'A')]);
        let mut seen = std::collections::HashSet::new();
        for byte in (b' '..=b'~').filter(|byte| !byte.is_ascii_alphanumeric()) {
            assert!(seen.insert(SYMBOL[usize::from(byte)]), "{byte}");
            assert!(u32::from(SYMBOL[usize::from(byte)]) < SYMBOLS);
        }
        assert_eq!(seen.len(), 33);
    }
}
