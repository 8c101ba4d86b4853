"""``HookOrder``: what another process needs to load a hook plugin by the rules that hold here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec


class HookOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of ``plugins.hooks``, where it stands, and where its kind is looked up. Holds resolved secrets.

    ``registered``: the class as ``module:Class``, where it was registered in code; ``obstacle``: why no other process can have it.
    """

    entry: dict[str, Any]
    where: str
    default_timeout: float = 5.0
    plugin_dirs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    registered: str = ""
    obstacle: str = ""

    def __repr__(self) -> str:
        return f"HookOrder({self.where!r})"


def order_for(
    entry: Mapping[str, Any],
    where: str,
    default_timeout: float,
    places: tuple[Sequence[Path], Sequence[Path]],
    registered: Iterable[type],
) -> HookOrder:
    """Return the order for ``entry``. ``places``: the folders of plugins, and those in which dotted kinds are looked up."""
    kind = str(entry.get("kind"))
    mine = next((cls for cls in registered if kind in (cls.__name__, getattr(cls, "kind", None))), None)
    hidden = mine is not None and (mine.__module__ == "__main__" or "<locals>" in mine.__qualname__)
    return HookOrder(
        entry={key: value for key, value in entry.items() if key != "isolate"},
        where=where,
        default_timeout=default_timeout,
        plugin_dirs=tuple(map(str, places[0])),
        folders=tuple(map(str, places[1])),
        registered="" if mine is None else f"{mine.__module__}:{mine.__qualname__}",
        obstacle=f"{kind}, a class that no other process can import" if hidden else "",
    )
