"""Guards that behave, misbehave and only look, and the shortest way to put them in front of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secure_gateway.decisions import Step
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailRequest,
    GuardrailResponse,
    GuardrailViolation,
    ViolationType,
)
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.testing.gateways import MemorySink, gateway_for

SECRET = "correct-horse-battery-staple"

SAFE = GuardrailResponse(is_safe=True, action=GuardrailAction.ALLOW)


def violation(action: GuardrailAction, kind: ViolationType = ViolationType.CUSTOM) -> GuardrailViolation:
    """A violation whose message quotes a payload, as a careless guard's does."""
    return GuardrailViolation(violation_type=kind, severity=0.9, message=f"found {SECRET}", action=action)


class Lasting(MemoryStore):
    """Stands in for a store on disk: whoever numbers in it may begin with 1."""

    may_forget = False


class Guard:
    """Answers with what it is given, or with what a function makes of the request; remembers what it was asked."""

    def __init__(self, answer: Any = SAFE) -> None:
        self.answer = answer
        self.asked: list[GuardrailRequest] = []

    async def validate(self, request: GuardrailRequest) -> Any:
        self.asked.append(request)
        return self.answer(request) if callable(self.answer) else self.answer

    def get_supported_detectors(self) -> list[ViolationType]:
        return []


class LookingBack:
    """An output guard that is shown the original request."""

    def __init__(self, answer: Any = SAFE) -> None:
        self.answer = answer
        self.asked: list[tuple[str, GuardrailRequest]] = []

    async def validate(self, response_content: str, original_request: GuardrailRequest) -> Any:
        self.asked.append((response_content, original_request))
        return self.answer


class Provider(GuardrailProvider):
    """Hands out the guards it is given; used through ``manager_with``."""

    input: Any = None
    output: Any = None
    handler: Any = None

    def get_name(self) -> str:
        return "given"

    def get_version(self) -> str:
        return "3.2.1"

    def create_input_guardrail(self, config: dict[str, Any]) -> Any:
        return self.input

    def create_output_guardrail(self, config: dict[str, Any]) -> Any:
        return self.output

    def create_pii_handler(self, config: dict[str, Any]) -> Any:
        return self.handler


def slot(provider: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The configuration of one guardrail provider."""
    return {"plugins": {"guardrails": {"provider": provider, "config": dict(config or {})}}}


def manager_with(input: Any = None, output: Any = None, handler: Any = None) -> GuardrailConfigManager:  # noqa: A002
    """A manager whose one provider makes these guards."""
    made = {"input": input, "output": output, "handler": handler}
    manager = GuardrailConfigManager()
    manager.register(type("Given", (Provider,), made))
    manager.initialize(slot("given"))
    return manager


def built_in(provider: str, config: Mapping[str, Any] | None = None) -> GuardrailConfigManager:
    """A manager with one built-in provider."""
    manager = GuardrailConfigManager()
    manager.initialize(slot(provider, config))
    return manager


class Desk:
    """A gateway behind one manager's guards, and those of another ``after`` it, with the records it wrote."""

    def __init__(
        self,
        manager: GuardrailConfigManager,
        policy: Mapping[str, Any] | None = None,
        after: GuardrailConfigManager | None = None,
    ) -> None:
        self.sink = MemorySink()
        bindings = manager.bindings("files" if policy else "", policy)
        more = after.bindings() if after is not None else []
        self.gateway: Gateway = gateway_for(bindings=[*bindings, *more], sinks=[self.sink])

    async def call(self, arguments: Any, answer: Any = None, operation: str = "tool", name: str = "weather") -> Any:
        """Call something that answers ``answer`` (a value, or a function of the arguments; by default it echoes)."""

        def upstream(given: Any) -> Any:
            return given if answer is None else answer(given) if callable(answer) else answer

        return await self.gateway.call(name, arguments, upstream, operation=operation)

    def steps(self, hook: str) -> list[Step]:
        """The guards' steps at ``hook`` in the last record."""
        return [step for step in self.sink.last.steps if step.hook == hook]
