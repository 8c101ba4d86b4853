"""``Exchange``: one HTTP request of a client, admitted and identified, and the answer to it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

import msgspec

from secure_gateway.proxy.admission import single
from secure_gateway.proxy.judge import Caller
from secure_gateway.proxy.reply import HeaderLines, Reply
from secure_gateway.proxy.sessions import Owner

SESSION_HEADER: Final = b"mcp-session-id"
VERSION_HEADER: Final = b"mcp-protocol-version"
_MIRRORS: Final = b"mcp-method", b"mcp-name", b"mcp-param-"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """``headers`` are the lines as they came, names in lower case; ``owner`` is whose sessions and processes may be used."""

    method: str
    headers: HeaderLines
    caller: Caller
    owner: Owner
    reply: Reply
    modern: bool

    @property
    def session_id(self) -> str | None:
        """The session that the client names."""
        return single(self.headers, SESSION_HEADER)

    @property
    def version(self) -> str:
        """The revision that the client names, or an empty text."""
        return single(self.headers, VERSION_HEADER) or ""


def exchange_aside(exchange: Exchange, method: str) -> Exchange:
    """Return an exchange of the same client for a request of ours by ``method``: its answer is for us, so nothing of it is sent."""
    headers = [line for line in exchange.headers if not line[0].startswith(_MIRRORS)]
    if exchange.modern:
        headers.append((b"mcp-method", method.encode()))
    return msgspec.structs.replace(exchange, headers=headers, reply=Reply(_send_nothing))


async def _send_nothing(_event: MutableMapping[str, Any]) -> None:
    return None
