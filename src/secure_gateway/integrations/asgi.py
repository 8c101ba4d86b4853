"""A pure ASGI middleware: who sends this HTTP request, may it pass, what happened. For Starlette, FastAPI and any other ASGI app.

It judges who may reach which path; what tools and models are given is judged where they are called (``Gateway.call``, ``@gateway.protect``), with
the caller that this middleware sets.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any

import orjson

from secure_gateway.caller import acting_as, checked_session
from secure_gateway.errors import HTTP_STATUS, PUBLIC_MESSAGE, ErrorCode, RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.pipeline.http import Respond
from secure_gateway.types import Door, Headers, Operation, Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_UNIQUE = frozenset({"authorization", "x-api-key", "apikey", "content-length", "host"})
"""Headers of which a second one would let two readers see different requests."""


_LONGEST_NUMBER = 18
"""Digits of a Content-Length; Python refuses to read a number of thousands of them."""


class SecureGatewayMiddleware:
    """Puts ``gateway`` before ``app``. ``open_paths`` are exact paths that nobody needs to identify for, such as ``/healthz``.

    ``session_id``: says of a scope which of its caller's conversations it belongs to, from what the app knows (a session that it has opened itself) and
    never from what the caller writes. It holds for the protected calls of the app, too.
    """

    def __init__(
        self,
        app: App,
        gateway: Gateway,
        open_paths: Collection[str] = (),
        session_id: Callable[[Scope], str | None] | None = None,
    ) -> None:
        self._app = app
        self._gateway = gateway
        self._open = frozenset(open_paths)
        self._session_id = session_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection as ASGI 3 has it; ``lifespan`` passes."""
        kind = scope["type"]
        if kind == "lifespan" or (kind in ("http", "websocket") and scope["path"] in self._open):
            await self._app(scope, receive, send)
            return
        if kind not in ("http", "websocket"):
            raise RuntimeError(f"the gateway does not know ASGI scopes of type {kind!r} and lets none pass")
        if type(scope["headers"]) not in (list, tuple):  # ASGI allows what can be read but once, or differently
            scope = {**scope, "headers": list(scope["headers"])}
        exchange = _Exchange(scope, receive, send, self._gateway.snapshot.limits.max_payload_bytes)
        try:
            request = await self._read(scope)
            await self._gateway.handle_http(request, lambda judged, respond: self._pass_on(judged, respond, exchange))
        except (RequestDenied, RequestError) as error:
            await exchange.refuse(error)

    async def _read(self, scope: Scope) -> Request:
        headers, fault = _headers(scope)
        client = scope.get("client") or (None, None)
        facts = {"method": scope.get("method", "WEBSOCKET"), "client_host": client[0], "client_port": client[1]}
        request = Request(
            operation=Operation.HTTP,
            name=scope["path"],
            arguments=facts,
            door=Door.ASGI,
            headers=headers,
            content_type=headers.get("content-type", ""),
            client_host=client[0] or "",
            session_id="" if self._session_id is None else checked_session(self._session_id(scope)),
            time_limit=math.inf,  # how long an answer may stream is the server's and the app's affair
        )
        fault = fault or _path_fault(scope["path"])
        if fault:
            raise await self._gateway.refuse(request, ErrorCode.INVALID_REQUEST, fault)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) <= _LONGEST_NUMBER):
            raise await self._gateway.refuse(request, ErrorCode.INVALID_REQUEST, "the Content-Length is no number")
        if int(length) > self._gateway.snapshot.limits.max_payload_bytes:
            raise await self._gateway.refuse(request, ErrorCode.TOO_LARGE, "the body exceeds limits.max_payload_bytes")
        read = self._gateway.snapshot.read_credentials
        try:
            request.credentials = (
                None if read is None else read(headers, {"client_host": client[0], "transport": "asgi"})
            )
        except RequestDenied as denial:
            raise await self._gateway.refuse(request, denial.code, denial.reason) from None
        return request

    async def _pass_on(self, judged: Request, respond: Respond | None, exchange: _Exchange) -> None:
        exchange.respond = respond
        with acting_as(judged.credentials, session_id=judged.session_id):
            await self._app(exchange.scope, exchange.receive, exchange.send)
        if exchange.failure is not None:
            raise exchange.failure  # the app has swallowed it; it counts all the same
        if exchange.too_large:
            raise RequestDenied(
                ErrorCode.TOO_LARGE, "the body exceeds limits.max_payload_bytes", request_id=judged.request_id
            )


class _Exchange:
    """One request's messages: counts what comes in, lets plugins see the headers that go out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.scope = scope
        self.too_large = False
        self.failure: RequestDenied | RequestError | None = None
        self.respond: Respond | None = None
        self._receive = receive
        self._send = send
        self._left = limit
        self._started = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.too_large = True
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self.too_large and not self._started:
            return  # the app answers a body that it has not seen whole; the refusal answers instead
        if message["type"] == "http.response.start":
            if self.respond is not None:
                pairs = list(message.get("headers", []))  # once: ASGI allows an iterator
                given = Headers([(key.decode("latin-1"), value.decode("latin-1")) for key, value in pairs])
                try:
                    changed = await self.respond(message["status"], given)
                except (RequestDenied, RequestError) as error:
                    self.failure = error
                    raise
                message = {**message, "headers": merged_headers(pairs, changed)}
            self._started = True
        elif message["type"] == "websocket.accept":
            self._started = True
        await self._send(message)

    async def refuse(self, error: RequestDenied | RequestError) -> None:
        """Answer with the code and the request id, and nothing else about why; raise ``error`` when the app's answer is under way."""
        if self._started:
            raise error
        if self.scope["type"] == "websocket":
            await self._send({"type": "websocket.close", "code": 1008, "reason": f"{error.code} {error.request_id}"})
            return
        status = http_status(error)
        body = orjson.dumps(
            {
                "type": "about:blank",
                "title": PUBLIC_MESSAGE[error.code],
                "status": status,
                "code": error.code.value,
                "request_id": error.request_id,
            }
        )
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
        if status == HTTP_STATUS[ErrorCode.UNAUTHENTICATED]:
            headers.append((b"www-authenticate", challenge(error.code)))
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in http_headers(error).items()]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def http_status(error: RequestDenied | RequestError) -> int:
    """Return the status that answers ``error``: its own, where the violation of an HTTP hook named one."""
    return (error.http_status if isinstance(error, RequestDenied) else 0) or HTTP_STATUS[error.code]


def http_headers(error: RequestDenied | RequestError) -> Mapping[str, str]:
    """Return the headers that the violation of an HTTP hook named."""
    return error.http_headers if isinstance(error, RequestDenied) else {}


def challenge(code: ErrorCode) -> bytes:
    """Return the ``WWW-Authenticate`` value (RFC 6750, section 3) for a 401."""
    error = b', error="invalid_token"' if code is ErrorCode.INVALID_CREDENTIALS else b""
    return b'Bearer realm="secure-gateway"' + error


def _headers(scope: Scope) -> tuple[Headers, str]:
    """Return the headers and what is wrong with them, if anything."""
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name = key.decode("latin-1").lower()
        if name in headers and name in _UNIQUE:
            return Headers.of_lowered(headers), f"the header {name} is sent twice"
        headers[name] = value.decode("latin-1")
    return Headers.of_lowered(headers), ""


def _path_fault(path: str) -> str:
    """Refuse paths that an app may read differently than a permission does."""
    if "\\" in path or not path.isprintable():
        return "the path holds a backslash or a control character"
    if any(part in (".", "..") for part in path.split("/")):
        return "the path holds dot segments"
    return ""


def merged_headers(given: list[tuple[bytes, bytes]], changed: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers to send: repeated ones (such as Set-Cookie) stay as they were unless a plugin changed the last of them."""
    last = {key.lower(): value for key, value in given}
    kept = [
        (key, value)
        for key, value in given
        if changed.get(key.decode("latin-1")) == last[key.lower()].decode("latin-1")
    ]
    known = {key.lower() for key, _ in kept}
    added = [
        (key.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for key, value in changed.items()
        if key.encode("latin-1", "replace") not in known
    ]
    return kept + added
