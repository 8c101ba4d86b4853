"""``schema_guard`` checks arguments and results against schemas of one's own."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway import ConfigError
from secure_gateway.plugins.framework import ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.hooks.schema_guard import SchemaGuardPlugin
from tests.plugins.hooks.plugins import build, fire

CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 5}}, "required": ["city"]}


async def before(args: Any, tool: str = "weather", **config: Any) -> str | None:
    plugin = build(SchemaGuardPlugin, **config)
    answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name=tool, args=args))
    return answer.violation.reason if answer.violation else None


async def after(result: Any, **config: Any) -> str | None:
    plugin = build(SchemaGuardPlugin, **config)
    answer = await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="weather", result=result))
    return answer.violation.reason if answer.violation else None


async def test_arguments_are_checked_and_the_refusal_names_place_and_rule() -> None:
    tools = {"weather": {"arguments": CITY}}
    assert await before({"city": "Bern"}, tools=tools) is None
    said = await before({"city": "hunter2"}, tools=tools)
    assert said == "argument city breaks the tool's schema: rule maxLength"
    assert await before(None, tools=tools) is not None


async def test_every_rule_that_fits_counts_and_an_unlisted_tool_passes_unless_denied() -> None:
    tools = {"*": {"arguments": {"type": "object"}}, "wea*": {"arguments": CITY}}
    assert await before({}, tools=tools) is not None
    assert await before({}, tool="other", tools=tools) is None
    only = {"weather": {"result": True}}
    assert await before({}, tool="other", tools=only) is None
    assert await before({}, tool="other", tools=only, unlisted="deny") == "no schema is configured for the tool"


@pytest.mark.parametrize(
    ("result", "passes"),
    [
        ({"city": "Bern"}, True),
        ({"city": 1}, False),
        ({"content": [], "structuredContent": {"city": "Bern"}}, True),
        ({"content": [], "structuredContent": {"city": 1}}, False),
        ({"content": [{"type": "text", "text": '{"city": "Bern"}'}]}, True),
        ({"content": [{"type": "text", "text": '{"city": 1}'}]}, False),
        ({"content": [{"type": "text", "text": "Bern"}]}, False),
        ({"content": [{"type": "text", "text": "[" * 100_000}]}, False),
        ({"content": []}, False),
        ({"content": [], "isError": True}, True),
        ({"error": {"code": -1, "message": "x"}}, True),
        ("text", False),
    ],
)
async def test_results_are_checked_and_errors_are_none(result: Any, passes: bool) -> None:
    said = await after(result, tools={"weather": {"result": CITY}})
    assert (said is None) is passes


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, r"\$\.config\.tools: found nothing"),
        ({"tools": {}}, "no rule"),
        ({"tools": {"a": {}}}, "no schema"),
        ({"tools": {"a": {"argument": {}}}}, "Did you mean 'arguments'"),
        ({"tools": {"a": {"arguments": {"type": "strange"}}}}, r"\$\.config\.tools\.a\.arguments"),
        ({"tools": {"a": {"arguments": {"$ref": "http://x/y"}}}}, "cannot be used safely"),
        ({"tools": {"a": {"arguments": {"pattern": "(?=a)b"}}}}, "cannot be used safely"),
        ({"tools": {"a": {"arguments": True}}, "unlisted": "no"}, "one of allow, deny"),
    ],
)
def test_what_is_wrong_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(SchemaGuardPlugin, **config)
