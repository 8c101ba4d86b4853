"""What the twin finds in a value as a whole is what it finds string by string."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Detector,
    Finding,
    Limits,
    ScanLimitExceeded,
    Scanner,
)
from secure_gateway.plugins.guardrails.scanner.armed import ArmedDetector, in_lines
from secure_gateway.plugins.guardrails.scanner.core import suspect_of
from secure_gateway.plugins.guardrails.scanner.serialise import in_their_fields
from secure_gateway.plugins.guardrails.scanner.walk import leaves
from secure_gateway.testing.implementations import scanner_pair
from tests.native.places import DISGUISES, PLACES, SAMPLES, disguised, planted

DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)
CLEAN = [{"sku": f"KB-{number}", "title": "a quiet afternoon", "tags": ["news", "how-to"]} for number in range(20)]
"""More strings than a batch has."""
PATTERNS = (
    r"^ab$",
    r"\Aab\z",
    r"(?s)\A.*ab\z",
    r"(?-m)^ab$",
    r"(?i-ms:^ab$)",
    r"\Qab\E",
    r"\bab\b",
    r"[^x]?ab",
    r"\\Aab",
)


@cache
def twin() -> Scanner:
    return scanner_pair(DETECTORS, threshold=0.3)[1]


def string_by_string(value: Any) -> list[Finding]:
    walked = leaves(value, Limits())
    return [finding for leaf in walked for finding in twin()._pointed(suspect_of(leaf))]


@settings(max_examples=200)
@given(planted(12), st.booleans())
def test_what_is_found_in_a_whole_value_is_what_is_found_in_its_strings(value: Any, is_large: bool) -> None:
    among = [CLEAN, value, CLEAN] if is_large else value
    assert twin().scan(among) == string_by_string(among)


@pytest.mark.parametrize("place", PLACES[:-1], ids=range(len(PLACES) - 1))
def test_a_sample_in_each_place_of_a_large_value_is_found_as_in_its_string(place: Any) -> None:
    for number, text in enumerate(SAMPLES[::7]):
        value = {"rows": CLEAN, "last": place(DISGUISES[number % len(DISGUISES)](text))}
        assert twin().scan(value) == string_by_string(value), text


def test_what_fires_everywhere_at_once_is_found_as_in_its_strings() -> None:
    value = [*CLEAN, {"password": list(SAMPLES[::9])}, *CLEAN]
    assert twin().scan(value) == string_by_string(value)


@given(planted(12) | st.lists(disguised()))
def test_every_string_stands_behind_its_field_in_a_line_of_its_own(value: Any) -> None:
    lines = in_their_fields(value, Limits())
    assert lines is not None
    for leaf in leaves(value, Limits()):
        assert f"\n{suspect_of(leaf).full}\n" in f"\n{lines}\n"


def test_what_is_no_json_or_too_deep_has_no_lines() -> None:
    assert in_their_fields([b"x"], Limits()) is None
    assert in_their_fields({1: "x"}, Limits()) is None
    assert in_their_fields([[["x"]]], Limits(max_depth=2)) is None
    assert in_their_fields([["x"]], Limits(max_depth=2)) == "x"


def test_a_value_deeper_than_the_limit_is_refused_where_a_candidate_fires() -> None:
    ssn = [each for each in PII_DETECTORS if each.type == "SSN"]
    scanner = scanner_pair(ssn, limits=Limits(max_depth=2))[1]
    with pytest.raises(ScanLimitExceeded):
        scanner.scan([[["123-45-6789"]]])


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.id)
def test_a_pattern_matches_among_lines_wherever_it_matches_in_one(detector: Detector) -> None:
    armed = ArmedDetector(detector)
    for text in SAMPLES[::3]:
        for full in (text, f'client Secret":"{text}'):
            data = full.encode()
            if armed.pattern.search(data) is not None:
                assert armed.in_lines.search(b"a quiet afternoon\n" + data + b"\na quiet afternoon") is not None, text


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("line", ["ab", "a\nab", " ab", "\\Aab"])
def test_a_users_pattern_matches_among_lines_wherever_it_matches_in_one(pattern: str, line: str) -> None:
    own = Detector(id="o", type="O", category="pii", candidate="b", exact=pattern, confidence=0.9, source="test")
    if ArmedDetector(own).pattern.search(line) is not None:
        assert in_lines(pattern).search(f"x\n{line}\ny") is not None
    value = [{"note": line}, line, *CLEAN]
    scanner = scanner_pair([own])[1]
    assert scanner.scan(value) == [
        finding for leaf in leaves(value, Limits()) for finding in scanner._pointed(suspect_of(leaf))
    ]
