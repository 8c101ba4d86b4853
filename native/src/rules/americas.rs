//! Numbers that American states give to people and employers: `validators_americas.py`.

use super::reading::{char_at, digit, from, is_one_of, padded, part, place_in, value};
use super::sums::{luhn, mod11, varied, weighted, yymmdd};

// 0xD1 stands for the letter that ASCII does not have: it takes a place.
const CURP_ORDER: &[u8] = b"0123456789ABCDEFGHIJKLMN\xD1OPQRSTUVWXYZ";
const RFC_ORDER: &[u8] = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ \xD1";
const STATES: &str =
    "AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL VZ YN ZS NE CX";

/// Check the prefix of a US employer number (IRS, "How EINs are assigned and valid EIN prefixes").
pub fn ein(number: &[u8]) -> Option<bool> {
    let prefix = 10 * digit(number, 0)? + digit(number, 1)?;
    let is_assigned =
        matches!(prefix, 1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98..=99);
    Some(is_assigned && varied(number))
}

/// Check a Canadian social insurance number (Service Canada): Luhn, and no 0 or 8 in front.
pub fn ca_sin(number: &[u8]) -> Option<bool> {
    Some(!b"08".contains(number.first()?) && varied(number) && luhn(number))
}

/// Check a Brazilian CPF (Receita Federal, IN RFB 1548/2015): two digits modulo 11.
pub fn br_cpf(number: &[u8]) -> bool {
    let check = |sum: i64| (sum * 10).rem_euclid(11) % 10;
    let first = check(weighted(part(number, 0..9), (2..=10).rev()));
    let second = check(weighted(part(number, 0..10), (2..=11).rev()));
    varied(number) && from(number, 9) == format!("{first}{second}").as_bytes()
}

/// Check a Brazilian CNPJ (IN RFB 1863/2018, letters by IN RFB 2229/2024): values are ASCII codes less 48.
pub fn br_cnpj(text: &[u8]) -> Option<bool> {
    for (size, highest) in [(12, 5), (13, 6)] {
        let weights = (2..=highest).rev().chain((2..=9).rev());
        let rest = weighted(text, weights).rem_euclid(11);
        if value(*text.get(size)?) != if rest < 2 { 0 } else { 11 - rest } {
            return Some(false);
        }
    }
    Some(varied(text))
}

/// Check a Mexican CURP (RENAPO, Instructivo normativo): birth date, state, check digit.
pub fn mx_curp(text: &[u8]) -> Option<bool> {
    let sum = by_place(CURP_ORDER, part(text, 0..17), 18)?;
    Some(
        yymmdd(part(text, 4..10))?
            && is_one_of(STATES, part(text, 11..13))
            && value(*text.get(17)?) == (-sum).rem_euclid(10),
    )
}

/// Check a Mexican taxpayer code of a person (SAT, Código Fiscal art. 27): birth date and check character.
pub fn mx_rfc(text: &[u8]) -> Option<bool> {
    let rest = by_place(RFC_ORDER, part(text, 0..12), 13)? % 11;
    Some(yymmdd(part(text, 4..10))? && *text.get(12)? == char_at(b"0A987654321", rest)?)
}

/// Return the sum of the characters' places in `order`, the first times `weight`, the next times one less, and so on.
fn by_place(order: &[u8], text: &[u8], weight: i64) -> Option<i64> {
    text.iter().zip((0..=weight).rev()).map(|(char, weight)| Some(place_in(order, *char)? * weight)).sum()
}

/// Check a Mexican social security number (IMSS): Luhn.
pub fn mx_nss(number: &[u8]) -> bool {
    varied(number) && luhn(number)
}

/// Check an Argentine CUIT or CUIL (AFIP, RG 1817/2005): modulo 11.
pub fn ar_cuit(number: &[u8]) -> Option<bool> {
    let check = mod11(part(number, 0..10), [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    Some(is_one_of("20 23 24 25 26 27 30 33 34", part(number, 0..2)) && check == digit(number, 10)?)
}

/// Check a Chilean RUT (Registro Civil): modulo 11, 10 is K. Zeros that may stand before it are taken for written.
pub fn cl_rut(text: &[u8]) -> Option<bool> {
    let text = padded(text, 9);
    let (last, body) = text.split_last()?;
    let check = mod11(body.iter().rev(), [2, 3, 4, 5, 6, 7, 2, 3]);
    Some(varied(body) && char_at(b"0123456789K", check)? == *last)
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_hold;

    #[test]
    fn published_numbers_hold_and_changed_ones_do_not() {
        assert_hold(&[
            ("ein", "121234567", "071234567"),
            ("ca_sin", "123456782", "123456783"),
            ("br_cpf", "39053344705", "39053344706"),
            ("br_cnpj", "16727230000197", "16727230000198"),
            ("br_cnpj", "12ABC34501DE35", "12ABD34501DE35"),
            ("mx_curp", "BOXW310820HNERXN09", "BOXW310820HXXRXN09"),
            ("mx_rfc", "GODE561231GR8", "GODE561331GR8"),
            ("mx_nss", "12345678903", "12345678904"),
            ("ar_cuit", "20267565393", "20267565394"),
            ("cl_rut", "125319092", "125319093"),
            ("cl_rut", "76543216", "76543214"),
        ]);
    }
}
