"""``Questions``: what a server asks a client, when the answer comes by another HTTP request than the question went out by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from secure_gateway.errors import ErrorCode, RequestDenied, RequestError
from secure_gateway.proxy.asking import Asking
from secure_gateway.proxy.faults import error_response
from secure_gateway.proxy.judge import Caller, Judge
from secure_gateway.proxy.wire import Message, MessageId
from secure_gateway.proxy.workload import Workload
from secure_gateway.types import Request

MOST_QUESTIONS: Final = 64
"""Questions of one server to one client at a time; more are refused at once."""

Emit = Callable[[Message], Awaitable[None]]
"""Sends a judged question to the client."""
SendBack = Callable[[bytes], Awaitable[None]]
"""Sends to the server the answer of a question that the client never saw."""


class _Question:
    __slots__ = ("answer", "is_answered", "is_asked", "left", "outcome")

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Message] = loop.create_future()
        self.outcome: asyncio.Future[bytes] = loop.create_future()
        self.left = asyncio.Event()
        self.is_asked = False
        self.is_answered = False


class Questions:
    """The open questions of one session."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._open: dict[MessageId, _Question] = {}
        self._work = Workload()
        self.asking = Asking()

    async def ask(self, message: Message, caller: Caller, emit: Emit, send_back: SendBack) -> bool:
        """Judge a question and send it; return when it has left (True) or was refused, not when it is answered."""
        if message.key in self._open or len(self._open) >= MOST_QUESTIONS:
            reason = f"more than {MOST_QUESTIONS} questions at a time, or the same id twice"
            denial = await self._judge.refuse(caller, ErrorCode.RATE_LIMITED, reason, name=message.method)
            await send_back(error_response(message.id, denial))
            return False
        question = self._open[message.key] = _Question()
        self._work.add(self._run(question, message, caller, emit, send_back), message.key)
        await question.left.wait()
        return question.is_asked

    async def answer(self, message: Message) -> bytes | None:
        """Take the client's answer; return what the server may read of it, None where nobody asked."""
        question = None if message.id is None else self._open.get(message.id)
        if question is None or question.is_answered or not question.is_asked:
            return None
        question.is_answered = True
        question.answer.set_result(message)
        return await asyncio.shield(question.outcome)

    def cancel(self, message_id: MessageId) -> bool:
        """Forget a question that its server has taken back; tell whether there was one."""
        task = self._work.get(message_id)
        if task is None:
            return False
        task.cancel()
        return True

    def close(self) -> None:
        """Forget them all."""
        self._work.cancel()

    async def _run(
        self, question: _Question, message: Message, caller: Caller, emit: Emit, send_back: SendBack
    ) -> None:
        async def forward(outgoing: Message, _judged: Request) -> Message:
            await emit(outgoing)
            question.is_asked = True
            question.left.set()
            with self.asking.during(message.method):
                return await question.answer

        taken_back = RequestError(ErrorCode.CANCELLED, "the question was taken back")
        raw = error_response(message.id, taken_back)
        try:
            raw = (await self._judge.server_request(message, caller, forward)).raw
        except (RequestDenied, RequestError) as error:
            raw = error_response(message.id, error)
        finally:
            question.left.set()
            self._open.pop(message.key, None)
            question.answer.cancel()
            if question.is_answered and not question.outcome.done():
                question.outcome.set_result(raw)
        if not question.is_answered:
            await send_back(raw)
