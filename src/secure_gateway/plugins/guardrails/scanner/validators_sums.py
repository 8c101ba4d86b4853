"""Check-digit systems that several issuers share: pure functions over ASCII digits and capital letters."""

from __future__ import annotations

from collections.abc import Sequence

_VERHOEFF_PRODUCT = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_VERHOEFF_TURN = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of the digits, each times its weight; digits beyond the weights are left out."""
    return sum((ord(digit) - 48) * weight for digit, weight in zip(digits, weights, strict=False))


def verhoeff(digits: str) -> bool:
    """Check the last digit by J. Verhoeff's dihedral group code (Mathematical Centre Tracts 29, 1969)."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = _VERHOEFF_PRODUCT[state][_VERHOEFF_TURN[place % 8][ord(digit) - 48]]
    return state == 0


def mod11_2(text: str) -> bool:
    """Check digits that end in a digit or X (ISO/IEC 7064, MOD 11-2)."""
    state = 0
    for char in text[:-1]:
        state = (state + ord(char) - 48) * 2 % 11
    return (state + (10 if text[-1] == "X" else ord(text[-1]) - 48)) % 11 == 1


def mod11_10(digits: str) -> bool:
    """Check the last digit of a number (ISO/IEC 7064, MOD 11,10)."""
    state = 10
    for digit in digits[:-1]:
        state = ((state + ord(digit) - 48) % 10 or 10) * 2 % 11
    return (state + ord(digits[-1]) - 48) % 10 == 1


def mod11(digits: str, weights: Sequence[int]) -> int:
    """Return the commonest check: 11 less the weighted sum's rest, 0 for 11. It may be 10."""
    return -weighted(digits, weights) % 11


def calendar(year: int, month: int, day: int) -> bool:
    """Say whether there is such a day in some year like it; 29 February counts where the two-digit year allows."""
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    return not (month == 2 and day == 29 and year % 4)


def yymmdd(text: str) -> bool:
    """Say whether six digits are a day, the year first."""
    return calendar(int(text[:2]), int(text[2:4]), int(text[4:6]))


def ddmmyy(text: str) -> bool:
    """Say whether six digits are a day, the year last."""
    return calendar(int(text[4:6]), int(text[2:4]), int(text[:2]))


def varied(digits: str) -> bool:
    """Say whether a number is more than one digit over and over: placeholders pass many checks."""
    return len(set(digits)) > 1
