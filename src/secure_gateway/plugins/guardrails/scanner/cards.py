"""Payment card numbers inside runs of digits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from secure_gateway.plugins.guardrails.scanner.finding import Region, Span
from secure_gateway.plugins.guardrails.scanner.pii_shapes import is_in_digest
from secure_gateway.plugins.guardrails.scanner.validators import DIGITS, digits_of, is_latin, luhn

_PREFIX = 6
_TABLE_CELL = 4
# Issuers print Amex as 4-6-5 and Diners Club as 4-6-4; some print 6-13 and 8-8.
# Longer numbers keep their rest in the last group at times.
_PRINTED_LAYOUTS = frozenset(
    {(4, 6, 5), (4, 6, 4), (6, 13), (4, 5, 6), (6, 4, 5), (4, 4, 5), (4, 4, 4, 5), (4, 4, 4, 6), (4, 4, 4, 7)}
)


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
    _Brand("50", "50", tuple(range(12, 20)), ()),  # Maestro's wider ranges, which other networks share
    _Brand("56", "69", tuple(range(12, 20)), ()),
    _Brand("9792", "9792", (16,), (16,)),  # Troy
    _Brand("506099", "506198", (16, 18, 19), (16,)),  # Verve
    _Brand("507865", "507964", (16, 18, 19), (16,)),
    _Brand("506699", "506778", (16,), (16,)),  # Elo
    _Brand("509000", "509999", (16,), (16,)),
    _Brand("504175", "504175", (16,), (16,)),
    _Brand("627780", "627780", (16,), (16,)),
    _Brand("636297", "636297", (16,), (16,)),
    _Brand("636368", "636368", (16,), (16,)),
    _Brand("637095", "637095", (16,), (16,)),  # Hipercard
    _Brand("637568", "637568", (16,), (16,)),
    _Brand("506199", "506499", (16,), (16,)),  # Carnet
    _Brand("502275", "502275", (16,), (16,)),
    _Brand("589562", "589562", (16,), (16,)),  # Naranja
    _Brand("589657", "589657", (16,), (16,)),  # Cabal
    _Brand("604201", "604219", (16,), (16,)),
    _Brand("8600", "8600", (16,), (16,)),  # Uzcard
    _Brand("9860", "9860", (16,), (16,)),  # Humo
    _Brand("637", "639", (16,), (16,)),  # InstaPayment
    _Brand("1", "1", (15,), ()),  # UATP
)
_SPACED = "[-. ]{0,2}"
CARD_START = (
    rf"(?:(?:5{_SPACED}[06-9]|6{_SPACED}\d)(?:{_SPACED}\d){{10}}|4(?:{_SPACED}\d){{12}}|3{_SPACED}[04-9](?:{_SPACED}\d){{12}}|1(?:{_SPACED}\d){{14}}"
    rf"|(?:2{_SPACED}[2-7]|5{_SPACED}[1-5]|8{_SPACED}[126]|9{_SPACED}[78])(?:{_SPACED}\d){{14}})"
)
"""Matches the shortest card of each range in ``_BRANDS``."""


def find_cards(region: Region) -> Iterable[Span]:
    """Yield the card numbers within a run of digits and single separators, longest first at each group.

    A card begins and ends at a group's border, so the number in "3 4111 …" is found although the run as a whole is none.
    Groups must be laid out as cards are, and must not be cells of a longer row of numbers, unless context words are near.
    """
    run = _Run(region)
    first = 0
    while first < len(run.groups):
        last = run.card_end(first)
        if last is None:
            first += 1
            continue
        yield run.groups[first][0], run.groups[last][1], region.confidence
        first = run.free_from = last + 1


class _Run:
    """A run of digit groups. Everything is looked up by place in the digits alone, so that a start costs the same anywhere."""

    __slots__ = ("_digits", "_ending_at", "_offsets", "free_from", "groups", "region")

    def __init__(self, region: Region) -> None:
        self.region = region
        self.groups = _groups(region.value)
        self.free_from = 0  # the groups before belong to cards already found
        self._digits = digits_of(region.value)
        self._offsets: list[int] = []
        self._ending_at: dict[int, int] = {}
        offset = 0
        for index, (start, end) in enumerate(self.groups):
            self._offsets.append(offset)
            offset += end - start
            self._ending_at[offset] = index

    def card_end(self, first: int) -> int | None:
        """Return the index of the last group of the card that begins at group ``first``."""
        offset = self._offsets[first]
        lengths = _lengths(self._digits[offset : offset + _PREFIX])
        for length in sorted(lengths, reverse=True):
            last = self._ending_at.get(offset + length)
            if last is None:
                continue
            digits = self._digits[offset : offset + length]
            if luhn(digits) and len(set(digits)) > 1 and self._is_plausible(first, last, known=lengths[length]):
                return last
        return None

    def _is_plausible(self, first: int, last: int, *, known: bool) -> bool:
        start, end = self.groups[first][0], self.groups[last][1]
        if self._is_fraction(start) or is_in_digest(self.region, start, end):
            return False
        if self.region.has_context:
            return not self._is_decimal(first, last)
        glued_before = first == 0 and is_latin(self.region.before(1))  # letters that touch it make it part of a code
        glued_after = last == len(self.groups) - 1 and is_latin(self.region.after(1))
        return known and not glued_before and not glued_after and self._is_set_apart(first, last)

    def _is_set_apart(self, first: int, last: int) -> bool:
        text, groups = self.region.value, self.groups
        if first == last:
            return True
        sizes = tuple(end - start for start, end in groups[first : last + 1])
        separators = {text[groups[at][1] : groups[at + 1][0]] for at in range(first, last)}
        even = len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
        if len(separators) > 1 or not (even or sizes in _PRINTED_LAYOUTS):
            return False
        return not (self._cells(first, -1) and self._cells(last, 1))

    def _is_fraction(self, start: int) -> bool:
        """Say whether what begins at ``start`` is the fraction of a decimal number."""
        before = self.region.value[max(0, start - 2) : start] or self.region.before(2)
        return before[-1:] == "." and before[:1].isdigit()

    def _is_decimal(self, first: int, last: int) -> bool:
        whole, fraction = self.groups[first], self.groups[last]
        short = last == first + 1 and whole[1] - whole[0] < _TABLE_CELL
        return short and self.region.value[whole[1] : fraction[0]] == "."

    def _cells(self, at: int, step: int) -> bool:
        """Say whether two more free groups of the same size and separator go on from group ``at``: a row of a table."""
        separator = self._gap(at, step)
        here, after = at + step, at + 2 * step
        if not (self.free_from <= min(here, after) and max(here, after) < len(self.groups)):
            return False
        sizes = {self.groups[place][1] - self.groups[place][0] for place in (at, here, after)}
        return sizes == {_TABLE_CELL} and self._gap(here, step) == separator

    def _gap(self, at: int, step: int) -> str:
        left = min(at, at + step)
        if not 0 <= left < len(self.groups) - 1:
            return ""
        return self.region.value[self.groups[left][1] : self.groups[left + 1][0]]


def _by_first_digits() -> dict[str, tuple[_Brand, ...]]:
    """Return the brands by the first two digits of their numbers."""
    pairs = [f"{number:02}" for number in range(100)]
    return {
        pair: tuple(
            brand
            for brand in _BRANDS
            if brand.low[:2] <= pair[: len(brand.low)] and pair <= brand.high[:2].ljust(2, "9")
        )
        for pair in pairs
    }


_BY_FIRST_DIGITS = _by_first_digits()


def _lengths(prefix: str) -> dict[int, bool]:
    """Return the lengths of cards that begin so, and whether each needs no context."""
    lengths: dict[int, bool] = {}
    for brand in _BY_FIRST_DIGITS.get(prefix[:2], ()):
        if brand.low <= prefix[: len(brand.low)] <= brand.high:
            for length in brand.lengths:
                lengths[length] = lengths.get(length, False) or length in brand.sure
    return lengths


def _groups(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in DIGITS.finditer(text)]
