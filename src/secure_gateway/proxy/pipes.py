"""The client's end of a stdio server: two file descriptors that nobody else in this process may touch."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

_CHUNK: Final = 256 * 1024


@contextlib.contextmanager
def claimed_stdio() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Yield private copies of stdin and stdout, while descriptor 0 is empty and descriptor 1 and ``sys.stdout`` lead to stderr.

    Enter it before plugins are loaded: what they, the C libraries below them or their child processes print would be read by the client as
    messages of the server, and what they read would be taken from the messages of the client.
    """
    sys.stdout.flush()
    wire_in, wire_out = os.dup(0), os.dup(1)
    spoken = sys.stdout
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        with open(wire_in, "rb", closefd=False) as stdin, open(wire_out, "wb", closefd=False) as stdout:
            yield stdin, stdout
    finally:
        spoken.flush()
        sys.stdout = spoken
        for private, public in ((wire_in, 0), (wire_out, 1)):
            with contextlib.suppress(OSError):
                os.set_blocking(private, True)
                os.dup2(private, public)
                os.close(private)
        os.close(nothing)


class _Reader(asyncio.Protocol):
    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_data = on_data
        self._on_end = on_end

    def data_received(self, data: bytes) -> None:
        self._on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end()


class PipeReader:
    """Hands on what comes in at a descriptor, whatever kind it is."""

    def __init__(self, source: BinaryIO, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._source = source
        self._on_data = on_data
        self._on_end = on_end
        self._transport: asyncio.ReadTransport | None = None

    async def start(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        if _is_pipe(self._source):
            copy = os.fdopen(os.dup(self._source.fileno()), "rb", buffering=0)
            self._transport, _ = await loop.connect_read_pipe(lambda: _Reader(self._on_data, self._on_end), copy)
            return
        # A terminal or a file: it must stay blocking (others share it), and an event loop cannot wait for a file.
        threading.Thread(target=self._read_on, args=(loop,), name="stdin", daemon=True).start()

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """Read no more."""
        if self._transport is not None:
            self._transport.close()

    def _read_on(self, loop: asyncio.AbstractEventLoop) -> None:
        descriptor = self._source.fileno()
        with contextlib.suppress(OSError, RuntimeError):  # closed, or the loop has ended
            while data := os.read(descriptor, _CHUNK):
                loop.call_soon_threadsafe(self._on_data, data)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._on_end)


class PipeWriter(asyncio.BaseProtocol):
    """Writes to a descriptor, whatever kind it is, and waits while nobody reads there."""

    def __init__(self, target: BinaryIO, on_lost: Callable[[], None]) -> None:
        self._target = target
        self._on_lost = on_lost
        self._transport: asyncio.WriteTransport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = asyncio.Event()

    async def start(self) -> None:
        """Make ready to write."""
        if not _is_pipe(self._target):
            return
        copy = os.fdopen(os.dup(self._target.fileno()), "wb", buffering=0)
        self._transport, _ = await asyncio.get_running_loop().connect_write_pipe(lambda: self, copy)

    async def write(self, data: bytes) -> None:
        """Write all of ``data``. What is written after the reader has gone is lost."""
        if self._transport is None:
            self._write_blocking(data)
            return
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if not self._writable.is_set():
            await self._writable.wait()

    async def close(self, seconds: float) -> None:
        """Write out what is left, for at most so many ``seconds``."""
        if self._transport is None:
            return
        self._transport.close()
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            self._transport.abort()

    def _write_blocking(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._target.fileno(), view) :]
        except OSError:
            self._on_lost()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._writable.set()
        self._closed.set()
        self._on_lost()


def _is_pipe(file: BinaryIO) -> bool:
    mode = os.fstat(file.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
