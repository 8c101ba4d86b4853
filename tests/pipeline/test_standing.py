"""What a plugin may do to the list of tools that a server offers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from secure_gateway.errors import ErrorCode, PluginError, PolicyDenied
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.framework import (
    Plugin,
    PluginCondition,
    PluginConfig,
    PluginMode,
    PluginViolation,
    ToolListPayload,
    ToolListResult,
)
from secure_gateway.testing.gateways import MemorySink, gateway_for


def tool(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "description": f"does {name}", "inputSchema": {"type": "object"}, **members}


class Lister(Plugin):
    """Answers what it is told to."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], Any], **config: Any) -> None:
        super().__init__(PluginConfig(name="lister", kind="lister", **config))
        self.answer = answer
        self.seen: list[str] = []

    async def tool_list(self, payload: ToolListPayload, context: Any) -> ToolListResult:
        self.seen.append(payload.server)
        answer = self.answer(payload.tools)
        if asyncio.iscoroutine(answer):
            await answer
        if isinstance(answer, PluginViolation):
            return ToolListResult(continue_processing=False, violation=answer)
        return ToolListResult(modified_payload=payload.model_copy(update={"tools": answer}))


async def call(gateway: Gateway, name: str) -> Any:
    return await gateway.call(name, {}, lambda _a: "called", server="s")


async def test_tools_are_left_out_and_said_otherwise_and_what_is_left_out_cannot_be_called_until_it_is_offered_again() -> (
    None
):
    lister = Lister(lambda tools: [{**tools[1], "description": "new", "title": "t"}])
    sink = MemorySink()
    gateway = gateway_for([lister], sinks=[sink])
    offer = await gateway.learn_tools("s", [tool("a"), tool("b")], parent_id="p")
    assert offer.tools == [tool("b", description="new", title="t")]
    assert [name for name, _ in offer.dropped] == ["a"]
    assert (sink.last.name, sink.last.server, sink.last.parent_id, sink.last.outcome) == (
        "tool_list",
        "s",
        "p",
        "modified",
    )
    with pytest.raises(PolicyDenied, match="a plugin took it off the list"):
        await call(gateway, "a")
    assert await call(gateway, "b") == "called"
    lister.answer = lambda tools: tools
    await gateway.learn_tools("s", [tool("a"), tool("b")])
    assert await call(gateway, "a") == "called"


@pytest.mark.parametrize(
    "answer",
    [
        lambda tools: [*tools, tool("c")],
        lambda _tools: [tool("c")],
        lambda tools: [tools[0], tools[0]],
        lambda tools: [tools[1], tools[0]],
        lambda tools: [{**tools[0], "name": "A"}],
        lambda tools: [{**tools[0], "inputSchema": {}}],
        lambda tools: [{**tools[0], "inputSchema": {"type": "object", "x": True}}],
        lambda tools: [{key: value for key, value in tools[0].items() if key != "inputSchema"}],
        lambda tools: [{**tools[0], "outputSchema": {}}],
        lambda tools: [{**tools[0], "description": ["no text"]}],
        lambda tools: [{**tools[0], "annotations": "no object"}],
        lambda _tools: [tool(f"t{number}") for number in range(10_000)],
        lambda _tools: ["a"],
        lambda _tools: {"a": 1},
        lambda _tools: None,
        tuple,
        lambda _tools: 1 / 0,
    ],
)
async def test_anything_else_is_an_error_of_the_plugin_and_refuses_the_list_and_each_tool_on_it(answer: Any) -> None:
    sink = MemorySink()
    gateway = gateway_for([Lister(answer)], sinks=[sink])
    with pytest.raises(PluginError):
        await gateway.learn_tools("s", [tool("a"), tool("b", inputSchema={"type": "object", "x": 1})])
    assert sink.last.outcome == "failed"
    for name in "ab":
        with pytest.raises(PolicyDenied, match="refused the list"):
            await call(gateway, name)


async def test_a_plugin_that_hangs_refuses_the_list() -> None:
    gateway = gateway_for([Lister(lambda _tools: asyncio.sleep(60), timeout=0.05)])
    with pytest.raises(PluginError) as caught:
        await gateway.learn_tools("s", [tool("a")])
    assert caught.value.code is ErrorCode.PLUGIN_TIMEOUT


async def test_a_denied_list_is_refused_as_a_whole() -> None:
    gateway = gateway_for([Lister(lambda _tools: PluginViolation(code="c", reason="not these"))])
    with pytest.raises(PolicyDenied, match="not these"):
        await gateway.learn_tools("s", [tool("a")])
    with pytest.raises(PolicyDenied):
        await call(gateway, "a")


async def test_of_two_tools_of_one_name_neither_can_be_called_where_one_is_left_out() -> None:
    gateway = gateway_for([Lister(lambda tools: tools[:1])])
    offer = await gateway.learn_tools("s", [tool("a"), tool("a", description="other")])
    assert (offer.tools, {name for name, _ in offer.dropped}) == ([], {"a"})


async def test_an_error_that_the_mode_lets_pass_leaves_the_list_as_it_is() -> None:
    gateway = gateway_for([Lister(lambda tools: [*tools, tool("c")], mode=PluginMode.ENFORCE_IGNORE_ERROR)])
    assert [t["name"] for t in (await gateway.learn_tools("s", [tool("a")])).tools] == ["a"]


async def test_of_a_server_with_more_tools_than_can_be_remembered_none_is_called_that_is_not() -> None:
    gateway = gateway_for()
    offer = await gateway.learn_tools("s", [tool(f"t{number}") for number in range(2_001)])
    assert [name for name, _ in offer.dropped] == ["t2000"]
    assert await call(gateway, "t1999") == "called"
    with pytest.raises(PolicyDenied):
        await call(gateway, "t2000")


async def test_a_condition_on_tools_does_not_keep_a_plugin_from_a_whole_list() -> None:
    lister = Lister(lambda tools: tools, conditions=[PluginCondition(tools=("other",))])
    await gateway_for([lister]).learn_tools("s", [tool("a")])
    assert lister.seen == ["s"]


async def test_where_no_plugin_judges_lists_nothing_is_recorded() -> None:
    sink = MemorySink()
    tools = [tool("a")]
    offer = await gateway_for(sinks=[sink]).learn_tools("s", tools)
    assert offer.tools[0] is tools[0]
    assert sink.records == []
