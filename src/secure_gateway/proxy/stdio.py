"""The stdio proxy: a client started us in place of a server; we start the server, and judge every line between them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final

from secure_gateway.errors import AuthenticationDenied, RequestDenied, RequestError, UpstreamError
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.auth.credentials import credentials_from_environment
from secure_gateway.proxy.child import describe_exit
from secure_gateway.proxy.judge import Caller, Judge
from secure_gateway.proxy.last_resort import LastResort
from secure_gateway.proxy.lines import LineSplitter, as_line
from secure_gateway.proxy.link import ServerLink
from secure_gateway.proxy.pipes import PipeReader, PipeWriter
from secure_gateway.proxy.relay import Relay
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import Message
from secure_gateway.proxy.workload import finished
from secure_gateway.types import Door

_log = logging.getLogger(__name__)

EXIT_DONE: Final = 0
"""The client closed its end."""
EXIT_SERVER: Final = 69
"""The server could not be started, or ended while the client was still there (``EX_UNAVAILABLE`` of sysexits)."""
EXIT_CREDENTIALS: Final = 77
"""The credential in the environment cannot be read (``EX_NOPERM``); one that can be read and is not good is refused in the protocol."""
EXIT_SIGNAL: Final = 128
"""Plus the number of the signal that stopped us."""

DRAIN_SECONDS: Final = 5.0
"""How long requests that are under way may take after the client closed its end."""
_LAST_SECONDS: Final = 1.0
"""How long what is left may take once the server is gone: errors to be recorded and written."""


async def run_stdio_proxy(
    gateway: Gateway,
    settings: ProxySettings,
    server: UpstreamServer,
    *,
    stdin: BinaryIO,
    stdout: BinaryIO,
    environ: Mapping[str, str],
    last_resort: LastResort | None = None,
) -> int:
    """Start ``server`` and relay between it and the client at ``stdin`` and ``stdout`` until one of them ends; return the exit code.

    The client's credential is taken from ``environ``. Call it inside ``claimed_stdio()``. SIGINT and SIGTERM end it cleanly, and
    where that cannot be, ``last_resort`` does.
    """
    try:
        caller = Caller(credentials_from_environment(environ), client_host="stdio")
    except AuthenticationDenied as denial:
        judge = Judge(gateway, settings, server, Door.STDIO)
        await judge.refuse(Caller(), denial.code, denial.reason)
        _log.error("%s", denial.reason)
        return EXIT_CREDENTIALS
    proxy = StdioProxy(gateway, settings, server, caller)
    with ending_signals(proxy.stop, last_resort):
        return await proxy.run(stdin, stdout, settings.child_environment(server, environ))


class StdioProxy:
    """The life of one proxied server process: from its start to the moment when nothing of it is left."""

    def __init__(self, gateway: Gateway, settings: ProxySettings, server: UpstreamServer, caller: Caller) -> None:
        self._server = server
        self._link = ServerLink(server, settings.limits, self._server_message, self._lost)
        self._judge = Judge(gateway, settings, server, Door.STDIO)
        self._relay = Relay(self._judge, caller, settings.limits, self._link, self._to_client, self._refused)
        self._splitter = LineSplitter(settings.limits.max_bytes)
        self._reader: PipeReader | None = None
        self._writer: PipeWriter | None = None
        self._ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._stopped = asyncio.Event()
        self._is_refused = False

    def stop(self, exit_code: int) -> None:
        """End now: cancel what is under way and stop the server."""
        self._stopped.set()
        self._end(exit_code)

    async def run(self, stdin: BinaryIO, stdout: BinaryIO, environment: dict[str, str]) -> int:
        """Relay until one side ends; return the exit code."""
        self._reader = PipeReader(stdin, self._data, self._client_left)
        self._writer = PipeWriter(stdout, lambda: self._end(EXIT_DONE))
        try:
            await self._start_server(environment)
        except UpstreamError as error:
            _log.error("%s", error.reason)
            return EXIT_SERVER
        try:
            await self._writer.start()
            await self._reader.start()
            exit_code = await self._ending
            if exit_code == EXIT_SERVER and not self._is_refused:
                await self._say_how_it_ended()
            await finished(self._relay.workloads, DRAIN_SECONDS, self._stopped)
        finally:
            await self._close()
        return exit_code

    async def _start_server(self, environment: dict[str, str]) -> None:
        """Start it, unless a plugin refuses: then there is no server, and every request is answered with that. Raises ``UpstreamError``."""
        try:
            await self._judge.registration.check()
        except (RequestDenied, RequestError) as error:
            _log.error("server %r was not started: %s", self._server.name, error.reason)
            return
        await self._link.start(environment)

    def _refused(self) -> None:
        _log.error("server %r was refused when it introduced itself", self._server.name)
        self._is_refused = True
        self._end(EXIT_SERVER)

    async def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        await self._close_link()
        never = asyncio.Event()
        await finished(self._relay.workloads, _LAST_SECONDS, never)
        for workload in self._relay.workloads:
            workload.cancel()
        await finished(self._relay.workloads, _LAST_SECONDS, never)
        if self._writer is not None:
            await self._writer.close(_LAST_SECONDS)

    async def _close_link(self) -> None:
        """Stop the server; politely, until somebody stops us."""
        closing = asyncio.ensure_future(self._link.close())
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({closing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not closing.done():
                closing.cancel()
                for workload in self._relay.workloads:
                    workload.cancel()
                await self._link.close(at_once=True)

    async def _say_how_it_ended(self) -> None:
        code: int | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                code = await self._link.process.wait()
        _log.error("server %r %s", self._server.name, describe_exit(code))

    def _server_message(self, message: Message) -> None:
        self._relay.server_message(message)

    def _data(self, data: bytes) -> None:
        for line in self._splitter.feed(data):
            self._relay.client_line(line)

    def _client_left(self) -> None:
        rest = self._splitter.rest()
        if rest is None or rest.strip():
            self._relay.client_line(rest)
        self._end(EXIT_DONE)

    def _lost(self) -> None:
        self._end(EXIT_SERVER)

    def _end(self, exit_code: int) -> None:
        if not self._ending.done():
            self._ending.set_result(exit_code)

    async def _to_client(self, raw: bytes) -> None:
        if self._writer is not None:
            await self._writer.write(as_line(raw))


@contextlib.contextmanager
def ending_signals(stop: Callable[[int], None], last_resort: LastResort | None = None) -> Iterator[None]:
    """Have SIGINT and SIGTERM call ``stop`` with an exit code; outside the main thread they are somebody else's."""
    loop = asyncio.get_running_loop()
    taken: list[signal.Signals] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            loop.add_signal_handler(number, stop, EXIT_SIGNAL + number)
            if last_resort is not None:
                # The loop is told by a descriptor; the handler that it leaves in place does nothing.
                signal.signal(number, last_resort.told)
                signal.siginterrupt(number, False)  # noqa: FBT003 - as the loop has it
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
