//! Banks' codes and addresses of crypto currencies: `validators_money.py`, and IBANs. What needs a hash function is the twin's alone.

use super::reading::{digit_36, is_digits, is_one_of, part, parted_at_last, place_in};
use super::sums::distinct;

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3];
const BECH32_SUM: u32 = 1;
const BECH32M_SUM: u32 = 0x2BC8_30A3;
const ACCOUNT_BYTES: usize = 32;

/// ISO 3166-1 alpha-2, with XK as SWIFT uses it.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH \
    GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB \
    LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM \
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

/// SWIFT IBAN Registry: total length per country.
const IBAN_LENGTHS: [(usize, &str); 18] = [
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

/// Return how many digits the account begins with in countries whose letters are hexadecimal digits too, as the parts of a UUID are.
fn iban_digits(country: &[u8]) -> usize {
    match country {
        b"AD" => 8,
        b"AE" => 19,
        b"BA" | b"EE" => 16,
        b"BE" => 12,
        b"DE" => 18,
        _ => 0,
    }
}

/// Return how many characters at the start of `text` are a valid IBAN (ISO 13616), spaces included; 0 if none.
#[must_use]
pub fn iban_prefix(text: &[u8]) -> usize {
    let country = part(text, 0..2).to_ascii_uppercase();
    let length = IBAN_LENGTHS.iter().find(|(_, countries)| is_one_of(countries, &country)).map(|(length, _)| *length);
    let Some(length) = length.filter(|_| is_digits(part(text, 2..4))) else { return 0 };
    let signs = text.iter().enumerate().filter(|(_, char)| !b" -".contains(char));
    let (places, compact): (Vec<usize>, Vec<u8>) = signs.take(length).unzip();
    let end = places.last().map_or(0, |place| place + 1);
    let goes_on = text.get(end).is_some_and(u8::is_ascii_alphanumeric);
    let account = part(&compact, 4..4 + iban_digits(&country));
    let fits = compact.len() == length && !goes_on && account.iter().all(u8::is_ascii_digit);
    if fits && mod97(&compact) == Some(true) { end } else { 0 }
}

/// Check an IBAN's ISO 7064 MOD 97-10 digits; `iban` is compact.
fn mod97(iban: &[u8]) -> Option<bool> {
    let (head, account) = iban.split_at_checked(4)?;
    let rest = account.iter().chain(head).try_fold(0, |rest, char| {
        let worth = digit_36(*char)?;
        Some((rest * if worth < 10 { 10 } else { 100 } + worth) % 97)
    });
    Some(rest? == 1)
}

/// Check the country of a business identifier code (ISO 9362); no location begins with 0 or 1.
pub fn bic(text: &[u8]) -> Option<bool> {
    Some(is_one_of(COUNTRIES, part(text, 4..6)) && !b"01".contains(text.get(6)?))
}

/// Say whether `text` is 32 bytes in base 58 (Solana's accounts carry no checksum).
pub fn solana(text: &[u8]) -> bool {
    let zeros = text.iter().take_while(|char| **char == BASE58[0]).count();
    let mut number: Vec<u8> = Vec::new(); // its lowest byte first
    for char in &text[zeros..] {
        let Some(digit) = place_in(BASE58, *char) else { return false };
        let mut carry = u32::try_from(digit).unwrap_or_default();
        for byte in &mut number {
            carry += u32::from(*byte) * 58;
            [*byte, ..] = carry.to_le_bytes();
            carry >>= 8;
        }
        number.extend(carry.to_le_bytes().first().filter(|_| carry > 0));
        if zeros + number.len() > ACCOUNT_BYTES {
            return false;
        }
    }
    zeros + number.len() == ACCOUNT_BYTES && text.iter().any(u8::is_ascii_digit)
}

/// Say whether an address of Monero's length is no run of one character (its checksum is Keccak, which is not at hand).
pub fn monero(text: &[u8]) -> bool {
    distinct(text) > 20
}

/// Say whether forty digits are an account: not a padded small number, nor one digit throughout (ERC-55 needs Keccak).
pub fn ethereum(text: &[u8]) -> bool {
    let digits = part(text, 2..text.len()).to_ascii_lowercase();
    distinct(&digits) > 4 && !digits.starts_with(b"000000000000")
}

/// Check a Bech32 or Bech32m address (BIP 173, BIP 350); capitals and small letters are not mixed.
#[must_use]
pub fn bech32(text: &[u8]) -> bool {
    let is_mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    !is_mixed && matches!(bech32_sum(text), Some(BECH32_SUM | BECH32M_SUM))
}

/// Check the six last characters of a Bech32 text (BIP 173), as age and Nostr use them: `secrets_values.py`.
#[must_use]
pub fn bech32_key(text: &[u8]) -> bool {
    let (prefix, data) = parted_at_last(text, b'1');
    !prefix.is_empty() && data.len() >= 6 && bech32_sum(text) == Some(BECH32_SUM)
}

/// Return the sum of what stands before the last 1 and behind it.
fn bech32_sum(text: &[u8]) -> Option<u32> {
    let low = text.to_ascii_lowercase();
    let (prefix, data) = parted_at_last(&low, b'1');
    let high = prefix.iter().map(|char| u32::from(char >> 5));
    let head = high.chain([0]).chain(prefix.iter().map(|char| u32::from(char & 31)));
    let data = data.iter().map(|char| u32::try_from(place_in(BECH32, *char)?).ok());
    head.map(Some).chain(data).try_fold(1, |sum: u32, value| {
        let shifted = (sum & 0x1FF_FFFF) << 5 ^ value?;
        let set = GENERATOR.iter().enumerate().filter(|(bit, _)| sum >> 25 >> bit & 1 == 1);
        Some(set.fold(shifted, |sum, (_, generator)| sum ^ generator))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_hold;
    use super::*;

    #[test]
    fn published_codes_and_addresses_hold_and_changed_ones_do_not() {
        assert_hold(&[
            ("bic", "DEUTDEFF500", "DEUTZZFF500"),
            ("solana", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5D"),
            ("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
            ("bech32", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3t4"),
            ("bech32_key", "A12UEL5L", "A12UEL5K"), // BIP 173
            ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x0000000000000000000000000000000123456789"),
        ]);
    }

    #[test]
    fn registered_ibans_hold_and_no_changed_digit_does() {
        for iban in
            ["GB82WEST12345698765432", "DE89370400440532013000", "FR1420041010050500013M02606", "NO9386011117947"]
        {
            assert_eq!(iban_prefix(iban.as_bytes()), iban.len());
            assert_eq!(iban_prefix(format!("{iban} tail").as_bytes()), iban.len());
            assert_eq!(iban_prefix(format!("{iban}9").as_bytes()), 0);
            assert_eq!(iban_prefix(iban.replace('1', "2").as_bytes()), 0);
        }
        assert_eq!(iban_prefix(b"DE89 3704 0044 0532 0130 00 and more"), 27);
        assert_eq!(iban_prefix(b"nl91abna0417164300"), 18);
        assert_eq!(iban_prefix(b""), 0);
    }
}
