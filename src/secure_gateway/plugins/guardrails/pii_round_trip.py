"""``tokenize``: personal data goes out as ``<EMAIL_1>`` and comes back where the policy lets it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailViolation, ViolationType
from secure_gateway.plugins.guardrails.contents import as_text
from secure_gateway.plugins.guardrails.lost_tokens import LostTokens
from secure_gateway.plugins.guardrails.pii_tokens import loaded, tokens_in, with_values
from secure_gateway.plugins.guardrails.pii_vault import PIIVault
from secure_gateway.plugins.guardrails.scanned import ScanRules, violations_of
from secure_gateway.plugins.guardrails.scanner import Finding, redact_all
from secure_gateway.plugins.services import ProviderServices

SESSION: Final = "session"
LOST: Final = "lost"

Find = Callable[[Any], Sequence[Finding]]


class PIIRoundTrip:
    """A handler whose tokens are stable within a session. ``mapping`` names the session and holds no value: those lie in the vault.

    ``restored``: the types whose values are given back, None for all. Without a ``session`` each ``redact_pii`` begins one.
    """

    def __init__(
        self,
        find: Find,
        services: ProviderServices,
        *,
        ttl: float,
        restored: Collection[str] | None = None,
    ) -> None:
        self._find = find
        self._services = services
        self._ttl = ttl
        self._restored = restored
        self._lost = LostTokens("pii")

    async def detect_pii(self, content: str) -> list[GuardrailViolation]:
        """Return one violation for each type in ``content``."""
        rules = ScanRules(found=ViolationType.PII, action=GuardrailAction.MODIFY)
        return violations_of(self._find(loaded(content)), rules)

    async def redact_pii(self, content: str, session: str | None = None) -> tuple[str, dict[str, Any]]:
        """Return ``content`` with tokens in place of personal data, and the mapping: empty where nothing was found.

        Raises:
            ScannerError: Nobody can tell what ``content`` holds.
            StoreError: The values cannot be kept.
        """
        return await asyncio.to_thread(self._redacted, content, session)

    async def restore_pii(self, content: str, pii_mapping: dict[str, Any]) -> str:
        """Return ``content`` with the values in place of those tokens that the policy lets out, wherever they stand now.

        A token whose value is lost or has expired stays as it is; the log and ``pii_mapping["lost"]`` say how many those were.
        """
        session = pii_mapping.get(SESSION)
        if not isinstance(session, str) or not any(tokens_in(content)):
            return content
        restored, lost = await asyncio.to_thread(self._restored_in, content, session)
        if lost:
            pii_mapping[LOST] = lost
            self._lost.note(lost)
        return restored

    def _redacted(self, content: str, session: str | None) -> tuple[str, dict[str, Any]]:
        value = loaded(content)
        findings = self._find(value)
        if not findings:
            return content, {}
        name = session or secrets.token_urlsafe(16)
        strange = None if session else frozenset(tokens_in(value))
        vault = PIIVault(self._services, name, self._ttl, strange=strange)

        def write(finding: Finding, text: str) -> str:
            return vault.token(finding.type, text)

        changed = redact_all(value, self._find, write, findings)
        vault.settle()
        return _written(changed, content), {SESSION: name}

    def _restored_in(self, content: str, session: str) -> tuple[str, int]:
        vault = PIIVault(self._services, session, self._ttl)
        lost = 0

        def look_up(kind: str, number: int) -> str | None:
            nonlocal lost
            if self._restored is not None and kind not in self._restored:
                return None
            kept = vault.kept(kind, number)
            lost += kept is None
            return None if kept is None else kept.value

        restored = with_values(loaded(content), look_up)
        return _written(restored, content), lost


def _written(value: Any, original: str) -> str:
    return original if value == loaded(original) else as_text(value)
