"""Cards, accounts and wallets."""

from __future__ import annotations

import hashlib
import random
from typing import Final

from tests.corpora.generators.digits import digits, grouped, luhn_digit
from tests.corpora.generators.identity import UPPER

# Issuer identification ranges as the schemes publish them (ISO/IEC 7812): first digits, lengths, how people group them.
_SCHEMES: Final = (
    (("4",), (16, 16, 16, 13, 19), (4, 4, 4)),  # Visa
    (("51", "52", "53", "54", "55", "2221", "2345", "2500", "2720"), (16,), (4, 4, 4)),  # Mastercard
    (("34", "37"), (15,), (4, 6)),  # American Express
    (("6011", "644", "649", "65"), (16, 19), (4, 4, 4)),  # Discover
    (("36", "38", "39", "300", "305"), (14,), (4, 6)),  # Diners Club
    (("3528", "3540", "3589"), (16,), (4, 4, 4)),  # JCB
    (("62", "6212", "6226"), (16, 19), (4, 4, 4)),  # UnionPay
    (("5018", "5020", "5038", "6304", "6759", "6761"), (16, 13, 12, 18), (4, 4, 4)),  # Maestro
    (("2200", "2204"), (16,), (4, 4, 4)),  # Mir
    (("60", "6521", "508"), (16,), (4, 4, 4)),  # RuPay
    (("506699", "636368", "438935"), (16,), (4, 4, 4)),  # Elo
    (("9792",), (16,), (4, 4, 4)),  # Troy
)

# SWIFT IBAN Registry: country and the structure of its BBAN (n digits, a capitals, c either).
_BBAN: Final = dict(
    entry.split(":")
    for entry in (
        "AD:8n12c AE:19n AL:8n16c AT:16n AZ:4a20c BA:16n BE:12n BG:4a6n8c BH:4a14c BR:23n1a1c BY:4c4n16c CH:5n12c CR:18n CY:8n16c "
        "CZ:20n DE:18n DK:14n DO:4c20n EE:16n EG:25n ES:20n FI:14n FO:14n FR:10n11c2n GB:4a14n GE:2a16n GI:4a15c GL:14n GR:7n16c "
        "GT:4c20c HR:17n HU:24n IE:4a14n IL:19n IQ:4a15n IS:22n IT:1a10n12c JO:4a4n18c KW:4a22c KZ:3n13c LB:4n20c LC:4a24c LI:5n12c "
        "LT:16n LU:3n13c LV:4a13c LY:21n MC:10n11c2n MD:2c18c ME:18n MK:3n10c2n MR:23n MT:4a5n18c MU:4a19n3a NL:4a10n NO:11n PK:4a16c "
        "PL:24n PS:4a21c PT:21n QA:4a21c RO:4a16c RS:18n SA:2n18c SC:4a20n3a SE:20n SI:15n SK:20n SM:1a10n12c ST:21n SV:4a20n TL:19n "
        "TN:20n TR:5n1n16c UA:6n19c VA:18n VG:4a16n XK:16n"
    ).split()
)
IBAN_COUNTRIES: Final = tuple(_BBAN)


def card(rng: random.Random) -> tuple[str, tuple[int, ...]]:
    """Return a number with its check digit, and the sizes of its groups."""
    prefixes, lengths, groups = rng.choice(_SCHEMES)
    prefix, length = rng.choice(prefixes), rng.choice(lengths)
    body = prefix + digits(rng, length - len(prefix) - 1)
    return body + luhn_digit(body), groups


def card_text(rng: random.Random) -> str:
    """Return a card number as people and programs write it."""
    number, groups = card(rng)
    return grouped(number, groups, rng.choice(["", "", "", " ", " ", "-", "-", ".", "\xa0", "\u2011"]))


def iban(rng: random.Random, country: str) -> str:
    """ISO 13616: the country's structure, ISO 7064 MOD 97-10."""
    structure, body = _BBAN[country], ""
    while structure:
        count = ""
        while structure[0].isdigit():
            count, structure = count + structure[0], structure[1:]
        kind, structure = structure[0], structure[1:]
        alphabet = {"n": "0123456789", "a": UPPER, "c": "0123456789" * 3 + UPPER}[kind]
        body += "".join(rng.choices(alphabet, k=int(count)))
    check = 98 - int("".join(str(int(char, 36)) for char in f"{body}{country}00")) % 97
    return f"{country}{check:02d}{body}"


def iban_text(rng: random.Random) -> str:
    """Return an IBAN of any country, in print or electronic form, at times in small letters."""
    text = iban(rng, rng.choice(IBAN_COUNTRIES))
    separator = rng.choice(["", "", "", " ", " ", " ", "-"])
    text = grouped(text, [4] * (len(text) // 4), separator)
    return text.lower() if rng.random() < 0.08 else text


def bic(rng: random.Random) -> str:
    """ISO 9362: institution, country, location, branch. Bank codes in use, so that they look like those."""
    bank = rng.choice(
        "DEUT COBA BNPA SOGE UNCR BCIT CHAS BOFA HSBC BARC LOYD NWBK INGB ABNA RABO BBVA CAIX NDEA SWED DNBA BKCH ICBK BOTK MHCB HDFC SBIN BRAS ITAU ROYC TDOM UBSW POFI".split()
    )
    country = rng.choice("DE FR IT GB US NL ES SE NO CN JP IN BR CA CH AT BE PL".split())
    location = rng.choice("FFMMHHBBPPRRLL33222DKK8A2L") + rng.choice("FMPRLXE3T2")
    return bank + country + location + rng.choice(["", "", "XXX", digits(rng, 3)])


_B58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_B32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def crypto(rng: random.Random) -> str:
    """Return an address: Bitcoin (base58check; BIP 173, BIP 350), Litecoin, Dogecoin, Tron, Ethereum (EIP-55)."""
    kind = rng.choice(["p2pkh", "p2sh", "segwit", "taproot", "eth", "eth", "ltc", "doge", "tron", "ethlower"])
    raw = rng.randbytes(20)
    match kind:
        case "p2pkh":
            return _base58check(b"\x00" + raw)
        case "p2sh":
            return _base58check(b"\x05" + raw)
        case "ltc":
            return _base58check(b"\x30" + raw)
        case "doge":
            return _base58check(b"\x1e" + raw)
        case "tron":
            return _base58check(b"\x41" + raw)
        case "segwit":
            return _bech32("bc", 0, raw if rng.random() < 0.7 else rng.randbytes(32), 1)
        case "taproot":
            return _bech32("bc", 1, rng.randbytes(32), 0x2BC830A3)
        case "ethlower":
            return "0x" + raw.hex()
        case _:
            return _eip55(raw.hex())


def _base58check(raw: bytes) -> str:
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw), ""
    while number:
        number, rest = divmod(number, 58)
        text = _B58[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def _bech32(prefix: str, version: int, program: bytes, constant: int) -> str:
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    data = [version, *(int(bits[at : at + 5], 2) for at in range(0, len(bits), 5))]
    expanded = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    check = _polymod([*expanded, *data, 0, 0, 0, 0, 0, 0]) ^ constant
    data += [(check >> 5 * (5 - index)) & 31 for index in range(6)]
    return f"{prefix}1" + "".join(_B32[value] for value in data)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> index & 1 else 0
    return check


def _eip55(address: str) -> str:
    digest = keccak256(address.encode()).hex()
    return "0x" + "".join(char.upper() if int(digest[index], 16) > 7 else char for index, char in enumerate(address))


_MASK: Final = (1 << 64) - 1


def keccak256(message: bytes) -> bytes:
    """Return Keccak-256 as Ethereum uses it: the padding of the submission, not of FIPS 202. One block of 136 bytes suffices here."""
    if len(message) >= 135:
        raise ValueError("one block only")
    block = message + b"\x01" + bytes(134 - len(message)) + b"\x80"
    lanes = [[0] * 5 for _ in range(5)]
    for index in range(17):
        lanes[index % 5][index // 5] = int.from_bytes(block[8 * index : 8 * index + 8], "little")
    register = 1
    for _ in range(24):
        register = _keccak_round(lanes, register)
    return b"".join(lanes[index][0].to_bytes(8, "little") for index in range(4))


def _keccak_round(lanes: list[list[int]], register: int) -> int:
    parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
    for x in range(5):
        mixed = parity[(x - 1) % 5] ^ _turned(parity[(x + 1) % 5], 1)
        for y in range(5):
            lanes[x][y] ^= mixed
    x, y = 1, 0
    current = lanes[x][y]
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        current, lanes[x][y] = lanes[x][y], _turned(current, (step + 1) * (step + 2) // 2)
    for y in range(5):
        row = [lanes[x][y] for x in range(5)]
        for x in range(5):
            lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & _MASK)
    for step in range(7):
        register = (register << 1 ^ (register >> 7) * 0x71) % 256
        if register & 2:
            lanes[0][0] ^= 1 << ((1 << step) - 1)
    return register


def _turned(value: int, by: int) -> int:
    by %= 64
    return (value << by | value >> (64 - by)) & _MASK if by else value
