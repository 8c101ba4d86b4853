"""The stdio door of a plugin server: one client, which started this process."""

from __future__ import annotations

import asyncio
from typing import BinaryIO, Final

from secure_gateway.plugin_server.tools import ToolServer, error_response, not_initialized, unreadable
from secure_gateway.proxy.last_resort import LastResort
from secure_gateway.proxy.lines import LineSplitter, as_line
from secure_gateway.proxy.pipes import PipeReader, PipeWriter
from secure_gateway.proxy.stdio import ending_signals
from secure_gateway.proxy.wire import INVALID_REQUEST, Kind, Message, MessageId, WireError, cancelled_id, decode_line

MOST_AT_ONCE: Final = 256
"""So many requests may be under way; the next ones are read when one of them is done."""
DRAIN_SECONDS: Final = 5.0
"""How long requests that are under way may take after the client has closed its end."""
_LAST_SECONDS: Final = 1.0
_BEFORE_INITIALIZE: Final = frozenset({"initialize", "ping"})


async def serve_stdio(
    server: ToolServer, stdin: BinaryIO, stdout: BinaryIO, last_resort: LastResort | None = None
) -> None:
    """Answer the client at ``stdin`` and ``stdout`` until it closes its end, or until SIGINT or SIGTERM."""
    door = _StdioDoor(server, stdin, stdout)
    with ending_signals(lambda _: door.stop(), last_resort):
        await door.run()


class _StdioDoor:
    def __init__(self, server: ToolServer, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._server = server
        self._splitter = LineSplitter(server.limits.max_bytes)
        self._reader = PipeReader(stdin, self._data, self._client_left)
        self._writer = PipeWriter(stdout, self.stop)
        self._work: dict[MessageId, asyncio.Task[None]] = {}
        self._replies: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._is_initialized = False

    def stop(self) -> None:
        """End now: what is under way is cancelled."""
        self._end(0.0)

    async def run(self) -> None:
        """Answer until one side ends."""
        await self._writer.start()
        await self._reader.start()
        try:
            patience = await self._ending
            self._reader.close()
            await self._finished(patience)
        finally:
            self._reader.close()
            for task in self._work.values():
                task.cancel()
            await self._finished(_LAST_SECONDS)
            await self._writer.close(_LAST_SECONDS)

    async def _finished(self, seconds: float) -> None:
        pending = {*self._work.values(), *self._replies}
        if pending and seconds:
            await asyncio.wait(pending, timeout=seconds)

    def _data(self, data: bytes) -> None:
        for line in self._splitter.feed(data):
            self._line(line)
        if len(self._work) >= MOST_AT_ONCE:
            self._reader.pause()

    def _client_left(self) -> None:
        rest = self._splitter.rest()
        if rest is None or rest.strip():
            self._line(rest)
        self._end(DRAIN_SECONDS)

    def _end(self, patience: float) -> None:
        if not self._ending.done():
            self._ending.set_result(patience)

    def _line(self, line: bytes | None) -> None:
        try:
            message = decode_line(line, self._server.limits)
        except WireError as error:
            if not error.is_answer:
                self._reply(unreadable(error))
            return
        if message.kind is Kind.REQUEST:
            self._request(message)
            return
        cancelled = cancelled_id(message)
        if cancelled is not None and cancelled in self._work:
            self._work[cancelled].cancel()

    def _request(self, message: Message) -> None:
        key = message.key
        if key in self._work:
            self._reply(error_response(key, INVALID_REQUEST, "a request with this id is under way"))
        elif not self._is_initialized and message.method not in _BEFORE_INITIALIZE:
            self._reply(not_initialized(key))
        else:
            self._is_initialized = self._is_initialized or message.method == "initialize"
            task = asyncio.get_running_loop().create_task(self._answer(message))
            self._work[key] = task
            task.add_done_callback(lambda _: self._done(key))

    async def _answer(self, message: Message) -> None:
        await self._writer.write(as_line(await self._server.answer(message)))

    def _done(self, key: MessageId) -> None:
        del self._work[key]
        if len(self._work) < MOST_AT_ONCE and not self._ending.done():
            self._reader.resume()

    def _reply(self, raw: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._writer.write(as_line(raw)))
        self._replies.add(task)
        task.add_done_callback(self._replies.discard)
