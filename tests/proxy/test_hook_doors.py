"""Each hook at each door: where it fires, what it may deny and change, what it is told, and that its metadata is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from secure_gateway.errors import PolicyDenied
from secure_gateway.gateway import Gateway
from secure_gateway.integrations.asgi import SecureGatewayMiddleware
from secure_gateway.plugins.framework import HttpHeaderPayload, PluginResult, PluginViolation, PluginViolationError
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.types import Operation
from tests.docs.hook_doors import DOORS, FIRES, RESULTS
from tests.proxy.doors import Ask, Witness, guarded, http_door, process_server, stdio_door, walk
from tests.proxy.scripted_http import ScriptedUpstream

Upstream = tuple[ScriptedUpstream, str]
_RESULT = {"messages": [{"role": "assistant", "content": "said"}]}
_GIVEN: dict[str, Any] = {"agent": {"messages": [{"role": "user", "content": "hi"}], "model": "m"}}


@asynccontextmanager
async def proxy(door: str, gateway: Gateway, log: Path, upstream: Upstream) -> AsyncIterator[Ask]:
    """A client of a proxy door."""
    if door == "stdio":
        async with stdio_door(gateway, log) as ask:
            yield ask
        return
    url = UpstreamServer(name="scripted", url=upstream[1], forward_headers=("x-passed",), timeout=20)
    async with http_door(gateway, process_server(log) if door == "HTTP, process" else url) as ask:
        yield ask


PROXIES = ("stdio", "HTTP, process", "HTTP, URL")


async def through_proxy(door: str, gateway: Gateway, log: Path, upstream: Upstream) -> None:
    async with proxy(door, gateway, log, upstream) as ask:
        await walk(ask)
        if (
            door != "HTTP, URL"
        ):  # the scripted server asks its client, whose answer needs a stream; elsewhere with a URL
            return


async def by_sdk(gateway: Gateway) -> None:
    for operation in ("tool", "prompt", "resource", "agent"):
        given = _GIVEN.get(operation, {"a": "b"})
        await gateway.call("n", given, lambda _a: _RESULT, operation=operation)
    await gateway.learn_tools("s", [{"name": "t", "inputSchema": {}}])


async def by_decorator(gateway: Gateway) -> None:
    async def answer(messages: Any) -> Any:
        return _RESULT

    for operation in (Operation.TOOL, Operation.PROMPT, Operation.RESOURCE, Operation.AGENT):
        await gateway.protect(operation=operation)(answer)(messages=[{"role": "user", "content": "hi"}])


async def by_asgi(gateway: Gateway) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    transport = httpx.ASGITransport(SecureGatewayMiddleware(app, gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/x")).status_code == 200


@pytest.mark.parametrize("door", DOORS)
async def test_each_hook_fires_at_the_doors_that_the_table_says_and_its_metadata_is_recorded(
    door: str, tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, sink = guarded(witness)
    apps = {"SDK": by_sdk, "decorator": by_decorator, "ASGI": by_asgi}
    if door in apps:
        await apps[door](gateway)
    else:
        await through_proxy(door, gateway, tmp_path / "log", upstream)
    expected = {hook for hook, fires in FIRES.items() if fires[door] == "yes"}
    assert witness.met == expected
    recorded = {step.metadata.get("met") for record in sink.records for step in record.steps}
    assert recorded - {None} == expected


async def test_sampling_meets_the_agent_hooks_with_its_request_mapped(tmp_path: Path, upstream: Upstream) -> None:
    witness = Witness()
    gateway, sink = guarded(witness)

    def shorter(payload: Any) -> Any:
        return payload.model_copy(update={"system_prompt": "be brief"})

    def other(payload: Any) -> Any:
        return payload.model_copy(update={"messages": [{**payload.messages[0], "model": "hidden"}]})

    witness.changes = {"agent_pre_invoke": shorter, "agent_post_invoke": other}
    async with proxy("stdio", gateway, tmp_path / "log", upstream) as ask:
        answer = await ask("tools/call", {"name": "ask", "arguments": {"text": "why?"}})
    asked, said = witness.payload("agent_pre_invoke"), witness.payload("agent_post_invoke")
    assert (asked.agent_id, asked.parameters) == ("scripted", {"maxTokens": 9})
    assert asked.messages[0]["content"]["text"] == "why?"
    assert said.messages[0]["model"] == "m"
    assert '"model": "hidden"' in answer["result"]["content"][0]["text"]
    assert [r.outcome for r in sink.records if r.operation == "agent"] == ["modified"]


HOOKS = sorted(hook for hook, fires in FIRES.items() if "yes" in (fires[door] for door in PROXIES))
_CODES = {
    "http_post_request": "plugin_error",
    "http_auth_resolve_user": "invalid_credentials",
    "http_auth_check_permission": "forbidden",
}
"""What a refusal is answered with, where not with ``denied``."""
_METHODS = {
    "tool_pre_invoke": "tools/call", "tool_post_invoke": "tools/call", "tool_list": "tools/list",
    "prompt_pre_fetch": "prompts/get", "prompt_post_fetch": "prompts/get",
    "resource_pre_fetch": "resources/read", "resource_post_fetch": "resources/read",
    "message_in": "tools/list", "message_out": "tools/list",
    "server_pre_register": "initialize", "server_post_register": "initialize",
    "http_pre_request": "initialize", "http_post_request": "initialize",
    "http_auth_resolve_user": "tools/call", "http_auth_check_permission": "tools/call",
}  # fmt: skip
_PARAMS: dict[str, Any] = {
    "tools/call": {"name": "echo", "arguments": {"n": 1}},
    "prompts/get": {"name": "p", "arguments": {"a": "b"}},
    "resources/read": {"uri": "file:///r"},
    "initialize": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
}


@pytest.mark.parametrize(
    ("hook", "door"), [(hook, door) for hook in HOOKS for door in PROXIES if FIRES[hook][door] == "yes"]
)
async def test_each_hook_refuses_at_each_proxy_door_where_the_table_lets_it(
    door: str, hook: str, tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, sink = guarded(witness)
    method = _METHODS[hook]
    async with proxy(door, gateway, tmp_path / "log", upstream) as ask:
        if method != "initialize" and door != "stdio":
            await ask("initialize", _PARAMS["initialize"])
        witness.denies = hook
        answer = await ask(method, _PARAMS.get(method))
    refusal = answer["error"]["data"]["code"] if "error" in answer else answer["code"]
    assert refusal == _CODES.get(hook, "denied")
    steps = [(step.hook, str(step.verdict)) for record in sink.records for step in record.steps]
    assert (hook, "error" if refusal == "plugin_error" else "deny") in steps


@pytest.mark.parametrize("door", PROXIES)
async def test_a_server_that_may_not_be_put_in_force_is_neither_started_nor_reached(
    door: str, tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, sink = guarded(witness)
    witness.denies = "server_pre_register"
    async with proxy(door, gateway, tmp_path / "log", upstream) as ask:
        for method in ("initialize", "ping"):
            answer = await ask(method, _PARAMS.get(method))
            assert answer["error"]["data"]["code"] == "denied" if method == "initialize" or door == "stdio" else answer
    assert not (tmp_path / "log").exists()
    assert upstream[0].seen == []
    assert [name for name, _ in witness.seen if name == "server_pre_register"] == ["server_pre_register"]
    assert "args" not in repr(witness.payload("server_pre_register").model_dump())
    assert {record.outcome for record in sink.records if record.operation == "message"} == {"denied"}


async def test_a_server_is_judged_anew_when_the_configuration_changes(tmp_path: Path, upstream: Upstream) -> None:
    witness = Witness()
    gateway, _ = guarded(witness)
    async with proxy("HTTP, URL", gateway, tmp_path / "log", upstream) as ask:
        await walk(ask)
        denying = Witness()
        denying.denies = "server_pre_register"
        gateway.replace(guarded(denying)[0].snapshot)
        answer = await ask("tools/call", _PARAMS["tools/call"])
        assert answer["error"]["data"]["code"] == "denied"
        gateway.replace(guarded(Witness())[0].snapshot)
        assert "result" in await ask("tools/call", _PARAMS["tools/call"])


@pytest.mark.parametrize("door", ["HTTP, process", "HTTP, URL"])
async def test_what_a_refused_introduction_has_opened_cannot_be_used(
    door: str, tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, _ = guarded(witness)
    witness.denies = "server_post_register"
    async with proxy(door, gateway, tmp_path / "log", upstream) as ask:
        assert (await ask("initialize", _PARAMS["initialize"]))["error"]["data"]["code"] == "denied"
        assert "mcp-session-id" not in ask.response.headers or door == "HTTP, process"  # type: ignore[attr-defined]
        assert "result" not in await ask("tools/call", _PARAMS["tools/call"])
        witness.denies = ""
        await ask("initialize", _PARAMS["initialize"])


async def test_a_stdio_proxy_ends_when_the_introduction_of_its_server_is_refused(
    tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, _ = guarded(witness)
    witness.denies = "server_post_register"
    async with proxy("stdio", gateway, tmp_path / "log", upstream) as ask:
        assert (await ask("initialize", _PARAMS["initialize"]))["error"]["data"]["code"] == "denied"
        after = await ask("tools/call", _PARAMS["tools/call"])
        assert after == {"id": None} or after["error"]["data"]["code"] == "denied"


@pytest.mark.parametrize("door", PROXIES)
async def test_of_an_introduction_the_instructions_may_change_and_of_a_list_what_tools_say(
    door: str, tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, _ = guarded(witness)
    witness.changes = {
        "server_post_register": lambda payload: payload.model_copy(update={"instructions": "be careful"}),
        "tool_list": lambda payload: payload.model_copy(update={"tools": [{**payload.tools[0], "description": "new"}]}),
    }
    async with proxy(door, gateway, tmp_path / "log", upstream) as ask:
        answer = await ask("initialize", _PARAMS["initialize"])
        assert answer["result"]["instructions"] == "be careful"
        listed = (await ask("tools/list"))["result"]["tools"]
        assert [(tool["name"], tool["description"]) for tool in listed] == [("echo", "new")]
        dropped = "die" if door != "HTTP, URL" else "cookie"
        answer = await ask("tools/call", {"name": dropped, "arguments": {}})
        assert answer["error"]["data"]["code"] == "invalid_arguments"


@pytest.mark.parametrize("field", ["protocol_version", "server_info", "capabilities", "transport"])
async def test_what_else_a_server_says_of_itself_may_not_change(field: str, tmp_path: Path, upstream: Upstream) -> None:
    witness = Witness()
    gateway, _ = guarded(witness)
    witness.changes = {"server_post_register": lambda payload: payload.model_copy(update={field: None})}
    async with proxy("stdio", gateway, tmp_path / "log", upstream) as ask:
        answer = await ask("initialize", _PARAMS["initialize"])
    assert answer["error"]["data"]["code"] == "plugin_error"


@pytest.mark.parametrize("door", ["HTTP, process", "HTTP, URL"])
async def test_headers_of_a_plugin_go_upstream_where_they_are_allowed_and_to_the_client_where_they_frame_nothing(
    door: str, tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, sink = guarded(witness)
    added = {"x-passed": "yes", "x-other": "no", "mcp-protocol-version": "bad"}
    back = {"x-back": "1", "content-length": "3", "mcp-session-id": "stolen"}
    witness.changes = {
        "http_pre_request": lambda payload: HttpHeaderPayload({**payload.headers, **added}),
        "http_post_request": lambda payload: HttpHeaderPayload({**payload.response_headers, **back}),
    }
    async with proxy(door, gateway, tmp_path / "log", upstream) as ask:
        answer = await ask("initialize", _PARAMS["initialize"])
        assert "result" in answer
        headers = ask.response.headers  # type: ignore[attr-defined]
    assert (headers["x-back"], headers["mcp-session-id"] != "stolen") == ("1", True)
    for seen in upstream[0].seen:
        assert (seen.header("x-passed"), seen.header("x-other")) == (["yes"], [])
        assert "bad" not in seen.header("mcp-protocol-version")
    assert [(r.outcome, r.door) for r in sink.records if r.operation == "http"] == [("modified", "http")]


async def test_what_a_plugin_leaves_of_the_headers_goes_upstream_with_a_notification_too(
    tmp_path: Path, upstream: Upstream
) -> None:
    witness = Witness()
    gateway, _ = guarded(witness)
    async with proxy("HTTP, URL", gateway, tmp_path / "log", upstream) as ask:
        await ask("initialize", _PARAMS["initialize"])
        witness.changes = {
            "http_pre_request": lambda payload: HttpHeaderPayload({**payload.headers, "x-passed": "left"})
        }
        await ask("notifications/initialized", key=None)
    assert "id" not in upstream[0].seen[-1].message
    assert upstream[0].seen[-1].header("x-passed") == ["left"]


async def test_a_violation_says_how_it_is_answered_over_http_within_bounds(tmp_path: Path, upstream: Upstream) -> None:
    class Teapot(Witness):
        async def meet(self, name: str, payload: Any) -> PluginResult[Any]:
            if name != "http_pre_request":
                return PluginResult()
            terms = {"Retry-After": "9", "Content-Length": "0", "X-Bad": "a\r\nb", "Set Cookie": "x"}
            raise PluginViolationError(
                "no", PluginViolation(code="tea", reason="no coffee", http_status_code=418, http_headers=terms)
            )

    gateway, sink = guarded(Teapot())
    async with proxy("HTTP, process", gateway, tmp_path / "log", upstream) as ask:
        await ask("initialize", _PARAMS["initialize"])
        response = ask.response  # type: ignore[attr-defined]
    assert (response.status_code, response.headers["retry-after"]) == (418, "9")
    assert not {"x-bad", "set cookie"} & set(response.headers)
    assert (len(sink.records), sink.last.operation, sink.last.outcome) == (1, "http", "denied")


async def test_a_server_of_that_no_plugin_looks_at_http_leaves_no_record_of_http(
    tmp_path: Path, upstream: Upstream
) -> None:
    sink = MemorySink()
    async with proxy("HTTP, process", gateway_for(sinks=[sink]), tmp_path / "log", upstream) as ask:
        await walk(ask)
    assert {record.operation for record in sink.records}.isdisjoint({"http", "hook"})


async def test_what_came_back_has_the_form_that_the_page_says(tmp_path: Path, upstream: Upstream) -> None:
    app, served = Witness(), Witness()
    await by_sdk(guarded(app)[0])
    async with proxy("stdio", guarded(served)[0], tmp_path / "log", upstream) as ask:
        await walk(ask)
        await ask("tools/call", {"name": "ask", "arguments": {"text": "why?"}})
    for hook, (field, member) in RESULTS.items():
        here, there = getattr(app.payload(hook), field), getattr(served.payload(hook), field)
        assert here == (_RESULT if field != "messages" else _RESULT["messages"])
        assert type(there) is (list if field == "messages" else dict)
        if hook in ("tool_post_invoke", "agent_post_invoke"):  # to the others the scripted server answers what it saw
            assert member in (there[0] if field == "messages" else there)


async def test_raising_a_violation_refuses_an_sdk_call() -> None:
    witness = Witness()
    witness.denies = "tool_pre_invoke"
    gateway, _ = guarded(witness)
    with pytest.raises(PolicyDenied, match="not here"):
        await gateway.call("t", {}, _never)


def _never(_arguments: Any) -> Callable[[], None]:
    raise AssertionError("the tool was called")
