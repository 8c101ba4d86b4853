"""Which headers plugins leave alone, and what a header may look like."""

from __future__ import annotations

import re
from typing import Final

NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, section 5.1
MOST_BYTES: Final = 8 * 1024
"""Of one value: what servers accept."""

FRAMING: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-authorization",
        "proxy-connection",
    }
)
"""They say how a message is framed and where it goes; whoever sets them can make two requests of one."""


def is_protocol(name: str) -> bool:
    """Say whether ``name``, in lower case, belongs to HTTP or MCP themselves."""
    return name in FRAMING or name.startswith("mcp-")


def value_fault(value: str) -> str:
    """Say what is wrong with the value of a header, if anything is; never the value."""
    if len(value.encode("utf-8", "replace")) > MOST_BYTES:
        return f"a value of more than {MOST_BYTES} bytes"
    if not (value.isascii() and value.isprintable()):
        return "a value with other characters than printable ASCII"
    return "" if value == value.strip() else "a value that begins or ends with a space"
