"""Rewrite words on their way: what matches a pattern becomes another text."""

from __future__ import annotations

from typing import Any

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.hooks.strings import apply_all, read_rules, rewrite_content


class SearchReplacePlugin(Plugin):
    """Rewrites every text of the content. Option: ``words``, a list of ``{"search": PATTERN, "replace": TEXT}``.

    The entries apply in order, each to what the one before it wrote. Patterns are RE2's and match with case; names of fields
    stay as they are.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        Options(config.config, ("words",)).finish()
        rules = read_rules(config.config.get("words"), "$.config.words", ("search", "replace"))
        if not rules:
            raise ConfigError(Problem("$.config.words", "an empty list", "at least one entry"))
        self._rewrite = apply_all(rules)

    @hook(*ToolHookType, *PromptHookType, ResourceHookType.RESOURCE_POST_FETCH)
    async def rewrite(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Rewrite the content of ``payload``."""
        if rewrite_content(payload, self._rewrite):
            return PluginResult(modified_payload=payload)
        return PluginResult()
