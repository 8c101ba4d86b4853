"""How the tables of credentials with a prefix of their own are written down."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import alone, issued

# A token begins at a word's edge, or after an escape of JSON that stands in a string.
_EDGE: Final = r"(?:\b|\\[nrt])"


def token(
    name: str, kind: str, candidate: str, body: str, source: str, *, check: Check = issued, confidence: float = 0.95
) -> Detector:
    """Return the detector of a token that is known by the prefix which its issuer documents; ``body`` has no groups."""
    return Detector(
        id=f"secret.{name}",
        type=kind,
        category="secrets",
        confidence=confidence,
        source=source,
        candidate=candidate,
        exact=f"{_EDGE}({body})",
        check=check,
    )


def short(name: str, kind: str, candidate: str, body: str, source: str) -> Detector:
    """Return the detector of a token whose prefix is so short that it must stand alone and look generated."""
    return token(name, kind, candidate, body, source, check=alone, confidence=0.85)


def address(name: str, kind: str, candidate: str, exact: str, source: str) -> Detector:
    """Return the detector of an address that is a credential: whoever knows it may post."""
    return token(name, kind, candidate, exact, source, confidence=0.9)


def half(
    name: str, kind: str, candidate: str, exact: str, source: str, *context: str, check: Check = issued
) -> Detector:
    """Return the detector of a credential without a prefix, known by what stands beside it."""
    return Detector(
        id=f"secret.{name}",
        type=kind,
        category="secrets",
        confidence=0.8,
        source=source,
        candidate=candidate,
        exact=exact,
        context=context,
        needs_context=True,
        check=check,
    )
