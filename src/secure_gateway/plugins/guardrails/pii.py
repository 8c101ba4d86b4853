"""``pii``: personal data, redacted by default on its way in and on its way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from secure_gateway.plugins.guardrails.base import GuardrailAction, ViolationType
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanned import (
    DIRECTIONS,
    ScanGuard,
    ScanGuardrailProvider,
    ScanRules,
    chosen_types,
    sides,
)
from secure_gateway.plugins.guardrails.scanner import (
    Replacement,
    keyed_hash,
    partial,
    pii_detectors,
    redact_type,
    remove,
)
from secure_gateway.plugins.services import ProviderServices

_STRATEGIES: Final = ("redact", "partial", "hash", "remove", "block", "warn")
_ACTIONS: Final = {"block": GuardrailAction.BLOCK, "warn": GuardrailAction.WARN}
_KEY_PURPOSE: Final = "pii-hash"


class PIIGuardrailProvider(ScanGuardrailProvider):
    """Finds e-mail addresses, card and account numbers, national ids, telephone numbers and the like, and takes them out.

    Redacted both ways by default: neither does a server need to learn it, nor a model. ``hash`` writes the same mark for
    the same value, under a key of this installation.
    """

    keys: ClassVar[tuple[str, ...]] = (
        "strategy",
        "types",
        "exclude",
        "allow",
        "min_confidence",
        "private_addresses",
        "direction",
    )

    def __init__(self, config: Mapping[str, Any], services: ProviderServices | None = None) -> None:
        self._hash = keyed_hash(services.master_key.derive(_KEY_PURPOSE)) if services is not None else None
        super().__init__(config)

    def get_name(self) -> str:
        """Return ``pii``."""
        return "pii"

    def _guards(self, config: Mapping[str, Any]) -> dict[str, ScanGuard]:
        options = Options(config, self.keys)
        strategies = options.per_side("strategy", _STRATEGIES, {"input": "redact", "output": "redact"})
        if self._hash is None and "hash" in strategies.values():
            options.refuse(
                "strategy", "'hash' without a gateway, whose key it needs", "another strategy, or load_gateway"
            )
        detectors = chosen_types(options, pii_detectors(private_addresses=options.flag("private_addresses")))
        allow = frozenset(options.texts("allow") or ())
        min_confidence = options.number("min_confidence", 0.0)
        direction = options.choice("direction", DIRECTIONS, "both")
        options.finish()
        scan = self._scanner(detectors).scan
        return {
            side: ScanGuard(
                scan,
                ScanRules(
                    found=ViolationType.PII,
                    action=_ACTIONS.get(strategies[side], GuardrailAction.MODIFY),
                    replacement=self._replacement(strategies[side]),
                    allow=allow,
                    min_confidence=min_confidence,
                ),
            )
            for side in sides(direction)
        }

    def _replacement(self, strategy: str) -> Replacement:
        if strategy == "hash" and self._hash is not None:
            return self._hash
        return {"partial": partial, "remove": remove}.get(strategy, redact_type)
