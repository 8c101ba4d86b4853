"""``Reply``: what one HTTP exchange answers, by ASGI. A single body, or a stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from secure_gateway.errors import HTTP_STATUS, PUBLIC_MESSAGE, AuthenticationDenied, RequestDenied, RequestError
from secure_gateway.integrations.asgi import challenge, http_headers
from secure_gateway.proxy.faults import error_response
from secure_gateway.proxy.sse import message_event
from secure_gateway.proxy.wire import MessageId, encode

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderLines: TypeAlias = list[tuple[bytes, bytes]]

SEND_SECONDS: Final = 60.0
"""How long a client may leave what we send unread before we give it up."""

_JSON: Final = (b"content-type", b"application/json")
EVENT_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class ClientGoneError(Exception):
    """The client has left, or reads so slowly that it might as well have."""


class Reply:
    """Answers once. ``common`` are header lines that every answer carries; ``on_start`` returns what is to be sent in their place."""

    def __init__(self, send: Send, common: HeaderLines | None = None) -> None:
        self._send = send
        self.common: HeaderLines = common or []
        self.is_stream = False
        self.is_started = False
        self.is_ended = False
        self.on_start: Callable[[int, HeaderLines], Awaitable[HeaderLines]] | None = None

    async def empty(self, status: int, headers: HeaderLines | None = None) -> None:
        """Answer without a body."""
        await self.body(status, b"", [(b"content-length", b"0"), *(headers or [])])

    async def json(self, status: int, raw: bytes, headers: HeaderLines | None = None) -> None:
        """Answer with one JSON document."""
        await self.body(status, raw, [_JSON, (b"content-length", str(len(raw)).encode()), *(headers or [])])

    async def problem(self, status: int, title: str, detail: str = "", headers: HeaderLines | None = None) -> None:
        """Answer with a problem document (RFC 9457)."""
        await self._problem({"title": title, "status": status, **({"detail": detail} if detail else {})}, headers or [])

    async def body(self, status: int, raw: bytes, headers: HeaderLines) -> None:
        """Answer with ``raw``."""
        lines = await self._lines(status, [*self.common, *headers])
        self.is_started = self.is_ended = True
        await self._transmit({"type": "http.response.start", "status": status, "headers": lines})
        await self._transmit({"type": "http.response.body", "body": raw})

    async def stream(self, status: int = 200, headers: HeaderLines | None = None) -> None:
        """Begin a stream of events; the headers leave at once, for clients wait for them."""
        if self.is_started:
            return
        lines = await self._lines(status, [*self.common, *(EVENT_HEADERS if headers is None else headers)])
        self.is_started = self.is_stream = True
        await self._transmit({"type": "http.response.start", "status": status, "headers": lines})
        await self._transmit({"type": "http.response.body", "body": b"", "more_body": True})

    async def event(self, raw: bytes) -> None:
        """Send one event, as it stands."""
        await self._transmit({"type": "http.response.body", "body": raw, "more_body": True})

    async def message(self, raw: bytes) -> None:
        """Send one message as an event; begin the stream if need be."""
        await self.stream()
        await self.event(message_event(raw))

    async def end(self) -> None:
        """End the stream."""
        if not self.is_ended:
            self.is_ended = True
            await self._transmit({"type": "http.response.body", "body": b""})

    async def refuse(self, error: RequestDenied | RequestError, message_id: MessageId | None, *, modern: bool) -> None:
        """Answer with a verdict or a fault: as a JSON-RPC error where the request has an id, else as a problem document."""
        if message_id is None:
            status = getattr(error, "http_status", 0) or HTTP_STATUS[error.code]
            named = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in http_headers(error).items()]
            facts = {"status": status, "code": error.code.value, "request_id": error.request_id}
            # A plugin's own Retry-After is the one that the error was told from.
            retry = [] if any(name.lower() == b"retry-after" for name, _ in named) else _retry(error)
            await self._problem({"title": PUBLIC_MESSAGE[error.code], **facts}, [*_challenge(error), *retry, *named])
        elif self.is_stream:
            await self.message(error_response(message_id, error))
            await self.end()
        elif isinstance(error, AuthenticationDenied):
            await self.json(401, error_response(message_id, error), _challenge(error))
        else:
            await self.json(refusal_status(error, modern=modern), error_response(message_id, error), _retry(error))

    async def _problem(self, document: dict[str, Any], headers: HeaderLines) -> None:
        raw = encode({"type": "about:blank", **document})
        lines = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(raw)).encode())]
        await self.body(document["status"], raw, [*lines, *headers])

    async def _lines(self, status: int, lines: HeaderLines) -> HeaderLines:
        """Return the header lines as plugins leave them. They are asked once: where they fail, something else is answered."""
        on_start, self.on_start = self.on_start, None
        return lines if on_start is None else await on_start(status, lines)

    async def _transmit(self, message: MutableMapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(message)
        except TimeoutError:
            raise ClientGoneError from None


def refusal_status(error: RequestDenied | RequestError, *, modern: bool) -> int:
    """Return the HTTP status under which a JSON-RPC error travels.

    An error of the protocol is an answer like any other, so 200, as servers send it; where the request itself was wrong, 2026-07-28 wants 400. What
    clients act upon by the status keeps its own: a session that is gone (404), a server that fails (502, 504).
    """
    status = getattr(error, "http_status", 0)
    if isinstance(status, int) and status:
        return status
    if isinstance(error, RequestError):
        return HTTP_STATUS[error.code]
    return 400 if modern and HTTP_STATUS[error.code] == 400 else 200  # noqa: PLR2004 - HTTP status codes speak for themselves


def _challenge(error: RequestDenied | RequestError) -> HeaderLines:
    return [(b"www-authenticate", challenge(error.code))] if isinstance(error, AuthenticationDenied) else []


def _retry(error: RequestDenied | RequestError) -> HeaderLines:
    seconds = getattr(error, "retry_after", 0)
    return [(b"retry-after", str(seconds).encode())] if seconds else []
