"""The files that a gateway was made of, and whether one of them has changed: the configuration, plugin lists, manifests and plugin modules."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from secure_gateway.bootstrap import Parts
from secure_gateway.config.loader import MAX_CONFIG_BYTES
from secure_gateway.config.plugin_kinds import module_of

SETTLE_SECONDS: Final = 0.2
"""How long files must stand still before they are read: who writes in several steps is not interrupted after the first."""
_LONGEST_SETTLING: Final = 5.0
_MANIFEST: Final = "plugin-manifest.yaml"

_Look = tuple[int, int, int] | None


class WatchedFiles:
    """What ``parts`` were made of: how it looked and what it held when it was last read. Reads files.

    ``held``: what files are known to have held before ``parts`` were made.
    """

    def __init__(self, parts: Parts, held: Mapping[Path, str] | None = None) -> None:
        self._plugins = parts.loaded.folder / "plugins"
        self._named = tuple(dict.fromkeys(_files(parts)))
        self._looks: Mapping[Path, _Look] | None = None
        self._digests = self.digests()
        self._digests |= {path: digest for path, digest in (held or {}).items() if path in self._digests}
        self._digests[parts.loaded.path] = parts.loaded.digest  # as they were read, not as they are now
        self._digests |= {each.file: each.digest for each in parts.values.get("include", ())}

    def digests(self) -> dict[Path, str]:
        """Return what they hold now."""
        return {path: _digest(path) for path in self._paths()}

    def also(self, paths: Iterable[Path]) -> None:
        """Watch ``paths`` as well: what is wrong stands there, and may be mended there."""
        self._named = tuple(dict.fromkeys((*self._named, *paths)))
        self._digests = {**self.digests(), **self._digests}
        self._looks = None

    def have_changed(self) -> bool:
        """Tell whether one of them holds something else than at the last call. Whether they may be trusted is asked by whoever loads them."""
        looks = self._look()
        if looks == self._looks:
            return False
        changed = self.digests() != self._digests
        self._looks = self._settled(looks) if changed else looks
        self._digests = self.digests()
        return changed

    def _settled(self, looks: Mapping[Path, _Look]) -> Mapping[Path, _Look]:
        deadline = monotonic() + _LONGEST_SETTLING
        while monotonic() < deadline:
            sleep(SETTLE_SECONDS)
            before, looks = looks, self._look()
            if looks == before:
                break
        return looks

    def _look(self) -> Mapping[Path, _Look]:
        return {path: _look(path) for path in self._paths()}

    def _paths(self) -> Iterator[Path]:
        yield from self._named
        yield from sorted(self._plugins.glob("*.py"))


def _files(parts: Parts) -> Iterator[Path]:
    yield parts.loaded.path
    folder = parts.loaded.folder
    yield from _modules(parts.values.get("plugins", {}).get("hooks", ()), (folder, folder / "plugins"))
    for each in parts.values.get("include", ()):
        yield each.file
        yield from _modules(each.hooks, each.folders)


def _modules(hooks: Iterable[Mapping[str, Any]], folders: tuple[Path, ...]) -> Iterator[Path]:
    for hook in hooks:
        module = module_of(str(hook.get("kind")), folders)
        if module is not None:
            yield module
            yield module.with_name(_MANIFEST)


def _look(path: Path) -> _Look:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _digest(path: Path) -> str:
    try:
        # A pipe in its place must not hold us up.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return hashlib.sha256(file.read(MAX_CONFIG_BYTES + 1)).hexdigest()
    except (OSError, ValueError) as error:
        return type(error).__name__
