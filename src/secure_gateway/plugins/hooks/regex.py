"""``regex``: patterns that must not occur, and patterns that are replaced, in linear time whatever the text."""

from __future__ import annotations

from typing import Any

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import AgentHookType, PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload, ToolListPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hooks.contents import content_fields, denied, every_text
from secure_gateway.plugins.hooks.strings import apply_all, compile_rule, rewrite_strings
from secure_gateway.plugins.hooks.typed_config import Settings, read_settings


class Replace(Settings, frozen=True):
    """A pattern and what is written in place of what it matches, which may name its groups."""

    pattern: str
    replacement: str = "***"


class RegexSettings(Settings, frozen=True):
    """``deny``: patterns that refuse the content. ``replace``: patterns that are rewritten, in order. ``ignore_case``: for all of them."""

    deny: tuple[str, ...] = ()
    replace: tuple[Replace, ...] = ()
    ignore_case: bool = False


class RegexPlugin(Plugin):
    """Refuses or rewrites what matches an RE2 pattern. Refusals look at names of members and at numbers too, replacements at texts only."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = read_settings(config, RegexSettings)
        if not settings.deny and not settings.replace:
            example = 'For example "deny": ["BEGIN [A-Z ]*PRIVATE KEY"].'
            raise ConfigError(Problem("$.config", "no pattern", 'a pattern under "deny" or "replace"', example))
        problems: list[Problem] = []
        listed = [(Replace(pattern=text), "$.config", f"deny[{at}]") for at, text in enumerate(settings.deny)]
        listed += [(each, f"$.config.replace[{at}]", "pattern") for at, each in enumerate(settings.replace)]
        rules = []
        for each, where, key in listed:
            try:
                compiled = compile_rule(each.pattern, each.replacement, where, key, ignore_case=settings.ignore_case)
            except ConfigError as error:
                problems += error.problems
            else:
                rules.append(compiled)
        if problems:
            raise ConfigError(problems)
        self._denied = [rule.pattern for rule in rules[: len(settings.deny)]]
        self._rewrite = apply_all(rules[len(settings.deny) :])
        self._replaces = bool(settings.replace)

    @hook(*ToolHookType, *PromptHookType, *ResourceHookType, *AgentHookType)
    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Refuse, then rewrite."""
        if self._denied and any(pattern.search(text) for text in every_text(payload) for pattern in self._denied):
            return denied("PATTERN_DENIED", "the content matches a pattern that is denied")
        changed = False
        # What a server offers is denied or left as it is: its names are what calls are made by.
        rewritten = self._replaces and not isinstance(payload, ToolListPayload)
        for field in content_fields(payload) if rewritten else ():
            holder = [getattr(payload, field)]
            if rewrite_strings(holder, self._rewrite):
                setattr(payload, field, holder[0])
                changed = True
        return PluginResult(modified_payload=payload) if changed else PluginResult()
