"""secure-gateway's scanner: personal data, secrets and injection together, whatever the row is about. ``SECURE_GATEWAY_SCANNER`` chooses the twin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from benchmarks.scan_corpus import HITS, KIB, TEXTS, VALUES, custom_patterns
from benchmarks.worker import CASES, Repeat, main
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.pii_options import custom_types
from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Detector,
    Finding,
    Scanner,
    redact,
    redact_all,
    redact_type,
)

_DETECTORS = (*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS)
_FOUND = {"scan_nested_2k_hits": 3, "scan_1000_hits": HITS}


@cache
def _scanner(custom: int) -> Scanner:
    return Scanner([*_DETECTORS, *_custom(custom)])


def _custom(count: int) -> Sequence[Detector]:
    """Return detectors as the ``pii`` provider makes them of its ``custom``."""
    entries = [{"type": f"OWN_{number}", "pattern": pattern} for number, pattern in enumerate(custom_patterns(count))]
    options = Options({"custom": entries}, ("custom",))
    made = custom_types(options, options.value("custom"))
    options.finish()
    return made


async def _clean(name: str) -> Repeat:
    value = VALUES[name]()
    return _finding_nothing(value, 400 if name == "scan_custom_400" else 0)


def _finding_nothing(value: Any, custom: int = 0) -> Repeat:
    scan = _scanner(custom).scan

    async def repeat(count: int) -> None:
        found: list[Finding] = []
        for _ in range(count):
            found = scan(value)
        assert not found

    return repeat


async def _rewritten(name: str) -> Repeat:
    """Scan once and take out what was found: the peer's work."""
    value = VALUES[name]()
    scan = _scanner(0).scan

    async def repeat(count: int) -> None:
        found: list[Finding] = []
        changed: Any = value
        for _ in range(count):
            found = scan(value)
            changed, _pointers = redact(value, found, redact_type)
        assert len(found) == _FOUND[name]
        assert changed != value

    return repeat


async def _rewritten_as_guards_do(name: str) -> Repeat:
    """Scan again what was rewritten, until nothing more shows: what a guardrail does."""
    value = VALUES[name]()
    scan = _scanner(0).scan

    async def repeat(count: int) -> None:
        for _ in range(count):
            redact_all(value, scan, redact_type, scan(value))

    return repeat


async def _text(name: str) -> Repeat:
    value = TEXTS[name](64 * KIB)
    scan = _scanner(0).scan

    async def repeat(count: int) -> None:
        for _ in range(count):
            scan(value)

    return repeat


CASES.update({name: partial(_rewritten if name in _FOUND else _clean, name) for name in VALUES})
CASES.update({f"{name} as guards do": partial(_rewritten_as_guards_do, name) for name in _FOUND})
CASES.update({name: partial(_text, name) for name in TEXTS})


if __name__ == "__main__":
    main()
