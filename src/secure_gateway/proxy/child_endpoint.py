"""A server that speaks MCP on stdio, behind the HTTP door: a process for each session, or for each principal where there are no sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from time import monotonic
from typing import Final

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.gateway import Gateway
from secure_gateway.proxy.child_session import ChildSession
from secure_gateway.proxy.child_shared import SharedChild
from secure_gateway.proxy.child_talk import Outlet
from secure_gateway.proxy.endpoint import Endpoint, SessionGoneError, SessionMissingError
from secure_gateway.proxy.exchange import SESSION_HEADER, Exchange
from secure_gateway.proxy.registration import ServerRefusedError, no_introduction
from secure_gateway.proxy.reply import Reply
from secure_gateway.proxy.sessions import IDLE_SECONDS, RETRY_SECONDS, Owner, Sessions
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, encode
from secure_gateway.proxy.workload import Workload
from secure_gateway.types import Request

MOST_CHILDREN: Final = 64
"""Processes of one server at a time, of all callers together."""
MOST_PER_OWNER: Final = 16
_NO_INITIALIZE: Final = b'{"jsonrpc":"2.0","id":%b,"error":{"code":-32601,"message":"Method not found: initialize"}}'
_ACCEPTED: Final = 202
_STATUS: Final = {-32700: 400, -32600: 400, -32602: 400, -32020: 400, -32021: 400, -32022: 400, -32601: 404}
"""HTTP status of a JSON-RPC error in the stateless era (2026-07-28, transports); of every other error it is 200."""


class AllBusyError(UpstreamError):
    """Every process that there may be is in use (503)."""

    retry_after = RETRY_SECONDS

    def __init__(self, reason: str) -> None:
        super().__init__(ErrorCode.UNAVAILABLE, reason)


class ChildEndpoint(Endpoint):
    """Starts processes when they are needed, and ends them when nobody needs them any more."""

    reads_headers = False

    def __init__(
        self, gateway: Gateway, settings: ProxySettings, server: UpstreamServer, environ: Mapping[str, str]
    ) -> None:
        super().__init__(gateway, settings, server)
        self._environment = settings.child_environment(server, environ)
        self._sessions: Sessions[ChildSession] = Sessions(
            lambda session: session.is_busy,
            lambda session: self._closing.add(session.close()),
            most=MOST_CHILDREN,
            per_owner=MOST_PER_OWNER,
        )
        self._shared: dict[Owner, SharedChild] = {}
        self._starting: dict[Owner, asyncio.Lock] = {}
        self._launching = 0
        self._closing = Workload()

    async def request(self, exchange: Exchange, message: Message) -> None:
        if exchange.modern and message.method == "initialize":
            # Over HTTP this era knows no such method; a process would take it for the beginning of the other era.
            reason = "initialize does not exist in the revision that the request names"
            await self.judge.refuse(exchange.caller, ErrorCode.INVALID_REQUEST, reason, name=message.method)
            await exchange.reply.json(404, _NO_INITIALIZE % encode(message.id))
        elif exchange.modern:
            await self._stateless(exchange, message)
        elif message.method == "initialize" and exchange.session_id is None:
            await self._initialize(exchange, message)
        else:
            await self._in_session(exchange, message, self._session(exchange))

    async def notification(self, exchange: Exchange, message: Message) -> None:
        # In the stateless era a notification over HTTP belongs to nothing: a request is cancelled by closing its stream.
        session = None if exchange.modern else self._session(exchange)

        async def deliver(outgoing: Message) -> None:
            if session is not None:
                await session.link.tell(outgoing.raw)
                session.expire(outgoing)

        await self.judge.client_notification(message, exchange.caller, deliver)
        await exchange.reply.empty(_ACCEPTED)

    async def answer(self, exchange: Exchange, message: Message) -> None:
        session = self._session(exchange)
        raw = await session.questions.answer(message)
        if raw is not None:
            await session.link.tell(raw)
        await exchange.reply.empty(_ACCEPTED)

    async def get(self, exchange: Exchange) -> None:
        session = self._session(exchange)
        _name_session(exchange.reply, session)
        if not await session.listen(exchange):
            await exchange.reply.problem(409, "this session has a stream already")

    async def delete(self, exchange: Exchange) -> None:
        session = self._session(exchange)
        self._end(session)
        await exchange.reply.empty(200)

    async def sweep(self) -> None:
        for session in self._sessions.expired():
            self._closing.add(session.close())
        limit = monotonic() - IDLE_SECONDS
        for owner, child in list(self._shared.items()):
            if child.is_over or (child.used < limit and not child.is_busy):
                del self._shared[owner]
                self._closing.add(child.close())
        for owner, lock in list(self._starting.items()):
            if owner not in self._shared and not lock.locked():
                del self._starting[owner]

    async def close(self) -> None:
        children = [*self._sessions.clear(), *self._shared.values()]
        self._shared.clear()
        await asyncio.gather(*(child.close() for child in children), *self._closing.tasks)

    async def _initialize(self, exchange: Exchange, message: Message) -> None:
        session = ChildSession(self.judge, self.server, self.limits)
        with self._sessions.room(exchange.owner) as open_session:

            async def forward(outgoing: Message, _judged: Request) -> Message:
                await session.start(self._environment)
                session.own_id = open_session(self.server.name, session)
                _name_session(exchange.reply, session)
                return await session.converse(Outlet(exchange, message), outgoing)

            try:
                answer = await self.judge.client_request(message, exchange.caller, forward)
            except BaseException as error:
                # Also when the client left before it could read the session's id: nobody would ever close that session.
                # And where the answer was refused: what it opened may not be used.
                if not exchange.reply.is_started or isinstance(error, ServerRefusedError):
                    self._end(session)
                raise
        session.introduced = True
        await _finish(exchange, answer)

    async def _in_session(self, exchange: Exchange, message: Message, session: ChildSession) -> None:
        async def forward(outgoing: Message, _judged: Request) -> Message:
            return await session.converse(Outlet(exchange, message), outgoing)

        if not session.introduced:
            raise no_introduction()
        _name_session(exchange.reply, session)
        answer = await self.judge.client_request(message, exchange.caller, forward, session.questions.asking)
        await _finish(exchange, answer)

    async def _stateless(self, exchange: Exchange, message: Message) -> None:
        async def forward(outgoing: Message, _judged: Request) -> Message:
            child = await self._child_of(exchange.owner, outgoing)
            return await child.call(exchange, outgoing)

        await _finish(exchange, await self.judge.client_request(message, exchange.caller, forward))

    async def _child_of(self, owner: Owner, first: Message) -> SharedChild:
        """Return the process of one principal; start it where there is none."""
        async with self._starting.setdefault(owner, asyncio.Lock()):
            child = self._shared.get(owner)
            if child is None or child.is_over:
                self._make_room()
                child = SharedChild(self.judge, self.server, self.limits)
                self._launching += 1
                try:
                    with ExitStack() as undo:
                        undo.callback(lambda: self._closing.add(child.close()))
                        await child.start(self._environment)
                        await child.settle_era(first)
                        undo.pop_all()
                finally:
                    self._launching -= 1
                if (ended := self._shared.pop(owner, None)) is not None:
                    self._closing.add(ended.close())
                self._shared[owner] = child
            return child

    def _make_room(self) -> None:
        if len(self._shared) + self._launching < MOST_CHILDREN:
            return
        idle = [owner for owner, child in self._shared.items() if not child.is_busy]
        if not idle:
            raise AllBusyError(f"all {MOST_CHILDREN} processes of {self.server.name!r} are in use")
        least = min(idle, key=lambda owner: self._shared[owner].used)
        self._closing.add(self._shared.pop(least).close())
        self._starting.pop(least, None)

    def _session(self, exchange: Exchange) -> ChildSession:
        named = exchange.session_id
        if named is None:
            raise SessionMissingError
        session = self._sessions.find(named, exchange.owner, self.server.name)
        if session is None:
            raise SessionGoneError
        if session.is_over:
            self._end(session)
            raise SessionGoneError
        return session

    def _end(self, session: ChildSession) -> None:
        self._sessions.close(session.own_id)
        self._closing.add(session.close())


def _name_session(reply: Reply, session: ChildSession) -> None:
    reply.common.append((SESSION_HEADER, session.own_id.encode()))


async def _finish(exchange: Exchange, answer: Message) -> None:
    reply = exchange.reply
    if reply.is_stream:
        await reply.message(answer.raw)
        await reply.end()
        return
    status = _STATUS.get(answer.error["code"], 200) if exchange.modern and answer.kind is Kind.ERROR else 200
    await reply.json(status, answer.raw)
