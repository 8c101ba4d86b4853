"""Run the HTTP door: uvicorn, with a limit to how long and how large the head of a request may be."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Final

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from secure_gateway.gateway import Gateway
from secure_gateway.proxy.http import create_app
from secure_gateway.proxy.last_resort import LastResort
from secure_gateway.proxy.settings import ProxySettings

MAX_HEAD_BYTES: Final = 64 * 1024
MOST_CONNECTIONS: Final = 4096
_SHUTDOWN_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen. ``cert`` and ``key`` are PEM files; without them it is plain HTTP. Port 0 takes a free one.

    ``client_ca``: only clients with a certificate of one of the authorities in this PEM file are let in.

    ``head_seconds``: how long a client may take for the head of a request, from its connection or its first byte on.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    cert: str | None = None
    key: str | None = None
    client_ca: str | None = None
    head_seconds: float = 15.0


async def serve(
    gateway: Gateway,
    settings: ProxySettings,
    listener: Listener,
    *,
    environ: Mapping[str, str] | None = None,
    on_ready: Callable[[str], None] | None = None,
    last_resort: LastResort | None = None,
) -> None:
    """Serve what ``settings`` name until SIGINT, SIGTERM or a cancellation. As ``serve_app``."""
    await serve_app(create_app(gateway, settings, environ), listener, on_ready, last_resort)


async def serve_app(
    app: Any,
    listener: Listener,
    on_ready: Callable[[str], None] | None = None,
    last_resort: LastResort | None = None,
) -> None:
    """Serve the ASGI application ``app`` until SIGINT, SIGTERM or a cancellation; then what is under way may finish, for some seconds.

    ``on_ready`` gets the address once connections are accepted. ``last_resort`` ends the process where a signal could not.

    Raises ``OSError`` when the address cannot be taken or the certificate cannot be read.
    """
    config = uvicorn.Config(
        app,
        host=listener.host,
        port=listener.port,
        http=_guarded(listener.head_seconds),
        interface="asgi3",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_certfile=listener.cert,
        ssl_keyfile=listener.key,
        ssl_ca_certs=listener.client_ca,
        ssl_cert_reqs=ssl.CERT_NONE if listener.client_ca is None else ssl.CERT_REQUIRED,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
    )
    config.load()
    server = _Server(config, on_ready, last_resort)
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


class _Server(uvicorn.Server):
    """Tells when it is ready, and reports an address that is taken as the error that it is."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[str], None] | None, last_resort: LastResort | None
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._last_resort = last_resort

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._last_resort is not None:
            self._last_resort.told(sig, frame)

    async def startup(self, sockets: list[Any] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise OSError(f"cannot listen at {self.config.host}:{self.config.port}; is the port in use?") from None
        if self.started and self._on_ready is not None:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self._on_ready(f"{'https' if self.config.is_ssl else 'http'}://{shown}:{port}")


def _guarded(seconds: float) -> type[asyncio.Protocol]:
    """Return uvicorn's fastest HTTP protocol that is installed, with our limits on heads."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415 - the [speed] extra
    except ImportError:
        return _guard(H11Protocol, seconds)
    return _guard(HttpToolsProtocol, seconds)


def _guard(base: Any, seconds: float) -> type[asyncio.Protocol]:
    """Return ``base`` with a clock and a scale for what comes before a body: uvicorn waits for ever, and httptools keeps all of it."""

    class GuardedProtocol(base):  # type: ignore[misc]
        _alarm: asyncio.TimerHandle | None = None
        _head_bytes = 0
        _cycle_seen: Any = None
        cycle: Any

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._arm()

        def data_received(self, data: bytes) -> None:
            waiting = self._is_waiting()
            if waiting and self._alarm is None:
                self._arm()
            super().data_received(data)
            if not waiting:
                return
            if self._is_waiting():
                self._head_bytes += len(data)
                if self._head_bytes > MAX_HEAD_BYTES:
                    self.transport.close()
            else:
                self._disarm()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def _is_waiting(self) -> bool:
            """Tell whether the head of the next request is not complete: there was none, or the last one has come wholly."""
            return self.cycle is None or (self.cycle is self._cycle_seen and not self.cycle.more_body)

        def _arm(self) -> None:
            self._head_bytes = 0
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._too_slow)

        def _disarm(self) -> None:
            self._cycle_seen = self.cycle
            self._head_bytes = 0
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None

        def _too_slow(self) -> None:
            _log.info("a client took more than %g s for the head of its request", seconds)
            self.transport.close()

    return GuardedProtocol
