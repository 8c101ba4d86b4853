//! Stands in for functions of `rules` until they are there.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::OnceLock;

use regex_automata::meta::Regex;

pub fn varied(digits: &[u8]) -> bool {
    digits.iter().any(|digit| Some(digit) != digits.first())
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

const CODES: &str = "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 \
90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 \
238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 \
267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 \
381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 \
598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 \
855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 \
992 993 994 995 996 998";

pub fn e164(digits: &[u8]) -> bool {
    if !(8..=15).contains(&digits.len()) {
        return false;
    }
    if digits[0] == b'1' {
        return digits.len() == 11 && nanp(&digits[1..]);
    }
    CODES.split(' ').any(|code| digits.starts_with(code.as_bytes()))
}

pub fn nanp(digits: &[u8]) -> bool {
    digits.len() > 3 && digits[0] > b'1' && digits[3] > b'1' && &digits[1..3] != b"11"
}

const IBANS: [(usize, &str); 19] = [
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
    (0, "--"),
];

pub fn iban_prefix(text: &[u8]) -> usize {
    let country = text[..text.len().min(2)].to_ascii_uppercase();
    let Some((length, _)) = IBANS.iter().find(|(_, all)| all.split(' ').any(|each| each.as_bytes() == country)) else {
        return 0;
    };
    let fixed = match country.as_slice() {
        b"AD" => 8,
        b"AE" => 19,
        b"BA" | b"EE" => 16,
        b"BE" => 12,
        b"DE" => 18,
        _ => 0,
    };
    if text.len() < 4 || !text[2..4].iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let mut compact = Vec::new();
    for (place, byte) in text.iter().enumerate().filter(|(_, byte)| !b" -".contains(byte)) {
        compact.push(byte.to_ascii_uppercase());
        if compact.len() == *length {
            let is_apart = !text.get(place + 1).is_some_and(u8::is_ascii_alphanumeric);
            let fits = compact[4..compact.len().min(4 + fixed)].iter().all(u8::is_ascii_digit);
            return if is_apart && fits && mod97(&compact) { place + 1 } else { 0 };
        }
    }
    0
}

fn mod97(iban: &[u8]) -> bool {
    let moved = iban[4..].iter().chain(&iban[..4]);
    let rest = moved.fold(0, |rest: u32, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
    });
    rest == 1
}

pub fn ipv4_address(text: &[u8], private: bool) -> bool {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    let plain = |part: &&[u8]| {
        !part.is_empty()
            && part.len() < 4
            && part.iter().all(u8::is_ascii_digit)
            && (part.len() == 1 || part[0] != b'0')
    };
    if parts.len() < 3 || !parts.iter().all(plain) {
        return false;
    }
    let octets: Vec<u64> = parts.iter().map(|part| number(part)).collect();
    let (first, second) = (octets[0], octets[1]);
    let internal = first == 10
        || (first, second) == (192, 168)
        || (first, second) == (169, 254)
        || (first == 172 && (16..=31).contains(&second))
        || (first == 100 && (64..=127).contains(&second));
    (1..224).contains(&first)
        && first != 127
        && octets.iter().skip(1).all(|octet| *octet <= 255)
        && (private || !internal)
}

pub fn ipv6_address(text: &[u8], private: bool) -> bool {
    let Some(address) = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv6Addr>().ok()) else {
        return false;
    };
    if matches!(text[0], b'2' | b'3') && text.iter().position(|byte| *byte == b':') == Some(4) {
        return true;
    }
    let head = text[..text.len().min(2)].to_ascii_lowercase();
    let local = address.segments()[0] & 0xfe00 == 0xfc00 || address.segments()[0] & 0xffc0 == 0xfe80;
    private && matches!(head.as_slice(), b"fc" | b"fd" | b"fe") && local
}

fn compiled(slot: &'static OnceLock<Option<Regex>>, source: &str) -> Option<&'static Regex> {
    let config = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
    slot.get_or_init(|| Regex::builder().syntax(config).build(source).ok()).as_ref()
}

pub fn is_sample(text: &[u8]) -> bool {
    static SAMPLE: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"EXAMPLE|(?i)x{6,}|your[_-]|[_-]here\b|placeholder|redacted|\*{3}|\.{3}";
    compiled(&SAMPLE, source).is_some_and(|regex| regex.is_match(text))
        || (text.len() >= 20 && text.iter().collect::<BTreeSet<_>>().len() < 8)
}

#[allow(clippy::cast_precision_loss)]
pub fn entropy(text: &[u8]) -> f64 {
    let mut seen: Vec<(u8, usize)> = Vec::new();
    for byte in text {
        match seen.iter_mut().find(|(each, _)| each == byte) {
            Some((_, count)) => *count += 1,
            None => seen.push((*byte, 1)),
        }
    }
    let size = text.len() as f64;
    -seen.iter().map(|(_, count)| *count as f64 / size).map(|share| share * share.log2()).sum::<f64>()
}

pub fn is_worded(text: &[u8]) -> bool {
    static HUMP: OnceLock<Option<Regex>> = OnceLock::new();
    static MIXED: OnceLock<Option<Regex>> = OnceLock::new();
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let mixed = compiled(&MIXED, "[A-Za-z][0-9]|[0-9][A-Za-z]").map_or(0, |regex| regex.find_iter(text).count());
    if letters == 0 || digits > letters || mixed > 3.max(letters / 8) {
        return false;
    }
    let vowel = |hump: &[u8]| hump.iter().any(|byte| b"aeiouyAEIOUY".contains(byte));
    let worded: usize = compiled(&HUMP, "[A-Z]?[a-z]+|[A-Z]+").map_or(0, |regex| {
        let humps =
            regex.find_iter(text).filter(|found| (3..=20).contains(&found.len()) && vowel(&text[found.range()]));
        humps.map(|found| found.len()).sum()
    });
    worded * 4 >= letters * 3
}

pub fn crc32_base62(token: &[u8]) -> bool {
    const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let body = token.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let (text, check) = body.split_at(body.len().saturating_sub(6));
    let mut value = !text.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    let mut written = vec![b'0'; 6];
    for place in written.iter_mut().rev() {
        *place = BASE62[(value % 62) as usize];
        value /= 62;
    }
    check == written
}
