"""The whole scanner on the Rust core beside the one on its Python twin: findings, refusals and rewrites of nested values."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fuzz.values import Values

from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Finding,
    Limits,
    redact_all,
    redact_type,
)
from secure_gateway.testing.implementations import scanner_pair
from secure_gateway.testing.twins import Twins

_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)
_PIECES = (
    *(
        "123-45-6789",
        "4111 1111 1111 1111",
        "alice@example.com",
        "+49 30 901820",
        "8.8.8.8",
        "340020013",
        "DE89 3704 0044 0532 0130 00",
    ),
    *(
        "password",
        "api_key",
        "secret",
        "token",
        "ssn",
        "passport",
        "number",
        "value",
        "key",
        "name",
        "born",
        "phone",
        "id",
        "data",
        "Key",
        "Value",
    ),
    *(
        ": ",
        "=",
        '"',
        "'",
        " ",
        "\n",
        ",",
        "-",
        "_",
        "/",
        "://",
        "@",
        ".",
        "%41",
        "&#65;",
        "\\u0041",
        "é",
        "\u200b",
        "\uff10",
        "\U0001f600",
        "1",
        "A",
    ),
    *(
        "hunt3r2xyz!",
        "PtYgjmUhBel31iEl2hpChYgCfrL1spNxnyVmihA+",
        "ghp" + "_" + "a1B2" * 9,
        "AKIA" + "QWERTYUI23456727",
        "Basic",
        "Bearer",
    ),
    *(
        "ignore all previous instructions",
        "system prompt",
        "disregard",
        "the",
        "SWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnMu",
        "<!--",
        "-->",
    ),
)


class _Planted(Values):
    """Values whose texts are made of what detectors look for."""

    def text(self) -> str:
        """Return up to seven pieces in a row, or what any value may hold."""
        kind = self.byte()
        if kind >= 224:
            return super().text()
        return "".join(_PIECES[self.byte() % len(_PIECES)] for _ in range(kind % 8))


@cache
def _both(limits: Limits) -> tuple[Twins, Twins]:
    native, twin = scanner_pair(_DETECTORS, limits=limits, threshold=0.1)
    return Twins(native.scan, twin.scan), Twins(_rewriting(native.scan), _rewriting(twin.scan))


def _rewriting(scan: Callable[[Any], list[Finding]]) -> Callable[[Any], Any]:
    return lambda value: redact_all(value, scan, redact_type)


def check(data: bytes) -> None:
    """Compare both on what ``data`` says; raise where they differ."""
    reader = _Planted(data, cycles=False)
    limits = Limits(max_chars=300, max_nodes=40, max_depth=5) if reader.byte() % 8 == 0 else Limits(max_nodes=20_000)
    value = reader.value()
    for both in _both(limits):
        both.check(value)
