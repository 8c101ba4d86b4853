"""Users' patterns: linear or refused with the reason."""

from __future__ import annotations

import pytest

from secure_gateway.plugins.guardrails.scanner import compile_user_pattern


@pytest.mark.parametrize(
    "pattern", [r"PRJ-\d{4}", r"(?i)secret\s+plan", r"[(?=]x", r"a\(?=b", r"(?P<name>ab)", r"\[\\1x", "中文+"]
)
def test_a_linear_pattern_is_taken(pattern: str) -> None:
    assert compile_user_pattern(pattern).search("no such text") is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"foo(?=bar)", "a look-ahead"),
        (r"foo(?!bar)", "a negative look-ahead"),
        (r"(?<=a)b", "a look-behind"),
        (r"(?<!a)b", "a negative look-behind"),
        (r"(a+)\1", r"a back-reference \(\\1\)"),
        (r"(?P<x>a)(?P=x)", "a back-reference"),
        (r"(a)?(?(1)b|c)", "a conditional group"),
        (r"(?>a+)b", "an atomic group"),
        (r"(unclosed", "not RE2 syntax"),
        (r"a{2,1}", "not RE2 syntax"),
        (r"(?:a{1000}){1000}", "not RE2 syntax"),
        (r"a*", "matches the empty text"),
        (r"", "expected 1 to"),
        ("x" * 5000, "expected 1 to"),
        ("\ud800", "surrogate"),
    ],
)
def test_any_other_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compile_user_pattern(pattern)


def test_a_pattern_that_explodes_elsewhere_ends_here() -> None:
    assert compile_user_pattern(r"(x+x+)+y").search("x" * 200_000) is None
