"""What each detector finds and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Scanner,
)
from tests.plugins.guardrails.scanner.samples import BENIGN, INJECTIONS, PII, SECRETS

ALL = PII_DETECTORS + SECRET_DETECTORS + INJECTION_DETECTORS


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(ALL)


def found_texts(scanner: Scanner, text: str) -> list[tuple[str, str]]:
    return [(finding.type, text[finding.start : finding.end]) for finding in scanner.scan_text(text)]


@pytest.mark.parametrize(("kind", "text", "value"), PII + SECRETS)
def test_a_value_is_found_with_its_type_and_exactly_its_own_span(
    scanner: Scanner, kind: str, text: str, value: str
) -> None:
    assert (kind, value) in found_texts(scanner, text)


@pytest.mark.parametrize(("kind", "text", "value"), PII + SECRETS)
@pytest.mark.parametrize(
    "nest", [lambda t: {"a": [t]}, lambda t: {"x\n": {"y\\": (t,)}}, lambda t: [{"k": 1, t: None}]]
)
def test_a_value_is_found_as_well_inside_a_nested_value_or_as_a_key(
    scanner: Scanner, kind: str, text: str, value: str, nest: Any
) -> None:
    assert kind in {finding.type for finding in scanner.scan(nest(text))}


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_instruction_to_the_model_is_found(scanner: Scanner, text: str) -> None:
    assert any(finding.category == "injection" for finding in scanner.scan_text(text))
    assert any(finding.category == "injection" for finding in scanner.scan({"content": [{"text": text}]}))


@pytest.mark.parametrize("text", BENIGN)
def test_ordinary_text_is_left_alone(scanner: Scanner, text: str) -> None:
    assert found_texts(scanner, text) == []
    assert scanner.scan({"text": [text], "n": 1}) == []
    assert scanner.scan({text: None}) == []
