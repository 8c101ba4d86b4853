"""Scanners with the built-in detectors, made once for all tests: a scanner keeps nothing from one scan to the next."""

from __future__ import annotations

from functools import cache
from typing import Literal

from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS, PII_DETECTORS, SECRET_DETECTORS, Scanner

_TABLES = {"pii": PII_DETECTORS, "secrets": SECRET_DETECTORS, "injection": INJECTION_DETECTORS}


@cache
def scanner_of(*tables: Literal["pii", "secrets", "injection"]) -> Scanner:
    """Return the scanner with the detectors of these tables, or of all."""
    return Scanner([detector for name in tables or _TABLES for detector in _TABLES[name]])
