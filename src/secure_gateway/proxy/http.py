"""The HTTP door: an ASGI application with one path for each server, in front of processes and of URLs alike."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import Mapping
from typing import Final

import msgspec

from secure_gateway.errors import ErrorCode, RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.auth.credentials import credentials_from_headers
from secure_gateway.proxy.admission import (
    NotAdmittedError,
    check_content,
    check_host,
    check_origin,
    read_body,
    single,
)
from secure_gateway.proxy.child_endpoint import ChildEndpoint
from secure_gateway.proxy.endpoint import Endpoint
from secure_gateway.proxy.exchange import VERSION_HEADER, Exchange
from secure_gateway.proxy.http_hooks import are_wanted, through_hooks
from secure_gateway.proxy.judge import Caller
from secure_gateway.proxy.mirrored import is_modern
from secure_gateway.proxy.reply import ClientGoneError, HeaderLines, Receive, Reply, Scope, Send
from secure_gateway.proxy.sessions import owner_of
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.url_endpoint import UrlEndpoint
from secure_gateway.proxy.url_upstream import make_transport
from secure_gateway.types import AuthCredentials, Door, Headers, Operation, Principal, Request

_log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 30.0
_METHODS: Final = ("POST", "GET", "DELETE")
_ALLOW: Final = (b"allow", b"POST, GET, DELETE")
_CLOSE: Final = (b"connection", b"close")
"""Sent with every answer that comes before the body was read: on such a connection nobody knows where the next request begins."""
_CODES: Final = {403: ErrorCode.FORBIDDEN, 413: ErrorCode.TOO_LARGE, 429: ErrorCode.RATE_LIMITED}
"""The codes under which requests are recorded that were not admitted; the others are requests that nobody can serve."""
_PREFIX, _SUFFIX = "/servers/", "/mcp"
_EXPOSED: Final = b"Mcp-Session-Id, WWW-Authenticate, Retry-After"


def create_app(gateway: Gateway, settings: ProxySettings, environ: Mapping[str, str] | None = None) -> ProxyApp:
    """Return the ASGI application that offers ``settings.servers`` at ``/servers/NAME/mcp``, with ``/healthz`` and ``/readyz``.

    ``environ`` is what child processes inherit, but for what is ours; by default the environment of this process.
    """
    return ProxyApp(gateway, settings, os.environ if environ is None else environ)


class _Arrival(msgspec.Struct, frozen=True):
    """An HTTP request that may be attended to, whoever sent it. ``headers``: the lines as they came, names in lower case."""

    scope: Scope
    receive: Receive
    path: str
    headers: HeaderLines
    reply: Reply

    @property
    def host(self) -> str:
        """The client's address."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def request(self, server: str, credentials: AuthCredentials) -> Request:
        """Return the request as HTTP hooks see it."""
        client = self.scope.get("client") or (None, None)
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers)
        return Request(
            operation=Operation.HTTP,
            name=self.path,
            arguments={"method": self.scope["method"], "client_host": client[0], "client_port": client[1]},
            server=server,
            door=Door.HTTP,
            credentials=credentials,
            headers=headers,
            content_type=headers.get("content-type", ""),
            client_host=self.host,
            time_limit=math.inf,  # a stream lasts as long as its client listens
        )


class ProxyApp:
    """An ASGI application. It starts with the lifespan protocol and releases every connection and process when that ends."""

    def __init__(self, gateway: Gateway, settings: ProxySettings, environ: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._settings = settings
        self._transport = make_transport() if any(server.url for server in settings.servers.values()) else None
        self._endpoints = {name: self._endpoint(server, environ) for name, server in settings.servers.items()}
        self._is_ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            reply = Reply(send, [_CLOSE] if scope["method"] == "POST" else [])
            with contextlib.suppress(ClientGoneError, ConnectionError):
                try:
                    await self._serve(scope, receive, reply)
                except NotAdmittedError as refused:
                    await self._turn_away(scope, refused, reply)

    async def start(self) -> None:
        """Make ready to serve. Call it where no server speaks the lifespan protocol."""
        await self._gateway.start()
        self._is_ready = True

    async def close(self) -> None:
        """Release all connections and end all child processes."""
        self._is_ready = False
        await asyncio.gather(*(endpoint.close() for endpoint in self._endpoints.values()))
        if self._transport is not None:
            await self._transport.aclose()

    def _endpoint(self, server: UpstreamServer, environ: Mapping[str, str]) -> Endpoint:
        if server.command or self._transport is None:
            return ChildEndpoint(self._gateway, self._settings, server, environ)
        return UrlEndpoint(self._gateway, self._settings, server, self._transport)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        sweeping = asyncio.get_running_loop().create_task(self._sweep())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        sweeping.cancel()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for endpoint in self._endpoints.values():
                await endpoint.sweep()

    async def _serve(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        # Not the decoded path: "%2f" is no slash, and whoever stands before us may have ruled on the path as it is written.
        path: str = bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        if path in ("/healthz", "/readyz"):
            await self._tell_health(path, scope["method"], reply)
            return
        headers: HeaderLines = [(bytes(name).lower(), bytes(value)) for name, value in scope["headers"]]
        check_host(headers, self._settings)
        origin = check_origin(headers, self._settings, scope.get("scheme", "http"))
        if origin is not None:
            reply.common += _cors(origin)
        method: str = scope["method"]
        if method == "OPTIONS" and origin is not None:
            await reply.empty(204, _preflight(headers))
            return
        name = path.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        if method not in _METHODS:
            await reply.problem(405, "only POST, GET and DELETE", "", [_ALLOW])
            return
        if method == "POST":
            check_content(headers, self._settings.limits.max_bytes)
        arrival = _Arrival(scope, receive, path, headers, reply)
        credentials = await self._credentials(arrival)
        if credentials is None:
            return
        endpoint = self._endpoints.get(name) if path == f"{_PREFIX}{name}{_SUFFIX}" else None
        if not are_wanted(self._gateway, "" if endpoint is None else name):
            await self._enter(arrival, endpoint, credentials, headers)
            return

        async def enter(judged: Request) -> None:
            shown = judged.credentials or AuthCredentials()
            lines = [
                (key.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for key, value in (judged.headers or {}).items()
            ]
            try:
                await self._enter(arrival, endpoint, shown, lines)
            except NotAdmittedError as refused:
                await self._turn_away(scope, refused, reply)

        await through_hooks(self._gateway, arrival.request("" if endpoint is None else name, credentials), reply, enter)

    async def _enter(
        self, arrival: _Arrival, endpoint: Endpoint | None, credentials: AuthCredentials, headers: HeaderLines
    ) -> None:
        """Answer the request of whoever shows ``credentials``. Of ``headers`` those go upstream that may."""
        principal = await self._identify(arrival, credentials)
        if principal is None:
            return
        if endpoint is None:
            raise NotAdmittedError(404, "no such server")
        exchange = Exchange(
            method=arrival.scope["method"],
            headers=arrival.headers,
            caller=Caller(credentials, arrival.host, _forwarded(headers, endpoint.server)),
            owner=owner_of(principal),
            reply=arrival.reply,
            modern=is_modern(single(arrival.headers, VERSION_HEADER)),
        )
        await self._attend(exchange, endpoint, arrival.receive)

    async def _attend(self, exchange: Exchange, endpoint: Endpoint, receive: Receive) -> None:
        """Answer, unless the client leaves first: then nobody waits for an answer any more."""
        body = b""
        if exchange.method == "POST":
            body = await read_body(receive, self._settings)
            exchange.reply.common.remove(_CLOSE)
        loop = asyncio.get_running_loop()
        work = loop.create_task(_answer(exchange, endpoint, body))
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

    async def _credentials(self, arrival: _Arrival) -> AuthCredentials | None:
        """Return what the caller shows, or answer that it cannot be read."""
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in arrival.headers]
        try:
            return credentials_from_headers(lines, {"client_host": arrival.host, "door": Door.HTTP.value})
        except RequestDenied as error:
            await self._refuse_caller(arrival, error)
            return None

    async def _identify(self, arrival: _Arrival, credentials: AuthCredentials) -> Principal | None:
        """Return who asks, or answer that nobody knows. It is asked before the body is read, which costs more than the answer."""
        try:
            return await self._gateway.authenticate(credentials)
        except (RequestDenied, RequestError) as error:
            await self._refuse_caller(arrival, error)
            return None

    async def _refuse_caller(self, arrival: _Arrival, error: RequestDenied | RequestError) -> None:
        request = Request(
            operation=Operation.MESSAGE, name=arrival.path[:200], door=Door.HTTP, client_host=arrival.host
        )
        denial = await self._gateway.refuse(request, error.code, error.reason)
        error.request_id = denial.request_id
        await arrival.reply.refuse(error, None, modern=False)

    async def _turn_away(self, scope: Scope, refused: NotAdmittedError, reply: Reply) -> None:
        await self._record(scope, refused)
        await reply.problem(refused.status, refused.title, refused.detail)

    async def _record(self, scope: Scope, refused: NotAdmittedError) -> None:
        client = scope.get("client")
        host = str(client[0]) if client else ""
        request = Request(operation=Operation.MESSAGE, name=scope["path"][:200], door=Door.HTTP, client_host=host)
        await self._gateway.refuse(request, _CODES.get(refused.status, ErrorCode.INVALID_REQUEST), refused.title)

    async def _tell_health(self, path: str, method: str, reply: Reply) -> None:
        if method not in ("GET", "HEAD"):
            await reply.problem(405, "only GET", "", [(b"allow", b"GET")])
        elif path == "/readyz" and not self._is_ready:
            await reply.json(503, b'{"status":"starting"}')
        else:
            await reply.json(200, b'{"status":"ok"}')


async def _answer(exchange: Exchange, endpoint: Endpoint, body: bytes) -> None:
    try:
        if exchange.method == "POST":
            await endpoint.post(exchange, body)
        elif exchange.modern:
            await exchange.reply.empty(405, [(b"allow", b"POST")])
        elif exchange.method == "GET":
            await endpoint.get(exchange)
        else:
            await endpoint.delete(exchange)
    except (RequestDenied, RequestError) as error:
        await endpoint.record(exchange, error)
        if exchange.reply.is_started:
            await exchange.reply.end()
        else:
            await exchange.reply.refuse(error, None, modern=exchange.modern)


async def _left(receive: Receive) -> None:
    """Return when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _forwarded(headers: HeaderLines, server: UpstreamServer) -> Headers | None:
    """Return the caller's headers that the configuration lets through to this server."""
    if not server.forward_headers:
        return None
    found = Headers()
    for name in server.forward_headers:
        value = single(headers, name.encode("ascii"))
        if value is not None:
            found[name] = value
    return found


def _cors(origin: str) -> HeaderLines:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]


def _preflight(headers: HeaderLines) -> HeaderLines:
    wanted = single(headers, b"access-control-request-headers") or ""
    return [
        (b"access-control-allow-methods", b"POST, GET, DELETE"),
        (b"access-control-allow-headers", wanted.encode("latin-1")),
        (b"access-control-max-age", b"600"),
    ]
