"""``secrets``: credentials. Requests that hold one are blocked, results lose it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from secure_gateway.plugins.guardrails.base import (
    GuardrailResponse,
    ServerRegistrationRequest,
    ToolRegistrationRequest,
    ViolationType,
)
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanned import (
    ACTIONS,
    DIRECTIONS,
    ScanGuard,
    ScanGuardrailProvider,
    ScanRules,
    action_of,
    chosen_types,
    judge_registered_server,
    judge_registered_tools,
    policy_in,
    sides,
)
from secure_gateway.plugins.guardrails.scanner import SECRET_DETECTORS


class SecretsGuardrailProvider(ScanGuardrailProvider):
    """Finds keys, tokens, passwords and private keys.

    By default a request with one is blocked: without it the call would fail at the server in a way that nobody understands, and
    whoever sent it should learn that it was about to leave. A result is useful without the secret in it, so there it is redacted.
    """

    keys: ClassVar[tuple[str, ...]] = ("action", "types", "exclude", "allow", "min_confidence", "direction")

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)

    def get_name(self) -> str:
        """Return ``secrets``."""
        return "secrets"

    def validate_tool_registration(self, request: ToolRegistrationRequest) -> GuardrailResponse | None:
        """Refuse tools that carry a credential in what they say about themselves."""
        return judge_registered_tools(self._guards(self._under(policy_in(request.context))), request)

    def validate_server_registration(self, request: ServerRegistrationRequest) -> GuardrailResponse | None:
        """Refuse a server that carries a credential in its description."""
        return judge_registered_server(self._guards(self._under(policy_in(request.context))), request)

    def _guards(self, config: Mapping[str, Any]) -> dict[str, ScanGuard]:
        options = Options(config, self.keys)
        actions = options.per_side("action", ACTIONS, {"input": "block", "output": "redact"})
        detectors = chosen_types(options, SECRET_DETECTORS)
        allow = frozenset(options.texts("allow") or ())
        min_confidence = options.number("min_confidence", 0.0)
        direction = options.choice("direction", DIRECTIONS, "both")
        options.finish()
        scan = self._scanner(detectors).scan
        return {
            side: ScanGuard(
                scan,
                ScanRules(
                    found=ViolationType.SECRETS,
                    action=action_of(actions[side]),
                    allow=allow,
                    min_confidence=min_confidence,
                ),
            )
            for side in sides(direction)
        }
