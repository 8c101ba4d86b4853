"""``Lifeline``: the kept connection to one plugin server: looked after, made anew when it is lost, and never asked beyond its limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.external.channel import Channel
from secure_gateway.plugins.external.session import call_tool, ping, shake_hands
from secure_gateway.plugins.external.settings import CallRules
from secure_gateway.plugins.outbound.breaker import Breaker
from secure_gateway.plugins.outbound.faults import ConnectionLostError

_log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 15.0
"""Seconds for a process to start, or a connection to be made, and the handshake."""
_PING_SECONDS: Final = 5.0
_NEARLY: Final = 0.9
"""The part of its time limit after which a call that its caller gives up counts as not answered."""


class Lifeline:
    """Everything here runs on one event loop; ``make`` makes a channel for each connection."""

    def __init__(self, name: str, make: Callable[[], Channel], rules: CallRules) -> None:
        self._name = name
        self._make = make
        self._rules = rules
        self._breaker = Breaker(rules.reconnect_delay)
        self._room = asyncio.Semaphore(rules.concurrency)
        self._connecting = asyncio.Lock()
        self._channel: Channel | None = None
        self._trouble = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def start(self) -> Channel:
        """Connect, and look after the connection from now on. Raises ``ConnectionLostError`` or ``AnswerError``."""
        return await self._connected()

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """Return what a tool of the server returns. Raises ``AnswerError``; a lost connection is tried again as often as is configured."""
        lost = ""
        async with self._room:
            for _ in range(self._rules.retries + 1):
                try:
                    return await self._attempt(tool, arguments)
                except ConnectionLostError as error:
                    lost = str(error)
        raise AnswerError(f"no answer: {lost}")

    async def close(self, *, at_once: bool = False) -> None:
        """Release everything. Idempotent."""
        self._is_closed = True
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close(at_once=at_once)
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _attempt(self, tool: str, arguments: dict[str, Any]) -> Any:
        self._breaker.enter()
        started = monotonic()
        channel: Channel | None = None
        try:
            async with asyncio.timeout(self._rules.timeout):
                channel = await self._connected()
                answer = await call_tool(channel, tool, arguments)
        except ConnectionLostError:
            self._failed(channel)
            raise
        except TimeoutError:
            self._failed(None)
            raise AnswerError(f"no answer within {self._rules.timeout:g} s") from None
        except asyncio.CancelledError:
            if monotonic() - started >= _NEARLY * self._rules.timeout:
                self._failed(None)
            else:
                self._breaker.left()
            raise
        except AnswerError:
            self._breaker.succeeded()  # it answers, be it nonsense: that is the affair of this call alone
            raise
        self._breaker.succeeded()
        return answer

    async def _connected(self) -> Channel:
        """Return the open connection, made anew where there is none. Many who wait share one attempt."""
        channel = self._channel
        if channel is not None and channel.is_open:
            return channel
        async with self._connecting:
            if self._is_closed:
                raise AnswerError("it is being shut down")
            channel = self._channel
            if channel is not None and channel.is_open:
                return channel
            self._leave(channel)
            self._channel = None
            self._channel = channel = await self._connect()
            if self._watch is None:
                self._watch = asyncio.get_running_loop().create_task(self._look_after())
            return channel

    async def _connect(self) -> Channel:
        channel = self._make()
        is_up = False
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await shake_hands(channel)
            is_up = True
        except TimeoutError:
            raise ConnectionLostError(f"no handshake within {CONNECT_SECONDS:g} s") from None
        except AnswerError as error:  # without a handshake there is no connection, whatever it said
            raise ConnectionLostError(str(error)) from None
        finally:
            if not is_up:
                await channel.close(at_once=True)
        return channel

    def _failed(self, channel: Channel | None) -> None:
        """Count a failure; give up a connection that was lost, or on which nothing is answered any more."""
        if channel is not None and channel is not self._channel:
            self._breaker.left()  # one loss is one failure, however many were waiting
            return
        was_open = self._breaker.is_open
        self._breaker.failed()
        self._trouble.set()
        if self._breaker.is_open and not was_open:
            _log.warning("plugin %r: its server has failed repeatedly; it is asked again later", self._name)
        if self._channel is not None and (self._channel is channel or self._breaker.is_open):
            self._leave(self._channel)
            self._channel = None

    def _leave(self, channel: Channel | None) -> None:
        if channel is not None:
            task = asyncio.get_running_loop().create_task(channel.close(at_once=True))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _look_after(self) -> None:
        """Ask an idle connection for a sign of life now and then; after trouble, connect anew as soon as that may be tried."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rules.health_interval):
                    await self._trouble.wait()
            self._trouble.clear()
            if self._breaker.is_open:
                await asyncio.sleep(self._breaker.wait)
            await self._check()

    async def _check(self) -> None:
        was_open = self._breaker.is_open
        try:
            self._breaker.enter()
        except AnswerError:
            return  # a call is trying already
        channel: Channel | None = None
        try:
            channel = await self._connected()
            async with asyncio.timeout(_PING_SECONDS):
                await ping(channel)
        except (ConnectionLostError, TimeoutError):
            self._failed(channel)
        except asyncio.CancelledError:
            self._breaker.left()
            raise
        except AnswerError as error:
            self._breaker.responded()
            _log.warning("plugin %r: %s", self._name, error)
        else:
            self._breaker.responded()
            if was_open:
                _log.warning("plugin %r: its server answers again", self._name)
