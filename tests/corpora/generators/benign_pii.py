"""Lines that look like personal data and are not."""

from __future__ import annotations

import random
from typing import Any, Final

from tests.corpora.generators import benign, finance
from tests.corpora.generators.digits import digits, luhn_digit


def not_a_card(rng: random.Random) -> Any:
    """Return sixteen digits, grouped as on a card, whose check digit is wrong."""
    body = rng.choice("3456") + digits(rng, 14)
    number = body + str((int(luhn_digit(body)) + rng.randint(1, 9)) % 10)
    return rng.choice(
        [
            f"serial {number[:4]}-{number[4:8]}-{number[8:12]}-{number[12:]}",
            f"Tracking {number}",
            {"meter": number, "unit": "kWh"},
            f"card number {number} was mistyped, please check",
        ]
    )


def not_an_iban(rng: random.Random) -> Any:
    """Return what begins as an IBAN and fails its check."""
    good = finance.iban(rng, rng.choice(finance.IBAN_COUNTRIES))
    wrong = f"{good[:2]}{(int(good[2:4]) + rng.randint(1, 90)) % 97 + 2:02d}{good[4:]}"
    if wrong == good:
        wrong = good[:2] + "00" + good[4:]
    return rng.choice([f"part {wrong} is out of stock", {"code": wrong, "bin": rng.randint(1, 99)}, f"batch {wrong}"])


def not_a_state_number(rng: random.Random) -> Any:
    """Return numbers that the issuers never give (SSA: areas 000 and 666, group 00, serial 0000)."""
    wrong = rng.choice(
        [
            f"000-{digits(rng, 2)}-{digits(rng, 4)}",
            f"666-{digits(rng, 2)}-{digits(rng, 4)}",
            f"{rng.randint(1, 665):03d}-00-{digits(rng, 4)}",
            f"{rng.randint(1, 665):03d}-{rng.randint(1, 99):02d}-0000",
        ]
    )
    return rng.choice(
        [f"part number {wrong} replaced", {"model": wrong, "shelf": rng.randint(1, 80)}, f"form field left at {wrong}"]
    )


def masked(rng: random.Random) -> Any:
    """Return values that somebody has already masked, and placeholders."""
    tail = digits(rng, 4)
    return rng.choice(
        [
            f"SSN on file: ***-**-{tail}",
            f"card ending in {tail}",
            f"Visa **** **** **** {tail}",
            {"ssn": "XXX-XX-XXXX", "row": rng.randint(1, 9999)},
            f"e-mail: [redacted] ({tail})",
            {"email": "<email>", "phone": "<phone>", "case": tail},
            f"call [PHONE_{rng.randint(1, 9)}] about case {tail}",
            f"IBAN DE** **** **** **** {tail[:2]}",
        ]
    )


def words_only(rng: random.Random) -> Any:
    """Return talk about documents and numbers, without one."""
    n = rng.randint(2, 999)
    return rng.choice(
        [
            f"Passport renewal takes {n} days",
            f"Your date of birth is required on page {n}",
            f"Enter the card number and expiry; step {n} of the form",
            f"Email validation failed {n} times",
            f"IBAN support ships in release {n}",
            f"Phone support is open from 9 to 5, queue {n}",
            f"The IP address pool has {n} free entries",
            f"driver license check queued as job {n}",
            f"social security reform passed with {n} votes",
            f"Aadhaar linking is optional, see section {n}",
            {"help": "SSN is never asked by phone", "id": n},
            f"SWIFT message types MT{rng.randint(100, 999)} and MT{rng.randint(100, 999)} are supported",
            f"The medical record office closes at {n % 12 + 1}",
        ]
    )


def networks(rng: random.Random) -> Any:
    """Return addresses that belong to nobody: loopback, masks, versions in four parts, object identifiers."""
    n = rng.randint(1, 9999)
    return rng.choice(
        [
            f"listening on 127.0.0.1:{n}",
            f"bind 0.0.0.0:{n}",
            f"netmask 255.255.{rng.choice([255, 254, 248])}.0 mtu {n}",
            f"firmware version {rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}.{n}",
            f"OID 1.3.6.1.4.1.{n}",
            f"::1 localhost ip6-loopback # {n}",
            f"std::{rng.choice(['vector', 'map', 'string'])}::iterator it{n};",
            f"time 12:{n % 60:02d}:{n % 59:02d} lap {n}",
            f"see section 4.{n % 9}.{n % 7}.{n % 5} of the manual, page {n}",
            f"Broadcast ff:ff:ff:ff:ff:ff seen {n} times",
        ]
    )


def at_signs(rng: random.Random) -> Any:
    """Return at-signs that are no address."""
    n = rng.randint(1, 9999)
    return rng.choice(
        [
            f"@media (max-width: {n}px) {{ nav {{ display: none }} }}",
            f"ping @ops-team about #{n}",
            f"pip install 'tool @ git+https://example.org/tool@v{n}'",
            f"@Override public int size() {{ return {n}; }}",
            f"{n} units @ 4.50 each",
            f"actions/checkout@v{n % 9} with depth {n}",
            f"user@ is not complete ({n})",
            f"systemctl status worker@{n}.service",
            f"lodash@4.17.{n % 30}",
            f"Meet @ noon in room {n}",
            f"Look at example dot com for details ({n})",
            f"Trains arrive at noon dot org charts follow on page {n}",
            f"The dot product at layer dot norm {n} is zero",
            f"Meet the team @ work . now in room {n}",
        ]
    )


def long_numbers(rng: random.Random) -> Any:
    """Return numbers of other trades: books, goods, meters, money, science."""
    n = rng.randint(10_000, 99_999)
    return rng.choice(
        [
            f"ISBN 978-0-{digits(rng, 2)}-{digits(rng, 6)}-{n % 10}",
            f"GTIN 0{digits(rng, 12)}",
            {"population": n * 977, "area_km2": n / 3},
            f"Budget: ${n},{digits(rng, 3)},{digits(rng, 3)}.00",
            f"pi is about 3.14159265{n}",
            f"{n * 100_003} bytes copied",
            f"UPS 1Z{digits(rng, 3)}AA{digits(rng, 10)} is in transit",
            {"steps": [n, n + 1, n + 12], "seed": n * 7919},
            f"range {n}-{n + 888}",
            f"case {n}/{n % 99} of 2023",
            f"Model XR-{digits(rng, 3)}-{digits(rng, 4)}",
            f"error 0x{rng.getrandbits(32):08x} at line {n}",
            f"ticket {rng.randint(200, 999)}-{rng.randint(200, 999)}-{rng.randint(1000, 9999)} was closed",
            f"PO {digits(rng, 10)} / line {digits(rng, 3)}",
            f"D-U-N-S {digits(rng, 2)}-{digits(rng, 3)}-{digits(rng, 4)}",
            f"score 3-2, 555-{n % 10000:04d} seats sold out",
        ]
    )


SPECIAL: Final[tuple[benign.Make, ...]] = (
    not_a_card,
    not_an_iban,
    not_a_state_number,
    masked,
    words_only,
    networks,
    at_signs,
    long_numbers,
)
