"""``UrlTraffic``: the sessions with one server behind a URL, and the judgement of every event that it sends."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from secure_gateway.errors import AuthenticationDenied, RequestDenied, RequestError
from secure_gateway.proxy.endpoint import SessionGoneError
from secure_gateway.proxy.exchange import Exchange
from secure_gateway.proxy.faults import error_response
from secure_gateway.proxy.judge import Judge
from secure_gateway.proxy.questions import Questions
from secure_gateway.proxy.registration import ServerRefusedError
from secure_gateway.proxy.reply import HeaderLines
from secure_gateway.proxy.sessions import Owner, Sessions
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.sse import Event
from secure_gateway.proxy.url_session import UrlSession
from secure_gateway.proxy.url_tasks import TaskOwners
from secure_gateway.proxy.url_upstream import UrlUpstream
from secure_gateway.proxy.wire import Kind, Message, WireError, WireLimits, cancelled_id, decode
from secure_gateway.types import Request

_log = logging.getLogger(__name__)

MOST_SESSIONLESS: Final = 10_000
"""Callers at a server without sessions whose open questions are remembered."""

OpenSession = Callable[[str, UrlSession], str]
"""Opens a session in room that has been taken for it, given server and state; returns its id."""


class UrlTraffic:
    """Shared by all exchanges with one server."""

    def __init__(self, judge: Judge, upstream: UrlUpstream, server: UpstreamServer, limits: WireLimits) -> None:
        self.judge = judge
        self.upstream = upstream
        self.server = server
        self.limits = limits
        self.sessions: Sessions[UrlSession] = Sessions(
            lambda session: session.streams > 0, lambda session: session.questions.close()
        )
        self.tasks = TaskOwners()
        self._sessionless: OrderedDict[Owner, UrlSession] = OrderedDict()

    def open_session(self, open_session: OpenSession, upstream_id: str) -> UrlSession:
        """Make a session of ours for one that the upstream has just opened."""
        session = UrlSession(upstream_id, Questions(self.judge))
        session.own_id = open_session(self.server.name, session)
        return session

    def forget(self, session: UrlSession) -> None:
        """Forget a session that is no more."""
        session.questions.close()
        if session.own_id:
            self.sessions.close(session.own_id)

    def read_event(self, event: Event) -> Message | None:
        """Return the message that an event carries, None where it carries none. Raises ``WireError``."""
        if not event.data.strip():
            return None
        if not event.is_message:
            raise WireError("an event of another kind than message")
        return decode(event.data, self.limits)

    async def pass_event(self, exchange: Exchange, session: UrlSession, event: Event, message: Message | None) -> None:
        """Judge one event that is not the awaited answer, and send on what may pass."""
        if message is None:
            await exchange.reply.event(event.raw)  # a cursor, an empty comment, a retry time
        elif message.kind is Kind.NOTIFICATION:
            await self._pass_notification(exchange, session, event, message)
        elif message.kind is Kind.REQUEST and not exchange.modern:
            await self._pass_question(exchange, session, event, message)
        elif message.kind is not Kind.REQUEST and (request := session.resumed(message.id)) is not None:
            await self._pass_resumed(exchange, session, event, request, message)
        else:
            await self.drop_event(exchange, event, f"a {message.kind} that has no place there")

    async def drop_event(self, exchange: Exchange, event: Event, what: str) -> None:
        """Send on nothing of an event but its cursor."""
        _log.warning("server %r sent %s; it was dropped", self.server.name, what)
        await self._keep_cursor(exchange, event)

    async def _pass_notification(self, exchange: Exchange, session: UrlSession, event: Event, message: Message) -> None:
        if not self.tasks.is_for(exchange.owner, message):
            await self.drop_event(exchange, event, "what it has to say of a task of somebody else")
            return
        try:
            judged = await self.judge.server_notification(message, exchange.caller)
        except AuthenticationDenied:
            raise  # the caller is nobody any more, so its stream ends
        except (RequestDenied, RequestError) as error:
            _log.warning("the %s of server %r was dropped: %s", message.method, self.server.name, error)
            await self._keep_cursor(exchange, event)
            return
        await exchange.reply.event(event.raw if judged is message else event.with_data(judged.raw))
        if (cancelled := cancelled_id(message)) is not None:
            session.questions.cancel(cancelled)

    async def _pass_question(self, exchange: Exchange, session: UrlSession, event: Event, message: Message) -> None:
        async def emit(outgoing: Message) -> None:
            await exchange.reply.event(event.raw if outgoing is message else event.with_data(outgoing.raw))

        async def send_back(raw: bytes) -> None:
            async with self.upstream.send("POST", exchange, session.upstream_id, raw, self.own_lines(exchange)):
                _log.debug("server %r was told that its question may not pass", self.server.name)

        if not await session.questions.ask(message, exchange.caller, emit, send_back):
            await self._keep_cursor(exchange, event)

    async def _pass_resumed(
        self, exchange: Exchange, session: UrlSession, event: Event, request: Message, answer: Message
    ) -> None:
        """Pass an answer that comes by another stream than its request went out by. It is judged as if it came for the first time."""

        async def forward(outgoing: Message, _judged: Request) -> Message:
            return self.tasks.seen(exchange.owner, outgoing, answer)

        try:
            judged = await self.judge.client_request(request, exchange.caller, forward)
        except (RequestDenied, RequestError) as error:
            if isinstance(error, ServerRefusedError):
                self.forget(session)
            await exchange.reply.event(event.with_data(error_response(request.id, error)))
            return
        session.introduced = session.introduced or request.method == "initialize"
        await exchange.reply.event(event.raw if judged is answer else event.with_data(judged.raw))

    async def _keep_cursor(self, exchange: Exchange, event: Event) -> None:
        if event.has_cursor:
            await exchange.reply.event(event.with_data(b""))

    def session(self, exchange: Exchange) -> UrlSession:
        """Return the session of an exchange. Raises ``SessionGoneError``."""
        named = exchange.session_id
        if named is None or exchange.modern:
            return self._without_id(exchange.owner)
        session = self.sessions.find(named, exchange.owner, self.server.name)
        if session is None:
            raise SessionGoneError
        return session

    def _without_id(self, owner: Owner) -> UrlSession:
        """Return the state of one caller at a server without sessions."""
        session = self._sessionless.get(owner)
        if session is None:
            session = self._sessionless[owner] = UrlSession(None, Questions(self.judge))
            if len(self._sessionless) > MOST_SESSIONLESS:
                self._sessionless.popitem(last=False)[1].questions.close()
        self._sessionless.move_to_end(owner)
        return session

    def own_lines(self, exchange: Exchange) -> HeaderLines:
        """Return the headers that are configured, and those of the caller that may go on."""
        return self.upstream.own_headers(exchange.caller.headers)

    def close(self) -> None:
        """Forget all sessions."""
        for session in [*self.sessions.clear(), *self._sessionless.values()]:
            session.questions.close()
