"""``SharedChild``: a server process of the stateless era, for all exchanges of one principal.

Several clients of that principal may use the same ids, so each request gets a number of its own on the pipe, and everything that the
protocol derives from an id (progress tokens, subscription ids, cancellations) is put back on the way to the client.
"""

from __future__ import annotations

import itertools
import logging
from time import monotonic
from typing import Any, Final

from secure_gateway.proxy.child_talk import ChildTalk, Outlet
from secure_gateway.proxy.exchange import Exchange
from secure_gateway.proxy.judge import Judge
from secure_gateway.proxy.methods import CLIENT_CAPABILITIES, PROTOCOL_VERSION, SUBSCRIPTION_ID
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, WireLimits, cancelled_id, changed, decode, encode

_log = logging.getLogger(__name__)

NEWEST: Final = "2026-07-28"
"""The stateless revision that this proxy was written for."""
_TOKEN: Final = "progressToken"  # noqa: S105 - a member of the protocol


class SharedChild(ChildTalk):
    """``used`` is when it was last spoken to (``time.monotonic`` seconds)."""

    def __init__(self, judge: Judge, server: UpstreamServer, limits: WireLimits) -> None:
        super().__init__(judge, server, limits)
        self.used = monotonic()
        self._numbers = itertools.count(1)
        self._numbered: dict[int, Outlet] = {}

    @property
    def is_busy(self) -> bool:
        """Tell whether a client waits for something."""
        return bool(self._numbered)

    async def call(self, exchange: Exchange, outgoing: Message) -> Message:
        """Send a request under a number of its own; return its answer under its id."""
        number = next(self._numbers)
        outlet = self._numbered[number] = Outlet(exchange, outgoing)
        self.used = monotonic()
        try:
            answer = await self.converse(outlet, _numbered(outgoing, number))
        finally:
            del self._numbered[number]
            self.used = monotonic()
        if answer.kind is Kind.RESPONSE and _subscription(answer.result) == number:
            return changed(answer, id=outgoing.id, result=_with_meta(answer.result, SUBSCRIPTION_ID, outgoing.id))
        return changed(answer, id=outgoing.id)

    async def settle_era(self, first: Message) -> None:
        """Let the process know its era. It tells by its first request, and takes one that this era does not have for the other's."""
        meta = (first.params or {}).get("_meta")
        if first.method != "initialize" and type(meta) is dict and PROTOCOL_VERSION in meta:
            return
        number = next(self._numbers)
        params = {"_meta": {PROTOCOL_VERSION: NEWEST, CLIENT_CAPABILITIES: {}}}
        raw = encode({"jsonrpc": "2.0", "id": number, "method": "server/discover", "params": params})
        await self.link.ask(decode(raw, WireLimits()))

    async def pass_question(self, message: Message) -> None:
        _log.warning(
            "server %r asked its client by %s, which this revision has not; it was dropped",
            self.server.name,
            message.method,
        )

    async def pass_notification(self, message: Message) -> None:
        params = message.params or {}
        if (ended := cancelled_id(message)) is not None:
            await self._end_subscription(message, ended)
            return
        number: object = params.get(_TOKEN) if message.method == "notifications/progress" else _subscription(params)
        outlet = self._numbered.get(number) if type(number) is int else None
        if outlet is not None and outlet.request is not None:
            if message.method == "notifications/progress":
                meta = (outlet.request.params or {}).get("_meta") or {}
                restored = changed(message, params={**params, _TOKEN: meta.get(_TOKEN)})
            else:
                restored = changed(message, params=_with_meta(params, SUBSCRIPTION_ID, outlet.request.id))
            await self.say(outlet, message, restored)
        elif len(self._numbered) == 1 and number is None:
            await self.say(next(iter(self._numbered.values())), message)
        else:
            # Given to the wrong one of several clients it would do harm; lost, it does little.
            _log.info(
                "server %r sent %s, which belongs to no request; it was dropped", self.server.name, message.method
            )

    async def _end_subscription(self, message: Message, number: object) -> None:
        outlet = self._numbered.get(number) if type(number) is int else None
        if outlet is not None and outlet.request is not None:
            params = {**(message.params or {}), "requestId": outlet.request.id}
            await self.say(outlet, message, changed(message, params=params))


def _numbered(message: Message, number: int) -> Message:
    params = message.params
    meta = params.get("_meta") if params is not None else None
    if params is not None and type(meta) is dict and _TOKEN in meta:
        return changed(message, id=number, params=_with_meta(params, _TOKEN, number))
    return changed(message, id=number)


def _subscription(value: Any) -> object:
    meta = value.get("_meta") if type(value) is dict else None
    return meta.get(SUBSCRIPTION_ID) if type(meta) is dict else None


def _with_meta(value: dict[str, Any], key: str, new: object) -> dict[str, Any]:
    return {**value, "_meta": {**value["_meta"], key: new}}
