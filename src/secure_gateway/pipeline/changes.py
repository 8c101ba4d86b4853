"""Say where a payload was changed, by JSON pointer (RFC 6901), without saying what it was or became."""

from __future__ import annotations

import re
from typing import Any

from secure_gateway.native import core

MOST = 64
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_SHORT = 16
_Place = tuple[Any, ...]
"""Where a value stands: empty for the whole, else the place of what holds it, and its key or index there."""
_LOOKS_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z]).{16,}")


def changed_pointers(before: Any, after: Any) -> tuple[str, ...]:
    """Return pointers to what differs, at most ``MOST`` and then ``"…"``. A key that may itself be a secret shows as ``*``.

    Types count: ``1`` became ``True`` is a change. Keys that came or went show as ``*``, since a redactor removes keys that are secrets.
    """
    native = core()
    if native is not None:
        places = native.differences(before, after, MOST + 1)
        if places is not None:
            return _capped([_pointer_to(place) for place in places])
    return _changed_pointers(before, after)


def _changed_pointers(before: Any, after: Any) -> tuple[str, ...]:
    """Return what ``changed_pointers`` does, without the Rust core."""
    found: list[str] = []
    # A stack, since values may be nested deeper than Python's own goes; a place is a chain of keys, put into words only where something differs.
    stack: list[tuple[Any, Any, _Place]] = [(before, after, ())]
    while stack and len(found) <= MOST:
        old, new, place = stack.pop()
        if old is new:
            continue
        kind = type(old)
        if kind is not type(new):
            found.append(_pointer(place))
        elif kind is dict:
            if old.keys() != new.keys():
                found.append(f"{_pointer(place)}/*")
            stack += [
                (old[key], new[key], (place, key)) for key in reversed(old) if key in new and old[key] is not new[key]
            ]
        elif kind is list:
            if len(old) != len(new):
                found.append(_pointer(place))
            else:
                stack += [(old[i], new[i], (place, i)) for i in reversed(range(len(old))) if old[i] is not new[i]]
        elif old != new:
            found.append(_pointer(place))
    return _capped(found)


def _capped(found: list[str]) -> tuple[str, ...]:
    return (*found[:MOST], "…") if len(found) > MOST else tuple(found)


def _pointer_to(place: tuple[Any, ...]) -> str:
    pointer = ""
    for key in place:
        pointer += f"/{key}" if type(key) is int else "/*" if key is ... else f"/{segment(key)}"
    return pointer


def _pointer(place: _Place) -> str:
    parts: list[str] = []
    while place:
        place, key = place
        parts.append(str(key) if type(key) is int else segment(key))
    return "".join(f"/{part}" for part in reversed(parts))


def segment(key: str) -> str:
    """Return ``key`` as a pointer segment, or ``*`` where it does not look like a field name."""
    if len(key) < _SHORT and key.isascii() and key.isidentifier():
        return key
    return key if _PLAIN_KEY.fullmatch(key) and not _LOOKS_RANDOM.fullmatch(key) else "*"


class ConflictError(Exception):
    """Two changes of one value contradict each other."""


def merged(before: Any, one: Any, other: Any) -> Any:
    """Return ``before`` with the changes that ``one`` made of it and those that ``other`` made. Raises ``ConflictError`` where both changed one value."""
    if other is before or _same(before, other):
        return one
    if one is before or _same(before, one) or _same(one, other):
        return other
    if type(before) is type(one) is type(other) is dict:
        return _merged_objects(before, one, other)
    if type(before) is type(one) is type(other) is list and len(before) == len(one) == len(other):
        return [merged(*values) for values in zip(before, one, other, strict=True)]
    raise ConflictError


def _merged_objects(before: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    absent = object()
    result = {}
    for key in [*one, *(key for key in other if key not in one)]:
        value = merged(before.get(key, absent), one.get(key, absent), other.get(key, absent))
        if value is not absent:
            result[key] = value
    return result


def _same(one: Any, other: Any) -> bool:
    """Tell whether nothing differs, types included: ``1`` is not ``True``."""
    return not changed_pointers(one, other)
