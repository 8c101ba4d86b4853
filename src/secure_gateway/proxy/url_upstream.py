"""``UrlUpstream``: HTTP to a server that speaks streamable HTTP. One client and one SSL context for all of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import httpx

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.exchange import SESSION_HEADER, VERSION_HEADER, Exchange
from secure_gateway.proxy.mirrored import mirrors
from secure_gateway.proxy.reply import HeaderLines
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.sse import Event, EventSplitter
from secure_gateway.proxy.wire import Message, WireError, WireLimits
from secure_gateway.types import Headers

PASSED_BACK: Final = frozenset({b"cache-control", b"x-accel-buffering", b"retry-after", b"allow"})
"""Headers of an upstream answer that reach the client. Its challenges and its cookies are meant for us."""
_PASSED_ON: Final = (b"accept", b"content-type", VERSION_HEADER, b"last-event-id")
_POST_LINES: Final = [(b"content-type", b"application/json"), (b"accept", b"application/json, text/event-stream")]
_OURS: Final = frozenset(
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect",
        "accept", "accept-encoding", "content-type", "content-encoding", "cookie", "mcp-session-id", "mcp-protocol-version", "last-event-id",
    }
)  # fmt: skip
"""Headers that no plugin and no configuration sets for an upstream: they frame the message or belong to the protocol."""


_TIMEOUT: Final = httpx.Timeout(connect=10.0, read=None, write=30.0, pool=10.0).as_dict()
"""Seconds. How long an answer may take is the request's time limit, which the gateway keeps."""


class UpstreamStatusError(UpstreamError):
    """The server answered with a status and no message that could be passed on. ``http_status`` is what the client gets."""

    def __init__(self, status: int) -> None:
        super().__init__(ErrorCode.UPSTREAM_ERROR, f"the server answered with HTTP status {status} and no message")
        # 401, 403 and 407 are about us, not about the client; a redirect is not followed; a 5xx is a gateway's 502.
        self.http_status = status if status in (400, 404, 405, 406, 409, 415, 429) else 502


def make_transport() -> httpx.AsyncHTTPTransport:
    """Return the one HTTP transport of a process, with its one SSL context.

    It is used without ``httpx.AsyncClient``, which would keep one caller's cookies for the next, follow redirects, and read proxies and
    passwords from its surroundings.
    """
    # Idle for less than the five seconds after which servers commonly hang up: a POST on a dying connection cannot be repeated.
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=200, keepalive_expiry=3.0)
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()  # the authorities of the machine too: companies have their own
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)


class UrlUpstream:
    """Sends messages to one server."""

    def __init__(self, transport: httpx.AsyncHTTPTransport, server: UpstreamServer, limits: WireLimits) -> None:
        self._transport = transport
        self._url = httpx.URL(server.url)
        self._server = server
        self._limits = limits

    @contextlib.asynccontextmanager
    async def send(
        self, method: str, exchange: Exchange, session_id: str | None, content: bytes | None, extra: HeaderLines
    ) -> AsyncIterator[httpx.Response]:
        """Yield the answer, of which only the headers have been read. Raises ``UpstreamError`` when there is none.

        ``session_id`` is the upstream's own; ``extra`` are header lines beside those that every request carries.
        """
        lines = [(name, value) for name, value in exchange.headers if name in _PASSED_ON]
        if exchange.method != method:
            # A message of ours on the occasion of another exchange: it is framed as every POST of a client.
            lines = [*_POST_LINES, *(line for line in lines if line[0] == VERSION_HEADER)]
        if session_id is not None:
            lines.append((SESSION_HEADER, session_id.encode("latin-1")))
        lines += extra
        lines.append((b"accept-encoding", b"identity"))
        request = httpx.Request(method, self._url, headers=lines, content=content, extensions={"timeout": _TIMEOUT})
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.TimeoutException:
            raise UpstreamError(ErrorCode.UPSTREAM_TIMEOUT, "the server accepted no connection in time") from None
        except httpx.HTTPError as error:
            raise self._failure(error) from None
        try:
            yield response
        finally:
            await response.aclose()

    def own_headers(self, judged: Headers | None) -> HeaderLines:
        """Return the configured headers and those of the caller that may go on, as the policies left them."""
        merged = {**{name.lower(): value for name, value in (judged or {}).items()}}
        merged |= {name.lower(): value for name, value in self._server.headers.items()}
        return [
            (name.encode("ascii", "replace"), value.encode("latin-1", "replace"))
            for name, value in merged.items()
            if name not in _OURS and not name.startswith("mcp-")
        ]

    def message_headers(self, exchange: Exchange, original: Message, outgoing: Message) -> HeaderLines:
        """Return the headers that repeat parts of the body, in the era that has them."""
        return mirrors(original, outgoing, exchange.headers) if exchange.modern else []

    async def body(self, response: httpx.Response) -> bytes:
        """Return the whole body. Raises ``UpstreamError`` when it is too large, compressed or broken off."""
        self._check_encoding(response)
        parts: list[bytes] = []
        size = 0
        try:
            async for part in response.aiter_raw():
                size += len(part)
                if size > self._limits.max_bytes:
                    raise UpstreamError(
                        ErrorCode.INVALID_RESULT, f"an answer of more than {self._limits.max_bytes} bytes"
                    )
                parts.append(part)
        except httpx.HTTPError as error:
            raise self._failure(error) from None
        return b"".join(parts)

    async def events(self, response: httpx.Response) -> AsyncIterator[Event]:
        """Yield the events of a stream as they come. Raises ``UpstreamError`` when it breaks off or cannot be read."""
        self._check_encoding(response)
        splitter = EventSplitter(self._limits.max_bytes)
        try:
            async for part in response.aiter_raw():
                for event in splitter.feed(part):
                    yield event
        except httpx.HTTPError as error:
            raise self._failure(error) from None
        except WireError as error:
            raise UpstreamError(ErrorCode.INVALID_RESULT, f"the server sent {error.reason}") from None

    def _failure(self, error: Exception) -> UpstreamError:
        reason = f"server {self._server.name!r} cannot be reached or broke off ({type(error).__name__})"
        return UpstreamError(ErrorCode.UPSTREAM_ERROR, reason)

    def _check_encoding(self, response: httpx.Response) -> None:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise UpstreamError(ErrorCode.INVALID_RESULT, "the server compressed an answer that was asked for plain")


def is_stream(response: httpx.Response) -> bool:
    """Tell whether the answer is a stream of events."""
    return media_type(response) == "text/event-stream"


def media_type(response: httpx.Response) -> str:
    """Return the media type of an answer, without its parameters."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def passed_back(response: httpx.Response) -> HeaderLines:
    """Return the header lines of an answer that reach the client."""
    return [(name.lower(), value) for name, value in response.headers.raw if name.lower() in PASSED_BACK]
