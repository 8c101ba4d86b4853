"""``ServerProcess``: an MCP server as a child process, in a process group of its own, that is always gone in the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import Final, cast

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.lines import LineSplitter, as_line
from secure_gateway.proxy.settings import UpstreamServer

STDIN_GRACE: Final = 5.0
"""Seconds that a server has to leave after its stdin was closed (MCP, stdio shutdown), before it gets SIGTERM."""
TERM_GRACE: Final = 1.5
"""Seconds between SIGTERM and SIGKILL: together with our own start and end below the two seconds that clients give us."""
_STARTABLE: Final = "its command has to be an installed program, by its name on PATH or by its full path"

OnLine = Callable[[bytes | None], None]


class ServerProcess(asyncio.SubprocessProtocol):
    """A running server. ``on_line`` is called for each line it writes (None: too long to keep), ``on_end`` once when no more can come.

    ``on_stderr`` is called with what it writes there; without it, its stderr is ours.
    """

    def __init__(
        self,
        longest: int,
        on_line: OnLine,
        on_end: Callable[[], None],
        on_stderr: Callable[[bytes], None] | None = None,
    ) -> None:
        self._splitter = LineSplitter(longest)
        self._on_line = on_line
        self._on_end = on_end
        self._on_stderr = on_stderr
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._exited = asyncio.Event()
        self._ended = False

    @classmethod
    async def start(
        cls,
        server: UpstreamServer,
        environment: dict[str, str],
        longest: int,
        on_line: OnLine,
        on_end: Callable[[], None],
        on_stderr: Callable[[bytes], None] | None = None,
    ) -> ServerProcess:
        """Start ``server``. Raises ``UpstreamError`` when that cannot be done."""
        loop = asyncio.get_running_loop()
        try:
            transport, process = await loop.subprocess_exec(
                lambda: cls(longest, on_line, on_end, on_stderr),
                *server.command,
                stderr=None if on_stderr is None else asyncio.subprocess.PIPE,
                env=environment,
                cwd=server.cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = f"server {server.name!r} cannot be started: {type(error).__name__}"
            reason += f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
            raise UpstreamError(ErrorCode.UPSTREAM_ERROR, f"{reason}; {_STARTABLE}") from None
        process.attach(transport)
        return process

    def attach(self, transport: asyncio.SubprocessTransport) -> None:
        """Take the transport of the started process; ``connection_made`` comes before its pipes are there."""
        self._transport = transport
        self._stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return 0 if self._transport is None else self._transport.get_pid()

    @property
    def is_alive(self) -> bool:
        """Tell whether it can still be written to and may still answer."""
        return not self._ended and not self._exited.is_set()

    @property
    def keeps_up(self) -> bool:
        """Tell whether it reads what it is sent: what is written in the meantime waits in our memory."""
        return self._writable.is_set()

    async def write(self, raw: bytes) -> None:
        """Send one message. Waits while the server does not read. Raises ``UpstreamError`` when it is gone."""
        self.write_soon(raw)
        if not self._writable.is_set():
            await self._writable.wait()

    def write_soon(self, raw: bytes) -> None:
        """Send one message without waiting. Raises ``UpstreamError`` when the server is gone."""
        if self._stdin is None or not self.is_alive or self._stdin.is_closing():
            raise UpstreamError(ErrorCode.UPSTREAM_ERROR, "the server's process has ended")
        self._stdin.write(as_line(raw))

    def pause(self) -> None:
        """Stop reading what the server writes: whoever should take it does not keep up."""
        with contextlib.suppress(RuntimeError):
            self._stdout().pause_reading()

    def resume(self) -> None:
        """Read on."""
        with contextlib.suppress(RuntimeError):
            self._stdout().resume_reading()

    async def close(self, *, at_once: bool = False) -> None:
        """Close its stdin and wait; then SIGTERM and SIGKILL to its whole group. Returns when it is gone."""
        if self._transport is None:
            return
        try:
            if self._stdin is not None:
                self._stdin.close()
            if not at_once and await self._left_within(STDIN_GRACE):
                return
            self._signal(signal.SIGTERM)
            await self._left_within(TERM_GRACE)
        finally:
            # Also what the server left behind in its group, and also when we are being cancelled.
            self._signal(signal.SIGKILL)
            self._transport.close()

    def abort(self) -> None:
        """Kill it and its whole group, at once."""
        self._signal(signal.SIGKILL)

    async def wait(self) -> int | None:
        """Wait until the process has exited; return its exit code, negative for a signal."""
        await self._exited.wait()
        return None if self._transport is None else self._transport.get_returncode()

    async def _left_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._exited.wait()
        except TimeoutError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _stdout(self) -> asyncio.ReadTransport:
        if self._transport is None:
            raise RuntimeError("not started")
        return cast("asyncio.ReadTransport", self._transport.get_pipe_transport(1))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != 1:
            if self._on_stderr is not None:
                self._on_stderr(data)
            return
        for line in self._splitter.feed(data):
            self._on_line(line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._writable.set()
        if fd == 1:
            self._end()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def process_exited(self) -> None:
        self._exited.set()
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._exited.set()
        self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        rest = self._splitter.rest()
        if rest is None or rest.strip():
            self._on_line(rest)
        self._on_end()


def describe_exit(code: int | None) -> str:
    """Say how a process ended."""
    if code is None:
        return "closed its output"
    if code >= 0:
        return f"exited with code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
