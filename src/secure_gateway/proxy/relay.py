"""``Relay``: everything that passes between one stdio client and one server, in both directions. Owns no process and no descriptor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from secure_gateway.errors import ErrorCode, RequestDenied, RequestError, UpstreamError
from secure_gateway.proxy.asking import Asking
from secure_gateway.proxy.correlation import Correlator
from secure_gateway.proxy.faults import error_response, wire_error_response
from secure_gateway.proxy.judge import Caller, Judge
from secure_gateway.proxy.link import ServerLink
from secure_gateway.proxy.registration import ServerRefusedError
from secure_gateway.proxy.wire import Kind, Message, MessageId, WireError, WireLimits, cancelled_id, decode_line
from secure_gateway.proxy.workload import Workload
from secure_gateway.types import Request

_log = logging.getLogger(__name__)

CANCEL_GRACE: Final = 5.0
"""Seconds that a server may take to answer a request all the same that was cancelled."""
MOST_CALLS: Final = 1024
"""Requests of the client at a time; more are refused at once."""
MOST_QUESTIONS: Final = 64
"""Requests of the server at a time; more are refused at once."""


class Relay:
    """Messages are judged concurrently; where no plugin suspends, their order stays as it was.

    ``write`` carries one message to the client. ``on_refused`` is called when a plugin has refused the server by what it said of itself; the client has
    been told then, and nothing of what is under way is answered any more.
    """

    def __init__(
        self,
        judge: Judge,
        caller: Caller,
        limits: WireLimits,
        link: ServerLink,
        write: Callable[[bytes], Awaitable[None]],
        on_refused: Callable[[], None],
    ) -> None:
        self._judge = judge
        self._caller = caller
        self._limits = limits
        self._link = link
        self._write = write
        self._on_refused = on_refused
        self._is_refused = False
        self._asked = Correlator()
        self._asking = Asking()
        self.calls = Workload()
        self.questions = Workload()
        self.client_notices = Workload()
        self.server_notices = Workload(self._hold_server)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """All that is under way."""
        return self.calls, self.questions, self.client_notices, self.server_notices

    def client_line(self, line: bytes | None) -> None:
        """Take a line that the client wrote (None: too long to be kept)."""
        try:
            message = decode_line(line, self._limits)
        except WireError as error:
            self._unreadable(error)
            return
        if message.kind is Kind.REQUEST:
            self._client_request(message)
        elif message.kind is Kind.NOTIFICATION:
            self.client_notices.add(self._client_notification(message))
        elif not self._asked.settle(message):
            _log.warning("the client answered a question that nobody asked; the answer was dropped")

    def _client_request(self, message: Message) -> None:
        if message.key in self.calls:
            self._refuse(message, ErrorCode.INVALID_REQUEST, "a request with the same id is still being answered")
        elif len(self.calls) >= MOST_CALLS:
            self._refuse(message, ErrorCode.RATE_LIMITED, f"more than {MOST_CALLS} requests at a time")
        elif self._is_refused:
            self._refuse(message, ErrorCode.DENIED, "the server was refused when it introduced itself")
        else:
            self.calls.add(self._answer_client(message), message.id, lambda: self._apologise_to_client(message))

    async def _answer_client(self, message: Message) -> None:
        try:
            answer = await self._judge.client_request(message, self._caller, self._ask_server, self._asking)
            raw = answer.raw
        except (RequestDenied, RequestError) as error:
            raw = error_response(message.id, error)
            if isinstance(error, ServerRefusedError):
                await self._give_up_server(message, raw)
                return
        await self._write(raw)

    async def _give_up_server(self, message: Message, raw: bytes) -> None:
        self._is_refused = True
        mine = self.calls.get(message.key)
        for task in self.calls.tasks:
            if task is not mine:
                task.cancel()
        await self._write(raw)
        self._on_refused()

    async def _ask_server(self, message: Message, _judged: Request) -> Message:
        return await self._link.ask(message)

    async def _client_notification(self, message: Message) -> None:
        if self._cancel_unsent(message):
            return
        with _dropped("client", message):
            await self._judge.client_notification(message, self._caller, self._tell_server)

    async def _tell_server(self, message: Message) -> None:
        await self._link.tell(message.raw)
        cancelled = cancelled_id(message)
        if cancelled is not None and (call := self.calls.get(cancelled)) is not None:
            asyncio.get_running_loop().call_later(CANCEL_GRACE, self._give_up, cancelled, call)

    def _cancel_unsent(self, message: Message) -> bool:
        """Cancel a request that the server has not seen, or has answered already; tell whether the server need not hear of it."""
        cancelled = cancelled_id(message)
        task = self.calls.get(cancelled)
        if cancelled is None or task is None or self._link.is_waiting(cancelled):
            return False
        task.cancel()
        return True

    def _give_up(self, message_id: MessageId, task: asyncio.Task[None]) -> None:
        if self.calls.get(message_id) is task:
            self._link.forget(message_id)
            task.cancel()

    def _unreadable(self, error: WireError) -> None:
        if not error.is_answer:
            self.client_notices.add(self._refuse_line(error))
        elif error.message_id is not None:
            failure = RequestError(ErrorCode.INVALID_REQUEST, f"the client answered {error.reason}")
            self._asked.fail(error.message_id, failure)

    async def _refuse_line(self, error: WireError) -> None:
        denial = await self._judge.refuse(self._caller, error.code, error.reason)
        await self._write(wire_error_response(error, denial.request_id))

    def _refuse(self, message: Message, code: ErrorCode, reason: str) -> None:
        async def answer() -> None:
            denial = await self._judge.refuse(self._caller, code, reason, name=message.method)
            await self._write(error_response(message.id, denial))

        self.client_notices.add(answer())

    def _apologise_to_client(self, message: Message) -> None:
        failure = RequestError(ErrorCode.INTERNAL, "a fault of the proxy itself")
        self.client_notices.add(_awaited(self._write(error_response(message.id, failure))))

    def server_message(self, message: Message) -> None:
        """Take a request or notification of the server."""
        if message.kind is Kind.NOTIFICATION:
            self.server_notices.add(self._server_notification(message))
            return
        if message.key in self.questions or len(self.questions) >= MOST_QUESTIONS:
            self.server_notices.add(self._refuse_question(message))
        else:
            self.questions.add(self._answer_server(message), message.id)

    async def _server_notification(self, message: Message) -> None:
        if self._cancel_unasked(message):
            return
        with _dropped("server", message):
            judged = await self._judge.server_notification(message, self._caller)
            await self._write(judged.raw)
            self._note_server_cancellation(judged)

    async def _answer_server(self, message: Message) -> None:
        try:
            answer = await self._judge.server_request(message, self._caller, self._ask_client)
            raw = answer.raw
        except (RequestDenied, RequestError) as error:
            raw = error_response(message.id, error)
        with contextlib.suppress(UpstreamError):  # the server no longer waits
            await self._link.tell(raw)

    async def _ask_client(self, message: Message, _judged: Request) -> Message:
        answer = self._asked.expect(message.key)
        try:
            await self._write(message.raw)
            with self._asking.during(message.method):
                return await answer
        finally:
            self._asked.forget(message.key)

    async def _refuse_question(self, message: Message) -> None:
        reason = f"more than {MOST_QUESTIONS} requests at a time, or the same id twice"
        denial = await self._judge.refuse(self._caller, ErrorCode.RATE_LIMITED, reason, name=message.method)
        with contextlib.suppress(UpstreamError):
            await self._link.tell(error_response(message.id, denial))

    def _cancel_unasked(self, message: Message) -> bool:
        cancelled = cancelled_id(message)
        task = self.questions.get(cancelled)
        if task is None or cancelled in self._asked:
            return False
        task.cancel()
        return True

    def _note_server_cancellation(self, message: Message) -> None:
        """The server takes back its own question, or ends a subscription of the client; either way no answer will come."""
        cancelled = cancelled_id(message)
        if cancelled is None:
            return
        if (question := self.questions.get(cancelled)) is not None:
            question.cancel()
        elif (call := self.calls.get(cancelled)) is not None:
            self._give_up(cancelled, call)

    def _hold_server(self, is_full: bool) -> None:  # noqa: FBT001 - a callback with one meaning
        if is_full:
            self._link.process.pause()
        else:
            self._link.process.resume()


async def _awaited(work: Awaitable[None]) -> None:
    await work


@contextlib.contextmanager
def _dropped(whose: str, message: Message) -> Iterator[None]:
    """A notification has no answer: where it may not pass, it is dropped, and the operator's log says so (its record says why)."""
    try:
        yield
    except (RequestDenied, RequestError) as error:
        _log.warning("the %s's %s was dropped: %s", whose, message.method, error)
