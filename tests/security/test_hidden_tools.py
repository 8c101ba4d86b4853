"""What a caller is not shown, it cannot reach by asking for it all the same, however that is spelt."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from secure_gateway.errors import PermissionDenied, PluginError, PolicyDenied, RequestDenied
from secure_gateway.gateway import Gateway
from secure_gateway.pipeline.permissions import Permissions
from secure_gateway.plugins.framework import (
    HttpAuthCheckPermissionPayload,
    HttpAuthCheckPermissionResult,
    HttpAuthCheckPermissionResultPayload,
    MessageResult,
    Plugin,
    PluginConfig,
    PluginContext,
    ToolPostInvokeResult,
)
from secure_gateway.plugins.guardrails.tool_lists import ListVerdict
from secure_gateway.proxy.judge import Caller, Judge
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import Message, WireLimits, decode, encode
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.types import Door, Request


def _message(**members: Any) -> Message:
    return decode(encode({"jsonrpc": "2.0", "id": 1, **members}), WireLimits())


class _Talk:
    """A client that asks one server by one judge, and what that server saw."""

    def __init__(self, gateway: Gateway) -> None:
        self._judge = Judge(gateway, ProxySettings(), UpstreamServer(name="s", command=("server",)), Door.STDIO)
        self.seen: list[str] = []

    async def ask(self, method: str, params: dict[str, Any] | None = None, result: Any = None) -> Message:
        async def forward(outgoing: Message, _judged: Request) -> Message:
            self.seen.append(outgoing.method)
            return _message(result=result or {})

        return await self._judge.client_request(_message(method=method, params=params or {}), Caller(), forward)


async def test_a_tool_that_a_guard_takes_off_the_list_cannot_be_called_until_it_is_declared_anew() -> None:
    sink = MemorySink()
    gateway = gateway_for(sinks=[sink])
    clean = gateway.snapshot
    gateway.replace(
        msgspec.structs.replace(
            clean, judge_tools=lambda _server, _tools: ListVerdict(dropped=[("evil", "its description")])
        )
    )
    talk = _Talk(gateway)
    listed = {"tools": [{"name": "evil", "inputSchema": {}}, {"name": "good", "inputSchema": {}}]}
    answer = await talk.ask("tools/list", result=listed)
    assert [tool["name"] for tool in answer.result["tools"]] == ["good"]
    with pytest.raises(PolicyDenied, match="cannot be called"):
        await talk.ask("tools/call", {"name": "evil", "arguments": {}})
    assert sink.last.outcome == "denied"
    await talk.ask("tools/call", {"name": "good", "arguments": {}})
    gateway.replace(clean)
    await talk.ask("tools/list", result=listed)
    await talk.ask("tools/call", {"name": "evil", "arguments": {}})
    assert talk.seen == ["tools/list", "tools/call", "tools/list", "tools/call"]


async def test_a_tool_that_its_server_lists_twice_cannot_be_called_until_it_is_listed_once() -> None:
    talk = _Talk(gateway_for())
    once = {"name": "two", "inputSchema": {"type": "object", "required": ["a"]}}
    other = {"name": "one", "inputSchema": {}}
    answer = await talk.ask("tools/list", result={"tools": [once, other, {"name": "two", "inputSchema": {}}]})
    assert [tool["name"] for tool in answer.result["tools"]] == ["one"]
    with pytest.raises(PolicyDenied, match="more than once"):
        await talk.ask("tools/call", {"name": "two", "arguments": {"a": 1}})
    await talk.ask("tools/call", {"name": "one", "arguments": {}})
    await talk.ask("tools/list", result={"tools": [once]})
    await talk.ask("tools/call", {"name": "two", "arguments": {"a": 1}})
    with pytest.raises(PolicyDenied, match="required"):
        await talk.ask("tools/call", {"name": "two", "arguments": {}})


async def test_of_a_server_with_too_many_tools_those_that_are_not_remembered_can_neither_be_seen_nor_called() -> None:
    talk = _Talk(gateway_for())
    tools = [{"name": f"t{number}", "inputSchema": {}} for number in range(2_001)]
    answer = await talk.ask("tools/list", result={"tools": tools})
    assert len(answer.result["tools"]) == 2_000
    await talk.ask("tools/call", {"name": "t1999", "arguments": {}})
    for name in ("t2000", "never declared"):
        with pytest.raises(PolicyDenied, match="cannot be called"):
            await talk.ask("tools/call", {"name": name, "arguments": {}})


@pytest.mark.parametrize(
    "method", ["Tools/Call", "TOOLS/CALL", " tools/call", "tools/call ", "/tools/call", "resources/Read"]
)
async def test_a_method_that_differs_from_a_known_one_by_its_spelling_only_reaches_no_server(method: str) -> None:
    sink = MemorySink()
    talk = _Talk(gateway_for(sinks=[sink]))
    with pytest.raises(RequestDenied, match="spelling"):
        await talk.ask(method, {"name": "tool"})
    assert (talk.seen, sink.last.outcome, sink.last.name) == ([], "denied", method)


async def test_a_method_that_nobody_knows_is_judged_as_a_message() -> None:
    talk = _Talk(gateway_for())
    await talk.ask("vendor/extension")
    assert talk.seen == ["vendor/extension"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "secret"}}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "ok", "Name": "secret"}}),
        ("completion/complete", {"ref": {"Type": "ref/prompt", "name": "secret"}}),
        ("completion/complete", {"ref": {"type": "ref/tool", "name": "secret"}}),
        ("completion/complete", {"Ref": {"type": "ref/prompt", "name": "secret"}}),
        ("completion/complete", {"ref": [{"type": "ref/prompt", "name": "secret"}]}),
        ("completion/complete", {"ref": {"type": "ref/resource"}}),
        ("completion/complete", {}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["file:///secret"]}}),
        ("subscriptions/listen", {"notifications": {"ResourceSubscriptions": ["file:///secret"]}}),
        ("subscriptions/listen", {"Notifications": {"resourceSubscriptions": ["file:///secret"]}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": "file:///secret"}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": [["file:///secret"]]}}),
    ],
)
async def test_nothing_refers_to_what_the_caller_may_not_use_or_to_what_cannot_be_told(
    method: str, params: dict[str, Any]
) -> None:
    gateway = gateway_for()
    roles = {"tester": {"prompts": ["ok"], "resources": ["file:///ok"]}}
    gateway.replace(msgspec.structs.replace(gateway.snapshot, permissions=Permissions(roles)))
    talk = _Talk(gateway)
    with pytest.raises(RequestDenied):
        await talk.ask(method, params)
    assert talk.seen == []


async def test_references_to_what_the_caller_may_use_pass() -> None:
    talk = _Talk(gateway_for())
    await talk.ask("completion/complete", {"ref": {"type": "ref/prompt", "name": "ok"}})
    await talk.ask("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["file:///ok"]}})
    await talk.ask("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    assert len(talk.seen) == 3


class AtToolResults(Plugin):
    """Judges the results of tools, and nothing else."""

    async def tool_post_invoke(self, payload: Any, context: Any) -> ToolPostInvokeResult:
        return ToolPostInvokeResult()


class Everywhere(AtToolResults):
    """Judges them wherever they come."""

    async def message_out(self, payload: Any, context: Any) -> MessageResult:
        return MessageResult()


@pytest.mark.parametrize("method", ["tasks/result", "tasks/get", "tasks/list"])
async def test_the_result_of_a_task_does_not_pass_by_a_plugin_that_judges_tool_results_only(method: str) -> None:
    talk = _Talk(gateway_for([AtToolResults(PluginConfig(name="judge"))]))
    with pytest.raises(RequestDenied, match="'judge'"):
        await talk.ask(method, {"taskId": "t"})
    assert talk.seen == []
    open_talk = _Talk(gateway_for([Everywhere(PluginConfig(name="judge"))]))
    await open_talk.ask(method, {"taskId": "t"}, result={"content": []})
    assert open_talk.seen == [method]


class _Officer(Plugin):
    """Refuses what is called hidden, grants what is called extra, fails at what is called broken, and has no say in the rest."""

    async def http_auth_check_permission(
        self, payload: HttpAuthCheckPermissionPayload, context: PluginContext
    ) -> HttpAuthCheckPermissionResult:
        name = payload.permission.partition(":")[2]
        if name == "broken":
            raise ValueError(name)
        if name not in ("hidden", "extra"):
            return HttpAuthCheckPermissionResult()
        answer = HttpAuthCheckPermissionResultPayload(granted=name == "extra")
        return HttpAuthCheckPermissionResult(modified_payload=answer)


def _officed() -> tuple[_Talk, MemorySink]:
    sink = MemorySink()
    roles = {"tester": {"tools": ["hidden", "open", "broken"], "prompts": ["*"], "resources": ["*"]}}
    return _Talk(gateway_for([_Officer(PluginConfig(name="officer"))], roles=roles, sinks=[sink])), sink


async def test_lists_show_what_a_plugin_permits_and_not_what_only_a_role_does() -> None:
    talk, _ = _officed()
    tools: list[dict[str, Any]] = [{"name": name, "inputSchema": {}} for name in ("hidden", "open", "extra", "closed")]
    answer = await talk.ask("tools/list", result={"tools": tools})
    assert [tool["name"] for tool in answer.result["tools"]] == ["open", "extra"]
    await talk.ask("tools/call", {"name": "extra", "arguments": {}})
    with pytest.raises(PermissionDenied):
        await talk.ask("tools/call", {"name": "hidden", "arguments": {}})


async def test_a_plugin_that_fails_where_a_list_is_made_withholds_the_list() -> None:
    talk, sink = _officed()
    with pytest.raises(PluginError) as raised:
        await talk.ask("tools/list", result={"tools": [{"name": "broken", "inputSchema": {}}]})
    assert raised.value.plugin == "officer"
    assert (sink.last.outcome, sink.last.name) == ("failed", "tools/list")
    assert sink.last.request_id == raised.value.request_id


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "hidden"}, "argument": {"name": "a", "value": ""}},
        ),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["open", "hidden"]}}),
    ],
)
async def test_a_message_that_refers_to_what_a_plugin_refuses_does_not_reach_the_server(
    method: str, params: dict[str, Any]
) -> None:
    talk, sink = _officed()
    with pytest.raises(PermissionDenied):
        await talk.ask(method, params)
    assert talk.seen == []
    assert sink.last.outcome == "denied"
