//! Numbers that European states give to people: `validators_europe.py`.

use super::reading::{char_at, digit, digit_36, from, int, is_digits, is_one_of, last, part, place_in, rest, value};
use super::sums::{calendar, ddmmyy, distinct, luhn, mod11, mod11_10, varied, weighted, yymmdd};

const NINO_FIRST: &[u8] = b"ABCEGHJKLMNOPRSTWXYZ";
const NINO_SECOND: &[u8] = b"ABCEGHJKLMNPRSTWXYZ";
const DNI_LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";
const HETU_LETTERS: &[u8] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
const PPS_LETTERS: &[u8] = b"WABCDEFGHIJKLMNOPQRSTUV";
const OMOCODE: &[u8] = b"LMNPQRSTUV";
const FISCAL_DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
const FISCAL_MONTHS: &[u8] = b"ABCDEHLMPRST";
/// What digits and letters count at odd places; a digit counts as the letter of its number.
const FISCAL_ODD: [i64; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Check a German tax number of a person (Bundeszentralamt für Steuern; § 139b AO): one digit twice or thrice among the first ten.
pub fn de_tax_id(number: &[u8]) -> Option<bool> {
    let first = part(number, 0..10);
    let how_often = |digit| first.iter().map(|other| u32::from(other == digit)).sum::<u32>();
    let most = first.iter().map(how_often).max()?;
    let is_spread = matches!((distinct(first), most), (9, 2) | (8, 3));
    Some(*number.first()? != b'0' && is_spread && mod11_10(number)?)
}

/// Check a German pension insurance number (§ 147 SGB VI, VKVV § 4): area, birth date, initial, serial, check digit.
pub fn de_pension(number: &[u8]) -> Option<bool> {
    let (day, month) = (int(part(number, 2..4))?, int(part(number, 4..6))?);
    let letter = format!("{:02}", i64::from(*number.get(8)?) - i64::from(b'A') + 1);
    let digits = [part(number, 0..8), letter.as_bytes(), part(number, 9..11)].concat();
    let products =
        digits.iter().zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]).map(|(digit, weight)| value(*digit) * weight);
    let sum: i64 = products.map(|product| product.div_euclid(10) + product.rem_euclid(10)).sum();
    let is_day = (1..=12).contains(&month) && (1..=81).contains(&day);
    Some(is_day && digits.len() == 12 && sum.rem_euclid(10) == digit(number, 11)?)
}

/// Check the letters of a UK National Insurance number (HMRC, NIM39110).
pub fn uk_nino(text: &[u8]) -> Option<bool> {
    let is_of_letters = NINO_FIRST.contains(text.first()?) && NINO_SECOND.contains(text.get(1)?);
    Some(is_of_letters && !is_one_of("BG GB KN NK NT TN ZZ", part(text, 0..2)))
}

/// Check an NHS number (NHS Data Dictionary, modulus 11).
pub fn uk_nhs(number: &[u8]) -> Option<bool> {
    Some(varied(number) && mod11(part(number, 0..9), (2..=10).rev()) == digit(number, 9)?)
}

/// Check a UK Unique Taxpayer Reference (HMRC, modulus 11; the first digit is the check).
pub fn uk_utr(number: &[u8]) -> Option<bool> {
    let rest = weighted(from(number, 1), [6, 7, 8, 9, 10, 5, 4, 3, 2]).rem_euclid(11);
    Some(varied(number) && char_at(b"21987654321", rest)? == *number.first()?)
}

/// Check a French social security number (INSEE, NIR): the key is 97 less the rest; Corsica's 2A and 2B count as 19 and 18.
pub fn fr_nir(text: &[u8]) -> Option<bool> {
    let month = int(part(text, 3..5))?;
    let department: &[u8] = match part(text, 5..7) {
        b"2A" => b"19",
        b"2B" => b"18",
        other => other,
    };
    let digits = [part(text, 0..5), department, part(text, 7..13)].concat();
    let is_month = matches!(month, 1..=12 | 20..=42 | 50..=99);
    Some(is_month && is_digits(&digits) && 97 - rest(&digits, 97)? == int(from(text, 13))?)
}

/// Check a French tax number (`DGFiP`, SPI): the last three digits are the first ten modulo 511.
pub fn fr_spi(number: &[u8]) -> Option<bool> {
    let is_given = b"0123".contains(number.first()?) && varied(number);
    Some(is_given && rest(part(number, 0..10), 511)? == int(from(number, 10))?)
}

/// Check an Italian fiscal code (DM 23 December 1976 no. 13813), with letters in place of digits where two people would share one.
pub fn it_fiscal_code(text: &[u8]) -> Option<bool> {
    let mut plain = part(text, 0..15).to_vec();
    for at in FISCAL_DIGITS {
        let char = plain.get_mut(at)?;
        if let Some(digit) = OMOCODE.iter().zip(b'0'..).find_map(|(letter, digit)| (letter == char).then_some(digit)) {
            *char = digit;
        } else if !char.is_ascii_digit() {
            return None;
        }
    }
    let number = |at| int(part(&plain, at..at + 2));
    let month = place_in(FISCAL_MONTHS, *plain.get(8)?)? + 1;
    let mut sum = 0;
    for (at, char) in text.iter().take(15).enumerate() {
        let worth = digit_36(*char)? - if char.is_ascii_alphabetic() { 10 } else { 0 };
        sum += if at % 2 == 1 {
            worth
        } else if char.is_ascii_lowercase() {
            return None;
        } else {
            *FISCAL_ODD.get(usize::try_from(worth).ok()?)?
        };
    }
    let check = char_at(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", sum % 26)?;
    Some(calendar(number(6)?, month, number(9)? % 40) && *text.get(15)? == check)
}

/// Check a Spanish DNI or NIE (RD 1553/2005; Orden INT/2058/2008): the letter is the number modulo 23; X, Y, Z stand for 0, 1, 2.
pub fn es_dni(text: &[u8]) -> Option<bool> {
    let (letter, body) = text.split_last()?;
    let plain = |char: &u8| if (b'X'..=b'Z').contains(char) { char - b'X' + b'0' } else { *char };
    let digits: Vec<u8> = body.iter().map(plain).collect();
    Some(is_digits(&digits) && varied(&digits) && char_at(DNI_LETTERS, rest(&digits, 23)?)? == *letter)
}

/// Check a Russian taxpayer number of a person (Federal Tax Service order MMV-7-6/435), two check digits.
pub fn ru_inn(number: &[u8]) -> bool {
    let first = weighted(part(number, 0..10), [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]).rem_euclid(11) % 10;
    let second = weighted(part(number, 0..11), [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]).rem_euclid(11) % 10;
    varied(number) && from(number, 10) == format!("{first}{second}").as_bytes()
}

/// Check a Russian pension insurance number (Pension Fund resolution 192p, annex).
pub fn ru_snils(number: &[u8]) -> Option<bool> {
    let check = weighted(part(number, 0..9), (1..=9).rev()).rem_euclid(101) % 100;
    Some(int(part(number, 0..9))? > 1_001_998 && check == int(from(number, 9))?)
}

/// Check a Dutch citizen service number (Besluit BSN; the eleven test).
pub fn nl_bsn(number: &[u8]) -> bool {
    varied(number) && weighted(number, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0
}

/// Check a Belgian register number (Royal decree of 3 April 1984): 97 less the rest, with a 2 in front for those born since 2000.
pub fn be_national(number: &[u8]) -> Option<bool> {
    let (key, born) = (int(from(number, 9))?, part(number, 0..9));
    let keys = [97 - rest(born, 97)?, 97 - rest(&[b"2", born].concat(), 97)?];
    Some(int(part(number, 2..4))?.rem_euclid(20) <= 12 && keys.contains(&key))
}

/// Check a Polish PESEL (Act of 24 September 2010, art. 15): the month tells the century.
pub fn pl_pesel(number: &[u8]) -> Option<bool> {
    Some(born_in_twenties(number)? && weighted(number, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0)
}

/// Check a birth date to whose month a multiple of 20 is added by century.
fn born_in_twenties(number: &[u8]) -> Option<bool> {
    let (year, month, day) = (int(part(number, 0..2))?, int(part(number, 2..4))?, int(part(number, 4..6))?);
    Some(calendar(year, month.rem_euclid(20), day))
}

/// Check a Swiss social insurance number (AHVV art. 133bis): 756 and an EAN-13 digit.
pub fn ch_ahv(number: &[u8]) -> bool {
    number.starts_with(b"756") && weighted(number, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0
}

/// Check an Austrian social insurance number (Hauptverband): the fourth digit is the check, then the birth date.
pub fn at_insurance(number: &[u8]) -> Option<bool> {
    let check = weighted(number, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]).rem_euclid(11);
    Some(*number.first()? != b'0' && check == digit(number, 3)? && int(part(number, 4..6))? <= 31)
}

/// Check a Portuguese taxpayer number (Decreto-Lei 463/79).
pub fn pt_nif(number: &[u8]) -> Option<bool> {
    let check = mod11(part(number, 0..8), (2..=9).rev()) % 10;
    Some(b"123456789".contains(number.first()?) && check == digit(number, 8)? && varied(number))
}

/// Check a Swedish personal number (Folkbokföringslag 18 §): Luhn over the last ten digits; 60 is added to a co-ordination number's day,
/// and those who are past a hundred have a plus.
pub fn se_personal(number: &[u8]) -> Option<bool> {
    let plain: Vec<u8> = number.iter().copied().filter(|char| *char != b'+').collect();
    let short = last(&plain, 10);
    let (year, month, day) = (int(part(short, 0..2))?, int(part(short, 2..4))?, int(part(short, 4..6))?);
    Some(calendar(year, month, day.rem_euclid(60)) && luhn(short))
}

/// Check a Norwegian birth number (Skatteetaten, Folkeregisterforskriften § 2-2): two check digits modulo 11.
pub fn no_birth_number(number: &[u8]) -> Option<bool> {
    let first = mod11(number, [3, 7, 6, 1, 8, 9, 4, 5, 2]);
    let second = mod11(number, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let is_month = (1..=12).contains(&int(part(number, 2..4))?.rem_euclid(40));
    Some(from(number, 9) == format!("{first}{second}").as_bytes() && is_month)
}

/// Check the birth date of a Danish CPR number (CPR-kontoret); its modulus 11 has not been kept since 2007.
pub fn dk_cpr(number: &[u8]) -> Option<bool> {
    ddmmyy(number)
}

/// Check a Finnish personal identity code (Digital and Population Data Services Agency): modulo 31; the century sign does not count.
pub fn fi_identity(text: &[u8]) -> Option<bool> {
    let text = [part(text, 0..6), last(text, 4)].concat();
    Some(ddmmyy(&text)? && char_at(HETU_LETTERS, rest(part(&text, 0..9), 31)?)? == *text.get(9)?)
}

/// Check an Irish PPS number (Department of Social Protection): weighted modulo 23, a second letter weighs nine.
pub fn ie_pps(text: &[u8]) -> Option<bool> {
    let extra = match text.get(8) {
        Some(letter) if text.len() == 9 && *letter != b'W' => i64::from(*letter) - i64::from(b'A') + 1,
        _ => 0,
    };
    let rest = (weighted(part(text, 0..7), (2..=8).rev()) + 9 * extra).rem_euclid(23);
    Some(char_at(PPS_LETTERS, rest)? == *text.get(7)?)
}

/// Check a Czech or Slovak birth number of ten digits (Act 133/2000): divisible by eleven, 50 is added to women's months.
pub fn cz_birth_number(number: &[u8]) -> Option<bool> {
    let month = int(part(number, 2..4))?.rem_euclid(50);
    let month = if month > 20 { month - 20 } else { month };
    let is_born = calendar(int(part(number, 0..2))?, month, int(part(number, 4..6))?);
    Some(is_born && (rest(number, 11)? == 0 || (rest(part(number, 0..9), 11)? == 10 && *number.get(9)? == b'0')))
}

/// Check a Romanian personal code (Law 105/1996): weights 279146358279 modulo 11.
pub fn ro_cnp(number: &[u8]) -> Option<bool> {
    let rest = weighted(number, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]).rem_euclid(11);
    let check = if rest == 10 { 1 } else { rest };
    Some(*number.first()? != b'0' && yymmdd(part(number, 1..7))? && check == digit(number, 12)?)
}

/// Check a Bulgarian civil number (Civil Registration Act, GRAO): 20 or 40 is added to the month by century.
pub fn bg_egn(number: &[u8]) -> Option<bool> {
    let check = weighted(number, [2, 4, 8, 5, 10, 9, 7, 3, 6]).rem_euclid(11) % 10;
    Some(born_in_twenties(number)? && check == digit(number, 9)?)
}

/// Check a Greek social security number (Law 3655/2008): birth date and Luhn.
pub fn gr_amka(number: &[u8]) -> Option<bool> {
    Some(ddmmyy(number)? && luhn(number))
}

/// Check a Croatian personal number (Zakon o OIB-u): MOD 11,10.
pub fn hr_oib(number: &[u8]) -> Option<bool> {
    Some(varied(number) && mod11_10(number)?)
}

/// Check a Ukrainian taxpayer number (RNOKPP, Ministry of Finance order 822).
pub fn ua_tax(number: &[u8]) -> Option<bool> {
    let check = weighted(number, [-1, 5, 7, 9, 4, 6, 10, 5, 7]).rem_euclid(11) % 10;
    Some(varied(number) && check == digit(number, 9)?)
}

/// Check an Estonian or Lithuanian personal code (EVS 585:2007): two rounds of weights modulo 11.
pub fn baltic_personal(number: &[u8]) -> Option<bool> {
    let rest = match weighted(number, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]).rem_euclid(11) {
        10 => weighted(number, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]).rem_euclid(11) % 10,
        rest => rest,
    };
    Some(b"12345678".contains(number.first()?) && yymmdd(part(number, 1..7))? && rest == digit(number, 10)?)
}

/// Check a Turkish identity number (NVI, Law 5490): tenth and eleventh digit.
pub fn tr_identity(number: &[u8]) -> Option<bool> {
    let odd = weighted(number, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(number, [0, 1, 0, 1, 0, 1, 0, 1]);
    let first = part(number, 0..10);
    Some(
        *number.first()? != b'0'
            && (odd * 7 - even).rem_euclid(10) == digit(number, 9)?
            && is_digits(first)
            && weighted(first, [1; 10]) % 10 == digit(number, 10)?,
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_hold;

    #[test]
    fn published_numbers_hold_and_changed_ones_do_not() {
        assert_hold(&[
            ("de_tax_id", "36574261809", "36574261808"),
            ("de_pension", "15070649C103", "15070649C104"),
            ("uk_nino", "AB123456C", "GB123456C"),
            ("uk_nhs", "9434765919", "9434765918"),
            ("uk_utr", "1955839661", "2955839661"),
            ("fr_nir", "295109912611193", "295109912611194"),
            ("fr_nir", "253072B07300470", "253072A07300470"),
            ("fr_spi", "3023217600053", "3023217600054"),
            ("it_fiscal_code", "RCCMNL83S18D969H", "RCCMNL83S18D969I"),
            ("es_dni", "54362315K", "54362315L"),
            ("es_dni", "X2482300W", "Y2482300W"),
            ("ru_inn", "500100732259", "500100732258"),
            ("ru_snils", "11223344595", "11223344596"),
            ("pl_pesel", "44051401359", "44051401358"),
            ("nl_bsn", "111222333", "111222334"),
            ("be_national", "85073003328", "85073003329"),
            ("ch_ahv", "7569217076985", "7569217076984"),
            ("at_insurance", "1237010180", "1238010180"),
            ("pt_nif", "123456789", "123456788"),
            ("se_personal", "8112189876", "8112189877"),
            ("no_birth_number", "01010750160", "01010750161"),
            ("dk_cpr", "0707614285", "0713614285"),
            ("fi_identity", "131052-308T", "131052-308U"),
            ("ie_pps", "6433435F", "6433435G"),
            ("cz_birth_number", "7401040020", "7401040021"),
            ("ro_cnp", "1630615123457", "1630615123458"),
            ("bg_egn", "7523169263", "7523169264"),
            ("gr_amka", "01013099997", "01013099998"),
            ("hr_oib", "33392005961", "33392005962"),
            ("ua_tax", "1759013776", "1759013777"),
            ("baltic_personal", "37605030299", "37605030298"),
            ("tr_identity", "10000000146", "10000000147"),
        ]);
    }
}
