"""What the rows of scanning are measured with is what their notes say it is."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from benchmarks import native
from benchmarks.scan_corpus import HITS, KIB, TEXTS, VALUES, custom_patterns
from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Scanner,
    compile_user_pattern,
)

FOUND = {"scan_nested_2k_hits": 3, "scan_1000_hits": HITS}
SIZES = {
    "scan_nested_300b": 300,
    "scan_nested_2k": 2 * KIB,
    "scan_nested_64k": 64 * KIB,
    "scan_nested_2k_hits": 2 * KIB,
    "scan_64k": 64 * KIB,
    "scan_1m": KIB * KIB,
    "scan_256k_unicode": 256 * KIB,
    "scan_1000_hits": 31 * KIB,
    "scan_secrets_1m": KIB * KIB,
    "scan_custom_400": 64 * KIB,
}


@cache
def scanner() -> Scanner:
    return Scanner([*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS])


def size(value: Any) -> int:
    return len(value.encode() if isinstance(value, str) else json.dumps(value))


@pytest.mark.parametrize("name", VALUES)
def test_a_row_scans_as_many_findings_and_bytes_as_its_name_says(name: str) -> None:
    value = VALUES[name]()
    assert len(scanner().scan(value)) == FOUND.get(name, 0)
    assert SIZES[name] * 0.99 < size(value) <= SIZES[name]


@pytest.mark.parametrize("name", VALUES)
def test_a_row_scans_the_same_in_every_run(name: str) -> None:
    assert VALUES[name]() == VALUES[name]()


def test_every_value_has_a_row_and_every_text_its_size() -> None:
    assert list(VALUES) == list(native.GROUPS[native.detectors])
    assert len(TEXTS) == 7
    for text in TEXTS.values():
        assert 0.99 * KIB < size(text(KIB)) <= KIB
        assert text(KIB) == text(KIB)


def test_the_patterns_of_a_users_own_are_as_many_as_asked_and_all_allowed() -> None:
    patterns = custom_patterns(400)
    assert len(set(patterns)) == 400
    for pattern in patterns:
        compile_user_pattern(pattern)
