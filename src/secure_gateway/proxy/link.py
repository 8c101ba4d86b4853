"""``ServerLink``: JSON-RPC with one child process. Answers find their requests; everything else goes to whoever listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.child import ServerProcess
from secure_gateway.proxy.correlation import Correlator
from secure_gateway.proxy.salvage import read_claim
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, MessageId, WireError, WireLimits, decode_line, encode

_log = logging.getLogger(__name__)

_MOST_LOGGED: Final = 20
"""Unusable lines of one server that are logged; a server that writes nothing else would fill the log."""


class ServerLink:
    """A conversation with one child process. ``on_message`` gets its requests and notifications; ``on_end`` is called when it is gone."""

    def __init__(
        self,
        server: UpstreamServer,
        limits: WireLimits,
        on_message: Callable[[Message], None],
        on_end: Callable[[], None],
    ) -> None:
        self._server = server
        self._limits = limits
        self._on_message = on_message
        self._on_end = on_end
        self._pending = Correlator()
        self._process: ServerProcess | None = None
        self._unusable = 0

    async def start(self, environment: dict[str, str]) -> None:
        """Start the process. Raises ``UpstreamError``."""
        self._process = await ServerProcess.start(
            self._server, environment, self._limits.max_bytes, self._line, self._ended
        )

    @property
    def process(self) -> ServerProcess:
        """The child process. Raises ``UpstreamError`` where none was started."""
        if self._process is None:
            raise UpstreamError(ErrorCode.UPSTREAM_ERROR, f"server {self._server.name!r} was not started")
        return self._process

    def is_waiting(self, message_id: MessageId) -> bool:
        """Tell whether a request with that id has been sent and not been answered."""
        return message_id in self._pending

    async def ask(self, message: Message) -> Message:
        """Send a request and return its answer. Raises ``UpstreamError`` when the server ends, or answers what cannot be read.

        When the wait is cancelled (by a time limit, or because the client has gone), the server is told so.
        """
        message_id = message.key
        try:
            answer = self._pending.expect(message_id)
        except KeyError:
            reason = "a request with the same id is still being answered"
            raise UpstreamError(ErrorCode.INVALID_REQUEST, reason) from None
        try:
            await self.tell(message.raw)
            return await answer
        except asyncio.CancelledError:
            if message_id in self._pending and message.method != "initialize":
                self._cancel(message_id)
            raise
        finally:
            self._pending.forget(message_id)
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # looked at, so that nobody reports it as lost

    def forget(self, message_id: MessageId) -> None:
        """Expect no answer any more: the client has cancelled the request, and the server knows."""
        self._pending.forget(message_id)

    def abandon(self, message_id: MessageId, error: Exception) -> None:
        """Tell who waits for that answer, if anybody does, that none will come."""
        self._pending.fail(message_id, error)

    async def tell(self, raw: bytes) -> None:
        """Send a message that expects no answer. Raises ``UpstreamError`` when the server is gone."""
        await self.process.write(raw)

    async def close(self, *, at_once: bool = False) -> None:
        """End the process and wait until it is gone."""
        if self._process is not None:
            await self._process.close(at_once=at_once)
        self._pending.fail_all(f"server {self._server.name!r} was stopped")

    def _cancel(self, message_id: MessageId) -> None:
        params = {"requestId": message_id, "reason": "the gateway no longer waits for the answer"}
        notice = encode({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
        try:
            self.process.write_soon(notice)
        except UpstreamError:
            _log.debug("server %r is gone before it could be told of a cancellation", self._server.name)

    def _line(self, line: bytes | None) -> None:
        try:
            message = decode_line(line, self._limits)
        except WireError as error:
            self._note_unusable(error.reason)
            # Of a line that is too long nothing is kept, so whose answer it was is known where one request waits.
            unanswered = self._pending.only() if line is None else self._unanswered_by(line, error)
            if unanswered is not None:
                code = ErrorCode.INVALID_RESULT if line is not None else ErrorCode.TOO_LARGE
                self._pending.fail(unanswered, UpstreamError(code, f"the server answered {error.reason}"))
            return
        if message.kind in (Kind.RESPONSE, Kind.ERROR):
            if not self._pending.settle(message):
                self._note_unusable("an answer that nobody waits for")
            return
        self._on_message(message)

    def _unanswered_by(self, line: bytes, error: WireError) -> MessageId | None:
        """Return the request that an unreadable line was to answer, as far as that can be told: nobody is to wait for a time limit."""
        if error.is_answer and error.message_id is not None:
            return error.message_id
        claim = read_claim(line)
        if not claim.is_answer:
            return None
        return self._pending.only() if claim.message_id is None else claim.message_id

    def _note_unusable(self, what: str) -> None:
        self._unusable += 1
        if self._unusable <= _MOST_LOGGED:
            last = "; further ones are not logged" if self._unusable == _MOST_LOGGED else ""
            _log.warning("server %r wrote %s; it was dropped%s", self._server.name, what, last)

    def _ended(self) -> None:
        self._pending.fail_all(f"server {self._server.name!r} closed the connection")
        self._on_end()
