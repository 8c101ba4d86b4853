"""Notice which configuration keys a provider looks at, so that a key which nobody takes is found at start-up."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, NamedTuple, SupportsIndex

_MISSING = object()


class WatchedConfig(dict[str, Any]):
    """A real dict that notes which of its keys were read or asked for; iterating, copying and unpacking read all of them.

    C code that walks it without asking (``pydantic.BaseModel.model_validate``, ``msgspec.convert``) goes unnoticed; give that
    ``dict(config)``.
    """

    __slots__ = ("__weakref__", "asked", "read")

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()
        self.asked: set[str] = set()

    def _all(self) -> None:
        self.read.update(super().keys())

    def _one(self, key: Any) -> None:
        self.asked.add(key)
        self.read.add(key)

    def __getitem__(self, key: str) -> Any:
        self._one(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._one(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._one(key)
        return super().get(key, default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self._one(key)
        return super().setdefault(key, default)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        self._one(key)
        return super().pop(key) if default is _MISSING else super().pop(key, default)

    def popitem(self) -> tuple[str, Any]:
        self._all()
        return super().popitem()

    def __iter__(self) -> Iterator[str]:
        # Overriding this also sends ``{**config}``, ``dict(config)`` and ``f(**config)`` through ``keys``.
        self._all()
        return super().__iter__()

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        self._all()
        return super().keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        self._all()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        self._all()
        return super().items()

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return copy.deepcopy(dict(self), memo)

    def __reduce_ex__(self, _protocol: SupportsIndex) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return f"WatchedConfig({sorted(super().keys())})"


class Glance(NamedTuple):
    """What one call returned, which of the keys it was given it took, and all that it asked for."""

    result: Any
    taken: frozenset[str]
    asked: frozenset[str]


def watch(call: Callable[[dict[str, Any]], Any], values: Mapping[str, Any]) -> Glance:
    """Call ``call`` with a copy of ``values``. A configuration that is kept for later counts as taken, since reads may follow."""
    config = WatchedConfig(copy.deepcopy(dict(values)))
    result = call(config)
    read, asked = config.read, config.asked
    kept = weakref.ref(config)
    del config
    return Glance(result, frozenset(values) if kept() is not None else frozenset(values) & read, frozenset(asked))
