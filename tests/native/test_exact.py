"""What the core finds in plain text is what RE2 and the Python checks find there: the same matches, the same context, the same findings."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import partial
from typing import Final

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_gateway.native import DescribedDetector, core
from secure_gateway.plugins.guardrails.scanner import PII_DETECTORS, SECRET_DETECTORS, Scanner
from secure_gateway.plugins.guardrails.scanner.armed import ArmedDetector, MatchedRegion
from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Detector, Limits, Region, Span, where
from secure_gateway.plugins.guardrails.scanner.folding import fold, fold_pattern
from secure_gateway.plugins.guardrails.scanner.gate import native_gate
from secure_gateway.plugins.guardrails.scanner.known import ADDRESSES, BY_RULE, CHECKS, RULES, known
from secure_gateway.plugins.guardrails.scanner.pii_contacts import email_address
from tests.native.expressions import ASCII, Expression, around, expressions
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable

_MANY: Final = 1000 if core() else 30
EMAIL: Final = next(each for each in PII_DETECTORS if each.id == "pii.email")
_WITH_CONTEXT: Final = [each for each in (*PII_DETECTORS, *SECRET_DETECTORS) if each.context]

Place = tuple[int, int]


def _places(detector: DescribedDetector, text: str) -> list[Place] | None:
    """Return what the core finds, None where the Python twin is in use or the core leaves it to Python."""
    found = native_gate(((detector[0], (detector,)),))
    suspects = found.suspects(text, Limits()) if found is not None else None
    if suspects is None:
        return None
    views = suspects[0][4] if suspects else (([], []), ([], []))
    assert views is not None
    matches = views[0][1]
    return None if matches is None else [(start, end) for _, start, end, _ in matches]


def _true_places(pattern: str, text: str) -> list[Place]:
    """Return the first group that takes part in each match, or the match."""
    matches = re2.compile(pattern, options()).finditer(text.encode())
    spans = ([match.span(group) for group in range(1, match.re.groups + 1)] + [match.span()] for match in matches)
    return [next(span for span in each if span[0] >= 0) for each in spans]


@settings(max_examples=_MANY)
@given(expressions(), st.data())
def test_the_core_matches_where_re2_does(expression: Expression, data: st.DataObject) -> None:
    detector = (expression.source, "", False, (0.5, 0.5), "whole", "")
    for text in data.draw(st.lists(around(expression, ASCII), min_size=1, max_size=3)):
        if text and text.isascii():
            true = _true_places(expression.source, text)
            assert _places(detector, text) in (None, true), (expression.source, text)


def test_the_core_tells_the_matches_of_all_detectors() -> None:
    if core() is None:
        assert _places(("a", "", False, (0.5, 0.5), "whole", ""), "a") is None
        return
    for each in (*PII_DETECTORS, *SECRET_DETECTORS):
        described = ArmedDetector(each).described()
        assert _places((described[0], "", False, (0.5, 0.5), "whole", ""), "nothing") == [], each.id


_AROUND: Final = st.sampled_from(
    (
        "", " ", "\n", '"', "'", "=", ":", "{cue}=", "{cue}: ", '"{cue}": "', '{{"{cue}":"', '"value":"', '"id" : ', "<{cue}>", "<id>", "{cue} ", "{cue}\n", "my{hump}=",
        "my{hump} ", "[{mark}] ", "<{mark}_1> ", "[{mark}:0af] ", "name,{cue}\nAnn,", 'name;"{cue}";x\n{long};', "a\tb\n{long}\t", "the {cue} of {long} is ", "{cue}{cue} ", "{cue}s no. ", "1{cue} ",
    )
)  # fmt: skip


@pytest.mark.parametrize("detector", _WITH_CONTEXT, ids=lambda each: each.id)
@settings(max_examples=max(5, _MANY // 25), deadline=None)
@given(before=st.lists(_AROUND, max_size=3), after=st.lists(_AROUND, max_size=2), seed=st.integers(0, 2**16))
def test_the_core_sees_context_where_the_twin_does(
    detector: Detector, before: list[str], after: list[str], seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same texts in every run
    cue = fold(draw_match(drawable(fold_pattern(rng.choice(detector.context))), rng))
    match = fold(draw_match(drawable(fold_pattern(detector.exact)), rng))
    parts = {"cue": cue, "hump": cue.capitalize(), "mark": detector.type, "long": "x" * rng.choice((3, 60, 2100))}
    text = "".join(part.format(**parts) for part in before) + match + "".join(part.format(**parts) for part in after)
    if not text.isascii():
        return
    armed = ArmedDetector(detector)
    pattern, words, *_ = armed.described()
    data = text.encode()
    near = [
        place for place in _true_places(pattern, text) if MatchedRegion(armed, data, place, lambda _: False).has_context
    ]
    assert _places((pattern, words, True, (0.5, 0.5), "whole", ""), text) in (None, near), text


def test_each_name_of_a_check_or_rule_is_that_of_one_function() -> None:
    for table in (RULES, {**CHECKS, **BY_RULE, **ADDRESSES}):
        assert len(set(table.values())) == len(table)


def test_the_core_asks_the_checks_of_nearly_all_that_is_no_order() -> None:
    detectors = (*PII_DETECTORS, *SECRET_DETECTORS)
    described = tuple((each.candidate, (ArmedDetector(each).described(),)) for each in detectors)
    if (found := native_gate(described)) is None:
        assert core() is None
        return
    left = {each.id for number, each in enumerate(detectors) if number not in found.known}
    assert {name for name in left if name.startswith("pii.")} == {
        "pii.email_spelled",
        "pii.mrz",
        "pii.base58",
        "pii.ethereum",
    }
    assert len(left) < len(detectors) // 6


def test_a_check_that_is_only_called_like_a_known_one_is_asked_in_python() -> None:
    def iban(region: Region) -> Iterable[Span]:
        return ((0, 2, 0.3),) if region.value == "x12" else ()

    detector = Detector(
        id="own.iban",
        type="OWN",
        category="pii",
        candidate="x1",
        exact=r"x\d\d",
        confidence=0.9,
        source="a test",
        check=iban,
    )
    assert known(iban) == ("", "")
    assert known(where(str.isdigit)) == ("", "")
    assert known(partial(email_address)) == ("", "")
    found = Scanner([detector, EMAIL]).scan("x12, x13, ann@corp-mail.com")
    assert [(each.type, each.start, each.end, each.confidence) for each in found] == [
        ("OWN", 0, 2, 0.3),
        ("EMAIL", 10, 27, 0.95),
    ]
