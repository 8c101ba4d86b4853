"""The ``Mcp-*`` headers of revision 2026-07-28, which repeat parts of the body for whoever reads headers only.

We judge the body. A header that says something else must not travel on, and one whose value a policy has changed is written anew.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from secure_gateway.errors import ErrorCode, RequestError
from secure_gateway.proxy.methods import PROTOCOL_VERSION
from secure_gateway.proxy.reply import HeaderLines
from secure_gateway.proxy.wire import Message, WireError

HEADER_MISMATCH: Final = -32020
HANDSHAKE_VERSIONS: Final = frozenset({"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})
"""Revisions with ``initialize`` and sessions; every other value of ``MCP-Protocol-Version`` belongs to the stateless era."""

_PARAM: Final = b"mcp-param-"
_NAMED: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_TASKS: Final = frozenset({"tasks/get", "tasks/update", "tasks/cancel", "tasks/result"})
"""Methods of an extension that may be named in a header too, by their task."""
_PREFIX, _SUFFIX = "=?base64?", "?="


def is_modern(version: str | None) -> bool:
    """Tell whether a request belongs to the stateless era, by its ``MCP-Protocol-Version``."""
    return version is not None and version not in HANDSHAKE_VERSIONS


def is_mirror(name: bytes) -> bool:
    """Tell whether a header repeats a part of the body."""
    return name in (b"mcp-method", b"mcp-name") or name.startswith(_PARAM)


def check_mirrors(message: Message, headers: HeaderLines, version: str, *, required: bool) -> None:
    """Refuse a request of which a header says otherwise than the body. Raises ``WireError``.

    ``required``: a missing header is refused as well, for the server behind us reads no headers and will not miss it. Where the body lacks what every request of this era must have, the server says so: that error comes first (2026-07-28, transports).
    """
    meta = (message.params or {}).get("_meta")
    if type(meta) is not dict or type(meta.get(PROTOCOL_VERSION)) is not str:
        return
    differs = [
        name
        for name, said in _mirrored(message)
        if (shown := _shown(headers, name)) != [said] and (shown or (required and message.method not in _TASKS))
    ]
    if meta[PROTOCOL_VERSION] != version:
        differs.insert(0, b"mcp-protocol-version")
    if differs:
        reason = f"{differs[0].decode()} differs from the body"
        raise WireError(reason, jsonrpc_code=HEADER_MISMATCH, message_id=message.id)


def mirrors(original: Message, outgoing: Message, headers: HeaderLines) -> HeaderLines:
    """Return the mirror headers for ``outgoing``: as they came, but for those whose value a policy has changed.

    Raises ``RequestError`` when it cannot be told which of several equal values a header repeats.
    """
    # White space around a value is no part of it (RFC 9110, section 5.5), and some clients may send it while none may.
    came = [(name, value.strip(b" \t")) for name, value in headers if is_mirror(name)]
    if outgoing is original:
        return came
    said = dict(_mirrored(outgoing))
    lines: HeaderLines = []
    for name, value in came:
        if name.startswith(_PARAM):
            lines += _parameter(name, value, original, outgoing)
        elif (text := said.get(name)) is not None:
            lines.append((name, encode_value(text)))
    return lines


def encode_value(value: Any) -> bytes:
    """Return a header value for a string, an integer or a truth value (2026-07-28, custom headers from parameters)."""
    text = ("true" if value else "false") if type(value) is bool else str(value)
    plain = all(" " <= char <= "~" for char in text) and text == text.strip(" ")
    if plain and not (text.startswith(_PREFIX) and text.endswith(_SUFFIX)):
        return text.encode()
    return f"{_PREFIX}{base64.b64encode(text.encode()).decode()}{_SUFFIX}".encode()


def _decoded(value: bytes) -> str | None:
    text = value.decode("latin-1").strip(" \t")
    if not (text.startswith(_PREFIX) and text.endswith(_SUFFIX) and len(text) >= len(_PREFIX) + len(_SUFFIX)):
        return text
    encoded = text[len(_PREFIX) : -len(_SUFFIX)]
    try:
        decoded = base64.b64decode(encoded, validate=True)
        return decoded.decode() if base64.b64encode(decoded).decode() == encoded else None
    except (binascii.Error, ValueError):
        return None


def _shown(headers: HeaderLines, wanted: bytes) -> list[str | None]:
    return [_decoded(value) for name, value in headers if name == wanted]


def _mirrored(message: Message) -> Iterator[tuple[bytes, str]]:
    yield b"mcp-method", message.method
    member = _NAMED.get(message.method) or ("taskId" if message.method in _TASKS else "")
    named = (message.params or {}).get(member)
    if type(named) is str:
        yield b"mcp-name", named


def _parameter(name: bytes, value: bytes, original: Message, outgoing: Message) -> HeaderLines:
    """Write one ``Mcp-Param-*`` header anew. Which argument it repeats is told by its value: the schema that says so may be unknown here."""
    said = _decoded(value)
    places = [
        path
        for path, leaf in _leaves(_arguments(original), ())
        if said is not None and encode_value(leaf) == encode_value(said)
    ]
    if not places:
        # It repeats nothing that we can find, so perhaps what a policy has just removed: then it must not travel on.
        return [(name, value)] if _arguments(outgoing) is _arguments(original) else []
    now = {
        encode_value(leaf) if leaf is not None else b"" for path in places for leaf in [_at(_arguments(outgoing), path)]
    }
    if len(now) > 1:
        reason = f"a plugin changed one of several equal arguments, and {name.decode()} repeats one of them"
        raise RequestError(ErrorCode.PLUGIN_ERROR, reason)
    changed = now.pop()
    return [(name, changed)] if changed else []


def _arguments(message: Message) -> Any:
    return (message.params or {}).get("arguments")


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if type(value) is dict:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif type(value) in (str, int, bool):
        yield path, value


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if type(value) is not dict or key not in value:
            return None
        value = value[key]
    return value if type(value) in (str, int, bool) else None
