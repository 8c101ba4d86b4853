"""Every door of the gateway with real parts behind it, and a plugin that is at every hook and says what it saw."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from secure_gateway.gateway import Gateway
from secure_gateway.plugins.framework import HOOK_POINTS, Plugin, PluginConfig, PluginResult, PluginViolation
from secure_gateway.proxy.http import create_app
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.stdio import run_stdio_proxy
from secure_gateway.testing.gateways import MemorySink, gateway_for
from tests.proxy.http_client import ACCEPT, events

SCRIPTED = Path(__file__).with_name("scripted_server.py")
Ask = Callable[..., Awaitable[dict[str, Any]]]


class Witness(Plugin):
    """Remembers every payload by hook. ``denies`` names the hook at which it refuses, ``changes`` what it returns as payload."""

    def __init__(self) -> None:
        super().__init__(PluginConfig(name="witness", kind="witness", timeout=0.5))
        self.seen: list[tuple[str, Any]] = []
        self.denies = ""
        self.changes: dict[str, Callable[[Any], Any]] = {}

    @property
    def met(self) -> set[str]:
        return {name for name, _ in self.seen}

    def payload(self, hook: str) -> Any:
        return next(payload for name, payload in self.seen if name == hook)

    async def meet(self, name: str, payload: Any) -> PluginResult[Any]:
        self.seen.append((name, payload.model_copy(deep=True)))
        if name == self.denies:
            return PluginResult(continue_processing=False, violation=PluginViolation(code="no", reason="not here"))
        change = self.changes.get(name)
        return PluginResult(modified_payload=change(payload) if change else None, metadata={"met": name})


def _method(name: str) -> Any:
    async def meet(self: Witness, payload: Any, context: Any) -> PluginResult[Any]:
        return await self.meet(name, payload)

    return meet


for _name in HOOK_POINTS:
    setattr(Witness, _name, _method(_name))


def guarded(witness: Plugin) -> tuple[Gateway, MemorySink]:
    sink = MemorySink()
    return gateway_for([witness], sinks=[sink]), sink


@asynccontextmanager
async def stdio_door(gateway: Gateway, log: Path) -> AsyncIterator[Ask]:
    """The stdio proxy before a scripted process."""
    server = UpstreamServer(name="scripted", command=(sys.executable, str(SCRIPTED), str(log)), timeout=20)
    to_proxy, from_proxy = os.pipe(), os.pipe()
    with (
        os.fdopen(to_proxy[0], "rb") as stdin,
        os.fdopen(from_proxy[1], "wb") as stdout,
        os.fdopen(to_proxy[1], "wb", buffering=0) as writer,
        os.fdopen(from_proxy[0], "rb") as reader,
    ):
        proxy = asyncio.create_task(
            run_stdio_proxy(gateway, ProxySettings(), server, stdin=stdin, stdout=stdout, environ=dict(os.environ))
        )
        proxy.add_done_callback(
            lambda _proxy: stdout.close()
        )  # so that a client of a proxy that ended reads to the end

        async def ask(method: str, params: dict[str, Any] | None = None, key: int = 1) -> dict[str, Any]:
            writer.write(
                json.dumps({"jsonrpc": "2.0", "id": key, "method": method, "params": params or {}}).encode() + b"\n"
            )
            while True:
                message: dict[str, Any] = json.loads(await asyncio.to_thread(reader.readline) or b'{"id": null}')
                if "method" in message and "id" in message:
                    result = {"role": "assistant", "content": {"type": "text", "text": "said"}, "model": "m"}
                    answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
                    writer.write(json.dumps(answer).encode() + b"\n")
                elif message.get("id") in (key, None):
                    return message

        yield ask
        writer.close()
        await proxy


@asynccontextmanager
async def http_door(gateway: Gateway, server: UpstreamServer) -> AsyncIterator[Ask]:
    """The HTTP door before ``server``. ``ask.response`` is the last answer; what has no key is a notification."""
    settings = ProxySettings(servers={server.name: server})
    app = create_app(gateway, settings, dict(os.environ))
    await app.start()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=20)
    headers = {"accept": ACCEPT, "content-type": "application/json"}

    async def ask(method: str, params: dict[str, Any] | None = None, key: int | None = 1) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", **({} if key is None else {"id": key}), "method": method, "params": params or {}}
        response = await client.post(f"/servers/{server.name}/mcp", json=body, headers=headers)
        ask.response = response  # type: ignore[attr-defined]
        if "mcp-session-id" in response.headers:
            headers["mcp-session-id"] = response.headers["mcp-session-id"]
        if key is None:
            return {}
        if response.headers["content-type"] == "text/event-stream":
            return events(response.text)[-1].message
        answer: dict[str, Any] = response.json()
        return answer

    try:
        yield ask
    finally:
        await client.aclose()
        await app.close()


def process_server(log: Path) -> UpstreamServer:
    return UpstreamServer(name="scripted", command=(sys.executable, str(SCRIPTED), str(log)), timeout=20)


async def walk(ask: Ask) -> None:
    """Say what an MCP client says, so that every hook of the proxy is met that needs no question of the server."""
    init = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
    await ask("initialize", init)
    await ask("tools/list")
    await ask("tools/call", {"name": "echo", "arguments": {"n": 1}})
    await ask("prompts/get", {"name": "p", "arguments": {"a": "b"}})
    await ask("resources/read", {"uri": "file:///r"})
