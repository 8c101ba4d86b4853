"""``Exchange``: one HTTP request of a client, admitted and identified, and the answer to it."""

from __future__ import annotations

from typing import Final

import msgspec

from secure_gateway.proxy.admission import single
from secure_gateway.proxy.judge import Caller
from secure_gateway.proxy.reply import HeaderLines, Reply
from secure_gateway.proxy.sessions import Owner

SESSION_HEADER: Final = b"mcp-session-id"
VERSION_HEADER: Final = b"mcp-protocol-version"


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
