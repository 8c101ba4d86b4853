"""The checks of the core accept what those of the Python tables accept, as surely: in texts of ASCII characters."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from inspect import getclosurevars
from typing import Any, Final, NamedTuple

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secure_gateway.native import core
from secure_gateway.plugins.guardrails.scanner import (
    PII_DETECTORS,
    SECRET_DETECTORS,
    pii_contacts,
    pii_documents,
    pii_finance,
    pii_shapes,
)
from secure_gateway.plugins.guardrails.scanner import cards as card_tables
from secure_gateway.plugins.guardrails.scanner import secrets_checks as secrets
from secure_gateway.plugins.guardrails.scanner.armed import ArmedDetector, MatchedRegion
from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector, Span, where, whole
from secure_gateway.plugins.guardrails.scanner.folding import fold_pattern
from secure_gateway.plugins.guardrails.scanner.validators import luhn
from tests.native.places import SAMPLES
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable

_Rule = Callable[[str], bool]
_ACCEPTED: Final = getattr(core(), "accepted", None)
# Where the Python twin is in use it is compared with itself: that shows that the tests run, and little of it is enough.
_MANY: Final = 500 if _ACCEPTED else 30
_SURE = 0.99

_CHECKS: Final[dict[str, Callable[[_Rule | None], Check]]] = {
    "whole": lambda _: whole,
    "where": lambda rule: where(rule or (lambda _: True)),
    "number": pii_shapes.number_by,
    "separated": lambda rule: partial(pii_shapes.separated_number, rule or (lambda _: True)),
    "cards": lambda _: card_tables.find_cards,
    "iban": lambda _: pii_finance.iban,
    "document": lambda _: pii_documents.document_number,
    "birth_date": lambda _: pii_documents.birth_date,
    "phone_context": lambda _: pii_contacts.phone_in_context,
    "phone_international": lambda _: pii_contacts.international_phone,
    "phone_north_american": lambda _: pii_contacts.north_american_phone,
    "email": lambda _: pii_contacts.email_address,
    "quoted_email": lambda _: pii_contacts.quoted_address,
    "mac": lambda _: pii_contacts.mac_address,
    "ipv4": lambda _: pii_contacts.ipv4,
    "ipv6": lambda _: pii_contacts.ipv6,
    "ipv4_private": lambda _: partial(pii_contacts.ipv4, private=True),
    "ipv6_private": lambda _: partial(pii_contacts.ipv6, private=True),
    "issued": lambda _: secrets.issued,
    "alone": lambda _: secrets.alone,
    "checksummed": lambda _: secrets.checksummed,
}
_NAMES: Final = {make(None): name for name, make in _CHECKS.items() if name not in {"where", "number", "separated"}}


class _Use(NamedTuple):
    """A detector, the name of its check, and its rule with the name that the core knows it by: "" for none."""

    armed: ArmedDetector
    check: str
    rule: _Rule | None
    rule_name: str

    def twin(self) -> Check:
        return _CHECKS[self.check](self.rule)


def _named(check: Check | None) -> tuple[str, _Rule | None]:
    """Return the name and the rule of a check of the tables; "" where the core has none for it."""
    if isinstance(check, partial):
        if check.func in {pii_contacts.ipv4, pii_contacts.ipv6}:
            return f"{check.func.__name__}{'_private' * check.keywords['private']}", None
        names = {"_number": "number", "separated_number": "separated"}
        return names.get(check.func.__name__, ""), check.args[0]
    if getattr(check, "__qualname__", "").startswith("where."):
        return "where", getclosurevars(check).nonlocals["predicate"]  # type: ignore[arg-type]
    return _NAMES.get(check or whole, ""), None


def _uses(detector: Detector) -> list[_Use]:
    """Return how to try the check of a detector: without its rule, which few texts satisfy, and with it where the core has it."""
    name, rule = _named(detector.check)
    if not name:
        return []
    armed = ArmedDetector(detector)
    known = getattr(rule, "__name__", "")
    uses = [_Use(armed, name, None, "")]
    if _ACCEPTED is None or (known and _ACCEPTED("whole", known, "0", 0, 1, False, (0.5, 0.5)) is not None):
        uses.append(_Use(armed, name, rule, known if rule else ""))
    return uses


_USES: Final = tuple(
    use
    for detector in (*PII_DETECTORS, *SECRET_DETECTORS, *pii_contacts.address_detectors(private=True))
    for use in _uses(detector)
)
_BY_CHECK: Final = {name: [use for use in _USES if use.check == name] for name in _CHECKS}


class _Told(MatchedRegion):
    """A region that is told whether a context word stands nearby."""

    __slots__ = ("near",)

    near: bool

    @property
    def has_context(self) -> bool:
        return self.near


def _region(use: _Use, text: str, place: tuple[int, int], *, near: bool) -> _Told:
    region = _Told(use.armed, text.encode(), place, lambda _: False)
    region.near = near
    return region


def _confidences(use: _Use) -> tuple[float, float]:
    low, high = (_region(use, "", (0, 0), near=near).confidence for near in (False, True))
    return low, high


def _by_core(use: _Use, text: str, place: tuple[int, int], *, near: bool) -> list[Span]:
    """Return what the core accepts; its twin where that is in use. A core that panics accepts None."""
    if _ACCEPTED is None:
        return list(use.twin()(_region(use, text, place, near=near)))
    found = _ACCEPTED(use.check, use.rule_name, text, *place, near, _confidences(use))
    assert found is not None, (use.check, use.rule_name, text, place)
    return found  # type: ignore[no-any-return]


def _agree_at(use: _Use, text: str, place: tuple[int, int]) -> bool:
    """Compare both at one place, and say whether anything was accepted there."""
    accepted = []
    for near in (False, True):
        wanted = list(use.twin()(_region(use, text, place, near=near)))
        found = _by_core(use, text, place, near=near)
        assert found == wanted, (use.armed.detector.id, use.rule_name, text, place, near)
        assert all(0 <= start <= end <= place[1] - place[0] for start, end, _ in found)
        assert {sure for *_, sure in found} <= {*_confidences(use), _SURE}
        accepted += found
    return bool(accepted)


def _agree(use: _Use, text: str) -> list[bool]:
    """Compare both wherever the exact pattern matches in ``text``, and say of each match whether it is accepted."""
    pattern = use.armed.pattern
    return [_agree_at(use, text, _span(match, pattern.groups)) for match in pattern.finditer(text.encode())]


def _span(match: Any, groups: int) -> tuple[int, int]:
    """Return the place of the first group that took part, else of the match: as a scanner does."""
    spans = (match.span(group) for group in (*range(1, groups + 1), 0))
    return next(span for span in spans if span[0] >= 0)  # type: ignore[no-any-return]


_AROUND: Final = (
    " ", "-", ".", "/", "_", ":", ",", ";", "=", "+", "(", ")", "[", "]", "#", "@", "'", '"', "\\", "\n", "\t", "\x0b", "\x1c", "  ", ". ", "==", ">= ",
    "0", "7", "12", "4111", "2024", "a", "f", "G", "x", "AB", "PO-", "tel-", "fax-", "v", "V. ", "no", "git@", "12:", ":30", "T12:30", " 9:05", "3.", ".5", "1,000",
    "550e8400-e29b-41d4-", "-a716-446655440000", "deadbeef", "-e29b", "8-", "-8", "-A", "ff:", ":ff", "order ", "Invoices no. ", "ticket: #", "version ", "Rechnung nr ",
    "ROOM\x1d", "pedido numero ", "invoice\n", "https://a.example/?q=", "https://a.example/ ", "mailto:", "user=", '{"phone_id":"', '"mobile_ref" : "-', '"', "Mozilla/", "section ",
    "example", "xxxxxx", "glsa_", "\\n", "\\t", "%20", "<", ">", "[PHONE]",
)  # fmt: skip
"""What stands next to a number decides what it is: separators, digits, clocks, parts of UUIDs, words of business, JSON, URLs."""
_surroundings = st.lists(st.sampled_from(_AROUND), max_size=4).map("".join)


def _drawn(use: _Use, seed: int) -> str:
    """Draw a text of the shape that a detector looks for."""
    rng = random.Random(seed)  # noqa: S311 - the same text for the same seed
    return draw_match(drawable(fold_pattern(use.armed.detector.exact)), rng)


def _slipped(text: str, place: int, char: str) -> str:
    """Return a text with one character changed; a place beyond it leaves it as it is."""
    return text[:place] + char + text[place + 1 :] if place < len(text) else text


_chars = st.sampled_from("0123456789abcdefgxyzABFXZ -./_:@=+\n")


@st.composite
def _looked_for(draw: st.DrawFn, use: _Use) -> str:
    """Generate what a detector looks for, once or in a row, in surroundings that decide whether it is that."""
    middle = st.builds(
        _slipped, st.builds(partial(_drawn, use), st.integers(0, 1 << 32)), st.integers(0, 80), _chars
    ) | st.sampled_from(_PLAIN_SAMPLES)
    parts = draw(st.lists(middle, min_size=1, max_size=3))
    return draw(_surroundings) + draw(_surroundings).join(parts) + draw(_surroundings)


_PLAIN_SAMPLES: Final = (*filter(str.isascii, SAMPLES), 'mail "jane doe"@mail.example.org', '"id":"a"@b.example')


@pytest.mark.parametrize("name", _CHECKS)
@settings(max_examples=_MANY, deadline=None)
@given(data=st.data())
def test_what_a_detector_looks_for_is_judged_alike_in_any_surroundings(name: str, data: st.DataObject) -> None:
    use = data.draw(st.sampled_from(_BY_CHECK[name]))
    text = data.draw(_looked_for(use))
    if text.isascii():
        _agree(use, text)


@pytest.mark.parametrize("name", _CHECKS)
def test_samples_are_judged_alike_and_some_are_accepted(name: str) -> None:
    texts = [text for text in _PLAIN_SAMPLES if len(text) < 10_000]
    judged = [accepted for use in _BY_CHECK[name] for text in texts for accepted in _agree(use, text)]
    assert any(judged), name


@settings(max_examples=10 * _MANY, deadline=None)
@given(
    st.sampled_from(_USES),
    st.text(st.sampled_from("01234567890123456789abfxyzABZ  --..//__:::@@=+()\"\\'\n\t\x1c\x00\x7f%"), max_size=80),
    st.tuples(st.integers(0, 80), st.integers(0, 80)),
)
@example(_BY_CHECK["email"][0], "", (0, 0))
def test_any_place_of_any_text_is_judged_alike_where_the_twin_has_an_answer(
    use: _Use, text: str, place: tuple[int, int]
) -> None:
    start, end = sorted(min(at, len(text)) for at in place)
    try:
        _agree_at(use, text, (start, end))
    except (ValueError, IndexError):  # no detector shows that to its check
        for near in (False, True):
            if _ACCEPTED is not None:
                _by_core(use, text, (start, end), near=near)


_BRANDS: Final = card_tables._BRANDS
_LAYOUTS: Final = (
    (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (6, 13), (8, 8), (4, 4, 4, 7), (5, 5, 5), (3, 16), (16,), (15,), (14,), (13,), (12,), (19,), (4, 4, 4, 1), (1, 15), (4, 12), (2, 2, 12),
)  # fmt: skip


@st.composite
def _card(draw: st.DrawFn) -> str:
    """Generate a number that begins as one of a network's does, with its Luhn digit, in one layout or another."""
    brand = draw(st.sampled_from(_BRANDS))
    begins = draw(st.sampled_from((brand.low, brand.high)) | st.integers(int(brand.low), int(brand.high)).map(str))
    length = draw(st.sampled_from(brand.lengths) | st.integers(11, 20))
    body = begins + draw(st.text("0123456789", min_size=length, max_size=length))
    digits = next(number for check in "0123456789" if luhn(number := body[: length - 1] + check))
    if draw(st.integers(0, 5)) == 0:
        digits = _slipped(digits, draw(st.integers(0, 18)), draw(st.sampled_from("0123456789")))
    groups, place = [], 0
    for size in draw(st.sampled_from(_LAYOUTS)):
        groups.append(digits[place : place + size])
        place += size
    return draw(st.sampled_from((" ", "-", ".", "", "--", " -"))).join(filter(None, (*groups, digits[place:])))


_cells = st.lists(st.text("0123456789", min_size=4, max_size=4), max_size=3)


@settings(max_examples=6 * _MANY, deadline=None)
@given(st.lists(_card(), min_size=1, max_size=3), _cells, _cells, _surroundings, _surroundings)
@example(["4111 1111 1111 1111"], ["1234", "1234"], ["1234", "1234"], "", "")
@example(["4111 1111 1111 1111"], ["1234", "1234"], ["1234"], "", "")
@example(["4111 1111 1111 1111", "5500 0000 0000 0004"], [], ["1234"], "x", "g")
@example(["411.1111111111111"], [], [], "", "")
def test_cards_are_found_alike_in_rows_of_numbers(
    cards: list[str], before: list[str], after: list[str], front: str, behind: str
) -> None:
    (use,) = _BY_CHECK["cards"]
    for separator in (" ", "-", ". "):
        text = front + separator.join((*before, *cards, *after)) + behind
        _agree(use, text)
        digits = re2.compile(rb"\d[\d .-]*", options())
        for match in digits.finditer(text.encode()):
            _agree_at(use, text, match.span())


@pytest.mark.parametrize(
    ("check", "rule", "text", "place"),
    [
        pytest.param("none", "", "text", (0, 4), id="a check that is not there"),
        pytest.param("whole", "none", "text", (0, 4), id="a rule that is not there"),
        pytest.param("whole", "", "t\u00e9xt", (0, 4), id="a text beyond ASCII"),
        pytest.param("whole", "", "t\ud800xt", (0, 4), id="a text with a lone surrogate"),
        pytest.param("whole", "", "text", (0, 5), id="an end behind the text"),
        pytest.param("whole", "", "text", (3, 2), id="an end before the start"),
    ],
)
def test_the_core_declines(check: str, rule: str, text: str, place: tuple[int, int]) -> None:
    assert _ACCEPTED is None or _ACCEPTED(check, rule, text, *place, True, (0.5, 0.6)) is None


def test_every_check_of_the_core_has_detectors_that_use_it() -> None:
    assert all(_BY_CHECK.values())
