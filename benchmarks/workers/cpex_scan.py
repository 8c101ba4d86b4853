"""cpex-pii-filter with its default configuration, and cpex-secrets-detection with its broad patterns on."""

from __future__ import annotations

from functools import partial
from typing import Any

from cpex_pii_filter import PIIDetectorRust  # type: ignore[import-not-found]
from cpex_secrets_detection import py_scan_container  # type: ignore[import-not-found]

from benchmarks.scan_corpus import HITS, VALUES, custom_patterns
from benchmarks.worker import CASES, Repeat, main

_BROAD = {"enabled": dict.fromkeys(("generic_api_key_assignment", "jwt_like", "hex_secret_32", "base64_24"), True)}
_FOUND = {"scan_nested_2k_hits": 3, "scan_1000_hits": HITS}


async def _processed(name: str) -> Repeat:
    """Find and mask, as the plugin does: one call for both."""
    value = VALUES[name]()
    count = 400 if name == "scan_custom_400" else 0
    own = [{"pattern": pattern, "description": f"own {n}"} for n, pattern in enumerate(custom_patterns(count))]
    process = PIIDetectorRust({"custom_patterns": own}).process_nested

    async def repeat(count: int) -> None:
        found: dict[str, list[Any]] = {}
        for _ in range(count):
            _modified, _changed, found = process(value, "")
        assert sum(map(len, found.values())) == _FOUND.get(name, 0)

    return repeat


async def _detected(name: str) -> Repeat:
    """Find in one text."""
    value = VALUES[name]()
    detect = PIIDetectorRust({}).detect

    async def repeat(count: int) -> None:
        found: dict[str, list[Any]] = {}
        for _ in range(count):
            found = detect(value)
        assert not found

    return repeat


async def _secrets(name: str) -> Repeat:
    value = VALUES[name]()

    async def repeat(count: int) -> None:
        found = -1
        for _ in range(count):
            found, _changed, _what = py_scan_container(value, _BROAD)
        assert not found

    return repeat


CASES.update({name: partial(_processed, name) for name in VALUES})
CASES.update({name: partial(_detected, name) for name in ("scan_64k", "scan_1m", "scan_256k_unicode")})
CASES["scan_secrets_1m"] = partial(_secrets, "scan_secrets_1m")


if __name__ == "__main__":
    main()
