"""Give every plugin its own copy of a payload, cheaply.

A payload is walked once: the walk checks that it is a JSON value within the limits and notes its containers. A copy then
touches containers only (0.1 µs each), since strings and numbers cannot be changed. Real dicts and lists come out, so C code
can read them. See ``docs/adr/0003-payload-isolation.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from secure_gateway.errors import ErrorCode, PolicyDenied

Plan = tuple[Callable[[], Any], list[tuple[Any, Any]] | None]
"""How to copy one container: its own shallow copy, then the keys under which further containers sit."""

_SCALARS = frozenset({str, int, float, bool, type(None)})


class Isolated:
    """A JSON value that nobody may change, and the plan by which copies of it are made.

    Raises ``PolicyDenied`` (``too_large`` or ``invalid_request``) when the value is nested deeper than ``max_depth``, is cyclic, or holds what is
    no JSON value: what cannot be inspected may not pass. (Keys are checked where the value is serialised, which always happens.)
    """

    __slots__ = ("_plan", "value")

    def __init__(self, value: Any, max_depth: int) -> None:
        self.value = value
        kind = type(value)
        if kind is dict or kind is list:
            self._plan: Plan | None = _plan(value, max_depth)
        elif kind in _SCALARS:
            self._plan = None
        else:
            raise _not_json(value)

    def copy(self) -> Any:
        """Return a copy whose containers are all new."""
        plan = self._plan
        if plan is None:
            return self.value
        fresh = plan[0]()
        if plan[1] is not None:
            for key, child in plan[1]:
                fresh[key] = child[0]() if child[1] is None else _copy(child)
        return fresh


def _plan(container: Any, depth_left: int) -> Plan:
    if depth_left <= 0:
        raise PolicyDenied(ErrorCode.TOO_LARGE, "the payload is nested deeper than limits.max_depth allows")
    inner: list[tuple[Any, Any]] | None = None
    keys = container if type(container) is dict else range(len(container))
    for key in keys:
        value = container[key]
        kind = type(value)
        if kind is str or kind is int:
            continue
        if kind is dict or kind is list:
            child = _plan(value, depth_left - 1)
            if inner is None:
                inner = [(key, child)]
            else:
                inner.append((key, child))
        elif kind not in _SCALARS:
            raise _not_json(value)
    return container.copy, inner


def _copy(plan: Plan) -> Any:
    fresh = plan[0]()
    if plan[1] is not None:
        for key, child in plan[1]:
            fresh[key] = child[0]() if child[1] is None else _copy(child)
    return fresh


class NotJSONError(PolicyDenied):
    """The payload holds something that is no JSON value."""


def _not_json(value: Any) -> NotJSONError:
    return NotJSONError(
        ErrorCode.INVALID_REQUEST,
        f"the payload holds a {type(value).__name__}, which is no JSON value and cannot be inspected",
    )
