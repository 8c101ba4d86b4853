"""``FirstList``: asks a server for its tools where a client calls one of them without having listed them.

Of a server whose tools are pinned, nothing is called whose definition has not been compared. A client that knows a tool from before need not list
it, and one that is meant to get past the pins would not.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final

from secure_gateway.errors import RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.proxy.wire import Kind, Message, WireLimits, decode, encode
from secure_gateway.types import AuthCredentials

_PAUSE_SECONDS: Final = 5.0
"""How long a server that has listed everything is not asked again for a tool that it did not name: names come from callers."""
_MOST_PAGES: Final = 100
_MOST_SECONDS: Final = 60.0
"""A server whose list never ends, or comes page by page for ever, holds up no call for longer than this."""
_TOKEN: Final = "progressToken"  # noqa: S105 - a member of the protocol

Ask = Callable[[Message], Awaitable[Message]]
"""Takes a request of the caller through the gateway and returns its judged answer. Raises ``RequestDenied`` or ``RequestError``."""


class FirstList:
    """Of one server at one door. The list is judged as one that the caller has asked for itself."""

    def __init__(self, gateway: Gateway, server: str) -> None:
        self._gateway = gateway
        self._server = server
        self._asking = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._enough_until = 0.0

    async def bring_about(self, call: Message, tool: str, credentials: AuthCredentials | None, ask: Ask) -> None:
        """Let the server list its tools until ``tool``, of which ``call`` is a call, is among them. Where that fails, the call is refused by itself."""
        with contextlib.suppress(RequestDenied, RequestError, TimeoutError):
            await self._gateway.authenticate(credentials)
            async with asyncio.timeout(_MOST_SECONDS), self._asking:
                if self._gateway.needs_list(self._server, tool) and monotonic() >= self._enough_until:
                    await self._list(call, tool, ask)

    def again(self) -> None:
        """Take note that the server may list other tools by now."""
        self._enough_until = 0.0

    async def _list(self, call: Message, tool: str, ask: Ask) -> None:
        cursor = None
        for _ in range(_MOST_PAGES):
            answer = await ask(self._question(call, cursor))
            if answer.kind is not Kind.RESPONSE:
                return
            cursor = answer.result.get("nextCursor")
            if type(cursor) is not str:
                break
            if not self._gateway.needs_list(self._server, tool):
                return
        self._enough_until = monotonic() + _PAUSE_SECONDS

    def _question(self, call: Message, cursor: str | None) -> Message:
        params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        meta = (call.params or {}).get("_meta")
        if type(meta) is dict:  # what every request of the stateless era must have
            params["_meta"] = {key: value for key, value in meta.items() if key != _TOKEN}
        number = f"secure-gateway/tools/{next(self._numbers)}"
        raw = encode({"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": params})
        return decode(raw, WireLimits())
