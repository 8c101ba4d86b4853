//! Numbers that states of Asia, the Pacific and Africa give to people: `validators_asia.py`.

use super::reading::{char_at, digit, from, int, is_digits, is_one_of, padded, part, place_in};
use super::sums::{calendar, luhn, mod11, mod11_2, varied, verhoeff, weighted, yymmdd};

const PAN_HOLDERS: &[u8] = b"PCHFATBLJGKE";
const TW_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
/// Codes that stand for no place in Malaysia.
const NO_PLACES: &str = "00 17 18 19 20 69 70 73 80 81 94 95 96 97";

/// Check a Chinese resident number (GB 11643-1999): division, birth date, MOD 11-2.
pub fn cn_resident(text: &[u8]) -> Option<bool> {
    let is_born = is_one_of("18 19 20", part(text, 6..8))
        && calendar(int(part(text, 6..10))?, int(part(text, 10..12))?, int(part(text, 12..14))?);
    Some(b"1234568".contains(text.first()?) && is_born && mod11_2(text)?)
}

/// Check a Japanese individual number (Ministry of Internal Affairs ordinance 85 of 2014, art. 5).
pub fn jp_my_number(number: &[u8]) -> Option<bool> {
    let rest = weighted(part(number, 0..11).iter().rev(), [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6]).rem_euclid(11);
    Some(varied(number) && digit(number, 11)? == if rest <= 1 { 0 } else { 11 - rest })
}

/// Check an Indian Aadhaar number (UIDAI): not 0 or 1 first, Verhoeff.
pub fn in_aadhaar(number: &[u8]) -> Option<bool> {
    Some(b"23456789".contains(number.first()?) && varied(number) && verhoeff(number)?)
}

/// Check an Indian PAN (Income Tax Department): the fourth letter is the holder's kind, numbers begin at 0001.
pub fn in_pan(text: &[u8]) -> Option<bool> {
    Some(PAN_HOLDERS.contains(text.get(3)?) && part(text, 5..9) != b"0000")
}

/// Check the birth date and sex of a Korean resident number (Resident Registration Act); its check digit ended in October 2020.
pub fn kr_rrn(number: &[u8]) -> Option<bool> {
    Some(yymmdd(part(number, 0..6))? && b"12345678".contains(number.get(6)?))
}

/// Check a Korean resident or foreigner number issued before October 2020: modulo 11 as well.
pub fn kr_rrn_checked(number: &[u8]) -> Option<bool> {
    let rest = weighted(number, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]).rem_euclid(11);
    let is_foreign = b"5678".contains(number.get(6)?);
    Some(kr_rrn(number)? && digit(number, 12)? == (if is_foreign { 13 } else { 11 } - rest) % 10)
}

/// Check an Australian tax file number of nine digits (ATO): the weighted sum divides by 11.
pub fn au_tfn(number: &[u8]) -> bool {
    varied(number) && weighted(number, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0
}

/// Check an Australian Medicare number (`METeOR` 270101): first 2 to 6, the ninth digit is the check.
pub fn au_medicare(number: &[u8]) -> Option<bool> {
    let check = weighted(part(number, 0..8), [1, 3, 7, 9, 1, 3, 7, 9]).rem_euclid(10);
    Some(b"23456".contains(number.first()?) && check == digit(number, 8)?)
}

/// Check a New Zealand IRD number (Inland Revenue): modulo 11 with a second round of weights.
pub fn nz_ird(number: &[u8]) -> Option<bool> {
    let padded = padded(number, 9);
    let check = match mod11(part(&padded, 0..8), [3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => mod11(part(&padded, 0..8), [7, 4, 3, 2, 5, 2, 7, 6]),
        check => check,
    };
    Some(varied(number) && check == digit(&padded, 8)?)
}

/// Check a Singaporean NRIC or FIN (Immigration and Checkpoints Authority): letter by weighted sum modulo 11.
pub fn sg_nric(text: &[u8]) -> Option<bool> {
    let (extra, order) = match text.first()? {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => (0, b"KLJNPQRTUWX"),
    };
    let rest = (weighted(part(text, 1..8), [2, 7, 6, 5, 4, 3, 2]) + extra).rem_euclid(11);
    Some(char_at(order, rest)? == *text.get(8)?)
}

/// Check a Hong Kong identity card number (Immigration Department): weighted sum modulo 11, A for 10. Its digit may stand in brackets.
pub fn hk_identity(text: &[u8]) -> Option<bool> {
    let text: Vec<u8> = text.iter().copied().filter(|char| !b"()".contains(char)).collect();
    let (check, body) = text.split_last()?;
    let (letters, digits) = body.split_at(body.len().checked_sub(6)?);
    let (first, second) = match *letters {
        [] => (b' ', b' '),
        [second] => (b' ', second),
        [first, second] => (first, second),
        _ => return None,
    };
    let worth = |char: u8| if char == b' ' { 36 } else { i64::from(char) - i64::from(b'A') + 10 };
    let sum = worth(first) * 9 + worth(second) * 8 + weighted(digits, (2..=7).rev());
    Some(is_digits(digits) && char_at(b"0123456789A", (-sum).rem_euclid(11))? == *check)
}

/// Check a Taiwanese identity number (Ministry of the Interior): the letter stands for a number from 10 to 35.
pub fn tw_identity(text: &[u8]) -> Option<bool> {
    let area = place_in(TW_LETTERS, *text.first()?)? + 10;
    let sum = area / 10 + area % 10 * 9 + weighted(from(text, 1), [8, 7, 6, 5, 4, 3, 2, 1, 1]);
    Some(b"1289".contains(text.get(1)?) && sum % 10 == 0)
}

/// Check a Thai identity number (Department of Provincial Administration): modulo 11.
pub fn th_identity(number: &[u8]) -> Option<bool> {
    let check = (11 - weighted(number, (2..=13).rev()).rem_euclid(11)) % 10;
    Some(*number.first()? != b'0' && check == digit(number, 12)? && varied(number))
}

/// Check the birth date of an Indonesian NIK (Ministry of Home Affairs): 40 is added to women's days.
pub fn id_nik(number: &[u8]) -> Option<bool> {
    let (year, month, day) = (int(part(number, 10..12))?, int(part(number, 8..10))?, int(part(number, 6..8))?);
    Some(b"12356789".contains(number.first()?) && calendar(year, month, day.rem_euclid(40)))
}

/// Check the birth date and place of a Malaysian `MyKad` number (National Registration Department).
pub fn my_identity(number: &[u8]) -> Option<bool> {
    Some(yymmdd(number)? && !is_one_of(NO_PLACES, part(number, 6..8)))
}

/// Check an Israeli identity number (Population Authority): Luhn over nine digits.
pub fn il_identity(number: &[u8]) -> bool {
    varied(number) && luhn(number)
}

/// Check a South African identity number (Identification Act 68 of 1997): birth date, citizenship, Luhn.
pub fn za_identity(number: &[u8]) -> Option<bool> {
    Some(yymmdd(number)? && b"012".contains(number.get(10)?) && luhn(number))
}

/// Check an Emirates ID (ICP): 784, the year of birth, Luhn.
pub fn ae_identity(number: &[u8]) -> bool {
    number.starts_with(b"784") && is_one_of("19 20", part(number, 3..5)) && luhn(number)
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_hold;

    #[test]
    fn published_numbers_hold_and_changed_ones_do_not() {
        assert_hold(&[
            ("cn_resident", "11010519491231002X", "110105194912310021"),
            ("jp_my_number", "123456789018", "123456789019"),
            ("in_aadhaar", "234123412346", "234123412347"),
            ("in_pan", "AAAPL1234C", "AAAXL1234C"),
            ("kr_rrn", "8501011234567", "8513011234567"),
            ("au_tfn", "123456782", "123456783"),
            ("au_medicare", "2123456701", "2123456711"),
            ("nz_ird", "49091850", "49091851"),
            ("sg_nric", "S1234567D", "S1234567E"),
            ("hk_identity", "AB9876543", "AB9876544"),
            ("hk_identity", "G123456(A)", "G123456(9)"),
            ("tw_identity", "A123456789", "A123456788"),
            ("th_identity", "1234567890121", "1234567890122"),
            ("id_nik", "3171011708450001", "3171017208450001"),
            ("my_identity", "770305021234", "770305001234"),
            ("il_identity", "039337423", "039337424"),
            ("za_identity", "7503305044089", "7503305044088"),
            ("ae_identity", "784198012345678", "784198012345679"),
        ]);
    }
}
