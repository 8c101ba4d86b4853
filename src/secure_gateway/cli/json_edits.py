"""Change one member of an object in a JSON text and leave every other byte as somebody wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int


def set_member(text: str, path: Sequence[str], value: Any) -> str:
    """Return ``text`` with ``value`` at ``path``; objects that are missing on the way are made.

    ``text`` is valid JSON without duplicate keys, and what stands on the way are objects. Raises ``ValueError`` otherwise.
    """
    at, members = _object(text, _skip(text, 0))
    for depth, key in enumerate(path):
        member = next((each for each in members if each.key == key), None)
        last = depth == len(path) - 1
        if member is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            return _insert(text, at, members, key, value)
        if last:
            return (
                text[: member.value] + _render(value, _indent_at(text, member.start), _unit(text)) + text[member.end :]
            )
        at, members = _object(text, member.value)
    raise ValueError("an empty path")


def remove_member(text: str, path: Sequence[str]) -> str:
    """Return ``text`` without the member at ``path``. Raises ``KeyError`` where there is none."""
    _, members = _object(text, _skip(text, 0))
    for key in path[:-1]:
        _, members = _object(text, _find(members, key).value)
    gone = _find(members, path[-1])
    index = members.index(gone)
    if index:
        return text[: members[index - 1].end] + text[gone.end :]
    if len(members) > 1:
        return text[: gone.start] + text[members[1].start :]
    before, after = text[: gone.start].rstrip(" \t\r\n"), text[gone.end :].lstrip(" \t\r\n")
    return before + after


def _find(members: Sequence[_Member], key: str) -> _Member:
    for member in members:
        if member.key == key:
            return member
    raise KeyError(key)


def _insert(text: str, at: int, members: Sequence[_Member], key: str, value: Any) -> str:
    if members:
        last = members[-1]
        between = (
            text[members[-2].end : last.start].partition(",")[2] if len(members) > 1 else text[at + 1 : last.start]
        )
        if "\n" not in between:
            return f"{text[: last.end]}, {json.dumps(key, ensure_ascii=False)}: {_inline(value)}{text[last.end :]}"
        indent = _indent_at(text, last.start)
        return f"{text[: last.end]},\n{indent}{_pair(key, value, indent, _unit(text))}{text[last.end :]}"
    outer = _indent_at(text, at)
    inner = outer + _unit(text)
    end = _skip(text, at + 1)
    return f"{text[: at + 1]}\n{inner}{_pair(key, value, inner, _unit(text))}\n{outer}{text[end:]}"


def _object(text: str, at: int) -> tuple[int, list[_Member]]:
    if text[at : at + 1] != "{":
        raise ValueError("no object")
    return at, list(_members(text, at))


def _members(text: str, at: int) -> Iterator[_Member]:
    position = _skip(text, at + 1)
    while text[position] != "}":
        start = position
        key, position = _DECODER.raw_decode(text, position)
        value = _skip(text, _skip(text, position) + 1)
        _, end = _DECODER.raw_decode(text, value)
        yield _Member(key, start, value, end)
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _indent_at(text: str, position: int) -> str:
    """Return the white space at the beginning of the line that holds ``position``."""
    start = text.rfind("\n", 0, position) + 1
    return text[start : _end_of_indent(text, start)]


def _end_of_indent(text: str, start: int) -> int:
    end = start
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return end


def _unit(text: str) -> str:
    """Return by how much the text is indented: by what stands before its first indented line."""
    match = re.search(r"\n([ \t]+)\S", text)
    return match[1] if match else _INDENT


def _pair(key: str, value: Any, indent: str, unit: str = _INDENT) -> str:
    return f"{json.dumps(key, ensure_ascii=False)}: {_render(value, indent, unit)}"


def _render(value: Any, indent: str, unit: str = _INDENT) -> str:
    """Write ``value`` in one line where it is short, else one line for each member."""
    inline = _inline(value)
    if len(indent) + len(inline) <= 100 or not isinstance(value, dict) or not value:  # noqa: PLR2004 - a line that people can read
        return inline
    inner = indent + unit
    members = (f"{inner}{_pair(key, member, inner, unit)}" for key, member in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
