"""Personal data: the whole table of detectors, each with the specification its format comes from."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.pii_contacts import CONTACTS, address_detectors
from secure_gateway.plugins.guardrails.scanner.pii_documents import DOCUMENTS
from secure_gateway.plugins.guardrails.scanner.pii_finance import FINANCE
from secure_gateway.plugins.guardrails.scanner.pii_ids_americas import AMERICAN_IDS
from secure_gateway.plugins.guardrails.scanner.pii_ids_asia import ASIAN_IDS
from secure_gateway.plugins.guardrails.scanner.pii_ids_europe import EUROPEAN_IDS

_DETECTORS = CONTACTS + FINANCE + DOCUMENTS + AMERICAN_IDS + EUROPEAN_IDS + ASIAN_IDS


def pii_detectors(*, private_addresses: bool = False) -> tuple[Detector, ...]:
    """Return the table; ``private_addresses`` reports RFC 1918 and unique local addresses too."""
    return _DETECTORS + address_detectors(private=private_addresses)


PII_DETECTORS: tuple[Detector, ...] = pii_detectors()
