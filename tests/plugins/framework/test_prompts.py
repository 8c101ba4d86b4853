"""A rendered prompt is a dict to whoever wants one, and has attributes for whoever was written for these."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.plugins.framework import (
    Message,
    Plugin,
    PluginConfig,
    PromptPosthookPayload,
    PromptPosthookResult,
    PromptResult,
    Role,
    TextContent,
)
from secure_gateway.plugins.framework.prompts import opened
from secure_gateway.testing.gateways import gateway_for

RENDERED: dict[str, Any] = {
    "messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}],
    "description": "d",
}


async def rendered(change: Any, result: Any = RENDERED) -> Any:
    class AtPrompts(Plugin):
        async def prompt_post_fetch(self, payload: PromptPosthookPayload, context: Any) -> PromptPosthookResult:
            change(payload)
            return PromptPosthookResult(modified_payload=payload)

    gateway = gateway_for([AtPrompts(PluginConfig(name="p", kind="p"))])
    return await gateway.call("prompt", {}, lambda _a: result, operation="prompt")


def by_attribute(payload: Any) -> None:
    assert payload.result.messages[0].content.text == payload.result["messages"][0]["content"]["text"] == "hi"
    assert payload.result.description == "d"
    payload.result.messages[0].content.text = "changed"


def by_key(payload: Any) -> None:
    payload.result["messages"][0]["content"]["text"] = "changed"


def by_names(payload: Any) -> None:
    content = TextContent(type="text", text="changed")
    payload.result = PromptResult(messages=[Message(role=Role.USER, content=content)], description="d")


@pytest.mark.parametrize("change", [by_attribute, by_key, by_names])
async def test_however_a_plugin_changes_a_prompt_plain_dicts_come_out(change: Any) -> None:
    text = {"type": "text", "text": "changed"}
    result = await rendered(change)
    assert result == {"messages": [{"role": "user", "content": text}], "description": "d"}
    message = result["messages"][0]
    assert [type(part) for part in (result, message, message["content"], message["role"])] == [dict, dict, dict, str]


@pytest.mark.parametrize("result", ["text", None, [1], {"messages": "none"}, {"messages": [1, {"role": "user"}]}])
async def test_what_is_no_rendered_prompt_passes_as_it_is(result: Any) -> None:
    assert await rendered(lambda _payload: None, result) == result


async def test_a_large_prompt_answers_by_attribute_too() -> None:
    many = {"messages": RENDERED["messages"] * 100, "description": "d"}
    assert (await rendered(by_attribute, many))["messages"][0]["content"]["text"] == "changed"


def test_an_attribute_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no 'missing'"):
        _ = opened(RENDERED).missing
