"""``ChildSession``: a server process of the 2025-11-25 era, which belongs to one client session."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.child_talk import ChildTalk, Outlet
from secure_gateway.proxy.exchange import Exchange
from secure_gateway.proxy.judge import Judge
from secure_gateway.proxy.questions import Questions
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.wire import Message, WireLimits, cancelled_id

_log = logging.getLogger(__name__)

CANCEL_GRACE: Final = 5.0
"""Seconds that a server may take to answer a request all the same that was cancelled."""
_MOST_HELD: Final = 100
"""Messages that wait for a stream to be opened; of more, the oldest are lost."""
_GENERAL: Final = ("list_changed", "resources/updated", "elicitation/complete", "tasks/status")


class ChildSession(ChildTalk):
    """Its ids are the client's own, so nothing is renumbered."""

    def __init__(self, judge: Judge, server: UpstreamServer, limits: WireLimits) -> None:
        super().__init__(judge, server, limits)
        self.questions = Questions(judge)
        self.own_id = ""
        self.introduced = False
        self._listener: Outlet | None = None
        self._over_event = asyncio.Event()
        self._held: deque[Message] = deque(maxlen=_MOST_HELD)

    @property
    def is_busy(self) -> bool:
        """Tell whether a client waits for something."""
        return bool(self.outlets) or self._listener is not None

    async def listen(self, exchange: Exchange) -> bool:
        """Send the client what belongs to no request, until the process ends; tell False where somebody listens already."""
        if self._listener is not None:
            return False
        await exchange.reply.stream()
        self._listener = Outlet(exchange, None)
        try:
            while self._held:
                await self._pass(self._held.popleft(), self._listener)
            await self._over_event.wait()
        finally:
            self._listener = None
        await exchange.reply.end()
        return True

    async def pass_notification(self, message: Message) -> None:
        outlet = self._outlet(message)
        if outlet is None:
            self._held.append(message)
            return
        await self.say(outlet, message)
        if (cancelled := cancelled_id(message)) is not None:
            self.questions.cancel(cancelled)

    async def pass_question(self, message: Message) -> None:
        outlet = self._outlet(message)
        if outlet is None:
            self._held.append(message)
            return
        reply = outlet.exchange.reply

        async def emit(outgoing: Message) -> None:
            await reply.message(outgoing.raw)

        await self.questions.ask(message, outlet.exchange.caller, emit, self.link.tell)

    async def close(self) -> None:
        self.questions.close()
        await super().close()

    def expire(self, message: Message) -> None:
        """Stop waiting for the answer to a request that the client has cancelled, if none comes soon."""
        cancelled = cancelled_id(message)
        if cancelled is not None:
            error = UpstreamError(ErrorCode.CANCELLED, "the client cancelled the request")
            asyncio.get_running_loop().call_later(CANCEL_GRACE, self.link.abandon, cancelled, error)

    def on_over(self) -> None:
        self._over_event.set()

    async def _pass(self, message: Message, outlet: Outlet) -> None:
        if message.id is None:
            await self.say(outlet, message)
        else:
            await self.pass_question(message)

    def _outlet(self, message: Message) -> Outlet | None:
        """Return where a message belongs: to the request whose progress it is; in general to who listens; else to a request under way."""
        params = message.params or {}
        if message.method == "notifications/progress":
            for outlet in self.outlets:
                if outlet.request is not None and _progress_token(outlet.request) == params.get("progressToken"):
                    return outlet
        if message.method.endswith(_GENERAL) or not self.outlets:
            return self._listener
        return self.outlets[-1]


def _progress_token(request: Message) -> object:
    meta = (request.params or {}).get("_meta")
    return meta.get("progressToken", ...) if type(meta) is dict else ...
