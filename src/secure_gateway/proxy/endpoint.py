"""``Endpoint``: what is the same for every server behind the HTTP door, whether it is a process or a URL."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod

from secure_gateway.errors import ErrorCode, RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.proxy.exchange import Exchange
from secure_gateway.proxy.faults import wire_error_response
from secure_gateway.proxy.judge import Judge
from secure_gateway.proxy.mirrored import check_mirrors
from secure_gateway.proxy.registration import Bars, ServerRefusedError
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, WireError, decode
from secure_gateway.types import Door

_log = logging.getLogger(__name__)


class Endpoint(ABC):
    """One server's path. ``post``, ``get`` and ``delete`` answer one exchange each.

    ``reads_headers``: the server sees HTTP headers, and complains itself when one is missing.
    """

    reads_headers = True

    def __init__(self, gateway: Gateway, settings: ProxySettings, server: UpstreamServer) -> None:
        self.judge = Judge(gateway, settings, server, Door.HTTP)
        self.server = server
        self.limits = settings.limits
        self._bars = Bars()

    async def post(self, exchange: Exchange, body: bytes) -> None:
        """Answer a POST: one message of the client."""
        message = await self._read(exchange, body)
        if message is None:
            return
        try:
            if message.kind is Kind.REQUEST:
                await self._request(exchange, message)
            elif message.kind is Kind.NOTIFICATION:
                await self.notification(exchange, message)
            else:
                await self.answer(exchange, message)
        except (RequestDenied, RequestError) as error:
            await self.record(exchange, error)
            await exchange.reply.refuse(
                error, message.id if message.kind is Kind.REQUEST else None, modern=exchange.modern
            )

    @abstractmethod
    async def request(self, exchange: Exchange, message: Message) -> None:
        """Answer a request. Raises ``RequestDenied`` or ``RequestError``."""

    @abstractmethod
    async def notification(self, exchange: Exchange, message: Message) -> None:
        """Take a notification. Raises ``RequestDenied`` or ``RequestError``."""

    @abstractmethod
    async def answer(self, exchange: Exchange, message: Message) -> None:
        """Take the client's answer to a question of the server. Raises ``RequestDenied`` or ``RequestError``."""

    @abstractmethod
    async def get(self, exchange: Exchange) -> None:
        """Open a stream of what the server has to say by itself."""

    @abstractmethod
    async def delete(self, exchange: Exchange) -> None:
        """Close a session."""

    @abstractmethod
    async def sweep(self) -> None:
        """Release what nobody has used for long."""

    @abstractmethod
    async def close(self) -> None:
        """Release everything."""

    async def record(self, exchange: Exchange, error: RequestDenied | RequestError) -> None:
        """Record a refusal that came before the gateway saw the message, such as that of an unknown session; it has no request id yet."""
        if not error.request_id:
            denial = await self.judge.refuse(exchange.caller, error.code, error.reason, name=exchange.method)
            error.request_id = denial.request_id

    async def _request(self, exchange: Exchange, message: Message) -> None:
        """Answer a request. Where no session stands for what was opened, its caller does."""
        is_alone = exchange.modern or exchange.session_id is None
        if is_alone:
            self._bars.check(exchange.owner, message.method)
        try:
            await self.request(exchange, message)
        except ServerRefusedError as refusal:
            self._bars.put(exchange.owner, refusal)
            raise
        if is_alone:
            self._bars.lift(exchange.owner, message.method)

    async def _read(self, exchange: Exchange, body: bytes) -> Message | None:
        """Return the message in ``body``, or answer why there is none."""
        try:
            message = decode(body, self.limits)
            if exchange.modern and message.kind is Kind.REQUEST:
                check_mirrors(message, exchange.headers, exchange.version, required=not self.reads_headers)
            return message
        except WireError as error:
            denial = await self.judge.refuse(exchange.caller, error.code, error.reason)
            status = 413 if error.code is ErrorCode.TOO_LARGE else 400
            await exchange.reply.json(status, wire_error_response(error, denial.request_id))
            return None


class SessionGoneError(RequestDenied):
    """The session that a client names is not one of its own here, or no longer: it must initialize anew (404)."""

    http_status = 404

    def __init__(self) -> None:
        super().__init__(ErrorCode.INVALID_REQUEST, "no such session; initialize a new one")


class SessionMissingError(RequestDenied):
    """A request that belongs into a session names none (400)."""

    http_status = 400

    def __init__(self) -> None:
        super().__init__(ErrorCode.INVALID_REQUEST, "the Mcp-Session-Id header is missing")
