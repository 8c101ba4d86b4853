"""Guards written as the provider documentation of other gateways shows them work here as they are."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import ConfigError, PolicyDenied
from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailRequest,
    GuardrailResponse,
    GuardrailViolation,
    InputGuardrail,
    OutputGuardrail,
    ViolationType,
)
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from tests.plugins.guardrails.guards import Desk, slot


class WordGuard:
    """Takes one dict and looks for words in the lower-cased text; one guard for both sides."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.words = config.get("blocked_keywords", [])
        self.severity_threshold = config.get("severity_threshold", 0.7)

    async def validate(self, request: GuardrailRequest) -> GuardrailResponse:
        content = request.content.lower()
        violations = [
            GuardrailViolation(
                violation_type=ViolationType.KEYWORD_VIOLATION,
                severity=1.0,
                message=f"blocked word: {word}",
                action=GuardrailAction.BLOCK,
                metadata={"keyword": word},
            )
            for word in self.words
            if word.lower() in content
        ]
        safe = not violations
        return GuardrailResponse(
            is_safe=safe,
            action=GuardrailAction.ALLOW if safe else GuardrailAction.BLOCK,
            violations=violations,
            metadata={"provider": "word_guard"},
        )

    def get_supported_detectors(self) -> list[ViolationType]:
        return [ViolationType.KEYWORD_VIOLATION]


class WordProvider(GuardrailProvider):
    """Takes keywords; what its constructor does not take reaches its guards."""

    def __init__(self, blocked_keywords: list[str] | None = None) -> None:
        self.blocked_keywords = blocked_keywords or []

    def get_name(self) -> str:
        return "word_guard"

    def get_version(self) -> str:
        return "1.0.0"

    def create_input_guardrail(self, config: dict[str, Any]) -> InputGuardrail | None:
        return WordGuard({**config, "blocked_keywords": self.blocked_keywords})

    def create_output_guardrail(self, config: dict[str, Any]) -> OutputGuardrail | InputGuardrail | None:
        return WordGuard({**config, "blocked_keywords": self.blocked_keywords})


class ThresholdProvider(GuardrailProvider):
    """Reads one key of what is left over, and keeps nothing."""

    def __init__(self, api_key: str) -> None:
        self.api_key = api_key

    def get_name(self) -> str:
        return "moderation"

    def get_version(self) -> str:
        return "1.0.0"

    def create_input_guardrail(self, config: dict[str, Any]) -> InputGuardrail | None:
        return WordGuard({"severity_threshold": config.get("threshold", 0.7)})

    def create_output_guardrail(self, config: dict[str, Any]) -> InputGuardrail | None:
        return WordGuard({"severity_threshold": config.get("threshold", 0.7)})


WORDS = {"blocked_keywords": ["password", "secret", "confidential"], "severity_threshold": 0.8}


def manager_for(cls: type, name: str, config: dict[str, Any]) -> GuardrailConfigManager:
    manager = GuardrailConfigManager()
    manager.register(cls)
    manager.initialize(slot(name, config))
    return manager


async def test_it_guards_requests() -> None:
    desk = Desk(manager_for(WordProvider, "word_guard", WORDS))
    with pytest.raises(PolicyDenied) as caught:
        await desk.call({"text": "my PassWord"}, lambda _: pytest.fail("nothing runs upstream"))
    assert caught.value.reason == "guardrail 'word_guard' found keyword_detector in the request"


async def test_it_guards_results() -> None:
    desk = Desk(manager_for(WordProvider, "word_guard", WORDS))
    with pytest.raises(PolicyDenied) as caught:
        await desk.call({}, {"content": [{"type": "text", "text": "fine"}, {"type": "text", "text": "CONFIDENTIAL"}]})
    assert caught.value.reason == "guardrail 'word_guard' found keyword_detector in the result"


async def test_what_it_does_not_mind_passes_unchanged() -> None:
    assert await Desk(manager_for(WordProvider, "word_guard", WORDS)).call({"text": "hello"}) == {"text": "hello"}


async def test_a_violations_own_words_reach_neither_caller_nor_record() -> None:
    desk = Desk(manager_for(WordProvider, "word_guard", WORDS))
    with pytest.raises(PolicyDenied) as caught:
        await desk.call({"text": "the secret"})
    assert "blocked word" not in str(caught.value) + str(desk.sink.last.to_dict())


def test_keys_that_the_constructor_does_not_take_reach_the_guard() -> None:
    manager = manager_for(WordProvider, "word_guard", WORDS)
    provider = manager.get_provider()
    assert isinstance(provider, WordProvider)
    assert provider.blocked_keywords == WORDS["blocked_keywords"]
    guard = provider.create_input_guardrail({"severity_threshold": 0.8})
    assert isinstance(guard, WordGuard)
    assert guard.severity_threshold == 0.8


async def test_a_servers_policy_reaches_the_guard_of_its_side() -> None:
    seen: list[dict[str, Any]] = []

    class Noting(WordProvider):
        def create_input_guardrail(self, config: dict[str, Any]) -> InputGuardrail | None:
            seen.append(dict(config))
            return super().create_input_guardrail(config)

    manager = manager_for(Noting, "word_guard", WORDS)
    manager.bindings("files", {"input": {"severity_threshold": 0.1, "extra": True}})
    assert seen == [{"severity_threshold": 0.8}, {"severity_threshold": 0.1, "extra": True}]


def test_a_key_that_nobody_takes_stops_start_up_with_a_near_miss() -> None:
    with pytest.raises(ConfigError) as caught:
        manager_for(ThresholdProvider, "moderation", {"api_key": "k", "treshold": 0.4})
    assert [problem.path for problem in caught.value.problems] == ["$.plugins.guardrails.config.treshold"]
    assert "Did you mean 'threshold'?" in str(caught.value)


def test_a_missing_constructor_key_is_named_by_its_path() -> None:
    with pytest.raises(ConfigError) as caught:
        manager_for(ThresholdProvider, "moderation", {})
    assert [problem.path for problem in caught.value.problems] == ["$.plugins.guardrails.config.api_key"]
