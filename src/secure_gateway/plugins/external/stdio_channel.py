"""``StdioChannel``: a plugin server as a child process, in a process group of its own, with an environment of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import Any, Final

from secure_gateway.errors import AnswerError, UpstreamError
from secure_gateway.plugins.external.channel import (
    LIMITS,
    Channel,
    cancellation,
    notification,
    reply_to,
    request,
    result_of,
)
from secure_gateway.plugins.external.settings import Endpoint
from secure_gateway.plugins.external.stderr_log import StderrLog
from secure_gateway.plugins.outbound.faults import ConnectionLostError
from secure_gateway.proxy.child import ServerProcess, describe_exit
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, MessageId, WireError, decode_line

_log = logging.getLogger(__name__)

_MOST_LOGGED: Final = 20


class StdioChannel(Channel):
    """One process. Its end fails everybody who waits."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        self._name = name
        self._endpoint = endpoint
        self._environment = endpoint.environment(os.environ)
        self._stderr = StderrLog(name, endpoint.env.values())
        self._process: ServerProcess | None = None
        self._waiting: dict[MessageId, asyncio.Future[Message]] = {}
        self._last_id = 0
        self._unasked = 0
        self._mourning: asyncio.Task[None] | None = None  # kept: a task that nobody holds may vanish

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.is_alive

    async def open(self) -> None:
        server = UpstreamServer(name=self._name, command=self._endpoint.command, cwd=self._endpoint.cwd)
        try:
            self._process = await ServerProcess.start(
                server, self._environment, LIMITS.max_bytes, self._line, self._ended, self._stderr.feed
            )
        except UpstreamError as error:
            raise ConnectionLostError(error.reason) from None

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "tools/call":
            self._stderr.quiet()
        self._last_id += 1
        message_id = self._last_id
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = answer
        try:
            await self._write(request(message_id, method, params))
            return result_of(await answer)
        except asyncio.CancelledError:
            if method != "initialize":
                self._write_soon(cancellation(message_id))
            raise
        finally:
            self._waiting.pop(message_id, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # looked at, so that nobody reports it as lost

    async def tell(self, method: str) -> None:
        await self._write(notification(method))

    async def close(self, *, at_once: bool = False) -> None:
        if self._process is not None:
            await self._process.close(at_once=at_once)
        self._fail_all(ConnectionLostError("the connection to it was closed"))

    async def _write(self, raw: bytes) -> None:
        if self._process is None:
            raise ConnectionLostError("its process was not started")
        try:
            await self._process.write(raw)
        except UpstreamError:
            raise ConnectionLostError(await self._epitaph()) from None

    def _write_soon(self, raw: bytes) -> None:
        with contextlib.suppress(UpstreamError):
            if self._process is not None:
                self._process.write_soon(raw)

    async def _epitaph(self) -> str:
        """Say how the process ended, with its last words where it said any before it got a payload."""
        code = None
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):  # it may have closed its output and live on
                    code = await self._process.wait()
        words = self._stderr.last_words()
        return f"its process {describe_exit(code)}" + (f"; its last words: {words}" if words else "")

    def _line(self, line: bytes | None) -> None:
        try:
            message = decode_line(line, LIMITS)
        except WireError as error:
            # Whose answer it was cannot be told, and none of them is to wait for its time limit.
            fault = f"its server wrote {error.reason}; stdout belongs to MCP, everything else goes to stderr"
            self._fail_all(AnswerError(fault))
            return
        if message.kind in (Kind.RESPONSE, Kind.ERROR):
            answer = None if message.id is None else self._waiting.get(message.id)
            if answer is None:
                self._note_unasked()
            elif not answer.done():
                answer.set_result(message)
        elif self._process is not None and self._process.keeps_up and (reply := reply_to(message)) is not None:
            self._write_soon(reply)  # one that asks without end and reads nothing is not owed an answer

    def _note_unasked(self) -> None:
        self._unasked += 1
        if self._unasked <= _MOST_LOGGED:
            last = "; further ones are not logged" if self._unasked == _MOST_LOGGED else ""
            _log.warning("plugin %r: an answer that nobody waits for was dropped%s", self._name, last)

    def _ended(self) -> None:
        if self._waiting:
            self._mourning = asyncio.get_running_loop().create_task(self._mourn())

    async def _mourn(self) -> None:
        self._fail_all(ConnectionLostError(await self._epitaph()))

    def _fail_all(self, error: Exception) -> None:
        for answer in list(self._waiting.values()):
            if not answer.done():
                answer.set_exception(error)
