"""The chain of the audit file: each line names the one before it and carries a keyed hash of itself.

Format 1. A line is one JSON object in ASCII whose first members are ``seq`` (from 1), ``prev`` (the ``mac`` of the line before, zeros for
the first) and ``event``, and whose last is ``mac``: the HMAC-SHA256, in hexadecimal, of the same object without ``mac``, byte for byte.
"""

from __future__ import annotations

import hmac
import re
from typing import Any, Final

import msgspec
import orjson

from secure_gateway.errors import GatewayError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.telemetry.lines import encode

DECISION: Final = "decision"
START: Final = "start"
STOP: Final = "stop"
TORN: Final = "torn"
_PURPOSE: Final = "audit-chain"
_SUFFIX: Final = re.compile(rb',"mac":"([0-9a-f]{64})"\}')
_SUFFIX_BYTES: Final = 74


class Link(msgspec.Struct, frozen=True):
    """Where a chain stands: the number of its last line and that line's ``mac``."""

    seq: int
    mac: str


GENESIS: Final = Link(0, "0" * 64)


class SealedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose ``mac`` is right."""

    seq: int
    prev: str
    event: str
    mac: str
    bytes: int = 0
    digest: str = ""

    @property
    def link(self) -> Link:
        """Where the chain stands after this line."""
        return Link(self.seq, self.mac)

    def follows(self, link: Link) -> bool:
        """Tell whether this line comes right after ``link``."""
        return self.seq == link.seq + 1 and hmac.compare_digest(self.prev, link.mac)


class BrokenLineError(GatewayError):
    """A line that is no line of this chain. Says why, without quoting it."""


def audit_key(master_key: MasterKey) -> bytes:
    """Return the key of the audit chain."""
    return master_key.derive(_PURPOSE)


def seal(key: bytes, after: Link, event: str, facts: dict[str, Any]) -> tuple[bytes, Link]:
    """Return the line, line break included, that says ``facts`` after ``after``, and where the chain then stands."""
    body = encode({"seq": after.seq + 1, "prev": after.mac, "event": event, **facts})
    mac = digest(key, body)
    return body[:-1] + b',"mac":"' + mac.encode("ascii") + b'"}\n', Link(after.seq + 1, mac)


def unseal(key: bytes, line: bytes) -> SealedLine:
    """Check one line (with or without its line break) and return what it says. Raises ``BrokenLineError``."""
    line = line.removesuffix(b"\n")
    found = _SUFFIX.fullmatch(line[-_SUFFIX_BYTES:])
    if found is None:
        raise BrokenLineError("it does not end in a mac")
    body, mac = line[:-_SUFFIX_BYTES] + b"}", found[1].decode("ascii")
    if not hmac.compare_digest(digest(key, body), mac):
        raise BrokenLineError("its mac is wrong: the line was changed, or it was written under another master key")
    try:
        return msgspec.convert({**orjson.loads(body), "mac": mac}, SealedLine)
    except (orjson.JSONDecodeError, msgspec.ValidationError, TypeError):
        raise BrokenLineError("its mac is right and it is no line of an audit") from None


def digest(key: bytes, content: bytes) -> str:
    """Return the HMAC-SHA256 of ``content`` in hexadecimal."""
    return hmac.digest(key, content, "sha256").hex()
