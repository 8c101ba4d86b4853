"""``UrlSession``: what is remembered of one client session with a server behind a URL."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from secure_gateway.proxy.questions import Questions
from secure_gateway.proxy.wire import Message, MessageId

MOST_RESUMABLE: Final = 100
"""Requests of a session whose answers can be judged when they come (once more) by a resumed stream."""
RESUMABLE_BYTES: Final = 256 * 1024
"""A longer request cannot be resumed."""


class UrlSession:
    """One client session and the upstream's session that belongs to it. ``upstream_id`` is None where the server has no sessions."""

    def __init__(self, upstream_id: str | None, questions: Questions) -> None:
        self.upstream_id = upstream_id
        self.own_id = ""
        self.introduced = False
        self.questions = questions
        self.streams = 0
        self._resumable: OrderedDict[MessageId, Message] = OrderedDict()

    def remember(self, message: Message) -> None:
        """Keep a request whose answer may come by another stream."""
        if len(message.raw) <= RESUMABLE_BYTES:
            self._resumable[message.key] = message
            if len(self._resumable) > MOST_RESUMABLE:
                self._resumable.popitem(last=False)

    def resumed(self, message_id: MessageId | None) -> Message | None:
        """Return the request that an answer on a resumed stream belongs to."""
        return None if message_id is None else self._resumable.get(message_id)
