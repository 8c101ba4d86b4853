"""From ``state.url`` to a store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from secure_gateway.config.ownership import expand_home
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.stores.base import StateStore
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.redis import SCHEMES, RedisStore
from secure_gateway.stores.sqlite import SQLiteStore

_SQLITE = "sqlite:///"
_KNOWN = '"memory:", "sqlite:///PATH" or "redis://HOST"'


def open_store(url: str, config_dir: Path, *, environ: Mapping[str, str] | None = None) -> StateStore:
    """Open the store that ``url`` names, as the table in ``docs/identity.md`` says.

    Raises ``ConfigError`` for an address that names none, and ``StoreError`` for a store that does not work.
    """
    if url == "memory:":
        return MemoryStore()
    if url.startswith(_SQLITE) and "\0" not in url:
        return SQLiteStore(_sqlite_path(url, config_dir, os.environ if environ is None else environ))
    # Only the scheme: an address may hold a password.
    scheme = url.partition(":")[0]
    if scheme in SCHEMES:
        return RedisStore(url)
    hint = ""
    if scheme == "sqlite":
        hint = "A path follows three slashes: sqlite:///var/lib/gateway/state.db, sqlite:///~/.gateway/state.db, sqlite:///./state.db."
    raise ConfigError(Problem("$.state.url", f"the scheme {scheme[:20]!r}", _KNOWN, hint))


def _sqlite_path(url: str, config_dir: Path, environ: Mapping[str, str]) -> Path:
    rest = url.removeprefix(_SQLITE)
    if rest.startswith("./"):
        path = config_dir / rest
    else:
        path = expand_home(rest, environ) if rest.startswith("~") else Path("/") / rest
    if rest in ("", "~") or rest.endswith("/") or path.name in ("", "..") or not path.is_absolute():
        raise ConfigError(Problem("$.state.url", "an address without a file", "sqlite:///PATH with the path of a file"))
    return path
