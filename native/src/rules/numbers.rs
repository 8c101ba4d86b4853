//! Numbers of people in the United States, telephone numbers, addresses of hosts, machine readable zones: `validators.py`.

use std::net::Ipv6Addr;

use super::reading::{digit_36, digits_of, int, is_digits, is_one_of, last, part, value};

const E164_LENGTHS: std::ops::RangeInclusive<usize> = 8..=15;
const NANP_LENGTH: usize = 11;
// ITU-T E.164 assigned country codes, by their first digits.
const COUNTRY_CODES: &str = "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 \
    90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 \
    238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 \
    267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 \
    381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 \
    598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 \
    855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 \
    992 993 994 995 996 998";

/// Check the area, group and serial rules of a US social security number (SSA POMS RM 10201.030).
pub fn ssn(text: &[u8]) -> bool {
    let number = digits_of(text);
    let (area, group, serial) = (part(&number, 0..3), part(&number, 3..5), part(&number, 5..number.len()));
    let is_area = area.first().is_some_and(|first| *first != b'9') && !is_one_of("000 666", area);
    is_area && group != b"00" && serial != b"0000" && has_one_separator(text)
}

/// Check a US individual taxpayer number (IRS Publication 1915): 9xx with group 50-65, 70-88, 90-92 or 94-99.
pub fn itin(text: &[u8]) -> Option<bool> {
    let number = digits_of(text);
    let is_known = matches!(int(part(&number, 3..5))?, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    Some(number.first() == Some(&b'9') && is_known && has_one_separator(text))
}

/// Whether what stands between the digits is one sign, if any. Blanks are none.
fn has_one_separator(text: &[u8]) -> bool {
    let is_separator = |char: &&u8| !matches!(char, b'0'..=b'9' | b'\t'..=b'\r' | 0x1C..=b' ');
    let mut separators = text.iter().filter(is_separator);
    separators.next().is_none_or(|first| separators.all(|other| other == first))
}

/// Check the length and the country code of an international number without its plus sign (ITU-T E.164).
#[must_use]
pub fn e164(digits: &[u8]) -> bool {
    if !E164_LENGTHS.contains(&digits.len()) {
        return false;
    }
    match digits {
        [b'1', rest @ ..] => digits.len() == NANP_LENGTH && nanp(rest),
        _ => (1..=3).any(|size| is_one_of(COUNTRY_CODES, part(digits, 0..size))),
    }
}

/// Check area code and exchange of a ten-digit North American number: N is 2-9, and N11 are services, not areas.
#[must_use]
pub fn nanp(digits: &[u8]) -> bool {
    let is_n = |at| digits.get(at).is_some_and(|digit| (b'2'..=b'9').contains(digit));
    is_n(0) && is_n(3) && part(digits, 1..3) != b"11"
}

/// Check the last ten digits of a number that may be written in groups: those of a North American one.
pub fn ten_digits(text: &[u8]) -> bool {
    nanp(last(&digits_of(text), 10))
}

/// Check a field of a machine readable zone whose last character is its digit (ICAO 9303-3 section 4.9): weights 7, 3, 1.
#[must_use]
pub fn icao_check(text: &[u8]) -> bool {
    let Some((check, body)) = text.split_last() else { return false };
    let worth = |char: u8| if char == b'<' { Some(0) } else { digit_36(char) };
    let weights = [7, 3, 1].into_iter().cycle();
    let sum: Option<i64> = body.iter().zip(weights).map(|(char, weight)| Some(worth(*char)? * weight)).sum();
    body.iter().any(|char| *char != b'<') && sum.is_some_and(|sum| value(*check) == sum % 10)
}

/// Say whether `text` is the IPv4 address of a host on the Internet or, with `private`, of any host.
///
/// Left out are net masks and broadcast (240/4), multicast, loopback and 0/8. The documentation networks are not: a text that shows one means an
/// address.
#[must_use]
pub fn ipv4_address(text: &[u8], private: bool) -> bool {
    let Some(octets) = text.split(|char| *char == b'.').map(octet).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let [first, second, _, ..] = octets[..] else { return false };
    let is_hosts = (1..224).contains(&first) && first != 127 && octets.iter().all(|octet| *octet <= 255);
    // RFC 1918, 6598 and 3927
    let is_internal = matches!((first, second), (10, _) | (192, 168) | (169, 254) | (172, 16..=31) | (100, 64..=127));
    is_hosts && (private || !is_internal)
}

/// Return a number that is written without zeros in front. A sign is for the checks of the whole to refuse, as in the twin.
fn octet(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_plain = is_digits(digits) && (!digits.starts_with(b"0") || text == b"0");
    int(text).filter(|_| is_plain)
}

/// Say whether `text` is an IPv6 address in `2000::/3` (all that is assigned) or, with `private`, of any host.
#[must_use]
pub fn ipv6_address(text: &[u8], private: bool) -> bool {
    let Some(address) = without_zone(text).and_then(|text| text.parse::<Ipv6Addr>().ok()) else {
        return false;
    };
    if text.first().is_some_and(|first| b"23".contains(first))
        && text.get(4) == Some(&b':')
        && !text[..4].contains(&b':')
    {
        return true;
    }
    // Anything else with "::" is as likely a name in a program: only unique local and link-local addresses are hosts'.
    private
        && is_one_of("fc fd fe", &part(text, 0..2).to_ascii_lowercase())
        && matches!(address.segments()[0], 0xFC00..=0xFDFF | 0xFE80..=0xFEBF)
}

/// Return an address without the name of its zone (RFC 4007), which nobody else's sign may stand in.
fn without_zone(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    match text.split_once('%') {
        None => Some(text),
        Some((address, zone)) => (!zone.is_empty() && !zone.contains(['%', '/'])).then_some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_hold;
    use super::*;

    #[test]
    fn published_numbers_hold_and_changed_ones_do_not() {
        assert_hold(&[
            ("ssn", "899-01-0001", "900-01-0001"),
            ("ssn", "001 01 0001", "001-01.0001"),
            ("itin", "912-70-1234", "912-69-1234"),
            ("e164", "14155552671", "11155552671"),
            ("e164", "4930901820", "2100000000"),
            ("nanp", "2125550187", "2115550187"),
            ("_ten_digits", "1 (212) 555-0187", "1 (212) 155-0187"),
            ("icao_check", "L898902C36", "L898902C37"),
            ("icao_check", "7408122", "<<<<<<0"),
        ]);
    }

    #[test]
    fn addresses_of_hosts_are_told_from_others() {
        for (text, public, internal) in [
            ("8.8.8.8", true, true),
            ("10.0.0.1", false, true),
            ("100.64.0.1", false, true),
            ("172.32.0.1", true, true),
            ("127.0.0.1", false, false),
            ("1.2.3.256", false, false),
            ("01.2.3.4", false, false),
        ] {
            assert_eq!(
                (ipv4_address(text.as_bytes(), false), ipv4_address(text.as_bytes(), true)),
                (public, internal),
                "{text}"
            );
        }
        for (text, public, internal) in [
            ("2001:db8::1", true, true),
            ("2001:db8::1%eth0", true, true),
            ("2001:db8::1%", false, false),
            ("fd00::1", false, true),
            ("fe80::1", false, true),
            ("face::cafe", false, false),
            ("20::1", false, false),
            ("2001:db8:::1", false, false),
        ] {
            assert_eq!(
                (ipv6_address(text.as_bytes(), false), ipv6_address(text.as_bytes(), true)),
                (public, internal),
                "{text}"
            );
        }
    }
}
