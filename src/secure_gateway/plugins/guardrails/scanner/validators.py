"""Arithmetic and shape rules of the formats that detectors look for: pure functions of one value."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import re
import zlib
from collections import Counter

import msgspec

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = re.compile("[0-9]+")
_DIGIT_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_LUHN_DOUBLED = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))

# SWIFT IBAN Registry: total length per country.
IBAN_LENGTHS: dict[str, int] = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FK FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
# How many digits the account begins with in countries whose letters are hexadecimal digits too, as the parts of a UUID are.
IBAN_DIGITS = {"AD": 8, "AE": 19, "BA": 16, "BE": 12, "DE": 18, "EE": 16}

# ITU-T E.164 assigned country codes, by their first digits.
_COUNTRY_CODES = frozenset(
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 "
    "90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 "
    "238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 "
    "267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 "
    "381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 "
    "598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 "
    "855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 "
    "992 993 994 995 996 998".split()
)
_OCTET, _LOOPBACK, _MULTICAST = 255, 127, 224
_E164_SHORTEST, _E164_LONGEST, _NANP_LENGTH = 8, 15, 11


def is_latin(text: str) -> bool:
    """Say whether ``text`` holds an ASCII letter or digit: next to a number they make it part of a longer word."""
    return any(char.isascii() and char.isalnum() for char in text)


def digits_of(text: str) -> str:
    """Return the ASCII digits of ``text``."""
    return "".join(DIGITS.findall(text))


def luhn(digits: str) -> bool:
    """Check the Luhn digit (ISO/IEC 7812-1 annex B)."""
    values = digits.encode().translate(_DIGIT_VALUES)
    return (sum(values[::-2]) + sum(values[-2::-2].translate(_LUHN_DOUBLED))) % 10 == 0


def iban_prefix(text: str) -> int:
    """Return how many characters at the start of ``text`` are a valid IBAN (ISO 13616), spaces included; 0 if none."""
    country = text[:2].upper()
    length = IBAN_LENGTHS.get(country, 0)
    if not (length and text[2:4].isdigit()):
        return 0
    compact = ""
    for place, char in enumerate(text):
        if char not in " -":
            compact += char
            if len(compact) == length:
                rest = text[place + 1 : place + 2]
                fits = compact[4 : 4 + IBAN_DIGITS.get(country, 0)].isdigit() or country not in IBAN_DIGITS
                return 0 if rest.isalnum() or not fits or not mod97(compact) else place + 1
    return 0


def mod97(iban: str) -> bool:
    """Check an IBAN's ISO 7064 MOD 97-10 digits; ``iban`` is compact and ASCII."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def ssn(text: str) -> bool:
    """Check the area, group and serial rules of a US social security number (SSA POMS RM 10201.030)."""
    number = digits_of(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000" and _one_separator(text)


def itin(text: str) -> bool:
    """Check a US individual taxpayer number (IRS Publication 1915): 9xx with group 50-65, 70-88, 90-92 or 94-99."""
    number = digits_of(text)
    group = int(number[3:5])
    known = 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    return number[0] == "9" and known and _one_separator(text)


def _one_separator(text: str) -> bool:
    return len({char for char in text if not (char.isdigit() or char.isspace())}) <= 1


def e164(digits: str) -> bool:
    """Check the length and the country code of an international number without its plus sign (ITU-T E.164)."""
    if not _E164_SHORTEST <= len(digits) <= _E164_LONGEST:
        return False
    if digits[0] == "1":
        return len(digits) == _NANP_LENGTH and nanp(digits[1:])
    return any(digits[:size] in _COUNTRY_CODES for size in (1, 2, 3))


def icao_check(text: str) -> bool:
    """Check a field of a machine readable zone whose last character is its digit (ICAO 9303-3 section 4.9): weights 7, 3, 1."""
    body, check = text[:-1], text[-1:]
    total = sum((0 if char == "<" else int(char, 36)) * (7, 3, 1)[place % 3] for place, char in enumerate(body))
    return body.strip("<") != "" and check == str(total % 10)


def nanp(digits: str) -> bool:
    """Check area code and exchange of a ten-digit North American number: N is 2-9, and N11 are services, not areas."""
    return digits[0] in "23456789" and digits[3] in "23456789" and digits[1:3] != "11"


def ipv4_address(text: str, *, private: bool) -> bool:
    """Say whether ``text`` is the IPv4 address of a host on the Internet or, with ``private``, of any host.

    Left out are net masks and broadcast (240/4), multicast, loopback and 0/8. The documentation networks are not: a text that
    shows one means an address.
    """
    parts = text.split(".")
    if any(part != str(int(part)) for part in parts):
        return False
    first, second, *rest = map(int, parts)
    if not 1 <= first < _MULTICAST or first == _LOOPBACK or max(second, *rest) > _OCTET:
        return False
    internal = (  # RFC 1918, 6598 and 3927
        first == 10
        or (first, second) in {(192, 168), (169, 254)}
        or (first == 172 and 16 <= second <= 31)
        or (first == 100 and 64 <= second <= 127)
    )
    return private or not internal


def ipv6_address(text: str, *, private: bool) -> bool:
    """Say whether ``text`` is an IPv6 address in 2000::/3 (all that is assigned) or, with ``private``, of any host."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    if text[0] in "23" and text.find(":") == 4:
        return True
    # Anything else with "::" is as likely a name in a program: only unique local and link-local addresses are hosts'.
    return private and text[:2].lower() in {"fc", "fd", "fe"} and address.is_private


def crc32_base62(token: str) -> bool:
    """Check a token whose last six characters are the CRC-32 of what follows its prefix, in base 62 (GitHub, npm)."""
    body = token.rpartition("_")[2]
    value, written = zlib.crc32(body[:-6].encode()), ""
    while value:
        value, digit = divmod(value, 62)
        written = _BASE62[digit] + written
    return body[-6:] == written.rjust(6, "0")


def entropy(text: str) -> float:
    """Return the Shannon entropy of ``text`` in bits per character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def looks_random(text: str, *, shortest: int = 16, bits: float = 3.0) -> bool:
    """Say whether ``text`` could be a generated key: long, letters and digits mixed, varied."""
    return (
        len(text) >= shortest
        and any("0" <= char <= "9" for char in text)
        and any(char.isalpha() for char in text)
        and entropy(text) >= bits
    )


def decode_base64(text: str) -> bytes | None:
    """Decode standard or URL-safe base64 with or without padding; None where it is neither."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def jose_header(token: str) -> bool:
    """Say whether the first part of ``token`` decodes to a JSON object with ``alg`` (RFC 7515 section 4)."""
    raw = decode_base64(token.partition(".")[0])
    if raw is None:
        return False
    try:
        header = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(header, dict) and isinstance(header.get("alg"), str)
