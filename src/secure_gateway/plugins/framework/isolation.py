"""Give every plugin its own copy of a payload, cheaply.

A payload is walked once: the walk checks that it is a JSON value within the limits and counts its values. A small one is then copied
whole, by a library in C; of a larger one a second walk notes the containers, and a copy touches these only (0.1 µs each), since strings and
numbers cannot be changed. Real dicts and lists come out, so C code can read them. See ``docs/adr/0003-payload-isolation.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from secure_gateway.errors import ErrorCode, PolicyDenied
from secure_gateway.native import core

Copier = Callable[[], Any]

SMALL = 32
"""Up to so many values a copy of all costs less than the plan by which it could be cheaper, and about what it would to postpone it."""

MOST_VALUES = 1_000_000
"""A value that is shared counts wherever it stands: a few that hold each other twice stand for more than fits into any memory."""

copy_small = msgspec.to_builtins
"""Copies a JSON value; every dict and list of the copy is new."""

_SEAL = object()
_SCALARS = frozenset({str, int, float, bool, type(None)})


class Isolated(msgspec.Struct):
    """A JSON value that nobody may change; ``isolate`` makes one. ``small``: ``copy_small`` is the best way to copy it."""

    value: Any
    small: bool
    plan: Copier | None = None
    # Nothing can encode it: where a view's field is read past its property (``msgspec.to_builtins``), that is an error and no wrong value.
    sealed: Any = _SEAL

    def copy(self) -> Any:
        """Return a copy whose containers are all new."""
        if self.small:
            return copy_small(self.value)
        if self.plan is None:
            self.plan = _plan(self.value)
        return self.plan()

    def apart(self) -> Isolated:
        """Return the same value in containers that nobody else holds."""
        return Isolated(self.copy(), self.small)


def isolate(value: Any, max_depth: int) -> Isolated:
    """Return ``value``, checked, and so that it can be copied.

    Raises ``PolicyDenied`` (``too_large`` or ``invalid_request``) when the value is nested deeper than ``max_depth``, is cyclic, or holds what is
    no JSON value: what cannot be inspected may not pass. (Keys are checked where the value is serialised, which always happens.)
    """
    kind = type(value)
    if kind is dict or kind is list:
        return Isolated(value, _counted(value, max_depth) <= SMALL)
    if kind not in _SCALARS:
        raise _not_json(value)
    return Isolated(value, True)  # noqa: FBT003 - a field


def _counted(container: Any, max_depth: int) -> int:
    """Return what ``_checked`` does, from the Rust core where that is in use and sees nothing to refuse."""
    native = core()
    if native is not None:
        count = native.count_values(container, max_depth, MOST_VALUES)
        if count >= 0:
            return count
    return _checked(container, max_depth)


def _checked(container: Any, depth_left: int) -> int:
    """Return how many values ``container`` holds at any depth; all of them are JSON values. Raises as ``isolate`` does."""
    if depth_left <= 0:
        raise PolicyDenied(ErrorCode.TOO_LARGE, "the payload is nested deeper than limits.max_depth allows")
    count = len(container)
    for value in container.values() if type(container) is dict else container:
        kind = type(value)
        if kind is str or kind is int:
            continue
        if kind is dict or kind is list:
            count += _checked(value, depth_left - 1)
        elif kind not in _SCALARS:
            raise _not_json(value)
    if count > MOST_VALUES:
        raise PolicyDenied(ErrorCode.TOO_LARGE, f"the payload holds more than {MOST_VALUES} values")
    return count


def _plan(value: Any) -> Copier:
    """Return what copies ``value``: its own shallow copy, then a copy of each container in it."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return lambda: value
    inner: list[tuple[Any, Copier]] = []
    for key, child in value.items() if kind is dict else enumerate(value):
        if type(child) is dict or type(child) is list:
            inner.append((key, _plan(child)))
    shallow: Copier = value.copy
    if not inner:
        return shallow
    if len(inner) == 1:
        return _with_one(shallow, *inner[0])

    def copy() -> Any:
        fresh = shallow()
        for key, copy_child in inner:
            fresh[key] = copy_child()
        return fresh

    return copy


def _with_one(shallow: Copier, key: Any, copy_child: Copier) -> Copier:
    def copy() -> Any:
        fresh = shallow()
        fresh[key] = copy_child()
        return fresh

    return copy


class NotJSONError(PolicyDenied):
    """The payload holds something that is no JSON value."""


def _not_json(value: Any) -> NotJSONError:
    return NotJSONError(
        ErrorCode.INVALID_REQUEST,
        f"the payload holds a {type(value).__name__}, which is no JSON value and cannot be inspected",
    )
