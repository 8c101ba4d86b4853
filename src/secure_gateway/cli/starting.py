"""The first configuration of a gateway: made whole in a hidden folder, then put in its place, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from secure_gateway.bootstrap import open_services
from secure_gateway.cli.failures import CommandError
from secure_gateway.config.loader import load_config
from secure_gateway.config.schema import SCHEMA_FILE_NAME, schema_text
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.plugins.auth.key_ring import KeyGrant, KeyRing
from secure_gateway.stores.key_file import create_master_key
from secure_gateway.stores.private_files import create_private_file, make_private_folder

CONFIG = "config.json"
MASTER_KEY = "master.key"
STATE = "state.db"
FIRST_ROLE = "everything"
FIRST_USER = "owner"

# Everything judged and recorded, one role, no server yet; no path leads out of the folder, so it can be moved.
STARTING_CONFIGURATION = f"""{{
  "$schema": "./{SCHEMA_FILE_NAME}",
  "plugins": {{
    "auth": {{"provider": "api_key"}},
    "guardrails": {{
      "providers": [
        {{"provider": "pii"}}, {{"provider": "secrets"}}, {{"provider": "injection"}}, {{"provider": "code_injection"}}
      ]
    }},
    "telemetry": {{"provider": "audit"}}
  }},
  "servers": {{}},
  "roles": {{
    "{FIRST_ROLE}": {{"tools": ["*"], "prompts": ["*"], "resources": ["*"], "agents": ["*"], "http": ["*"]}}
  }},
  "state": {{"url": "sqlite:///./{STATE}"}},
  "master_key": "file://{MASTER_KEY}"
}}
"""

# In the order in which they are put in place: without a configuration, the rest is nothing yet.
_MADE = (SCHEMA_FILE_NAME, MASTER_KEY, f"{STATE}-wal", f"{STATE}-shm", STATE, CONFIG)
# An audit is a chain under the master key: with a new one, it cannot go on.
_AUDIT = "audit.jsonl*"


@dataclass(frozen=True, slots=True)
class Started:
    """What was made. ``set_aside``: where the files lie that stood in its place, if any did."""

    folder: Path
    key_id: str
    key: str
    set_aside: Path | None = None

    def __repr__(self) -> str:
        return f"Started({str(self.folder)!r}, key_id={self.key_id!r})"


def start(folder: Path, environ: Mapping[str, str], *, force: bool) -> Started:
    """Make configuration, master key and first key in ``folder``. ``force``: set aside what stands there.

    Raises ``CommandError`` where something stands there, ``ConfigError`` where the folder is unsafe; then nothing has changed.
    """
    there = [name for name in _MADE if os.path.lexists(folder / name)]
    there += sorted(path.name for path in folder.glob(_AUDIT)) if folder.is_dir() else []
    if there and not force:
        raise CommandError(
            f"{folder} already holds {', '.join(there)}. Nothing was changed. `secure-gateway check` tells whether it works; "
            "`secure-gateway init --force` sets those files aside and starts anew, and all keys made so far end."
        )
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    with ExitStack() as undo:
        undo.callback(_remove_empty, missing)
        make_private_folder(folder)
        started = _start_in(folder, environ, there)
        undo.pop_all()
    return started


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it was not made yet, or somebody else has put something there meanwhile
            folder.rmdir()


def _start_in(folder: Path, environ: Mapping[str, str], there: list[str]) -> Started:
    staging = Path(tempfile.mkdtemp(prefix=".init-", dir=folder))
    moves = _Moves()
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        undo.callback(moves.undo_unless_kept)
        key_id, key = _make(staging, environ)
        set_aside = _set_aside(folder, there, moves) if there else None
        for name in _MADE:
            if (staging / name).exists():
                moves.move(staging / name, folder / name)
        moves.keep()
    return Started(folder, key_id, key, set_aside)


def _make(folder: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    create_master_key(folder / MASTER_KEY)
    create_private_file(folder / SCHEMA_FILE_NAME, schema_text().encode())
    create_private_file(folder / CONFIG, STARTING_CONFIGURATION.encode())
    loaded = load_config(folder / CONFIG, environ)
    services = open_services(loaded, SecretResolver(environ, folder=folder), environ)
    try:
        entry, key = KeyRing(services).create(KeyGrant(user_id=FIRST_USER, roles=(FIRST_ROLE,), name="first key"))
    finally:
        services.store.close()
    return entry.key_id, key


def _set_aside(folder: Path, names: list[str], moves: _Moves) -> Path:
    aside = Path(tempfile.mkdtemp(prefix="replaced-", dir=folder))
    moves.made(aside)
    for name in names:
        moves.move(folder / name, aside / name)
    return aside


class _Moves:
    """Files that were moved and a folder that was made, to be undone together."""

    def __init__(self) -> None:
        self._done: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def made(self, folder: Path) -> None:
        self._folders.append(folder)

    def move(self, source: Path, target: Path) -> None:
        """Move ``source`` to a place where nothing stands. Raises ``FileExistsError`` where something does."""
        # Taking the place first makes two `init` at the same time collide here, instead of one overwriting the other.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        with ExitStack() as undo:
            undo.callback(target.unlink)
            source.replace(target)
            undo.pop_all()
        self._done.append((source, target))

    def keep(self) -> None:
        """Let everything stay where it is now."""
        self._done.clear()
        self._folders.clear()

    def undo_unless_kept(self) -> None:
        """Move everything back that was not meant to stay."""
        for source, target in reversed(self._done):
            target.replace(source)
        for folder in self._folders:
            folder.rmdir()
