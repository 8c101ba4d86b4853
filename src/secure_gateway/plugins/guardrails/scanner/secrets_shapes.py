"""Credentials known by their structure, whoever issued them: tokens, key blocks, addresses and headers."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import (
    basic_pair,
    bearer,
    jwt,
    key_block,
    url_password,
    url_token,
)

SHAPE_DETECTORS: Final[tuple[Detector, ...]] = (
    Detector(
        id="secret.jwt", type="JWT", category="secrets", confidence=0.95, source="RFC 7515, RFC 7516", check=jwt,
        candidate=r"e(?:yJ|yA|w0|wo)[\w-]{8}",
        exact=r"(?:\b|\\[nrt])(e(?:yJ|yA|w0|wo)[\w-]{8,}={0,2}\.[\w-]+={0,2}\.[\w-]*={0,2}(?:\.[\w-]+\.[\w-]+)?)",
    ),
    Detector(
        id="secret.private_key", type="PRIVATE_KEY", category="secrets", confidence=0.98, source="RFC 7468, RFC 9580 section 6.2", check=key_block,
        candidate=r"-----BEGIN [A-Z0-9 ]*P",
        exact=r"-----BEGIN (?:[A-Z0-9]+ )*(?:PRIVATE KEY(?: BLOCK)?|PGP MESSAGE)-----(?:[^-]|-{1,4}[^-])*"
              r"(?:-----END (?:[A-Z0-9]+ )*(?:PRIVATE KEY(?: BLOCK)?|PGP MESSAGE)-----)?",
    ),
    Detector(
        id="secret.putty_key", type="PRIVATE_KEY", category="secrets", confidence=0.95, source="PuTTY private key file format",
        candidate=r"PuTTY-User-Key-File-\d", exact=r"PuTTY-User-Key-File-\d: (?:[^-]|-[^-])*?Private-MAC: [0-9a-f]{40,64}",
    ),
    Detector(
        id="secret.url_password", type="URL_PASSWORD", category="secrets", confidence=0.9, source="RFC 3986 section 3.2.1", check=url_password,
        candidate=r"://[^\s/:@\"]*:[^\s/\"]+@", exact=r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\"'<>]*:([^\s/\"'<>]+)@",
    ),
    Detector(
        id="secret.url_token", type="URL_PASSWORD", category="secrets", confidence=0.8, source="RFC 3986 section 3.2.1", check=url_token,
        candidate=r"://[\w.~%+-]+@", exact=r"[A-Za-z][A-Za-z0-9+.-]*://([\w.~%+-]{20,})@",
    ),
    Detector(
        id="secret.authorization", type="BEARER_TOKEN", category="secrets", confidence=0.85, source="RFC 6750, RFC 7617", check=bearer,
        candidate=r"(?i)(?:bearer|basic)\s+[\w+/~.=:$%@-]{8}|authorization\\?[\"']?\s*[:=]",
        exact=r"(?i)(?:\b(?:bearer|basic)\s+|authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:(?:token|api-?key|key|ssws|splunk|genie-?key|bot|oauth|private-token)\s+)?(?:token=)?\"?)"
              r"([\w+/~.=:$%@-]{8,})",
    ),
    Detector(
        id="secret.registry_auth", type="REGISTRY_AUTH", category="secrets", confidence=0.9, source="Docker config.json, npmrc (RFC 7617 pairs)", check=basic_pair,
        candidate=r"(?i)auth\\?[\"']?\s*[:=]\s*\\?[\"']?[A-Za-z0-9+/_-]{8}",
        exact=r"(?i)(?:\b|_)auth\\?[\"']?\s*[:=]\s*\\?[\"']?([A-Za-z0-9+/_-]{8,}={0,2})",
    ),
)  # fmt: skip
