"""Dicts and lists that nobody can change: what every plugin of a request sees must stay what it was."""

from __future__ import annotations

import copy
from typing import Any, NoReturn


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError(
        "this cannot be changed: who is asking is the same for everybody; use context.state for notes of your own"
    )


class FrozenDict(dict[str, Any]):
    """A dict that stays as it was made; a copy of it is a plain one."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return copy.deepcopy(dict(self), memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class FrozenList(list[Any]):
    """A list that stays as it was made; a copy of it is a plain one."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return copy.deepcopy(list(self), memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


def frozen(value: Any) -> Any:
    """Return ``value`` with every dict and list in it, at any depth, made anew and unchangeable."""
    if isinstance(value, dict):
        return FrozenDict((key, frozen(child)) for key, child in value.items())
    if isinstance(value, list):
        return FrozenList(frozen(child) for child in value)
    return value
