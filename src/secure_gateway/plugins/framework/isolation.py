"""Give every plugin its own copy of a payload, cheaply.

A payload is walked once: the walk checks that it is a JSON value within the limits and notes its containers. A copy then
touches containers only (0.1 µs each), since strings and numbers cannot be changed. Real dicts and lists come out, so C code
can read them. See ``docs/adr/0003-payload-isolation.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from secure_gateway.errors import ErrorCode, PolicyDenied

Plan = tuple[Callable[[], Any], list[tuple[Any, Any]] | None, int]
"""How to copy one container: its own shallow copy, the keys under which further containers sit, and how many it holds in all."""

_SCALARS = frozenset({str, int, float, bool, type(None)})


class Isolated:
    """A JSON value that nobody may change, and the plan by which copies of it are made.

    Raises ``PolicyDenied`` (``too_large`` or ``invalid_request``) when the value is nested deeper than ``max_depth``, is cyclic, or holds what is
    no JSON value: what cannot be inspected may not pass. (Keys are checked where the value is serialised, which always happens.)
    """

    __slots__ = ("_plan", "containers", "copy", "value")

    def __init__(self, value: Any, max_depth: int) -> None:
        self.value = value
        kind = type(value)
        if kind is dict or kind is list:
            plan = _plan(value, max_depth)
            self.containers = plan[2]
            self.copy: Callable[[], Any] = _copier(plan)
        elif kind in _SCALARS:
            self.containers = 0
            self.copy = lambda: value
        else:
            raise _not_json(value)


def _copier(plan: Plan) -> Callable[[], Any]:
    """Return what makes a copy whose containers are all new: the container's own method where nothing is nested in it."""
    shallow, inner, _ = plan
    if inner is None:
        return shallow

    def copy() -> Any:
        fresh = shallow()
        for key, child in inner:
            fresh[key] = child[0]() if child[1] is None else _copy(child)
        return fresh

    return copy


def _plan(container: Any, depth_left: int) -> Plan:
    if depth_left <= 0:
        raise PolicyDenied(ErrorCode.TOO_LARGE, "the payload is nested deeper than limits.max_depth allows")
    inner: list[tuple[Any, Any]] | None = None
    count = 1
    keys = container if type(container) is dict else range(len(container))
    for key in keys:
        value = container[key]
        kind = type(value)
        if kind is str or kind is int:
            continue
        if kind is dict or kind is list:
            child = _plan(value, depth_left - 1)
            count += child[2]
            if inner is None:
                inner = [(key, child)]
            else:
                inner.append((key, child))
        elif kind not in _SCALARS:
            raise _not_json(value)
    return container.copy, inner, count


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
