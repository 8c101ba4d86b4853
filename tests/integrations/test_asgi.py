"""The ASGI middleware before a real Starlette-like app, driven by httpx through the real stack."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
import msgspec
import pytest

from secure_gateway.caller import current_caller
from secure_gateway.decisions import Outcome
from secure_gateway.errors import AuthenticationDenied, ErrorCode
from secure_gateway.gateway import Gateway
from secure_gateway.integrations.asgi import SecureGatewayMiddleware
from secure_gateway.pipeline.snapshot import Limits
from secure_gateway.plugins.framework import (
    HttpHeaderPayload,
    HttpPostRequestResult,
    HttpPreRequestResult,
    Plugin,
    PluginConfig,
    PluginViolation,
    ToolPreInvokeResult,
)
from secure_gateway.testing.gateways import EVERYTHING, MemorySink, gateway_for
from secure_gateway.types import (
    AuthCredentials,
    Headers,
    IdentityVerdict,
    InvalidIdentity,
    NoIdentity,
    Principal,
    Resolved,
)

KEY = "key-of-ann"
SEEN: list[dict[str, Any]] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, notes what it was given, answers with a repeated header."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    caller = current_caller()
    SEEN.append({"path": scope["path"], "body": body, "caller": caller.api_key if caller else None})
    headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


class KeyIdentity:
    async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
        if credentials is None or credentials.api_key is None:
            return NoIdentity()
        if credentials.api_key != KEY:
            return InvalidIdentity("invalid_credentials", "unknown key", "keys")
        return Resolved(Principal(subject="ann", provider="keys", roles=("tester",)))


def read_credentials(headers: Headers, _context: Any) -> AuthCredentials:
    if headers.get("x-api-key", "").startswith("twice"):
        raise AuthenticationDenied(ErrorCode.INVALID_CREDENTIALS, "two credentials")
    return AuthCredentials(api_key=headers.get("x-api-key"), headers=headers)


def client(
    sink: MemorySink, *plugins: Plugin, roles: Any = None, limits: Limits | None = None, inner: Any = app
) -> httpx.AsyncClient:
    SEEN.clear()
    made = gateway_for(
        plugins, identity=KeyIdentity(), roles=roles or {"tester": EVERYTHING}, sinks=[sink], limits=limits
    )
    gateway = Gateway(msgspec.structs.replace(made.snapshot, read_credentials=read_credentials))
    guarded = SecureGatewayMiddleware(inner, gateway, open_paths=["/healthz"])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=guarded), base_url="http://app")


AS_ANN = {"X-API-Key": KEY}


async def test_a_caller_with_a_key_passes_and_the_app_knows_who_it_is() -> None:
    sink = MemorySink()
    answer = await client(sink).get("/things", headers=AS_ANN)
    assert (answer.status_code, answer.text) == (200, "hello")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert SEEN[0]["caller"] == KEY
    assert (sink.last.outcome, sink.last.operation, sink.last.door) == (Outcome.ALLOWED, "http", "asgi")


@pytest.mark.parametrize(
    ("headers", "error"), [({}, ""), ({"X-API-Key": "wrong"}, "invalid_token"), ({"X-API-Key": "twice"}, "")]
)
async def test_nobody_and_a_wrong_key_get_401_with_a_challenge_and_the_app_never_runs(headers: Any, error: str) -> None:
    sink = MemorySink()
    answer = await client(sink).get("/things", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert error in answer.headers["www-authenticate"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == sink.last.request_id
    assert SEEN == []


@pytest.mark.parametrize(
    ("pattern", "method", "path", "status"),
    [
        ("/public/*", "GET", "/public/a", 200),
        ("/public/*", "GET", "/private/a", 403),
        ("GET /public/*", "POST", "/public/a", 403),
        ("GET /public/*", "GET", "/public/a", 200),
    ],
)
async def test_roles_decide_by_method_and_path(pattern: str, method: str, path: str, status: int) -> None:
    http = client(MemorySink(), roles={"tester": {"http": [pattern]}})
    assert (await http.request(method, path, headers=AS_ANN)).status_code == status


@pytest.mark.parametrize("path", ["/public/%2e%2e/private", "/public/..%5cprivate", "/public/%00"])
async def test_a_path_that_can_be_read_in_two_ways_is_refused(path: str) -> None:
    sink = MemorySink()
    answer = await client(sink).get(path, headers=AS_ANN)
    assert answer.status_code == 400
    assert SEEN == []
    assert sink.last.outcome is Outcome.DENIED


async def test_an_open_path_needs_no_identity() -> None:
    assert (await client(MemorySink()).get("/healthz")).status_code == 200


async def test_a_body_above_the_limit_is_413_whether_announced_or_not() -> None:
    http = client(MemorySink(), limits=Limits(max_payload_bytes=100))
    assert (await http.post("/things", content=b"x" * 101, headers=AS_ANN)).status_code == 413
    assert SEEN == []

    async def dripping() -> Any:
        for _ in range(20):
            yield b"x" * 10

    assert (await http.post("/things", content=dripping(), headers=AS_ANN)).status_code == 413


async def test_a_repeated_credential_header_is_refused() -> None:
    answer = await client(MemorySink()).get("/things", headers=[("X-API-Key", KEY), ("X-API-Key", "other")])
    assert answer.status_code == 400


class Bridge(Plugin):
    """Turns a company header into a key, and stamps answers."""

    async def http_pre_request(self, payload: Any, context: Any) -> HttpPreRequestResult:
        headers = HttpHeaderPayload(payload.headers)
        if "x-badge" in headers:
            headers["X-API-Key"] = headers.pop("x-badge")
            return HttpPreRequestResult(modified_payload=headers)
        return HttpPreRequestResult()

    async def http_post_request(self, payload: Any, context: Any) -> HttpPostRequestResult:
        stamped = HttpHeaderPayload(payload.response_headers)
        stamped["X-Seen-By"] = f"{context.global_context.user} {payload.status_code}"
        return HttpPostRequestResult(modified_payload=stamped)


async def test_http_hooks_see_the_request_before_identity_and_the_headers_of_the_answer() -> None:
    answer = await client(MemorySink(), Bridge(PluginConfig(name="bridge"))).get("/things", headers={"X-Badge": KEY})
    assert answer.status_code == 200
    assert answer.headers["x-seen-by"] == "ann 200"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_headers_that_can_be_read_but_once_reach_the_app_and_its_caller_as_they_were_checked() -> None:
    seen: list[list[tuple[bytes, bytes]]] = []

    async def inner(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(list(scope["headers"]))
        answered = iter([(b"x-answer", b"1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")])
        await send({"type": "http.response.start", "status": 200, "headers": answered})
        await send({"type": "http.response.body", "body": b""})

    class Once:
        """Hands the headers on as an iterator, as ASGI allows."""

        def __init__(self, guarded: Any) -> None:
            self._guarded = guarded

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self._guarded({**scope, "headers": iter(scope["headers"])}, receive, send)

    made = gateway_for([Bridge(PluginConfig(name="bridge"))], identity=KeyIdentity(), roles={"tester": EVERYTHING})
    gateway = Gateway(msgspec.structs.replace(made.snapshot, read_credentials=read_credentials))
    transport = httpx.ASGITransport(app=Once(SecureGatewayMiddleware(inner, gateway)))
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as caller:
        answer = await caller.get("/things", headers=AS_ANN)
    assert answer.status_code == 200
    assert (b"x-api-key", KEY.encode()) in seen[0]
    assert answer.headers["x-answer"] == "1"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_an_http_hook_may_refuse_and_a_failing_one_does() -> None:
    class No(Plugin):
        async def http_pre_request(self, payload: Any, context: Any) -> HttpPreRequestResult:
            if payload.path == "/boom":
                raise ValueError(payload.path)
            violation = PluginViolation(code="NO", reason="closed on Sundays")
            return HttpPreRequestResult(continue_processing=False, violation=violation)

    http = client(MemorySink(), No(PluginConfig(name="no")))
    assert (await http.get("/things", headers=AS_ANN)).status_code == 403
    assert (await http.get("/boom", headers=AS_ANN)).status_code == 503


async def test_an_answer_whose_post_hook_fails_is_withheld() -> None:
    class Broken(Plugin):
        async def http_post_request(self, payload: Any, context: Any) -> HttpPostRequestResult:
            raise ValueError

    answer = await client(MemorySink(), Broken(PluginConfig(name="broken"))).get("/things", headers=AS_ANN)
    assert answer.status_code == 503
    assert "hello" not in answer.text


async def test_an_exception_of_the_app_passes_on_to_its_own_error_handling() -> None:
    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise LookupError

    sink = MemorySink()
    with pytest.raises(LookupError):
        await client(sink, inner=broken).get("/things", headers=AS_ANN)
    assert sink.last.code == ErrorCode.UPSTREAM_ERROR


async def test_two_hundred_concurrent_callers_each_act_as_themselves() -> None:
    http = client(MemorySink())
    answers = await asyncio.gather(*(http.get("/things", headers=AS_ANN if n % 2 else {}) for n in range(200)))
    assert [a.status_code for a in answers] == [200 if n % 2 else 401 for n in range(200)]


async def test_an_unknown_scope_is_not_let_through() -> None:
    guarded = SecureGatewayMiddleware(app, gateway_for())
    with pytest.raises(RuntimeError, match="lets none pass"):
        await guarded({"type": "webtransport"}, None, None)  # type: ignore[arg-type]


async def test_a_websocket_is_refused_before_it_is_accepted() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws", "headers": [], "client": ("127.0.0.1", 1)}
    await SecureGatewayMiddleware(app, gateway_for(roles={}))(scope, None, send)  # type: ignore[arg-type]
    assert sent[0]["type"] == "websocket.close"


async def test_a_failure_at_the_answer_counts_even_if_the_app_swallows_it() -> None:
    class Broken(Plugin):
        async def http_post_request(self, payload: Any, context: Any) -> HttpPostRequestResult:
            raise ValueError

    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(Exception):  # what a careless app does
            await app(scope, receive, send)

    sink = MemorySink()
    answer = await client(sink, Broken(PluginConfig(name="broken")), inner=deaf).get("/things", headers=AS_ANN)
    assert answer.status_code == 503
    assert sink.last.outcome is Outcome.FAILED


async def test_a_refusal_at_the_answer_is_a_failure_since_that_hook_cannot_refuse() -> None:
    class Late(Plugin):
        async def http_post_request(self, payload: Any, context: Any) -> HttpPostRequestResult:
            return HttpPostRequestResult(continue_processing=False)

    answer = await client(MemorySink(), Late(PluginConfig(name="late"))).get("/things", headers=AS_ANN)
    assert answer.status_code == 503


async def test_a_content_length_of_thousands_of_digits_is_refused() -> None:
    sink = MemorySink()
    answer = await client(sink).get("/things", headers={**AS_ANN, "Content-Length": "9" * 5000})
    assert answer.status_code == 400
    assert sink.last.outcome is Outcome.DENIED


async def test_an_answer_may_stream_longer_than_an_upstream_call_may_take() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"done"})

    http = client(MemorySink(), limits=Limits(upstream_timeout=0.05), inner=slow)
    assert (await http.get("/things", headers=AS_ANN)).text == "done"


async def test_the_conversation_that_the_app_names_holds_for_the_request_and_the_calls_inside_it() -> None:
    seen: list[tuple[str, str | None]] = []

    class Noting(Plugin):
        async def http_post_request(self, payload: Any, context: Any) -> HttpPostRequestResult:
            seen.append(("http", context.global_context.session_id))
            return HttpPostRequestResult()

        async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
            seen.append(("tool", context.global_context.session_id))
            return ToolPreInvokeResult()

    made = gateway_for([Noting(PluginConfig(name="noting"))], identity=KeyIdentity(), roles={"tester": EVERYTHING})
    gateway = Gateway(msgspec.structs.replace(made.snapshot, read_credentials=read_credentials))

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await gateway.call("weather", {}, lambda _arguments: {})
        await app(scope, receive, send)

    guarded = SecureGatewayMiddleware(inner, gateway, session_id=lambda scope: scope["state"]["chat"])

    async def with_session(scope: Any, receive: Any, send: Any) -> None:
        await guarded({**scope, "state": {"chat": "chat-of-ann"}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=with_session), base_url="http://app") as caller:
        assert (await caller.get("/things", headers=AS_ANN)).status_code == 200
    assert seen == [("tool", "chat-of-ann"), ("http", "chat-of-ann")]
