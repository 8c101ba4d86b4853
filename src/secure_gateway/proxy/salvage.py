"""What bytes that are no message claim to be: good enough to end a wait for an answer, and for nothing else."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import orjson

from secure_gateway.proxy.wire import MAX_ID_CHARS, MessageId

_SCANNED: Final = 4096
"""Bytes that are looked at: a server that writes garbage must not keep us busy. Servers write the id before the result."""
_TOKEN: Final = re.compile(rb'\s*+("(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s"{}\[\],:]++)', re.DOTALL)
_NUMBER: Final = re.compile(rb"-?[0-9]{1,18}")
_ANSWERS: Final = frozenset({b'"result"', b'"error"'})


class Claim(NamedTuple):
    """Whether the bytes begin as an answer does, and the id that they name; None where they name none, several, or one that is none."""

    is_answer: bool
    message_id: MessageId | None


def read_claim(raw: bytes) -> Claim:
    """Return what ``raw``, which could not be decoded, claims to be. Only members of the outermost object count: what is within them may be anybody's text."""
    ids: list[MessageId | None] = []
    names: set[bytes] = set()
    for name, value in _members(raw[:_SCANNED]):
        names.add(name)
        if name == b'"id"':
            ids.append(_as_id(value))
    is_answer = not names.isdisjoint(_ANSWERS) and b'"method"' not in names
    return Claim(is_answer, ids[0] if len(ids) == 1 else None)


def _members(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return the names of the outermost object's members, each with the first token of its value."""
    found: list[tuple[bytes, bytes]] = []
    depth = position = 0
    before: list[bytes] = []
    while token := _TOKEN.match(raw, position):
        position, text = token.end(), token[1]
        if depth == 0 and text != b"{":
            break
        if depth == 1 and before[-1:] == [b":"] and len(before) == 3:  # noqa: PLR2004 - `{` or `,`, a name, a colon
            found.append((before[1], text))
        if depth == 1:
            before = [text] if text == b"," else [*before[-2:], text]
        if text in b"{[":
            depth += 1
            before = [text] if depth == 1 else before
        elif text in b"}]":
            depth -= 1
            if depth == 0:
                break
    if before[-1:] == [b":"] and len(before) == 3:  # noqa: PLR2004 - as above, and its value has not begun
        found.append((before[1], b""))
    return found


def _as_id(text: bytes) -> MessageId | None:
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if type(value) is str and len(value) <= MAX_ID_CHARS else None
