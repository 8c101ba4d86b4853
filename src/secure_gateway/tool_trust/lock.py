"""``gateway.tools.lock.json``: the definitions of tools that somebody trusts, beside the configuration."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final, Literal, TypeVar

import msgspec

from secure_gateway.config.ownership import read_trusted
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.stores.private_files import replace_private_file

LOCK_NAME: Final = "gateway.tools.lock.json"
MOST_BYTES: Final = 64 * 1024 * 1024
PATIENCE_SECONDS: Final = 5.0
"""How long to wait for another process that is writing."""
_STEP_SECONDS: Final = 0.02

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One definition: its digests, when it was pinned (UTC, ISO 8601) and whether somebody looked at it."""

    digest: str
    fields: dict[str, str]
    pinned: str = ""
    by: Literal["first sight", "operator"] = "first sight"


class Lock(msgspec.Struct, forbid_unknown_fields=True):
    """What the file holds: pins by server and tool."""

    version: Literal[1] = 1
    servers: dict[str, dict[str, Pin]] = msgspec.field(default_factory=dict)


class LockFile:
    """The file, read anew when it has changed. Threads and processes may write it at the same time: nobody's pins are lost.

    What was read once stays in force where the file is taken away: without it, everything would be trusted on sight again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._look: tuple[int, ...] | None = None
        self._held: Lock | None = None

    def read(self) -> Lock:
        """Return what it holds; do not change it. Raises ``ConfigError`` where it cannot be used."""
        with self._mutex:
            return self._read_now()

    def peek(self) -> Lock | None:
        """Return what it holds without waiting for anybody: what was read last while somebody writes, None where nothing was. Raises as ``read`` does."""
        if not self._mutex.acquire(blocking=False):
            return self._held
        try:
            return self._read_now()
        finally:
            self._mutex.release()

    def update(self, change: Callable[[Lock], _Answer]) -> _Answer:
        """Let ``change`` edit what the file holds now, and write that. Raises ``ConfigError``; then nothing has changed."""
        with self._mutex, _alone(self.path.parent):
            before = self._held if _look(self.path) is None else _read(self.path)
            # A copy: what others hold is never edited.
            lock = msgspec.json.decode(msgspec.json.encode(before or Lock()), type=Lock)
            answer = change(lock)
            if before is None or lock != before or _look(self.path) is None:
                replace_private_file(self.path, msgspec.json.format(msgspec.json.encode(lock, order="sorted")) + b"\n")
            self._held, self._look = lock, _look(self.path)
            return answer

    def _read_now(self) -> Lock:
        look = _look(self.path)
        if look is None:
            return self._held or Lock()
        if self._held is None or look != self._look:
            self._held = _read(self.path)
            self._look = look
        return self._held

    def restore(self) -> None:
        """Write the file again where it was taken away while we had it. Raises ``ConfigError``."""
        if self._held is not None and _look(self.path) is None:
            _log.warning("%s was taken away; it is written again with what it held", self.path.name)
            self.update(lambda _lock: None)


def _look(path: Path) -> tuple[int, ...] | None:
    """Return what changes when the file does; None where there is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(path, f"a file that cannot be looked at ({error.strerror})", "a readable file") from None
    if stat.S_ISLNK(status.st_mode):
        # Where it leads to could be chosen, and changed, by whoever made it.
        hint = "Put the file itself there, or take the link away: then tools are trusted on first sight again."
        raise _refusal(path, "a symbolic link", "a regular file", hint)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read(path: Path) -> Lock:
    data = read_trusted(path, limit=MOST_BYTES)
    try:
        return msgspec.json.decode(data, type=Lock)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = f"something that is no lock of tools ({error})" if isinstance(error, msgspec.DecodeError) else "no text"
        hint = "Bring back the file as it was, or look at the tools and let `secure-gateway tools pin` write it anew once it is out of the way."
        raise _refusal(path, what, "what `secure-gateway tools pin` writes", hint) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other writers out of ``folder``: processes and threads alike. The folder itself is locked, so no further file is needed."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _refusal(folder, f"a folder that cannot be opened ({error.strerror})", "one that we may read") from None
    try:
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if monotonic() > deadline:
                    found = f"a folder that another process keeps locked ({error.strerror})"
                    raise _refusal(folder, found, "one in which nobody writes for longer than a moment") from None
                sleep(_STEP_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _refusal(path: Path, found: str, expected: str, hint: str = "") -> ConfigError:
    return ConfigError(Problem(path="$", found=found, expected=expected, hint=hint, file=str(path)))
