"""``injection``: instructions to the model that stand where data should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from secure_gateway.plugins.guardrails.base import (
    GuardrailResponse,
    ServerRegistrationRequest,
    ToolRegistrationRequest,
    ViolationType,
)
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanned import (
    DIRECTIONS,
    ScanGuard,
    ScanGuardrailProvider,
    ScanRules,
    action_of,
    judge_registered_server,
    judge_registered_tools,
    policy_in,
    sides,
)
from secure_gateway.plugins.guardrails.scanner import INJECTION_DETECTORS

_ACTIONS: Final = ("block", "warn")  # an instruction with a word taken out is still one
_THRESHOLD: Final = 0.5


class InjectionGuardrailProvider(ScanGuardrailProvider):
    """Blocks requests and results that try to instruct the model, and drops tools whose descriptions do.

    ``threshold``: the score from 0 to 1 that the signals in one text must reach together; lower finds more.
    """

    keys: ClassVar[tuple[str, ...]] = ("threshold", "action", "direction")

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)

    def get_name(self) -> str:
        """Return ``injection``."""
        return "injection"

    def validate_tool_registration(self, request: ToolRegistrationRequest) -> GuardrailResponse | None:
        """Refuse tools that instruct the model in what they say about themselves."""
        return judge_registered_tools(self._guards(self._under(policy_in(request.context))), request)

    def validate_server_registration(self, request: ServerRegistrationRequest) -> GuardrailResponse | None:
        """Refuse a server whose description instructs the model."""
        return judge_registered_server(self._guards(self._under(policy_in(request.context))), request)

    def _guards(self, config: Mapping[str, Any]) -> dict[str, ScanGuard]:
        options = Options(config, self.keys)
        threshold = options.number("threshold", _THRESHOLD)
        actions = options.per_side("action", _ACTIONS, {"input": "block", "output": "block"})
        direction = options.choice("direction", DIRECTIONS, "both")
        options.finish()
        scan = self._scanner(INJECTION_DETECTORS, threshold).scan
        return {
            side: ScanGuard(scan, ScanRules(found=ViolationType.INJECTION_ATTACK, action=action_of(actions[side])))
            for side in sides(direction)
        }
