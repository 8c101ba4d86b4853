"""Over HTTP: who may not call is told so before anything is done, and every call stands on its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from secure_gateway.plugin_server.host import PluginHost
from secure_gateway.plugin_server.http import MOST_AT_ONCE, PluginApp
from secure_gateway.plugin_server.tools import ToolServer
from secure_gateway.plugins.framework import PluginConfig
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.plugins.hook_loader import LoadedHooks
from secure_gateway.proxy.wire import WireLimits
from tests.plugin_server.served_plugins import Rogue
from tests.plugin_server.serving import PATIENCE, hook_call, http_server, plugin_list, said

TOKEN = "a token that callers must show".replace(" ", "-")
CALL = {"jsonrpc": "2.0", **hook_call(1, "Title", "tool_pre_invoke", {"name": "t", "args": {"city": "bern"}})}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with http_server(folder, plugin_list(folder)) as (address, _):
        yield address


def test_a_call_needs_no_session(url: str) -> None:
    answer = httpx.post(url, json=CALL)
    assert "mcp-session-id" not in answer.headers
    assert said(answer.json())["result"]["modified_payload"]["args"] == {"city": "Bern"}


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/mcp", {"json": CALL, "headers": {"Host": "evil.example"}}, 421),
        ("POST", "/mcp", {"json": CALL, "headers": {"Origin": "https://evil.example"}}, 403),
        ("GET", "/mcp", {}, 405),
        ("DELETE", "/mcp", {}, 405),
        ("POST", "/", {"json": CALL}, 404),
        ("POST", "/mcp", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/mcp", {"content": b"x" * 17 * 1024 * 1024, "headers": {"Content-Type": "application/json"}}, 413),
        ("POST", "/mcp", {"content": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "/mcp", {"content": b"[" * 10_000, "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "/mcp", {"json": {"jsonrpc": "2.0", "method": "notifications/initialized"}}, 202),
        ("GET", "/healthz", {}, 200),
        ("GET", "/health", {}, 200),
    ],
)
def test_what_is_no_call_is_answered_as_http_says(
    url: str, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    assert httpx.request(method, url.removesuffix("/mcp") + path, **options).status_code == status
    assert httpx.post(url, json=CALL).status_code == 200


async def test_two_hundred_calls_at_once_are_all_answered_under_their_own_ids(url: str) -> None:
    calls = [
        {"jsonrpc": "2.0", **hook_call(n, "Rogue", "resource_pre_fetch", {"uri": f"file:///{n}"})} for n in range(200)
    ]
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=200), timeout=PATIENCE) as client:
        answers = await asyncio.gather(*(client.post(url, json=call) for call in calls))
    found = {answer.json()["id"]: said(answer.json())["result"]["modified_payload"]["uri"] for answer in answers}
    assert found == {n: f"file:///{n}" for n in range(200)}


def test_who_does_not_show_the_token_is_not_answered(tmp_path: Path) -> None:
    options = ("--http", "127.0.0.1:0", "--token", "env://PLUGIN_TOKEN")
    with http_server(tmp_path, plugin_list(tmp_path), *options, PLUGIN_TOKEN=TOKEN) as (url, _):
        for shown in (None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"):
            headers = {} if shown is None else {"Authorization": shown}
            answer = httpx.post(url, json=CALL, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert httpx.post(url, json=CALL, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_further_name_of_the_host_is_taken_if_it_is_given(tmp_path: Path) -> None:
    options = ("--http", "127.0.0.1:0", "--allowed-host", "Plugins.internal")
    with http_server(tmp_path, plugin_list(tmp_path), *options) as (url, _):
        assert httpx.post(url, json=CALL, headers={"Host": "plugins.internal:80"}).status_code == 200


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    with http_server(tmp_path, plugin_list(tmp_path)) as (url, process):
        assert httpx.post(url, json=CALL).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "diary").read_text() == "initialized\nshut down\n"


async def test_one_call_too_many_is_told_when_to_try_again_and_a_client_that_leaves_makes_room() -> None:
    rogue = Rogue(PluginConfig(name="Rogue", timeout=3600.0))
    host = PluginHost(LoadedHooks(plugins=(rogue,), bindings=tuple(bind_plugin(rogue, default_timeout=1))))
    app = PluginApp(ToolServer(host, "1", WireLimits()))
    hanging = {"jsonrpc": "2.0", **hook_call(1, "Rogue", "tool_pre_invoke", {"name": "hangs"})}
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        calls = [asyncio.create_task(client.post("/mcp", json=hanging)) for _ in range(MOST_AT_ONCE)]
        while app._under_way < MOST_AT_ONCE:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        answer = await client.post("/mcp", json=ping)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert (await client.post("/mcp", json=ping)).status_code == 200
