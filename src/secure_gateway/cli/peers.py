"""A small MCP client: enough to see whether a server answers, and to call one tool.

It claims no capability, so no server asks it anything back.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

import httpx

from secure_gateway import __version__
from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.link import ServerLink
from secure_gateway.proxy.mirrored import encode_value
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.sse import EventSplitter
from secure_gateway.proxy.url_upstream import UrlUpstream, make_transport
from secure_gateway.proxy.wire import Kind, Message, WireError, WireLimits, decode, encode

HANDSHAKE: Final = "2025-11-25"
STATELESS: Final = "2026-07-28"
_CLIENT: Final = {"name": "secure-gateway", "version": __version__}
_SPEC: Final = "io.modelcontextprotocol/"
_MOST_PAGES: Final = 100
_TIMEOUT: Final = httpx.Timeout(None, connect=10.0).as_dict()
_BAD_REQUEST: Final = 400


class PeerError(UpstreamError):
    """The other side answered with a JSON-RPC error, or with an HTTP status and no message. ``said``: its error object or problem."""

    def __init__(self, reason: str, said: Mapping[str, Any] | None = None, status: int = 0) -> None:
        super().__init__(ErrorCode.UPSTREAM_ERROR, reason)
        self.said = dict(said or {})
        self.status = status


class Peer(ABC):
    """A server that has been greeted. ``described``: its name and version, in its own words."""

    def __init__(self, limits: WireLimits) -> None:
        self._limits = limits
        self._ids = itertools.count(1)
        self.stateless = False
        self.described = ""

    async def greet(self) -> None:
        """Shake hands; a server that knows no handshake is spoken to without one. Raises ``PeerError`` or ``UpstreamError``."""
        params = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT}
        try:
            answer = await self.ask("initialize", params)
        except PeerError as error:
            # An error object without a request id of ours is the server's own: it knows no `initialize`.
            if "code" not in error.said or "data" in error.said:
                raise
            self.stateless = True
            return
        info = answer.get("serverInfo")
        if isinstance(info, dict):
            self.described = f"{info.get('name', '')} {info.get('version', '')}".strip()
        await self._tell({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def tools(self) -> list[dict[str, Any]]:
        """Return the tools that the server lists, of all pages."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            answer = await self.ask("tools/list", {} if cursor is None else {"cursor": cursor})
            listed = answer.get("tools")
            found += [tool for tool in listed if isinstance(tool, dict)] if isinstance(listed, list) else []
            cursor = answer.get("nextCursor")
            if not isinstance(cursor, str):
                return found
        raise PeerError(f"a list of tools of more than {_MOST_PAGES} pages")

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return its result. Raises ``PeerError`` for an error, ``UpstreamError`` where no answer comes."""
        if self.stateless:
            meta = {
                f"{_SPEC}protocolVersion": STATELESS,
                f"{_SPEC}clientInfo": _CLIENT,
                f"{_SPEC}clientCapabilities": {},
            }
            params = {**params, "_meta": meta}
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        answer = await self._exchange(decode(encode(request), self._limits))
        if answer.kind is Kind.ERROR:
            raise PeerError(
                f"it answered {method} with an error: {str(answer.error.get('message', ''))[:500]}", answer.error
            )
        if not isinstance(answer.result, dict):
            raise PeerError(f"it answered {method} with something that is no object")
        return answer.result

    @abstractmethod
    async def _exchange(self, request: Message) -> Message:
        """Send ``request`` and return its answer."""

    @abstractmethod
    async def _tell(self, notification: dict[str, Any]) -> None:
        """Send a notification."""


class ProcessPeer(Peer):
    """A server that is a child process."""

    def __init__(self, link: ServerLink, limits: WireLimits) -> None:
        super().__init__(limits)
        self._link = link

    async def _exchange(self, request: Message) -> Message:
        return await self._link.ask(request)

    async def _tell(self, notification: dict[str, Any]) -> None:
        await self._link.tell(encode(notification))


class UrlPeer(Peer):
    """A server behind an address: a real one, or the gateway's own door in this process."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, url: str, headers: list[tuple[bytes, bytes]], limits: WireLimits
    ) -> None:
        super().__init__(limits)
        self._transport = transport
        self._url = url
        self._headers = headers
        self._session: bytes | None = None

    async def close(self) -> None:
        """Tell the server that the session is over."""
        if self._session is not None:
            with contextlib.suppress(UpstreamError):
                async with self._sent("DELETE", None, []):
                    self._session = None

    async def _exchange(self, request: Message) -> Message:
        lines = [(b"mcp-method", request.method.encode()), *_named(request)] if self.stateless else []
        async with self._sent("POST", request.raw, lines) as response:
            answer = await self._answer(response, request)
            self._session = response.headers.get("mcp-session-id", "").encode() or self._session
            return answer

    async def _tell(self, notification: dict[str, Any]) -> None:
        async with self._sent("POST", encode(notification), []) as response:
            if response.status_code >= _BAD_REQUEST:
                raise _refused(response.status_code, await response.aread())

    async def _answer(self, response: httpx.Response, request: Message) -> Message:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == "text/event-stream":
                return await self._from_stream(response, request)
            body = await response.aread()
            if kind != "application/json":
                raise _refused(response.status_code, body)
            try:
                return decode(body, self._limits)
            except WireError:
                if response.status_code >= _BAD_REQUEST:
                    raise _refused(response.status_code, body) from None
                raise
        except WireError as error:
            raise PeerError(f"it sent {error.reason}") from None

    async def _from_stream(self, response: httpx.Response, request: Message) -> Message:
        splitter = EventSplitter(self._limits.max_bytes)
        async for part in response.aiter_raw():
            for event in splitter.feed(part):
                message = decode(event.data, self._limits) if event.data.strip() else None
                if message is not None and message.id == request.id and message.kind in (Kind.RESPONSE, Kind.ERROR):
                    return message
        raise PeerError("it closed the stream before it answered")

    @contextlib.asynccontextmanager
    async def _sent(
        self, method: str, content: bytes | None, extra: list[tuple[bytes, bytes]]
    ) -> AsyncIterator[httpx.Response]:
        version = STATELESS if self.stateless else HANDSHAKE
        headers = [
            (b"accept", b"application/json, text/event-stream"),
            (b"accept-encoding", b"identity"),
            (b"content-type", b"application/json"),
            *([(b"mcp-protocol-version", version.encode())] if self._session or self.stateless else []),
            *([(b"mcp-session-id", self._session)] if self._session else []),
            *self._headers,
            *extra,
        ]
        request = httpx.Request(method, self._url, headers=headers, content=content, extensions={"timeout": _TIMEOUT})
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.HTTPError as error:
            reason = f"it cannot be reached ({type(error).__name__}); see whether it runs, and at the url of the configuration"
            raise UpstreamError(ErrorCode.UPSTREAM_ERROR, reason) from None
        try:
            yield response
        except httpx.HTTPError as error:
            raise UpstreamError(ErrorCode.UPSTREAM_ERROR, f"it broke off ({type(error).__name__})") from None
        finally:
            await response.aclose()


@contextlib.asynccontextmanager
async def reached(server: UpstreamServer, settings: ProxySettings, environ: Mapping[str, str]) -> AsyncIterator[Peer]:
    """Start or contact ``server`` itself, without the gateway, and greet it. Raises ``UpstreamError``."""
    if server.command:
        link = ServerLink(server, settings.limits, lambda _message: None, lambda: None)
        try:
            await link.start(settings.child_environment(server, environ))
            peer: Peer = ProcessPeer(link, settings.limits)
            await peer.greet()
            yield peer
        finally:
            await link.close()
        return
    transport = make_transport()
    try:
        headers = UrlUpstream(transport, server, settings.limits).own_headers(None)
        url_peer = UrlPeer(transport, server.url, headers, settings.limits)
        await url_peer.greet()
        yield url_peer
        await url_peer.close()
    finally:
        await transport.aclose()


def _named(request: Message) -> Iterator[tuple[bytes, bytes]]:
    name = (request.params or {}).get("name")
    if isinstance(name, str) and request.method == "tools/call":
        yield b"mcp-name", encode_value(name)


def _refused(status: int, body: bytes) -> PeerError:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    return PeerError(f"it answered with HTTP status {status}", said if isinstance(said, dict) else None, status)
