"""Each remote provider with a service that finds nothing, one that finds something, and what it then says."""

from __future__ import annotations

from typing import Any, NamedTuple

from secure_gateway.decisions import DecisionRecord
from secure_gateway.errors import SecureGatewayException
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.testing.gateways import MemorySink, gateway_for

KEY = "sk-very-secret-key"


class Kind(NamedTuple):
    """A provider: its configuration beside the address, and its service's two answers."""

    config: dict[str, Any]
    safe: Any
    unsafe: Any
    found: str


def moderation(flagged: Any = False, score: Any = 0.01, model: str = "omni-moderation-2024-09-26") -> dict[str, Any]:
    scores = {"violence": score, "sexual": 0.0}
    return {
        "id": "modr-1",
        "model": model,
        "results": [
            {"flagged": flagged, "categories": {"violence": flagged, "sexual": False}, "category_scores": scores}
        ],
    }


def chat(text: Any, model: str = "guard", finish: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "c",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }


def intervened(**policies: Any) -> dict[str, Any]:
    return {
        "action": "GUARDRAIL_INTERVENED",
        "usage": {"topicPolicyUnits": 1},
        "outputs": [{"text": "blocked by policy"}],
        "assessments": [policies],
    }


_FILTER = {"type": "PROMPT_ATTACK", "confidence": "HIGH", "filterStrength": "HIGH", "action": "BLOCKED"}
KINDS = {
    "openai_moderation": Kind({"api_key": KEY}, moderation(), moderation(flagged=True, score=0.93), "toxicity"),
    "llama_guard": Kind({"model": "guard", "api_key": KEY}, chat("\n\nsafe"), chat("\n\nunsafe\nS9,S14"), "injection"),
    "bedrock": Kind(
        {
            "region": "eu-central-1",
            "guardrail_id": "abc123",
            "guardrail_version": "1",
            "access_key_id": "AKIDEXAMPLE",
            "secret_access_key": KEY,
        },
        {"action": "NONE", "usage": {}, "outputs": [], "assessments": [{}]},
        intervened(contentPolicy={"filters": [_FILTER]}),
        "injection",
    ),
    "webhook": Kind(
        {"signing_key": KEY},
        {"decision": "allow", "reason": "fine", "modified_arguments": None, "metadata": {"scan_duration_ms": 45}},
        {"decision": "deny", "reason": "no", "violations": [{"type": "pii", "confidence": 0.9}]},
        "pii",
    ),
}


class Outcome(NamedTuple):
    """What came of one call: the result, the exception, whether the tool ran and with what, and the record."""

    result: Any
    error: SecureGatewayException | None
    ran: list[Any]
    record: DecisionRecord

    @property
    def reasons(self) -> str:
        return " ".join(step.reason for step in self.record.steps)


async def call(
    kind: str, url: str, arguments: Any = None, result: Any = "fine", policy: Any = None, **config: Any
) -> Outcome:
    """Call a tool behind one remote guardrail, which is made and shut down for it."""
    manager = manager_for(kind, url, **config)
    try:
        return await call_with(manager, arguments, result, policy)
    finally:
        await manager.shutdown()


def manager_for(kind: str, url: str, **config: Any) -> GuardrailConfigManager:
    manager = GuardrailConfigManager(timeout=20)
    given = {**KINDS[kind].config, "url": url, "retries": 0, **config}
    manager.initialize({"plugins": {"guardrails": {"provider": kind, "config": given}}})
    return manager


async def call_with(
    manager: GuardrailConfigManager, arguments: Any = None, result: Any = "fine", policy: Any = None
) -> Outcome:
    sink, ran = MemorySink(), []
    gateway = gateway_for(bindings=manager.bindings("s", policy or {}), sinks=[sink])

    def tool(given: Any) -> Any:
        ran.append(given)
        return result

    answer, error = None, None
    try:
        answer = await gateway.call("tool", arguments if arguments is not None else {"text": "hello"}, tool, server="s")
    except SecureGatewayException as raised:
        error = raised
    return Outcome(answer, error, ran, sink.last)
