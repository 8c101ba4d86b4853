"""Payment card numbers inside runs of digits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from secure_gateway.plugins.guardrails.scanner.finding import Region, Span
from secure_gateway.plugins.guardrails.scanner.validators import luhn

_SHORTEST, _LONGEST = 12, 19
_TABLE_CELL = 4
# Issuers print Amex as 4-6-5 and Diners Club as 4-6-4; some print 6-13 and 8-8.
_PRINTED_LAYOUTS = frozenset({(4, 6, 5), (4, 6, 4), (6, 13), (4, 5, 6), (6, 4, 5)})


class _Brand(NamedTuple):
    """Issuer identification numbers from ``low`` to ``high`` (same number of digits) and the lengths they are issued in."""

    low: str
    high: str
    lengths: tuple[int, ...]
    sure: tuple[int, ...]  # lengths reported without context words; the others are as likely something else


_LONG = (16, 17, 18, 19)
# ISO/IEC 7812 ranges as the networks publish them.
_BRANDS = (
    _Brand("4", "4", (13, 16, 19), (16,)),  # Visa
    _Brand("51", "55", (16,), (16,)),  # Mastercard
    _Brand("2221", "2720", (16,), (16,)),  # Mastercard
    _Brand("34", "34", (15,), (15,)),  # American Express
    _Brand("37", "37", (15,), (15,)),  # American Express
    _Brand("300", "305", (14, 16), (14,)),  # Diners Club
    _Brand("3095", "3095", (14, 16), (14,)),
    _Brand("36", "36", (14, 16, 19), (14,)),
    _Brand("38", "39", (14, 16), (14,)),
    _Brand("6011", "6011", _LONG, (16,)),  # Discover
    _Brand("622126", "622925", _LONG, (16,)),
    _Brand("644", "649", _LONG, (16,)),
    _Brand("65", "65", _LONG, (16,)),
    _Brand("3528", "3589", _LONG, (16,)),  # JCB
    _Brand("62", "62", _LONG, (16, 19)),  # UnionPay
    _Brand("81", "82", _LONG, (16,)),  # UnionPay, RuPay
    _Brand("60", "60", (16,), (16,)),  # RuPay
    _Brand("508", "508", (16,), (16,)),  # RuPay
    _Brand("2200", "2204", _LONG, (16,)),  # Mir
    _Brand("5019", "5019", (16,), (16,)),  # Dankort
    _Brand("5018", "5018", tuple(range(12, 20)), (16,)),  # Maestro
    _Brand("5020", "5020", tuple(range(12, 20)), (16,)),
    _Brand("5038", "5038", tuple(range(12, 20)), (16,)),
    _Brand("5893", "5893", tuple(range(12, 20)), (16,)),
    _Brand("6304", "6304", tuple(range(12, 20)), (16,)),
    _Brand("6759", "6763", tuple(range(12, 20)), (16,)),
    _Brand("9792", "9792", (16,), (16,)),  # Troy
    _Brand("506099", "506198", (16, 19), (16,)),  # Verve
    _Brand("1", "1", (15,), ()),  # UATP
)
_FIRST_DIGITS = frozenset("1234568" + "9")


def find_cards(region: Region) -> Iterable[Span]:
    """Yield the card numbers within a run of digits and single separators, longest first at each group.

    A card begins and ends at a group's border, so the number in "3 4111 …" is found although the run as a whole is none.
    Groups must be laid out as cards are, and must not be cells of a longer row of numbers, unless context words are near.
    """
    groups = _groups(region.value)
    first = 0
    while first < len(groups):
        last = _card_end(region, groups, first)
        if last is None:
            first += 1
            continue
        yield groups[first][0], groups[last][1], region.confidence
        first = last + 1


def _groups(text: str) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    start = -1
    for place, char in enumerate(f"{text} "):
        if "0" <= char <= "9":
            start = place if start < 0 else start
        elif start >= 0:
            groups.append((start, place))
            start = -1
    return groups


def _card_end(region: Region, groups: list[tuple[int, int]], first: int) -> int | None:
    """Return the index of the last group of the card that begins at group ``first``."""
    text = region.value
    if text[groups[first][0]] not in _FIRST_DIGITS:
        return None
    for last, digits in reversed(list(_windows(text, groups, first))):
        known = _known_as(digits)
        if known is None or not luhn(digits) or len(set(digits)) == 1:
            continue
        if region.has_context or (known and _set_apart(region, groups, first, last)):
            return last
    return None


def _windows(text: str, groups: list[tuple[int, int]], first: int) -> Iterator[tuple[int, str]]:
    digits = ""
    for last in range(first, len(groups)):
        digits += text[groups[last][0] : groups[last][1]][: _LONGEST + 1]
        if len(digits) > _LONGEST:
            return
        if len(digits) >= _SHORTEST:
            yield last, digits


def _known_as(digits: str) -> bool | None:
    """Return None for no brand's number, else whether its length is one that needs no context."""
    known: bool | None = None
    for brand in _BRANDS:
        if brand.low <= digits[: len(brand.low)] <= brand.high and len(digits) in brand.lengths:
            known = known or len(digits) in brand.sure
    return known


def _set_apart(region: Region, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    text = region.value
    start, end = groups[first][0], groups[last][1]
    if first == last:  # the fraction of a decimal number is no card
        before = text[max(0, start - 2) : start] or region.before(2)
        return not (before[-1:] == "." and before[:1].isdigit())
    sizes = tuple(stop - begin for begin, stop in groups[first : last + 1])
    separators = {text[groups[at][1] : groups[at + 1][0]] for at in range(first, last)}
    even = len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    if len(separators) > 1 or not (even or sizes in _PRINTED_LAYOUTS):
        return False
    return not (_is_cell(groups, first - 1, sizes[0]) and _is_cell(groups, last + 1, sizes[0]) and end > start)


def _is_cell(groups: list[tuple[int, int]], at: int, size: int) -> bool:
    return 0 <= at < len(groups) and groups[at][1] - groups[at][0] == size == _TABLE_CELL
