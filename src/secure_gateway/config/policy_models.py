"""The ``guardrails`` of the whole, of a server and of a tool: what is done about what guardrails find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pydantic import Field

from secure_gateway.config.section import Section

_ACTION: Final = {"enum": ["allow", "warn", "modify", "block"]}
_STEP: Final = {
    "type": "object",
    "properties": {"action": _ACTION, "from": {"type": "number", "minimum": 0, "maximum": 1}},
    "required": ["action"],
    "additionalProperties": False,
}
_SIDE: Final[dict[str, Any]] = {
    # A provider's own keys stand beside these.
    "patternProperties": {
        "^violations$": {
            "type": "object",
            "description": "What is done about each type of violation, `*` for every other.",
            "additionalProperties": {
                "anyOf": [_ACTION, _STEP, {"type": "array", "items": {"anyOf": [_ACTION, _STEP]}}]
            },
        },
        "^exceptions$": {
            "type": "array",
            "description": "Violations that may pass until a day, for a reason.",
            "items": {
                "type": "object",
                "properties": {key: {"type": "string"} for key in ("violation", "guardrail", "until", "reason")},
                "required": ["violation"],
                "additionalProperties": False,
            },
        },
    }
}


class ToolGuardrails(Section):
    """The policy for some tools."""

    input: dict[str, Any] = Field(
        default_factory=dict, repr=False, json_schema_extra=_SIDE, description="For what goes to the server."
    )
    output: dict[str, Any] = Field(
        default_factory=dict, repr=False, json_schema_extra=_SIDE, description="For what comes back."
    )


class GuardrailPolicy(ToolGuardrails):
    """A policy: what guardrails are told beside their own configuration, and what is done about what they find."""

    tools: dict[str, ToolGuardrails] = Field(
        default_factory=dict,
        repr=False,
        description="For single tools, by name or glob; an exact name first, then the first glob.",
    )

    instead: ClassVar[Mapping[str, str]] = {
        "provider": 'Providers stand under "plugins.guardrails".',
        "providers": 'Providers stand under "plugins.guardrails".',
    }
