"""The checks of the core accept what those of the Python tables accept, as surely: in texts of ASCII characters."""

from __future__ import annotations

import itertools
import random
import string
import zlib
from collections.abc import Callable
from functools import lru_cache, partial
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
from secure_gateway.plugins.guardrails.scanner.known import known
from secure_gateway.plugins.guardrails.scanner.validators import IBAN_DIGITS, IBAN_LENGTHS, luhn, mod97
from tests.native.places import SAMPLES
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable

_Rule = Callable[[str], bool]
_ACCEPTED: Final = getattr(core(), "accepted", None)
# Where the Python twin is in use it is compared with itself: that shows that the tests run, and little of it is enough.
_MANY: Final = 200 if _ACCEPTED else 30
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


class _Use(NamedTuple):
    """A detector, the name of its check, and its rule with the name that the core knows it by: "" for none."""

    armed: ArmedDetector
    check: str
    rule: _Rule | None
    rule_name: str

    def twin(self) -> Check:
        return _CHECKS[self.check](self.rule)


def _uses(detector: Detector) -> list[_Use]:
    """Return how to try the check of a detector: without its rule, which few texts satisfy, and with it where the core has it."""
    name, rule_name = known(detector.check)
    if not name:
        return []
    armed = ArmedDetector(detector)
    uses = [_Use(armed, name, None, "")]
    if rule_name and (_ACCEPTED is None or _ACCEPTED("whole", rule_name, "0", 0, 1, False, (0.5, 0.5)) is not None):
        rule = detector.check.args[0] if isinstance(detector.check, partial) else None
        uses.append(_Use(armed, name, rule, rule_name))
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
    "ROOM\x1d", "pedido numero ", "invoice\n", "order #\n", f"1{'a' * 38}-", "order INV-", "Bookings id: LH-", "article #AB-", "https://a.example/?q=", "https://a.example/ ", "mailto:", "user=", '{"phone_id":"', '"mobile_ref" : "-', '"', "Mozilla/", "section ",
    "example", "xxxxxx", "glsa_", "\\n", "\\t", "%20", "<", ">", "[PHONE]",
)  # fmt: skip
"""What stands next to a number decides what it is: separators, digits, clocks, parts of UUIDs, words of business, JSON, URLs."""
_PLAIN_SAMPLES: Final = tuple(filter(str.isascii, SAMPLES))
_surroundings = st.lists(st.sampled_from(_AROUND), max_size=4).map("".join)


@lru_cache(10_000)
def _drawn(use: _Use, seed: int) -> str:
    """Draw a text of the shape that a detector looks for."""
    rng = random.Random(seed)  # noqa: S311 - the same text for the same seed
    return draw_match(drawable(fold_pattern(use.armed.detector.exact)), rng)


def _slipped(text: str, place: int, char: str) -> str:
    """Return a text with one character changed; a place beyond it leaves it as it is."""
    return text[:place] + char + text[place + 1 :] if place < len(text) else text


_chars = st.sampled_from("0123456789abcdefgxyzABFXZ -./_:@=+\n")


def _iban(country: str, rng: random.Random) -> str:
    """Return a number with right check digits, in one of the ways they are written in."""
    body = "".join(rng.choice("0123456789") for _ in range(IBAN_LENGTHS[country] - 4))
    if country not in IBAN_DIGITS and rng.random() < 0.5:
        body = f"{rng.choice('ABFZ')}{body[1:]}"
    checks = next(two for two in map("{:02}".format, range(2, 99)) if mod97(f"{country}{two}{body}"))
    number, gap = f"{country}{checks}{body}", rng.choice(("", " ", "-"))
    return gap.join(number[at : at + 4] for at in range(0, len(number), 4))


def _with_checksum(prefix: str, rng: random.Random) -> str:
    """Return a token that ends in its checksum, as GitHub and npm issue them."""
    body = "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(30))
    value, digits = zlib.crc32(body.encode()), ""
    while len(digits) < 6:
        value, digit = divmod(value, 62)
        digits = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + digits
    return f"{prefix}{body}{digits}"


_BUSINESS: Final = (
    "order invoice ticket item article version build release commit request tracking booking page room rechnung bestellung auftrag vorgang artikel facture commande factura"
    " pedido fattura ordine passport"
).split()
_FIELDS: Final = "id ids ref uuid guid version build count at time timestamp date model size ms number".split()
_NUMBERED: Final = "version release build firmware section chapter clause appendix ver rev v host".split()

_RNG: Final = random.Random(1)  # noqa: S311 - the same texts in every run
_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "iban": tuple(_iban(country, _RNG) for country in sorted(IBAN_LENGTHS) * 2),
    "checksummed": tuple(_with_checksum(prefix, _RNG) for prefix in ("ghp_", "gho_", "npm_") * 8),
    "document": (
        *(f"{word} 1234567" for word in _BUSINESS), *(f"order {word} 1234567" for word in ("id", "no", "nr", "num", "number", "nummer", "numero", "of")),
        "order INV-1234567", "2024-01-02", "1.2.1999", "2019-2020", "2019/2020", "00000", "99999999", "1234", "AB123456C", "C01X00T47", "c01x00t47", "L01 X00T47", "CFGHJKLMN", "C0000000"),
    "birth_date": ("1990-01-02T12:30", "1990-01-02 9:05", "1990-01-02 9:0", "19640231", "18991231", "20351231", "20360101", "31/13/1990", "13/31/1990", "45.12.85", "1.2.03", "12 Dec 1985", "Feb 30, 2001", "32 May 1970", "1990-02-00"),
    "phone_context": (
        *(f'"tel_{word}": "030 1234567' for word in _FIELDS), *(f"{word}-030123456" for word in ("tel", "Cell", "FAX", "mob", "ph", "sms", "PO", "_PO", "x1PO", "ABCDE")),
        "2024-01-02", "2024-01-123", "2024.12345", "2024/123456", "1/2/1999", "01-02-2024", "0.12345678", "12.345678", "123.12345678", "1.234.567", "12.345.678.901", "192.168.1.10",
        "192.168.01.10", "256.100.100.100", "5555555", "555-0123-4", "5551234567-deadbeef01", "(030) 123456-78", "1999 123456", "999.1234567",
    ),
    "phone_international": ("++49 30 1234567", "+49 30 1234567", "+1 212 555 0123", "+1 211 555 0123", "+999 1234567", "+44 20 7946 0958 12", "+358 40 1234567 2024", "+210 1234567"),
    "phone_north_american": ("212-555-0123", "(212) 555-0123", "1-212-555-0123", "911.555.0123", "411 555 0123"),
    "email": (
        *(f"a@b.{top}" for top in sorted(pii_contacts._NO_DOMAINS)),
        "a@b.example", "git@b.example", "logo@2x.PNG", "getty@tty1.service", "a..b@c.example", f"{'l' * 64}@a.example", f"{'l' * 65}@a.example", f"https://h/{'l' * 65}@a.example",
        f"a@{'d.' * 124}example", f"a@{'d.' * 123}example", "user=a@b.example", "9user=a@b.example", "https://h.example/x/a@b.example", "https://h.example\nd/a@b.example", "q?a@b.example", "a&b/c@d.example", "/path/a@b.example", "x=y=a@b.example",
    ),
    "quoted_email": ('"jane doe"@mail.example', '"a=b"@mail.example', '\\"jane\\"@mail.example', '"id": "x"@mail.example', '""@mail.example', f'"{"l" * 62}"@a.example', f'"{"l" * 63}"@a.example', '"x"@a.png'),
    "mac": ("00:00:00:00:00:00", "ff-ff-ff-ff-ff-ff", "00:1A:2b:3C:4d:5E", "0123.4567.8901", "0123.4567.89ab", "001122334455", "aAaAaAaAaAaA"),
    "ipv4": (*(f"{word} 1.2.3.44" for word in _NUMBERED), "1.2.3.4", "1.1.1.1", "1.2.1.2", "1.2.1.3", "8.8.4.4", "10.0.0.1", "100.64.0.1", "172.31.255.255", "169.254.0.1", "127.0.0.1", "203.0.113.7", "8.8.8.256", "9.9.9.09"),
    "ipv6": (
        "2001:db8::1", "2001:db8:0:0:0:0:0:1", "2001:db8::1.", "2001:db8:1:2:3:4:5:6:7", "2001::db8::1", "fd00::1", "fe80::1:2", "fec0::1", "2001:db8::1.2.3.4", "2001:db8::1.2.3.04",
        "2001:0:0:0:0:0:0::", "20:01:0d:b8:00:00:00:01", "2001:db8::12345", "3fff:ffff:1:2:3:4:5:6", "fc00:1:2:3:4:5:6:7",
    ),
    "alone": ("sk-test-config-value", "sk_live_0123456789", "aaaaaaaaaaaaaaaaaaaaaaaa", "hf_maxRetriesPerRequest"),
    "issued": ("AKIAIOSFODNN7EXAMPLE", "ghp_xxxxxxxxxxxxxxxx", "glpat-your_token_here"),
}  # fmt: skip
"""What is all but one of these, or one indeed: a drawn text has no right check digits, and is no file's name."""


@st.composite
def _looked_for(draw: st.DrawFn, use: _Use) -> str:
    """Generate what a detector looks for, once or in a row, in surroundings that decide whether it is that."""
    middle = st.builds(
        _slipped, st.builds(partial(_drawn, use), st.integers(0, 30)), st.integers(0, 80), _chars
    ) | st.sampled_from(_KNOWN.get(use.check.removesuffix("_private"), _PLAIN_SAMPLES) + _PLAIN_SAMPLES[::8])
    parts = draw(st.lists(middle, min_size=1, max_size=3))
    return draw(_surroundings) + draw(_surroundings).join(parts) + draw(_surroundings)


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
    texts = [text for text in (*_PLAIN_SAMPLES, *_KNOWN.get(name, ())) if len(text) < 10_000]
    judged = [accepted for use in _BY_CHECK[name] for text in texts for accepted in _agree(use, text)]
    assert any(judged), name


@settings(max_examples=4 * _MANY, deadline=None)
@given(
    st.sampled_from(_USES),
    st.text(st.sampled_from("01234567890123456789abfxyzABZ  --..//__:::@@=+()\"\\'\n\t\x1c\x00\x7f%"), max_size=80),
    st.tuples(st.integers(0, 80), st.integers(0, 80)),
)
@example(_BY_CHECK["email"][0], "", (0, 0))
@example(_BY_CHECK["quoted_email"][0], '"a": b"@c.example', (0, 17))
@example(_BY_CHECK["birth_date"][0], "1990-01-02T12:30", (0, 10))
@example(_BY_CHECK["ipv6"][0], "2001:db8::1.x", (0, 12))
@example(_BY_CHECK["alone"][0], "api-config-value-1", (0, 18))
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
    *sorted(card_tables._PRINTED_LAYOUTS), (4, 4, 4, 4), (8, 8), (5, 5, 5), (3, 16), (16,), (15,), (14,), (13,), (12,), (19,), (4, 4, 4, 1), (1, 15), (4, 12), (2, 2, 12),
)  # fmt: skip


def _with_luhn_digit(body: str) -> str:
    return next(number for check in "0123456789" if luhn(number := body + check))


@st.composite
def _card(draw: st.DrawFn) -> str:
    """Generate a number that begins as one of a network's does, with its Luhn digit, in one layout or another."""
    brand = draw(st.sampled_from(_BRANDS))
    begins = draw(st.sampled_from((brand.low, brand.high)) | st.integers(int(brand.low), int(brand.high)).map(str))
    length = draw(st.sampled_from(brand.lengths) | st.integers(11, 20))
    body = begins + draw(st.text("0123456789", min_size=length, max_size=length))
    digits = _with_luhn_digit(body[: length - 1])
    if draw(st.integers(0, 5)) == 0:
        digits = _slipped(digits, draw(st.integers(0, 18)), draw(st.sampled_from("0123456789")))
    groups, place = [], 0
    for size in draw(st.sampled_from(_LAYOUTS)):
        groups.append(digits[place : place + size])
        place += size
    return draw(st.sampled_from((" ", "-", ".", "", "--", " -"))).join(filter(None, (*groups, digits[place:])))


_cells = st.lists(st.text("0123456789", min_size=4, max_size=4), max_size=3)
_rows = st.builds(
    lambda gap, *parts: gap.join(itertools.chain(*parts)),
    st.sampled_from((" ", "-", ". ")),
    _cells,
    st.lists(_card(), min_size=1, max_size=3),
    _cells,
)
_DIGITS: Final = re2.compile(rb"\d[\d .-]*", options())


@settings(max_examples=4 * _MANY, deadline=None)
@given(_rows, _surroundings, _surroundings)
@example("1234 1234 4111 1111 1111 1111 1234 1234", "", "")
@example("1234 1234 4111 1111 1111 1111 1234", "", "")
@example("4111 1111 1111 1111 5500 0000 0000 0004 1234", "x", "g")
@example("4111 1111 1111 1111 5500 0000 0000 0004 1234 1234", "", "")
@example("411.1111111111111", "", "")
@example("6666666666666", "", "")
def test_cards_are_found_alike_in_rows_of_numbers(row: str, front: str, behind: str) -> None:
    (use,) = _BY_CHECK["cards"]
    text = f"{front}{row}{behind}"
    _agree(use, text)
    for match in _DIGITS.finditer(text.encode()):
        _agree_at(use, text, match.span())


@pytest.mark.parametrize("brand", _BRANDS, ids=lambda brand: f"{brand.low}-{brand.high}")
def test_a_network_issues_the_same_numbers(brand: Any) -> None:
    (use,) = _BY_CHECK["cards"]
    ends = (int(brand.low) - 1, int(brand.low), int(brand.high), int(brand.high) + 1)
    bodies = (f"{begins}{'20406080103050709' * 2}"[: length - 1] for begins in ends for length in range(11, 21))
    found = [_agree_at(use, number, (0, len(number))) for number in map(_with_luhn_digit, bodies)]
    assert any(found)


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
