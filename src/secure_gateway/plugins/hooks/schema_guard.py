"""``schema_guard``: JSON schemas of your own for arguments and results, beside those that a server declares."""

from __future__ import annotations

import json
from typing import Any, Literal

from secure_gateway.errors import ConfigError, PolicyDenied, Problem
from secure_gateway.pipeline.schemas import ToolSchemas
from secure_gateway.plugins.framework.conditions import Matcher, compile_matcher
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.payloads import ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult, ToolPostInvokeResult, ToolPreInvokeResult
from secure_gateway.plugins.hooks.contents import denied
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings

_ARGUMENTS = "arguments"
_RESULT = "result"


class ToolRule(Settings, frozen=True):
    """The schemas of one tool, or of all that a glob names."""

    arguments: dict[str, Any] | bool | None = None
    result: dict[str, Any] | bool | None = None

    def __post_init__(self) -> None:
        if self.arguments is None and self.result is None:
            raise Misfit("arguments", "no schema", 'a JSON schema under "arguments" or "result"')


class SchemaGuardSettings(Settings, frozen=True):
    """``tools``: a rule by the name or glob of tools; each that fits counts. ``unlisted``: whether a tool that no rule names may be called."""

    tools: dict[str, ToolRule]
    unlisted: Literal["allow", "deny"] = "allow"

    def __post_init__(self) -> None:
        if not self.tools:
            raise Misfit(
                "tools",
                "no rule",
                "at least one",
                'For example "tools": {"send_*": {"arguments": {"type": "object"}}}.',
            )


class SchemaGuardPlugin(Plugin):
    """Refuses arguments and results that break a schema. Patterns in it run in linear time, references stay within it, nothing is fetched.

    The result is what an MCP answer says as ``structuredContent``, else the JSON in its one text; an answer that is an error is none.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = read_settings(config, SchemaGuardSettings)
        self._schemas = ToolSchemas()
        self._rules: list[tuple[Matcher, str, ToolRule]] = []
        problems: list[Problem] = []
        for glob, rule in settings.tools.items():
            where = f"$.config.tools.{glob}"
            self._rules.append((compile_matcher([glob], where), glob, rule))
            for key, schema in ((_ARGUMENTS, rule.arguments), (_RESULT, rule.result)):
                if schema is not None and (fault := self._schemas.learn(key, glob, schema)):
                    problems.append(Problem(f"{where}.{key}", fault.removeprefix("its input schema "), "a JSON schema"))
        if problems:
            raise ConfigError(problems)
        self._denies_unlisted = settings.unlisted == "deny"

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        """Check the arguments."""
        listed = [(glob, rule) for matches, glob, rule in self._rules if matches(payload.name)]
        if not listed and self._denies_unlisted:
            return _pre(denied("TOOL_UNLISTED", "no schema is configured for the tool"))
        for glob, rule in listed:
            if rule.arguments is not None and (fault := self._fault(_ARGUMENTS, glob, payload.args or {})):
                return _pre(denied("SCHEMA", fault))
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        """Check the result."""
        if isinstance(payload.result, dict) and (
            payload.result.get("isError") is True or set(payload.result) == {"error"}
        ):
            return ToolPostInvokeResult()
        for matches, glob, rule in self._rules:
            if rule.result is None or not matches(payload.name):
                continue
            there, value = _structured(payload.result)
            fault = (
                self._fault(_RESULT, glob, value)
                if there
                else "the result is no JSON, and a schema is configured for it"
            )
            if fault:
                refusal = denied("SCHEMA", fault)
                return ToolPostInvokeResult(continue_processing=False, violation=refusal.violation)
        return ToolPostInvokeResult()

    def _fault(self, what: str, glob: str, value: Any) -> str:
        try:
            self._schemas.check(what, glob, value, what)
        except PolicyDenied as denial:
            return denial.reason
        return ""


def _pre(refusal: PluginResult[Any]) -> ToolPreInvokeResult:
    return ToolPreInvokeResult(continue_processing=False, violation=refusal.violation)


def _structured(result: Any) -> tuple[bool, Any]:
    """Return whether ``result`` holds a JSON value, and which."""
    if not isinstance(result, dict) or not isinstance(result.get("content"), list):
        return True, result
    if "structuredContent" in result:
        return True, result["structuredContent"]
    content = result["content"]
    text = content[0].get("text") if len(content) == 1 and isinstance(content[0], dict) else None
    if not isinstance(text, str):
        return False, None
    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None
