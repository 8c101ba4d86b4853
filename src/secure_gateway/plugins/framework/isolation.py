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

EAGER_CONTAINERS = 8
"""Up to so many containers a copy costs less than the machinery that would postpone it."""


class Isolated:
    """A JSON value that nobody may change, and the plan by which copies of it are made.

    ``containers`` counts its dicts and lists. Raises ``PolicyDenied`` (``too_large`` or ``invalid_request``) when the value is
    nested deeper than ``max_depth``, is cyclic, or holds what is no JSON value: what cannot be inspected may not pass.
    """

    __slots__ = ("_plan", "containers", "value")

    def __init__(self, value: Any, max_depth: int) -> None:
        self.value = value
        self.containers = 0
        self._plan: Plan | None = None
        if type(value) is dict or type(value) is list:
            self._plan = self._walk(value, max_depth)
        elif type(value) not in _SCALARS:
            raise _not_json(value)

    def copy(self) -> Any:
        """Return a copy whose containers are all new."""
        return self.value if self._plan is None else _copy(self._plan)

    def _walk(self, container: Any, depth_left: int) -> Plan:
        if depth_left <= 0:
            raise PolicyDenied(ErrorCode.TOO_LARGE, "the payload is nested deeper than limits.max_depth allows")
        self.containers += 1
        inner: list[tuple[Any, Any]] | None = None
        if type(container) is dict:
            for key, value in container.items():
                kind = type(value)
                if kind is dict or kind is list:
                    if inner is None:
                        inner = []
                    inner.append((key, self._walk(value, depth_left - 1)))
                elif kind not in _SCALARS:
                    raise _not_json(value)
                if type(key) is not str:
                    raise NotJSONError(ErrorCode.INVALID_REQUEST, "an object in the payload has a key that is no string")
            return container.copy, inner
        for index, value in enumerate(container):
            kind = type(value)
            if kind is dict or kind is list:
                if inner is None:
                    inner = []
                inner.append((index, self._walk(value, depth_left - 1)))
            elif kind not in _SCALARS:
                raise _not_json(value)
        return container.copy, inner


def _copy(plan: Plan) -> Any:
    shallow, inner = plan
    fresh = shallow()
    if inner is not None:
        for key, child in inner:
            fresh[key] = child[0]() if child[1] is None else _copy(child)
    return fresh


class NotJSONError(PolicyDenied):
    """The payload holds something that is no JSON value."""


def _not_json(value: Any) -> NotJSONError:
    return NotJSONError(
        ErrorCode.INVALID_REQUEST,
        f"the payload holds a {type(value).__name__}, which is no JSON value and cannot be inspected",
    )


EMPTY = Isolated({}, 1)
