"""Deny what contains one of a list of words: the smallest useful plugin, and an example of how to write one."""

from __future__ import annotations

from typing import Any

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import (
    HOOK_POINTS,
    AgentHookType,
    PromptHookType,
    ResourceHookType,
    ToolHookType,
)
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanner.keyword import KeywordMatcher

_KEYS = ("words", "case_sensitive", "whole_words")


class DenyListPlugin(Plugin):
    """Refuses content that holds one of ``words``, in any text or key of it. Options: ``words``, ``case_sensitive``, ``whole_words``."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        Options(config.config, _KEYS).finish()
        words = config.config.get("words")
        flags = {key: config.config.get(key, False) for key in _KEYS[1:]}
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ConfigError(Problem("$.config.words", type(words).__name__, "a list of texts"))
        for key, value in flags.items():
            if not isinstance(value, bool):
                raise ConfigError(Problem(f"$.config.{key}", type(value).__name__, "true or false"))
        try:
            self._matcher = KeywordMatcher(words, flags["case_sensitive"], flags["whole_words"])
        except ValueError as error:
            raise ConfigError(Problem("$.config.words", str(error).removeprefix("found "), "words to deny")) from None

    @hook(*ToolHookType, *PromptHookType, *ResourceHookType, *AgentHookType)
    async def deny(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Look into every content field of ``payload``."""
        fields = next(point.content for point in HOOK_POINTS.values() if isinstance(payload, point.payload))
        for field in fields:
            value = getattr(payload, field)
            if value is not None and self._matcher.scan(value):
                violation = PluginViolation(code="DENY_LIST", reason="the content holds a word of the deny list")
                return PluginResult(continue_processing=False, violation=violation)
        return PluginResult()
