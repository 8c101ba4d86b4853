"""``Posting``: one request on its way to a server behind a URL, and its answer on the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx

from secure_gateway.errors import ErrorCode, UpstreamError
from secure_gateway.proxy.exchange import SESSION_HEADER, Exchange
from secure_gateway.proxy.reply import EVENT_HEADERS, HeaderLines
from secure_gateway.proxy.salvage import read_claim
from secure_gateway.proxy.sse import Event
from secure_gateway.proxy.url_session import UrlSession
from secure_gateway.proxy.url_traffic import OpenSession, UrlTraffic
from secure_gateway.proxy.url_upstream import UpstreamStatusError, is_stream, media_type, passed_back
from secure_gateway.proxy.wire import Kind, Message, WireError, decode
from secure_gateway.types import Request

_ABOUT_US: Final = frozenset({401, 403, 407, *range(300, 400)})
"""Statuses by which the server refuses us or sends us elsewhere; its client is not meant."""


class StreamClosedError(UpstreamError):
    """The server closed a stream before it answered, and the client may resume it."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.UPSTREAM_ERROR, "the server closed the stream before it answered; it can be resumed")


class Posting:
    """Created for one request; ``open_session`` is for the one that may open a session. ``forward`` is what the judge calls; ``finish`` sends what it says may pass."""

    def __init__(
        self,
        traffic: UrlTraffic,
        exchange: Exchange,
        message: Message,
        session: UrlSession,
        open_session: OpenSession | None = None,
    ) -> None:
        self._traffic = traffic
        self._exchange = exchange
        self._message = message
        self._session = session
        self._open_session = open_session
        self._opened: UrlSession | None = None
        self._status = 200
        self._headers: HeaderLines = []
        self._event: Event | None = None
        self._answer: Message | None = None
        self._is_resumable = False

    @property
    def session(self) -> UrlSession:
        """The session in which the request stands."""
        return self._session

    async def forward(self, outgoing: Message, judged: Request) -> Message:
        """Post ``outgoing`` and return its answer; on the way, pass on what the server says before it."""
        exchange, upstream = self._exchange, self._traffic.upstream
        outgoing = self._traffic.tasks.veiled(exchange.owner, outgoing)
        extra = [*upstream.own_headers(judged.headers), *upstream.message_headers(exchange, self._message, outgoing)]
        async with upstream.send("POST", exchange, self._session.upstream_id, outgoing.raw, extra) as response:
            self._status = response.status_code
            self._headers = passed_back(response)
            self._meet_session(response)
            self._answer = await (self._streamed(response) if is_stream(response) else self._single(response))
            return self._traffic.tasks.seen(exchange.owner, outgoing, self._answer)

    async def finish(self, answer: Message) -> None:
        """Send the judged answer in the form in which the server sent it."""
        reply, event = self._exchange.reply, self._event
        if event is None:
            await reply.json(self._status, answer.raw, self._headers)
            return
        await reply.event(event.raw if answer is self._answer else event.with_data(answer.raw))
        await reply.end()

    def accept_session(self) -> None:
        """Let the session be used that this request opened."""
        if self._opened is not None:
            self._opened.introduced = True

    def abandon_session(self) -> None:
        """Forget the session that this request opened: the client is not told that it was."""
        if self._opened is not None:
            self._traffic.forget(self._opened)

    def _meet_session(self, response: httpx.Response) -> None:
        """Put our session id where the upstream's stands; open a session of ours where it has opened one."""
        named = response.headers.get(SESSION_HEADER.decode())
        if self._exchange.modern:
            return
        if named is not None and self._open_session is not None:
            self._session = self._opened = self._traffic.open_session(self._open_session, named)
        if self._status == 404 and self._session.own_id:  # noqa: PLR2004 - HTTP status codes speak for themselves
            self._traffic.forget(self._session)
        elif self._session.own_id:
            self._headers.append((SESSION_HEADER, self._session.own_id.encode()))

    async def _single(self, response: httpx.Response) -> Message:
        """Return the answer that is the whole body. An error without an id answers a request that the server could not read."""
        if self._status in _ABOUT_US or media_type(response) != "application/json":
            raise UpstreamStatusError(self._status)
        try:
            answer = decode(await self._traffic.upstream.body(response), self._traffic.limits)
        except WireError as error:
            raise UpstreamError(ErrorCode.INVALID_RESULT, f"the server answered {error.reason}") from None
        if not self._is_answer(answer) and not (answer.kind is Kind.ERROR and answer.id is None):
            raise UpstreamError(ErrorCode.INVALID_RESULT, "the server answered something else than what was asked")
        return answer

    async def _streamed(self, response: httpx.Response) -> Message:
        """Return the answer out of a stream, of which everything before it is judged and passed on."""
        if self._status in _ABOUT_US:
            raise UpstreamStatusError(self._status)
        traffic = self._traffic
        await self._exchange.reply.stream(self._status, [*EVENT_HEADERS, *_without(self._headers, EVENT_HEADERS)])
        try:
            answer = await self._awaited_event(traffic.upstream.events(response))
        except UpstreamError as error:
            # However a stream that can be resumed breaks off: the client is not to take it for the end of its request.
            if self._is_resumable and error.code is ErrorCode.UPSTREAM_ERROR:
                raise StreamClosedError from None
            raise
        if answer is not None:
            return answer
        if self._is_resumable:
            raise StreamClosedError
        raise UpstreamError(ErrorCode.UPSTREAM_ERROR, "the server closed the stream before it answered")

    async def _awaited_event(self, events: AsyncIterator[Event]) -> Message | None:
        """Return the answer when it comes, None when the stream ends without it."""
        traffic, exchange = self._traffic, self._exchange
        async for event in events:
            if event.has_cursor and not self._is_resumable and not exchange.modern:
                self._is_resumable = True
                self._session.remember(self._message)
            try:
                message = traffic.read_event(event)
            except WireError as error:
                if self._is_unreadable_answer(event, error):
                    raise UpstreamError(ErrorCode.INVALID_RESULT, f"the server answered {error.reason}") from None
                await traffic.drop_event(exchange, event, error.reason)
                continue
            if message is not None and self._is_answer(message):
                self._event = event
                return message
            await traffic.pass_event(exchange, self._session, event, message)
        return None

    def _is_unreadable_answer(self, event: Event, error: WireError) -> bool:
        """Tell whether an event was to be the awaited answer; one that names no id can be no other request's on this stream."""
        if error.is_answer and error.message_id is not None:
            return error.message_id == self._message.id
        claim = read_claim(event.data)
        return claim.is_answer and claim.message_id in (None, self._message.id)

    def _is_answer(self, message: Message) -> bool:
        return message.kind in (Kind.RESPONSE, Kind.ERROR) and message.id == self._message.id


def _without(headers: HeaderLines, others: HeaderLines) -> HeaderLines:
    names = {name for name, _ in others}
    return [(name, value) for name, value in headers if name not in names]
