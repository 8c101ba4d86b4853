"""The HTTP door of a plugin server: streamable HTTP at ``/mcp``, without sessions, so that any request may be the first."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from typing import Final

from secure_gateway.plugin_server.tools import ToolServer, unreadable
from secure_gateway.proxy.admission import (
    NotAdmittedError,
    check_content,
    check_host,
    check_origin,
    read_body,
    single,
)
from secure_gateway.proxy.reply import ClientGoneError, HeaderLines, Receive, Reply, Scope, Send
from secure_gateway.proxy.settings import ProxySettings
from secure_gateway.proxy.wire import Kind, Message, WireError, decode

PATH: Final = "/mcp"
HEALTH_PATHS: Final = frozenset({"/healthz", "/health"})
MOST_AT_ONCE: Final = 256
"""So many requests may be under way; one more is refused before its body is read."""
_ALLOW: Final = (b"allow", b"POST")
_CLOSE: Final = (b"connection", b"close")
_RETRY: Final = (b"retry-after", b"1")


class PluginApp:
    """An ASGI application. ``token``: what callers must show; empty, everybody who reaches the address may call."""

    def __init__(self, server: ToolServer, token: str = "", hosts: frozenset[str] = frozenset()) -> None:
        self._server = server
        self._token = token.encode()
        self._settings = ProxySettings(limits=server.limits, allowed_hosts=hosts)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            # Until its body is read, nobody knows where the next request on this connection begins.
            reply = Reply(send, [_CLOSE] if scope["method"] == "POST" else [])
            with contextlib.suppress(ClientGoneError, ConnectionError):
                try:
                    await self._serve(scope, receive, reply)
                except NotAdmittedError as refused:
                    await reply.problem(refused.status, refused.title)

    async def _serve(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        path: str = bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        if path in HEALTH_PATHS and scope["method"] in ("GET", "HEAD"):
            await reply.json(200, b'{"status":"ok"}')
            return
        headers: HeaderLines = [(bytes(name).lower(), bytes(value)) for name, value in scope["headers"]]
        check_host(headers, self._settings)
        check_origin(headers, self._settings, scope.get("scheme", "http"))
        if not self._is_authorized(headers):
            await reply.problem(401, "a bearer token is required", "", [(b"www-authenticate", b"Bearer")])
        elif path != PATH:
            await reply.problem(404, f"not found; this server speaks MCP at {PATH}")
        elif scope["method"] != "POST":
            await reply.problem(405, "only POST", "", [_ALLOW])
        elif self._under_way >= MOST_AT_ONCE:
            await reply.problem(503, "too many requests are under way", "", [_RETRY])
        else:
            check_content(headers, self._settings.limits.max_bytes)
            self._under_way += 1
            try:
                await self._attend(await read_body(receive, self._settings), receive, reply)
            finally:
                self._under_way -= 1

    def _is_authorized(self, headers: HeaderLines) -> bool:
        if not self._token:
            return True
        scheme, _, shown = (single(headers, b"authorization") or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token)

    async def _attend(self, body: bytes, receive: Receive, reply: Reply) -> None:
        """Answer ``body``, unless the client leaves first: then nobody waits for an answer any more."""
        reply.common.remove(_CLOSE)
        try:
            message = decode(body, self._settings.limits)
        except WireError as error:
            await reply.json(400, unreadable(error))
            return
        if message.kind is not Kind.REQUEST:
            await reply.empty(202)
            return
        loop = asyncio.get_running_loop()
        work = loop.create_task(self._answer(message, reply))
        leaving = loop.create_task(_left(receive))
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait((work,))
        if not work.cancelled():
            work.result()

    async def _answer(self, message: Message, reply: Reply) -> None:
        await reply.json(200, await self._server.answer(message))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
