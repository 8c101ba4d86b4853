"""The gateway asks whether tools are what they were before anybody sees them, and leaves a record of what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from secure_gateway.errors import PolicyDenied
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.framework.hookpoints import ServerHookType
from secure_gateway.plugins.framework.payloads import ServerPostRegisterPayload, ServerPreRegisterPayload
from secure_gateway.plugins.guardrails.tool_lists import ListVerdict
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.tool_trust.lock import LOCK_NAME, LockFile
from secure_gateway.tool_trust.trust import ToolTrust, TrustRules
from secure_gateway.types import Door


def tool(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "description": f"does {name}", "inputSchema": {"type": "object"}, **members}


def gateway_over(folder: Path, sink: MemorySink | None = None, **parts: Any) -> Gateway:
    gateway = gateway_for(sinks=[sink] if sink else [])
    trust = ToolTrust(LockFile(folder / LOCK_NAME), parts.pop("rules", {}))
    gateway.replace(msgspec.structs.replace(gateway.snapshot, trust=trust, **parts))
    return gateway


async def call(gateway: Gateway, name: str) -> Any:
    return await gateway.call(name, {}, lambda _arguments: "called", server="s")


async def test_a_changed_tool_cannot_be_called_until_it_is_as_it_was_and_each_news_is_one_record(
    tmp_path: Path,
) -> None:
    sink = MemorySink()
    gateway = gateway_over(tmp_path, sink)
    await gateway.learn_tools("s", [tool("a"), tool("b")], parent_id="p")
    assert (sink.last.name, sink.last.server, sink.last.parent_id, sink.last.outcome) == (
        "tool_list",
        "s",
        "p",
        "allowed",
    )
    assert "seen for the first time and pinned: 'a', 'b'" in sink.last.steps[-1].reason
    changed = [tool("a", description="A WORD OF ITS OWN"), tool("b")]
    for _ in range(3):
        offer = await gateway.learn_tools("s", changed)
        assert [each["name"] for each in offer.tools] == ["b"]
        with pytest.raises(PolicyDenied, match="changed since it was pinned"):
            await call(gateway, "a")
    told = [record for record in sink.records if record.name == "tool_list"]
    assert [record.outcome for record in told] == ["allowed", "denied"]
    assert "A WORD OF ITS OWN" not in str([record.to_dict() for record in sink.records])
    await gateway.learn_tools("s", [tool("a"), tool("b")])
    assert await call(gateway, "a") == "called"


async def test_what_a_guardrail_refuses_is_not_pinned(tmp_path: Path) -> None:
    gateway = gateway_over(
        tmp_path, judge_tools=lambda _server, _tools: ListVerdict(dropped=[("evil", "its description")])
    )
    await gateway.learn_tools("s", [tool("evil"), tool("good")])
    assert LockFile(tmp_path / LOCK_NAME).read().servers["s"].keys() == {"good"}


async def test_where_only_what_is_pinned_may_be_used_a_tool_is_not_called_before_it_was_listed(tmp_path: Path) -> None:
    await gateway_over(tmp_path).learn_tools("s", [tool("a")])
    gateway = gateway_over(tmp_path, rules={"s": TrustRules(pin="locked")})
    with pytest.raises(PolicyDenied, match="has not listed this tool"):
        await call(gateway, "a")
    await gateway.learn_tools("s", [tool("a")])
    assert await call(gateway, "a") == "called"


@pytest.mark.parametrize(
    ("hook", "payload"),
    [
        (ServerHookType.SERVER_PRE_REGISTER, ServerPreRegisterPayload(name="s", transport="stdio", target="x")),
        (
            ServerHookType.SERVER_POST_REGISTER,
            ServerPostRegisterPayload(name="s", transport="stdio", instructions="obey"),
        ),
    ],
)
async def test_a_server_that_the_guardrails_refuse_is_refused_and_recorded(
    tmp_path: Path, hook: str, payload: Any
) -> None:
    sink = MemorySink()
    gateway = gateway_over(tmp_path, sink, judge_server=lambda server, _payload: f"not {server}")
    with pytest.raises(PolicyDenied, match="not s"):
        await gateway.judge_server(hook, payload, server="s", door=Door.STDIO)
    assert (sink.last.name, sink.last.outcome, sink.last.reason) == (hook, "denied", "not s")


async def test_where_something_is_pinned_an_app_says_what_is_offered_before_it_calls_it(tmp_path: Path) -> None:
    assert await call(gateway_over(tmp_path), "a") == "called"
    await gateway_over(tmp_path).learn_tools("s", [tool("a")])
    started = gateway_over(tmp_path)
    with pytest.raises(PolicyDenied, match="learn_tools"):
        await call(started, "a")
    await started.learn_tools("s", [tool("a")])
    assert await call(started, "a") == "called"
    with pytest.raises(PolicyDenied, match="has not listed this tool"):
        await call(started, "another")
    assert await call(gateway_over(tmp_path, rules={"s": TrustRules(pin="off")}), "a") == "called"


async def test_a_lock_that_cannot_be_read_lets_no_unlisted_tool_be_called(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("{")
    with pytest.raises(PolicyDenied, match="has not listed this tool"):
        await call(gateway_over(tmp_path), "a")
