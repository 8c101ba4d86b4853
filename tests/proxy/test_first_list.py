"""Of a server whose tools are pinned nothing is called whose definition was not compared, whether the client lists them or not."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from secure_gateway.gateway import Gateway
from secure_gateway.proxy.first_list import FirstList
from secure_gateway.proxy.http import create_app
from secure_gateway.proxy.judge import Caller, Judge
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import Message, WireLimits, decode
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for
from secure_gateway.tool_trust.lock import LOCK_NAME, LockFile
from secure_gateway.tool_trust.trust import ToolTrust
from secure_gateway.types import Door
from tests.proxy.doors import Ask, http_door, process_server, stdio_door
from tests.proxy.http_client import ACCEPT, MODERN, events
from tests.proxy.scripted_http import ScriptedUpstream

DOORS = ("stdio", "HTTP, process", "HTTP, URL", "HTTP, process, stateless", "HTTP, URL, stateless", "HTTP, URL, stream")
INTRODUCTION = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}


class Streaming(ScriptedUpstream):
    """Answers lists by a stream, with something said before, as servers of the SDK do."""

    async def _post(self, seen: Any, exchange: Any) -> None:
        message = seen.message
        if message.get("method") != "tools/list":
            await super()._post(seen, exchange)
            return
        tools = [{"name": "echo", "inputSchema": {"type": "object", "x": 1.50}}]
        await exchange.stream()
        said = {"level": "info", "data": "for nobody"}
        await exchange.event({"method": "notifications/message", "params": said}, cursor="l/1")
        await exchange.event({"id": message["id"], "result": {"tools": tools}}, cursor="l/2")


def gateway_over(folder: Path) -> tuple[Gateway, MemorySink]:
    """A gateway that has just started, beside what earlier ones have pinned."""
    sink = MemorySink()
    gateway = gateway_for(sinks=[sink])
    trust = ToolTrust(LockFile(folder / LOCK_NAME), {})
    gateway.replace(msgspec.structs.replace(gateway.snapshot, trust=trust))
    return gateway, sink


@asynccontextmanager
async def stateless_door(gateway: Gateway, server: UpstreamServer) -> AsyncIterator[Ask]:
    app = create_app(gateway, ProxySettings(servers={server.name: server}), dict(os.environ))
    await app.start()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=20)

    async def ask(method: str, params: dict[str, Any] | None = None, key: int = 1) -> dict[str, Any]:
        said = {**(params or {}), "_meta": META}
        headers = {"accept": ACCEPT, "mcp-protocol-version": MODERN, "mcp-method": method}
        headers |= {"mcp-name": said["name"]} if "name" in said else {}
        body = {"jsonrpc": "2.0", "id": key, "method": method, "params": said}
        answer = await client.post(f"/servers/{server.name}/mcp", json=body, headers=headers)
        found: dict[str, Any] = (
            events(answer.text)[-1].message if "event" in answer.headers["content-type"] else answer.json()
        )
        return found

    try:
        yield ask
    finally:
        await client.aclose()
        await app.close()


@asynccontextmanager
async def at(door: str, gateway: Gateway, log: Path, upstream: tuple[ScriptedUpstream, str]) -> AsyncIterator[Ask]:
    """A client at a door of a gateway, introduced where there is something to introduce."""
    server = process_server(log) if "process" in door else UpstreamServer(name="scripted", url=upstream[1], timeout=20)
    if door == "stdio":
        opened: Any = stdio_door(gateway, log)
    else:
        opened = stateless_door(gateway, server) if "stateless" in door else http_door(gateway, server)
    async with opened as ask:
        if "stateless" not in door:
            await ask("initialize", INTRODUCTION)
        yield ask


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def upstream_of(door: str) -> Any:
    server = Streaming() if "stream" in door else ScriptedUpstream()
    yield server, server.start()
    server.stop()


def calls(door: str, log: Path, server: ScriptedUpstream) -> list[str]:
    """Return the methods that reached the server, but for introductions."""
    if "URL" in door:
        said = [seen.message.get("method", "") for seen in server.seen if seen.body]
    else:
        said = [json.loads(line).get("method", "") for line in log.read_text().splitlines()]
    return [method for method in said if method.startswith("tools/")]


async def test_a_pinned_tool_is_compared_before_it_is_called_unlisted(
    door: str, tmp_path: Path, upstream_of: tuple[ScriptedUpstream, str]
) -> None:
    log = tmp_path / "log"
    async with at(door, gateway_over(tmp_path)[0], log, upstream_of) as ask:
        # Of a server that was never seen nothing is known that a list could be compared with.
        assert "result" in await ask("tools/call", {"name": "echo", "arguments": {"n": 1}})
        assert "echo" in [tool["name"] for tool in (await ask("tools/list"))["result"]["tools"]]
    first = calls(door, log, upstream_of[0])
    assert first == ["tools/call", "tools/list"]
    async with at(door, gateway_over(tmp_path)[0], log, upstream_of) as ask:
        for key in (7, 8):
            answer = await ask("tools/call", {"name": "echo", "arguments": {"n": 1}}, key)
            assert (answer["id"], "result" in answer) == (key, True), answer
    assert calls(door, log, upstream_of[0])[len(first) :] == ["tools/list", "tools/call", "tools/call"]


async def test_a_tool_whose_definition_has_changed_is_not_called_by_who_leaves_the_list_out(
    door: str, tmp_path: Path, upstream_of: tuple[ScriptedUpstream, str]
) -> None:
    log = tmp_path / "log"
    earlier, _ = gateway_over(tmp_path)
    await earlier.learn_tools("scripted", [{"name": "echo", "description": "Another one.", "inputSchema": {}}])
    gateway, sink = gateway_over(tmp_path)
    async with at(door, gateway, log, upstream_of) as ask:
        for name in ("echo", "hidden", "hidden", "echo"):
            answer = await ask("tools/call", {"name": name, "arguments": {}})
            assert answer["error"]["data"]["code"] in ("invalid_arguments", "denied"), answer
    assert calls(door, log, upstream_of[0]) == ["tools/list"]
    reasons = [record.reason for record in sink.records if record.name in ("echo", "hidden")]
    assert "changed since it was pinned" in reasons[0]
    assert "list the server's tools first" in reasons[1]


async def test_many_calls_at_once_bring_about_one_list(tmp_path: Path, upstream: tuple[ScriptedUpstream, str]) -> None:
    earlier, _ = gateway_over(tmp_path)
    tool = {"name": "echo", "inputSchema": {"type": "object", "x": 1.50}}
    await earlier.learn_tools("scripted", [tool])
    async with at("HTTP, URL", gateway_over(tmp_path)[0], tmp_path, upstream) as ask:
        asked = [ask("tools/call", {"name": "echo", "arguments": {}}, key) for key in range(1, 9)]
        assert all("result" in answer for answer in await asyncio.gather(*asked))
    assert len(upstream[0].messages("tools/list")) == 1


async def test_who_may_not_come_in_brings_no_list_about(tmp_path: Path, upstream: tuple[ScriptedUpstream, str]) -> None:
    earlier, _ = gateway_over(tmp_path)
    await earlier.learn_tools("scripted", [{"name": "echo", "inputSchema": {}}])
    gateway, _ = gateway_over(tmp_path)
    closed = gateway_for(identity=FixedIdentity(None)).snapshot.identity
    gateway.replace(msgspec.structs.replace(gateway.snapshot, identity=closed))
    server = UpstreamServer(name="scripted", url=upstream[1], timeout=20)
    async with stateless_door(gateway, server) as ask:
        answer = await ask("tools/call", {"name": "echo", "arguments": {}})
    assert "result" not in answer
    assert upstream[0].seen == []


async def test_when_a_server_says_that_its_tools_have_changed_they_are_compared_anew(
    tmp_path: Path, upstream: tuple[ScriptedUpstream, str]
) -> None:
    gateway, _ = gateway_over(tmp_path)
    server = UpstreamServer(name="scripted", url=upstream[1], timeout=20)
    raw = b'{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
    notice = decode(raw, WireLimits())
    async with http_door(gateway, server) as ask:
        await ask("initialize", INTRODUCTION)
        await ask("tools/list")
        assert "result" in await ask("tools/call", {"name": "echo", "arguments": {}})
        judge = Judge(gateway, ProxySettings(servers={"scripted": server}), server, Door.HTTP)
        await judge.server_notification(notice, Caller(None))
        assert "result" in await ask("tools/call", {"name": "echo", "arguments": {}})
        assert "result" in await ask("tools/call", {"name": "echo", "arguments": {}})
    methods = [seen.message.get("method", "") for seen in upstream[0].seen if seen.body]
    assert [method for method in methods if method.startswith("tools/")] == [
        "tools/list",
        "tools/call",
        "tools/list",
        "tools/call",
        "tools/call",
    ]


async def test_a_list_without_end_is_given_up(tmp_path: Path) -> None:
    earlier, _ = gateway_over(tmp_path)
    await earlier.learn_tools("scripted", [{"name": "echo", "inputSchema": {}}])
    gateway, _ = gateway_over(tmp_path)
    asked: list[Message] = []

    async def ask(question: Message) -> Message:
        asked.append(question)
        result = {"tools": [], "nextCursor": str(len(asked))}
        return decode(json.dumps({"jsonrpc": "2.0", "id": question.id, "result": result}).encode(), WireLimits())

    raw = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}'
    call = decode(raw, WireLimits())
    first_list = FirstList(gateway, "scripted")
    for _ in range(3):  # nor is it begun again for the next call
        await first_list.bring_about(call, "echo", None, ask)
    assert 1 < len(asked) <= 100
    assert gateway.needs_list("scripted", "echo")
