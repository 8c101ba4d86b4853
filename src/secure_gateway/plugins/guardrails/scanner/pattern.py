"""Patterns that users write: linear time, or refused with the reason."""

from __future__ import annotations

from typing import Any

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options

_LONGEST = 4_096
_SHOWN = 200
_MAX_MEM = 8 << 20

# What Python's ``re`` takes and an automaton cannot do, by how it is spelt.
_IMPOSSIBLE = (
    ("(?=", "a look-ahead"),
    ("(?!", "a negative look-ahead"),
    ("(?<=", "a look-behind"),
    ("(?<!", "a negative look-behind"),
    ("(?P=", "a back-reference"),
    ("(?(", "a conditional group"),
    ("(?>", "an atomic group"),
    ("(?#", "a comment group"),
)


def compile_user_pattern(pattern: str) -> Any:
    """Compile a user's pattern with RE2 and return it; it has ``search``, ``finditer`` and their like.

    Raises:
        ValueError: The pattern cannot run in linear time or is malformed; the message says which part and why.
    """
    if not pattern or len(pattern) > _LONGEST:
        msg = f"found a pattern of {len(pattern)} characters; expected 1 to {_LONGEST}"
        raise ValueError(msg)
    chosen = options()
    chosen.max_mem = _MAX_MEM
    try:
        compiled = re2.compile(pattern, chosen)
    except re2.error as exc:
        raise ValueError(_refusal(pattern, exc)) from exc
    except UnicodeEncodeError as exc:
        msg = "found a lone surrogate in the pattern; expected well-formed text"
        raise ValueError(msg) from exc
    if compiled.search("") is not None:
        msg = f"pattern {_shown(pattern)} matches the empty text, so it would match everywhere; require at least one character"
        raise ValueError(msg)
    return compiled


def _refusal(pattern: str, exc: Exception) -> str:
    bare = _without_escapes(pattern)
    for spelling, name in _IMPOSSIBLE:
        if spelling in bare:
            return f"pattern {_shown(pattern)} uses {name} ({spelling}…), which cannot run in linear time; write it without"
    if number := _back_reference(pattern):
        return f"pattern {_shown(pattern)} uses a back-reference (\\{number}), which cannot run in linear time; write it without"
    raw = exc.args[0] if exc.args else ""
    reason = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return f"pattern {_shown(pattern)} is not RE2 syntax: {reason[:_SHOWN]}"


def _shown(pattern: str) -> str:
    return repr(pattern if len(pattern) <= _SHOWN else f"{pattern[: _SHOWN - 1]}…")


def _without_escapes(pattern: str) -> str:
    """Blank out escaped characters and character classes, in which nothing is a group."""
    kept: list[str] = []
    place, in_class = 0, False
    while place < len(pattern):
        char = pattern[place]
        if char == "\\":
            place += 2
            continue
        in_class = (char == "[" or in_class) and char != "]"
        kept.append(" " if in_class else char)
        place += 1
    return "".join(kept)


def _back_reference(pattern: str) -> str:
    place = pattern.find("\\")
    while 0 <= place < len(pattern) - 1:
        if pattern[place + 1] in "123456789":
            return pattern[place + 1]
        place = pattern.find("\\", place + 2)
    return ""
