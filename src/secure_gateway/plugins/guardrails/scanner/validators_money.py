"""Banks' codes and addresses of crypto currencies: pure functions of one value."""

from __future__ import annotations

import hashlib

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_ACCOUNT_BYTES = 32

# ISO 3166-1 alpha-2, with XK as SWIFT uses it.
COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ "
    "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM "
    "JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP "
    "NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR "
    "TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK".split()
)


def bic(text: str) -> bool:
    """Check the country of a business identifier code (ISO 9362); no location begins with 0 or 1."""
    return text[4:6] in COUNTRIES and text[6] not in "01"


def base58check(text: str) -> bool:
    """Check an address by the double SHA-256 in its last four bytes (Bitcoin's Base58Check; XRP Ledger's own alphabet)."""
    raw = _base58(text, _RIPPLE if text[0] == "r" else _BASE58)
    if raw is None or len(raw) != 25:
        return False
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def solana(text: str) -> bool:
    """Say whether ``text`` is 32 bytes in base 58 (Solana's accounts carry no checksum)."""
    raw = _base58(text, _BASE58)
    return raw is not None and len(raw) == _ACCOUNT_BYTES and any(char.isdigit() for char in text)


def monero(text: str) -> bool:
    """Say whether an address of Monero's length is no run of one character (its checksum is Keccak, which is not at hand)."""
    return len(set(text)) > 20


def ethereum(text: str) -> bool:
    """Say whether forty digits are an account: not a padded small number, nor one digit throughout (ERC-55 needs Keccak)."""
    return len(set(text[2:].lower())) > 4 and not text[2:].startswith("0" * 12)


def bech32(text: str) -> bool:
    """Check a Bech32 or Bech32m address (BIP 173, BIP 350); capitals and small letters are not mixed."""
    low = text.lower()
    if text not in {low, text.upper()}:
        return False
    prefix, _, data = low.rpartition("1")
    values = (
        [ord(char) >> 5 for char in prefix]
        + [0]
        + [ord(char) & 31 for char in prefix]
        + [_BECH32.find(char) for char in data]
    )
    check = 1
    for value in values:
        if value < 0:
            return False
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            check ^= generator if top >> place & 1 else 0
    return check in {1, _BECH32M}


def _base58(text: str, alphabet: str) -> bytes | None:
    value = 0
    for char in text:
        digit = alphabet.find(char)
        if digit < 0:
            return None
        value = value * 58 + digit
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return b"\0" * zeros + value.to_bytes((value.bit_length() + 7) // 8, "big")
