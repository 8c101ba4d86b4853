"""Detectors of personal data, credentials, instructions to the model and plain words; and their removal.

``Scanner(PII_DETECTORS + SECRET_DETECTORS).scan(value)`` finds, ``redact(value, findings, redact_type)`` takes out.
A :class:`ScannerError` from either means that nobody knows what the content holds: the caller denies.
"""

from secure_gateway.plugins.guardrails.scanner.core import Scanner
from secure_gateway.plugins.guardrails.scanner.finding import (
    Category,
    Detector,
    Finding,
    Limits,
    ScanLimitExceeded,
    ScannerError,
)
from secure_gateway.plugins.guardrails.scanner.injection import INJECTION_DETECTORS
from secure_gateway.plugins.guardrails.scanner.keyword import KeywordMatcher
from secure_gateway.plugins.guardrails.scanner.pattern import compile_user_pattern
from secure_gateway.plugins.guardrails.scanner.pii import PII_DETECTORS, pii_detectors
from secure_gateway.plugins.guardrails.scanner.redaction import (
    Replacement,
    keyed_hash,
    partial,
    redact,
    redact_all,
    redact_type,
    remove,
)
from secure_gateway.plugins.guardrails.scanner.secrets import SECRET_DETECTORS

__all__ = [
    "INJECTION_DETECTORS",
    "PII_DETECTORS",
    "SECRET_DETECTORS",
    "Category",
    "Detector",
    "Finding",
    "KeywordMatcher",
    "Limits",
    "Replacement",
    "ScanLimitExceeded",
    "Scanner",
    "ScannerError",
    "compile_user_pattern",
    "keyed_hash",
    "partial",
    "pii_detectors",
    "redact",
    "redact_all",
    "redact_type",
    "remove",
]
