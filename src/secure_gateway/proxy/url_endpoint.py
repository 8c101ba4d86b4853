"""A server that speaks streamable HTTP, behind ours. What no policy touches goes through as it came: status, body, events, cursors."""

from __future__ import annotations

import logging
from typing import Final

import httpx

from secure_gateway.errors import RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.proxy.endpoint import Endpoint
from secure_gateway.proxy.exchange import Exchange, exchange_aside
from secure_gateway.proxy.judge import Forward
from secure_gateway.proxy.registration import no_introduction
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.url_posting import Posting, StreamClosedError
from secure_gateway.proxy.url_session import UrlSession
from secure_gateway.proxy.url_traffic import UrlTraffic
from secure_gateway.proxy.url_upstream import UpstreamStatusError, UrlUpstream, is_stream, passed_back
from secure_gateway.proxy.wire import Message, WireError, decode
from secure_gateway.types import Request

_log = logging.getLogger(__name__)

_ACCEPTED: Final = 202
_NOT_FOUND: Final = 404
_ERRORS: Final = 400


class UrlEndpoint(Endpoint):
    """Relays the exchanges of all clients with one URL."""

    def __init__(
        self, gateway: Gateway, settings: ProxySettings, server: UpstreamServer, transport: httpx.AsyncHTTPTransport
    ) -> None:
        super().__init__(gateway, settings, server)
        self.upstream = UrlUpstream(transport, server, settings.limits)
        self._traffic = UrlTraffic(self.judge, self.upstream, server, settings.limits)

    async def request(self, exchange: Exchange, message: Message) -> None:
        session = self._traffic.session(exchange)
        if session.own_id and not session.introduced:
            raise no_introduction()
        if message.method == "initialize" and not exchange.modern and exchange.session_id is None:
            with self._traffic.sessions.room(exchange.owner) as open_session:
                await self._relay(exchange, message, Posting(self._traffic, exchange, message, session, open_session))
        else:
            await self._relay(exchange, message, Posting(self._traffic, exchange, message, session))

    async def _relay(self, exchange: Exchange, message: Message, posting: Posting) -> None:
        try:
            asking = posting.session.questions.asking
            answer = await self.judge.client_request(
                message, exchange.caller, posting.forward, asking, self._aside(exchange, posting.session)
            )
        except StreamClosedError:
            await exchange.reply.end()  # the client may resume it elsewhere, as without us
        except (RequestDenied, RequestError):
            posting.abandon_session()
            raise
        else:
            posting.accept_session()
            await posting.finish(answer)

    def _aside(self, exchange: Exchange, session: UrlSession) -> Forward:
        """Return what carries a request of ours in the same session. What the server says beside its answer reaches nobody."""

        async def forward(outgoing: Message, judged: Request) -> Message:
            aside = exchange_aside(exchange, outgoing.method)
            return await Posting(self._traffic, aside, outgoing, session).forward(outgoing, judged)

        return forward

    async def notification(self, exchange: Exchange, message: Message) -> None:
        session = self._traffic.session(exchange)

        async def deliver(outgoing: Message) -> None:
            await self._deliver(exchange, session, message, self._traffic.tasks.veiled(exchange.owner, outgoing))

        await self.judge.client_notification(message, exchange.caller, deliver)

    async def answer(self, exchange: Exchange, message: Message) -> None:
        session = self._traffic.session(exchange)
        raw = await session.questions.answer(message)
        if raw is None:
            _log.warning("a client answered a question that nobody asked; the answer was dropped")
            await exchange.reply.empty(_ACCEPTED)
            return
        judged = message if raw is message.raw else decode(raw, self.limits)
        await self._deliver(exchange, session, message, judged)

    async def get(self, exchange: Exchange) -> None:
        session = self._traffic.session(exchange)
        await self.judge.registration.check()
        async with self.upstream.send(
            "GET", exchange, session.upstream_id, None, self._traffic.own_lines(exchange)
        ) as response:
            if not is_stream(response):
                await self._pass_status(exchange, session, response)
                return
            await exchange.reply.stream(response.status_code)
            session.streams += 1
            try:
                async for event in self.upstream.events(response):
                    try:
                        message = self._traffic.read_event(event)
                    except WireError as error:
                        await self._traffic.drop_event(exchange, event, error.reason)
                    else:
                        await self._traffic.pass_event(exchange, session, event, message)
            finally:
                session.streams -= 1
            await exchange.reply.end()

    async def delete(self, exchange: Exchange) -> None:
        session = self._traffic.session(exchange)
        async with self.upstream.send(
            "DELETE", exchange, session.upstream_id, None, self._traffic.own_lines(exchange)
        ) as response:
            if response.status_code < _ERRORS and exchange.session_id:
                self._traffic.forget(session)
            await self._pass_status(exchange, session, response)

    async def sweep(self) -> None:
        for session in self._traffic.sessions.expired():
            session.questions.close()

    async def close(self) -> None:
        self._traffic.close()

    async def _deliver(self, exchange: Exchange, session: UrlSession, original: Message, outgoing: Message) -> None:
        """Post what expects no answer, and pass on how it was taken."""
        extra = [*self._traffic.own_lines(exchange), *self.upstream.message_headers(exchange, original, outgoing)]
        async with self.upstream.send("POST", exchange, session.upstream_id, outgoing.raw, extra) as response:
            await self._pass_status(exchange, session, response)

    async def _pass_status(self, exchange: Exchange, session: UrlSession, response: httpx.Response) -> None:
        """Pass on an answer that carries no result: its status, and the JSON-RPC error that may stand in its body."""
        status = response.status_code
        if status == _NOT_FOUND and session.upstream_id is not None:
            self._traffic.forget(session)
        if status < 300:  # noqa: PLR2004 - HTTP status codes speak for themselves
            await exchange.reply.empty(status, passed_back(response))
            return
        status = UpstreamStatusError(status).http_status
        await exchange.reply.problem(status, "the server behind the gateway refused", "", passed_back(response))
