"""``ChildTalk``: a server process whose clients come by HTTP. What it says by itself finds the exchange that it belongs to, in order."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

from secure_gateway.errors import RequestDenied, RequestError
from secure_gateway.proxy.exchange import Exchange
from secure_gateway.proxy.judge import Judge
from secure_gateway.proxy.link import ServerLink
from secure_gateway.proxy.reply import ClientGoneError
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, WireLimits

_log = logging.getLogger(__name__)

MOST_WAITING: Final = 256
"""Messages of a server that wait to be judged; then it is not read until they are fewer."""


class Outlet:
    """An exchange that is open for what the server says: while its request is being answered, or for ever, if it listens."""

    __slots__ = ("exchange", "request", "settled")

    def __init__(self, exchange: Exchange, request: Message | None) -> None:
        self.exchange = exchange
        self.request = request
        self.settled = asyncio.Event()


class ChildTalk(ABC):
    """One process. Subclasses say which outlet a message is for."""

    def __init__(self, judge: Judge, server: UpstreamServer, limits: WireLimits) -> None:
        self.judge = judge
        self.server = server
        self.link = ServerLink(server, limits, self._heard, self._over)
        self.outlets: list[Outlet] = []
        self.is_over = False
        self._inbox: asyncio.Queue[Message | Outlet] = asyncio.Queue()
        self._pump: asyncio.Task[None] | None = None
        self._is_held = False

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start the process. Raises ``UpstreamError``."""
        await self.link.start(dict(environment))
        self._pump = asyncio.get_running_loop().create_task(self._pass_all())
        self._pump.add_done_callback(self._pump_ended)

    async def close(self) -> None:
        """End the process and wait until it is gone."""
        self.is_over = True
        try:
            await self.link.close()
        finally:
            if self._pump is not None:
                self._pump.cancel()

    async def converse(self, outlet: Outlet, outgoing: Message) -> Message:
        """Send a request and return its answer, after everything that the server said before it has been passed on."""
        self.outlets.append(outlet)
        try:
            answer = await self.link.ask(outgoing)
            self._inbox.put_nowait(outlet)
            await outlet.settled.wait()
            return answer
        finally:
            self.release(outlet)

    def release(self, outlet: Outlet) -> None:
        """Send nothing there any more."""
        if outlet in self.outlets:
            self.outlets.remove(outlet)

    @abstractmethod
    async def pass_question(self, message: Message) -> None:
        """Take a request of the server."""

    @abstractmethod
    async def pass_notification(self, message: Message) -> None:
        """Take a notification of the server."""

    async def say(self, outlet: Outlet, message: Message, judged_as: Message | None = None) -> None:
        """Judge a notification and send it to the client behind ``outlet``; ``judged_as`` is how it reads there."""
        said = message if judged_as is None else judged_as
        try:
            judged = await self.judge.server_notification(said, outlet.exchange.caller)
        except (RequestDenied, RequestError) as error:
            _log.warning("the %s of server %r was dropped: %s", message.method, self.server.name, error)
            return
        await outlet.exchange.reply.message(judged.raw)

    def on_over(self) -> None:
        """Act on the end of the process."""

    def _heard(self, message: Message) -> None:
        self._inbox.put_nowait(message)
        if not self._is_held and self._inbox.qsize() >= MOST_WAITING:
            self._is_held = True
            self.link.process.pause()

    async def _pass_all(self) -> None:
        while True:
            item = await self._inbox.get()
            if self._is_held and self._inbox.qsize() <= MOST_WAITING // 2:
                self._is_held = False
                self.link.process.resume()
            if isinstance(item, Outlet):
                self.release(item)
                item.settled.set()
                continue
            try:
                if item.kind is Kind.REQUEST:
                    await self.pass_question(item)
                else:
                    await self.pass_notification(item)
            except (ClientGoneError, ConnectionError, RequestDenied, RequestError) as error:
                _log.debug("a %s of server %r reached nobody: %s", item.method, self.server.name, type(error).__name__)

    def _pump_ended(self, pump: asyncio.Task[None]) -> None:
        """Let nobody wait for what will not be passed on any more. Other than by ``close``, that is a fault of ours."""
        self.is_over = True
        for outlet in self.outlets:
            outlet.settled.set()
        if not pump.cancelled() and (error := pump.exception()) is not None:
            _log.error("what server %r said could not be handled: %s", self.server.name, type(error).__name__)
            self.link.process.abort()

    def _over(self) -> None:
        self.is_over = True
        self.on_over()
