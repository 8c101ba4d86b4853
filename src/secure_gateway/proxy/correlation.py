"""``Correlator``: which answer belongs to which request."""

from __future__ import annotations

import asyncio

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.wire import Message, MessageId


class Correlator:
    """Requests that wait for an answer, by id. An id waits once only."""

    def __init__(self) -> None:
        self._waiting: dict[MessageId, asyncio.Future[Message]] = {}

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, message_id: MessageId) -> asyncio.Future[Message]:
        """Return the future of the answer. Raises ``KeyError`` where one is awaited under that id already."""
        if message_id in self._waiting:
            raise KeyError(message_id)
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        return future

    def forget(self, message_id: MessageId) -> None:
        """Wait no longer: an answer that still comes is one that nobody asked for."""
        self._waiting.pop(message_id, None)

    def only(self) -> MessageId | None:
        """Return the id that waits where no other does."""
        return next(iter(self._waiting)) if len(self._waiting) == 1 else None

    def settle(self, answer: Message) -> bool:
        """Hand ``answer`` to who waits for it; tell whether anybody does."""
        future = None if answer.id is None else self._waiting.pop(answer.id, None)
        if future is None or future.done():
            return False
        future.set_result(answer)
        return True

    def fail(self, message_id: MessageId, error: Exception) -> None:
        """Tell who waits for that answer that none will come."""
        future = self._waiting.pop(message_id, None)
        if future is not None and not future.done():
            future.set_exception(error)

    def fail_all(self, reason: str) -> None:
        """Tell everybody who waits that no answer will come."""
        for message_id in list(self._waiting):
            self.fail(message_id, UpstreamError(ErrorCode.UPSTREAM_ERROR, reason))
