"""The gate beside RE2: what RE2 finds of a pattern, the gate lets pass; and in ASCII nothing else. Patterns are those of the detectors, or out of bytes."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import re2
from fuzz.truth import Truth

from secure_gateway.native import core
from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS, PII_DETECTORS, SECRET_DETECTORS
from secure_gateway.plugins.guardrails.scanner.folding import fold, fold_pattern
from secure_gateway.plugins.guardrails.scanner.gate import NativeGate, native_gate
from secure_gateway.plugins.guardrails.scanner.layers import LAYERS

_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)
_CANDIDATES = (*(fold_pattern(each.candidate) for each in _DETECTORS), *(layer.candidate for layer in LAYERS))
_BUILT_IN = tuple(dict.fromkeys(_CANDIDATES))
_LONGEST = 200
_MOST_REPEATED = 100_000
_FOLDED_LETTERS = "\u017f\u212a"  # s and k by another name, which are seen in the folded text only


class _Set(Protocol):
    def fired(self, data: bytes) -> list[int]: ...


def _gate(patterns: tuple[str, ...]) -> NativeGate | None:
    return native_gate(tuple((pattern, ()) for pattern in patterns))


@cache
def _both() -> tuple[_Set | None, _Set]:
    return _gate(_BUILT_IN), Truth(_BUILT_IN)


def check(data: bytes) -> None:
    """Read a text, and a pattern before it where the first byte is odd; raise where the gate drops a match, or fires in ASCII where there is none."""
    if core() is None:
        return
    if not data or data[0] % 2 == 0:
        _compare(*_both(), data[1:])
        return
    raw, _, text = data[1:].partition(b"\xff")
    pattern = fold_pattern(raw[:_LONGEST].decode("utf-8", "replace"))
    if _repetitions(pattern) > _MOST_REPEATED:
        return
    try:
        truth = Truth((pattern,))
    except re2.error:
        return
    native_gate.cache_clear()
    _compare(_gate((pattern,)), truth, text, pattern)


def _compare(gate: _Set | None, truth: _Set, raw: bytes, pattern: str = "") -> None:
    if gate is None:
        return  # RE2 itself is asked then
    text = raw.decode("utf-8", "replace")
    for data in dict.fromkeys((text.encode(), fold(text).encode())):
        fired, wanted = set(gate.fired(data)), set(truth.fired(data))
        if (dropped := wanted - fired) and not any(letter in text for letter in _FOLDED_LETTERS):
            raise AssertionError(f"dropped {pattern or [_BUILT_IN[index] for index in dropped]} in {data!r}")
        if data.isascii() and fired != wanted:
            raise AssertionError(f"fired {pattern or [_BUILT_IN[index] for index in fired - wanted]} in {data!r}")


def _repetitions(pattern: str) -> int:
    """Return at most how many copies the repetitions of ``pattern`` ask for: of what takes seconds nothing is learnt."""
    product = 1
    for part in pattern.split("{")[1:]:
        number = part.partition("}")[0].partition(",")
        product *= max([int(each) for each in (number[0], number[2]) if each.isascii() and each.isdigit()] or [1])
    return product
