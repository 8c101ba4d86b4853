"""The audit file: private, only ever appended to, one chain over restarts, rotations and several processes.

Each append holds an exclusive lock (flock) and first looks whether another process has written or rotated since; if so it continues that
chain. So the workers of one server share one file. Not for network file systems, whose locks cannot be relied upon.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from secure_gateway.errors import GatewayError
from secure_gateway.plugins.telemetry.chain import GENESIS, TORN, BrokenLineError, Link, digest, seal, unseal
from secure_gateway.stores.private_files import check_private_file, make_private_folder

_LOCK_SECONDS: Final = 5.0
_LOCK_STEP: Final = 0.001
_REOPENINGS: Final = 10
_TAIL: Final = 64 * 1024
_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

Event = tuple[str, dict[str, Any]]
"""Its name and its facts."""


class AuditError(GatewayError):
    """The audit file cannot be continued. Says why and what to do."""


class AuditFile:
    """Appends events to the file at ``path``. ``max_bytes``: above this size it is renamed to ``path.000001`` and so on; 0: never.

    One thread at a time.
    """

    def __init__(self, path: Path, key: bytes, max_bytes: int = 0) -> None:
        self._path = path
        self._key = key
        self._max_bytes = max_bytes
        self._descriptor = -1
        self._turnstile = -1
        self._pid = 0
        self._end = -1
        self._link = GENESIS
        self.torn = 0

    @property
    def link(self) -> Link:
        """Where the chain stood after our last line."""
        return self._link

    def append(self, events: Sequence[Event]) -> None:
        """Write ``events``, all or none. Raises ``AuditError``, ``ConfigError`` or ``OSError``."""
        with self._locked():
            size = os.fstat(self._descriptor).st_size
            link, recovered = self._continue(size)
            lines = [recovered]
            for event, facts in events:
                line, link = seal(self._key, link, event, facts)
                lines.append(line)
            content = b"".join(lines)
            self._write(content, size)
            self._link, self._end = link, size + len(content)
            if self._max_bytes and self._end >= self._max_bytes:
                self._rotate()

    def sync(self) -> None:
        """Put everything written so far on disk."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; the next append opens it again."""
        for descriptor in (self._descriptor, self._turnstile):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._turnstile = -1

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        for _ in range(_REOPENINGS):
            if self._descriptor < 0 or self._pid != os.getpid():  # a forked child shares its parent's lock
                self.close()
                self._open()
            self._lock()
            if self._is_current():
                break
            self.close()  # another process has rotated it
        else:
            raise AuditError(f"{self._path} is replaced again and again; let one program alone look after it")
        try:
            yield
        finally:
            if self._descriptor >= 0:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _open(self) -> None:
        make_private_folder(self._path.parent)
        self._descriptor = os.open(self._path, _FLAGS, 0o600)
        self._pid = os.getpid()
        self._end = -1
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            check_private_file(self._path)
            turnstile = self._path.with_name(f"{self._path.name}.turn")
            self._turnstile = os.open(turnstile, _FLAGS, 0o600)
            check_private_file(turnstile)  # whoever could lock it could keep every request out
            undo.pop_all()

    def _lock(self) -> None:
        """Wait for the file in a turnstile: whoever writes without end cannot have the file again before the one that waits there."""
        end = time.monotonic() + _LOCK_SECONDS
        self._wait(self._turnstile, end)
        try:
            self._wait(self._descriptor, end)
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)

    def _wait(self, descriptor: int, end: float) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    raise AuditError(
                        f"{self._path} is locked by another process, which does not let go of it; give this gateway a path of its own"
                    ) from None
                time.sleep(_LOCK_STEP)

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def _continue(self, size: int) -> tuple[Link, bytes]:
        """Return where the chain stands, and what has to be written first because the last writer was stopped in the middle of a line."""
        if size == self._end:
            return self._link, b""
        if not size:
            return self._before_this_file(), b""
        last, torn = _tail(self._descriptor, size)
        link = self._read(last) if last else self._before_this_file()
        if not torn:
            return link, b""
        with contextlib.suppress(BrokenLineError):
            whole = unseal(self._key, torn)
            if whole.follows(link):
                return whole.link, b"\n"  # nothing but the line break is missing
        self.torn += 1
        line, link = seal(self._key, link, TORN, {"bytes": len(torn), "digest": digest(self._key, torn)})
        return link, b"\n" + line

    def _before_this_file(self) -> Link:
        segments = rotated(self._path)
        if not segments:
            return self._link
        descriptor = os.open(segments[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            last, _ = _tail(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
        link = self._read(last)
        return link if link.seq >= self._link.seq else self._link

    def _read(self, line: bytes) -> Link:
        try:
            return unseal(self._key, line).link
        except BrokenLineError as error:
            raise AuditError(
                f"{self._path} cannot be continued, its last whole line is not ours: {error}; "
                "keep the file as evidence, move it and its rotated parts elsewhere, and start again"
            ) from error

    def _write(self, content: bytes, size: int) -> None:
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._end = -1
            with contextlib.suppress(
                OSError
            ):  # where it fails (chattr +a), the next append finds a torn line and says so
                os.ftruncate(self._descriptor, size)
            raise

    def _rotate(self) -> None:
        segments = rotated(self._path)
        number = int(segments[-1].suffix[1:]) + 1 if segments else 1
        os.fsync(self._descriptor)
        self._path.rename(self._path.with_name(f"{self._path.name}.{number:06}"))
        self.close()


def rotated(path: Path) -> list[Path]:
    """Return the rotated parts of the audit file at ``path``, oldest first."""
    parts = [part for part in path.parent.glob(f"{_literal(path.name)}.*") if part.suffix[1:].isdecimal()]
    return sorted((part for part in parts if part.stem == path.name), key=lambda part: int(part.suffix[1:]))


def _literal(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)


def _tail(descriptor: int, size: int) -> tuple[bytes, bytes]:
    """Return the last whole line (empty if none) and what follows it."""
    length = min(_TAIL, size)
    while True:
        content = os.pread(descriptor, length, size - length)
        end = content.rfind(b"\n")
        begin = content.rfind(b"\n", 0, max(end, 0))
        if begin >= 0 or length == size:
            return (content[begin + 1 : end], content[end + 1 :]) if end >= 0 else (b"", content)
        length = min(length * 4, size)
