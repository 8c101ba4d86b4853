"""An optional, richer face of a guard: judge the JSON value itself instead of a text made of it.

A guard that has ``validate_value`` beside ``validate`` is asked through it: it sees each string without JSON's escapes and can
change one string deep inside without parsing anything. ``docs/writing-a-provider.md`` shows one.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import msgspec

from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailViolation, ViolationType


class ValueRequest(msgspec.Struct, kw_only=True):
    """What a guard judges, as a value. ``value``: a JSON value of the guard's own, which it may change in place or not.

    ``name``: the tool, prompt, URI, agent or protocol method; ``hook``: where, such as ``tool_pre_invoke``.
    """

    value: Any
    hook: str
    name: str
    server_name: str | None = None
    principal: str | None = None
    request_id: str = ""

    def __repr__(self) -> str:
        return f"ValueRequest({self.hook!r}, name={self.name!r}, server_name={self.server_name!r})"


class ValueResponse(msgspec.Struct, kw_only=True):
    """A guard's answer. ``modified_value`` goes with ``MODIFY`` and is of the same JSON kind as the request's ``value``."""

    action: GuardrailAction = GuardrailAction.ALLOW
    violations: list[GuardrailViolation] = msgspec.field(default_factory=list)
    modified_value: Any = msgspec.UNSET

    def __repr__(self) -> str:
        return f"ValueResponse({self.action!r}, {len(self.violations)} violations)"


@runtime_checkable
class ValueGuardrail(Protocol):
    """Judges requests or results as values; works for input and output alike."""

    async def validate_value(self, request: ValueRequest) -> ValueResponse:
        """Judge ``request``."""
        ...


@runtime_checkable
class Modifying(Protocol):
    """A guard that can give back the content without what it found, whatever else it is set to do: what ``modify`` in a policy asks for."""

    def modifying(self) -> Any:
        """Return a guard that looks for the same and answers ``MODIFY``."""
        ...

    def get_supported_detectors(self) -> list[ViolationType]:
        """Return what this guard can find."""
        ...
