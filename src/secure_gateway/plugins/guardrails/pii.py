"""``pii``: personal data, redacted by default on its way in and on its way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.guardrails.base import GuardrailAction, PIIHandler, ViolationType
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.pii_exchange import TokenExchange
from secure_gateway.plugins.guardrails.pii_guard import PIIGuard, Strategies
from secure_gateway.plugins.guardrails.pii_options import (
    allowed_by,
    custom_types,
    exchange_rules,
    strategies_by_type,
    whole_number,
)
from secure_gateway.plugins.guardrails.pii_round_trip import PIIRoundTrip
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

STRATEGIES: Final = ("redact", "partial", "hash", "tokenize", "remove", "block", "warn")
_KEY_PURPOSE: Final = "pii-hash"
_NEEDS_GATEWAY: Final = frozenset({"hash", "tokenize"})
_HOUR: Final = 3600


class PIIGuardrailProvider(ScanGuardrailProvider):
    """Finds e-mail addresses, card and account numbers, national ids, telephone numbers and the like, and takes them out.

    Redacted both ways by default: neither does a server need to learn it, nor a model. ``hash`` writes the same mark for
    the same value, under a key of this installation. ``tokenize`` writes tokens, which become values again where the policy lets them.
    """

    keys: ClassVar[tuple[str, ...]] = (
        "strategy",
        "strategies",
        "types",
        "exclude",
        "custom",
        "allow",
        "allow_patterns",
        "min_confidence",
        "block_above",
        "restore",
        "release",
        "session",
        "token_ttl",
        "private_addresses",
        "direction",
    )

    def __init__(self, config: Mapping[str, Any], services: ProviderServices | None = None) -> None:
        self._services = services
        self._writers: dict[str, Replacement] = {"redact": redact_type, "partial": partial, "remove": remove}
        if services is not None:
            self._writers["hash"] = keyed_hash(services.master_key.derive(_KEY_PURPOSE))
        super().__init__(config)

    def get_name(self) -> str:
        """Return ``pii``."""
        return "pii"

    def create_output_guardrail(self, config: dict[str, Any]) -> ScanGuard | None:
        """Return the guard for results. What is let out to a tool is a matter of requests: said of results it is a mistake."""
        if "release" in config:
            raise ConfigError(
                Problem("$.config.release", "a key of the policy of results", "it under input: tools get values there")
            )
        return super().create_output_guardrail(config)

    def create_pii_handler(self, config: dict[str, Any]) -> PIIHandler | None:
        """Return the handler of tokens where a strategy for requests is ``tokenize``."""
        under = self._under(config)
        guard = self._guards(under).get("input")
        if not isinstance(guard, PIIGuard) or self._services is None or not guard.tokenizes:
            return None
        options = Options(under, self.keys)
        restored = options.texts("restore")
        ttl = whole_number(options, "token_ttl", _HOUR) or _HOUR
        return PIIRoundTrip(
            guard.tokenized, self._services, ttl=ttl, restored=None if restored is None else frozenset(restored)
        )

    def _guards(self, config: Mapping[str, Any]) -> dict[str, ScanGuard]:
        options = Options(config, self.keys)
        usual = options.per_side("strategy", STRATEGIES, {"input": "redact", "output": "redact"})
        custom = custom_types(options, config.get("custom"))
        every = pii_detectors(private_addresses=options.flag("private_addresses")) + custom
        known = frozenset(detector.type for detector in every)
        by_type = strategies_by_type(options, config.get("strategies"), STRATEGIES, known)
        if self._services is None and _NEEDS_GATEWAY & {
            *usual.values(),
            *by_type["input"].values(),
            *by_type["output"].values(),
        }:
            options.refuse(
                "strategy",
                "'hash' or 'tokenize' without a gateway, whose key they need",
                "another strategy, or load_gateway",
            )
        detectors = chosen_types(options, every)
        allow = frozenset(options.texts("allow") or ())
        is_allowed = allowed_by(options, options.texts("allow_patterns"))
        min_confidence = options.number("min_confidence", 0.0)
        block_above = whole_number(options, "block_above", None)
        direction = options.choice("direction", DIRECTIONS, "both")
        exchanged = exchange_rules(options, known, direction, _HOUR)
        options.finish()
        rules = ScanRules(
            found=ViolationType.PII, action=GuardrailAction.MODIFY, allow=allow, min_confidence=min_confidence
        )
        scan = self._scanner(detectors).scan
        guards = {
            side: PIIGuard(scan, rules, self._strategies(side, usual, by_type, block_above), is_allowed)
            for side in sides(direction)
        }
        for side, guard in guards.items():
            if self._services is not None and (guard.tokenizes or (side == "input" and exchanged.released)):
                guard.exchange = TokenExchange(guard.tokenized, self._services, exchanged, tokenizes=guard.tokenizes)
        return dict(guards)

    def _strategies(
        self, side: str, usual: Mapping[str, str], by_type: Mapping[str, dict[str, str]], block_above: int | None
    ) -> Strategies:
        """Return the strategies of one side."""
        return Strategies(usual=usual[side], by_type=by_type[side], writers=self._writers, block_above=block_above)
