"""Check digits and draws that several generators share."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from typing import Final


def digits(rng: random.Random, count: int) -> str:
    """Return ``count`` digits."""
    return "".join(rng.choices("0123456789", k=count))


def birth_date(rng: random.Random) -> dt.date:
    """Return a day between 1940 and 2007."""
    return dt.date(1940, 1, 1) + dt.timedelta(days=rng.randrange(67 * 365))


def weighted(text: str, weights: Iterable[int]) -> int:
    """Return the sum of the digits, each by its weight."""
    return sum(int(char) * weight for char, weight in zip(text, weights, strict=True))


def luhn_digit(body: str) -> str:
    """Return the check digit of ISO/IEC 7812-1 annex B."""
    total = 0
    for index, char in enumerate(reversed(body)):
        number = int(char) * (2 if index % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def iso7064_mod11_10(body: str) -> str:
    """Return the check digit of ISO 7064 MOD 11,10."""
    product = 10
    for char in body:
        product = ((int(char) + product) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


_MULTIPLY: Final = tuple(
    tuple(
        (a + b) % 5
        if a < 5 and b < 5
        else (a + (b - 5)) % 5 + 5
        if a < 5
        else (a - 5 - b) % 5 + 5
        if b < 5
        else (a - b) % 5
        for b in range(10)
    )
    for a in range(10)
)
_PERMUTE: Final = ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4))
_INVERSE: Final = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)


def verhoeff_digit(body: str) -> str:
    """Return the check digit of J. Verhoeff, Error Detecting Decimal Codes (1969): the dihedral group of order ten."""
    check = 0
    for index, char in enumerate(reversed(body), start=1):
        number = int(char)
        for _ in range(index % 8):
            number = _PERMUTE[1][number]
        check = _MULTIPLY[check][number]
    return str(_INVERSE[check])


def grouped(text: str, sizes: Iterable[int], separator: str) -> str:
    """Return ``text`` in groups of ``sizes``, the rest in a last one."""
    groups, at = [], 0
    for size in sizes:
        groups.append(text[at : at + size])
        at += size
    return separator.join(group for group in [*groups, text[at:]] if group)
