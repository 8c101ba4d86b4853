"""``HttpChannel``: a plugin server behind streamable HTTP. One pool of connections, to the one address that was checked."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import httpx

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.external.channel import (
    LIMITS,
    Channel,
    answers,
    cancellation,
    notification,
    reply_to,
    request,
    result_of,
)
from secure_gateway.plugins.external.settings import Endpoint
from secure_gateway.plugins.external.tls_context import make_context
from secure_gateway.plugins.outbound.faults import ConnectionLostError
from secure_gateway.plugins.outbound.pinned import PinnedTransport, body_parts, is_redirect, media_type
from secure_gateway.proxy.sse import EventSplitter
from secure_gateway.proxy.wire import Message, WireError, decode

_FAREWELL_SECONDS: Final = 2.0
_MOST_REPLIES: Final = 32
_NOT_FOUND: Final = 404
_OK: Final = 200
_OURS: Final = frozenset({"host", "content-type", "accept", "accept-encoding", "content-length", "transfer-encoding"})
"""Headers that frame a message; no configuration sets them."""


class HttpChannel(Channel):
    """One MCP session, or none where the server has no sessions."""

    def __init__(self, name: str, endpoint: Endpoint, most_connections: int) -> None:
        """Raises ``ConfigError`` for files of TLS that cannot be used."""
        self._endpoint = endpoint
        context = make_context(name, endpoint.tls)
        self._transport = PinnedTransport(endpoint.url, context, most_connections + 2, endpoint.uds)
        named = [(name.lower(), value) for name, value in endpoint.headers.items()]
        self._lines = [
            self._transport.host_line,
            (b"content-type", b"application/json"),
            (b"accept", b"application/json, text/event-stream"),
            (b"accept-encoding", b"identity"),
            *((name.encode("ascii"), value.encode("utf-8")) for name, value in named if name not in _OURS),
        ]
        self._session_id: str | None = None
        self._last_id = 0
        self._is_open = False
        self._farewells: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        return self._is_open

    async def open(self) -> None:
        await self._transport.pin(allow_private=self._endpoint.allow_private)
        self._is_open = True

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._last_id += 1
        message_id = self._last_id
        try:
            async with self._post(request(message_id, method, params)) as response:
                if method == "initialize":
                    self._session_id = response.headers.get("mcp-session-id")
                kind = media_type(response.headers)
                if response.status_code != _OK or kind not in ("application/json", "text/event-stream"):
                    raise self._refusal(response)
                if kind == "text/event-stream":
                    return result_of(await self._streamed(response, message_id))
                return result_of(await self._single(response, message_id))
        except asyncio.CancelledError:
            if method != "initialize":
                self._say_soon(cancellation(message_id))
            raise

    async def tell(self, method: str) -> None:
        async with self._post(notification(method)) as response:
            if not response.is_success:
                raise self._refusal(response)

    async def close(self, *, at_once: bool = False) -> None:
        was_open, self._is_open = self._is_open, False
        try:
            if was_open and self._session_id is not None and not at_once:
                with contextlib.suppress(ConnectionLostError, TimeoutError):
                    async with asyncio.timeout(_FAREWELL_SECONDS), self._send("DELETE", None):
                        pass
            for farewell in list(self._farewells):
                farewell.cancel()
        finally:
            await self._transport.aclose()

    def _post(self, raw: bytes) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
        return self._send("POST", raw)

    def _send(self, method: str, content: bytes | None) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
        """Give the answer, of which only the headers have been read."""
        lines = list(self._lines)
        if self._session_id is not None:
            lines.append((b"mcp-session-id", self._session_id.encode("latin-1")))
        if self.version:
            lines.append((b"mcp-protocol-version", self.version.encode("ascii")))
        return self._transport.send(method, lines, content)

    def _refusal(self, response: httpx.Response) -> Exception:
        status = response.status_code
        if status == _NOT_FOUND and self._session_id is not None:
            self._is_open = False
            return ConnectionLostError("its server has forgotten the session")
        if is_redirect(response):
            return AnswerError(
                f"its server answered with a redirect (HTTP status {status}), which is not followed; put the final address into mcp.url"
            )
        hint = "; check mcp.headers" if status in (401, 403) else "; check mcp.url" if status == _NOT_FOUND else ""
        return AnswerError(f"its server answered with HTTP status {status} and no message{hint}")

    async def _single(self, response: httpx.Response, message_id: int) -> Message:
        """Return the answer that is the whole body."""
        body = b"".join([part async for part in body_parts(response, LIMITS.max_bytes)])
        try:
            message = decode(body, LIMITS)
        except WireError as error:
            raise AnswerError(f"its server answered {error.reason}") from None
        if not answers(message, message_id):
            raise AnswerError("its server answered something else than what was asked")
        return message

    async def _streamed(self, response: httpx.Response, message_id: int) -> Message:
        """Return the answer out of a stream; what comes before it is not for us."""
        splitter = EventSplitter(LIMITS.max_bytes)
        try:
            async for part in body_parts(response, 2 * LIMITS.max_bytes):
                for event in splitter.feed(part):
                    if not event.data.strip():
                        continue
                    message = decode(event.data, LIMITS)
                    if answers(message, message_id):
                        return message
                    # One that asks without end is not owed an answer each: every reply is a request of ours.
                    if len(self._farewells) < _MOST_REPLIES and (reply := reply_to(message)) is not None:
                        self._say_soon(reply)
        except WireError as error:
            raise AnswerError(f"its server answered {error.reason}") from None
        raise ConnectionLostError("its server ended the stream before it answered")

    def _say_soon(self, raw: bytes) -> None:
        """Send a message that nobody waits for."""
        task = asyncio.get_running_loop().create_task(self._say(raw))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _say(self, raw: bytes) -> None:
        with contextlib.suppress(ConnectionLostError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS), self._post(raw):
                pass
