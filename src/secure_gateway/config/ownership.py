"""Files that we obey: who could have written them, read without a gap between the check and the reading.

Whoever can write the configuration, a plugin or a key file chooses what code runs and who may pass. So each step on the
way to such a file, symbolic links included, must belong to us or to root and be writable by nobody else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from secure_gateway.errors import ConfigError, Problem

_MAX_LINKS = 40
_ROOT_UID = 0
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, slots=True)
class _Visit:
    """One step on the way to a file: a folder, a symbolic link, or the file."""

    path: Path
    status: os.stat_result
    folder: _Visit | None = None


def expand_home(path: str | Path, env: Mapping[str, str]) -> Path:
    """Replace a leading ``~`` by ``HOME`` of ``env``, or by the user's home folder where that is unset."""
    text = str(path)
    if text != "~" and not text.startswith("~/"):
        return Path(text)
    home = env.get("HOME")
    return (Path(home) if home else Path.home()) / text[2:]


def is_missing(path: Path) -> bool:
    """Tell whether there is nothing at ``path``. Of what cannot be looked at, the attempt to read it says what is wrong."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def check_ownership(path: Path, *, uid: int | None = None) -> None:
    """Refuse a file or folder that somebody other than ``uid`` (default: we) and root could change or replace.

    Of a folder, its contents are not visited: check each file that is loaded from it.

    Raises:
        ConfigError: with one problem for each unsafe step, or because there is no such file.
    """
    _check(path, os.geteuid() if uid is None else uid)


def read_trusted(path: Path, *, limit: int, private: bool = False, uid: int | None = None) -> bytes:
    """Read a regular file of at most ``limit`` bytes that passes :func:`check_ownership`.

    ``private`` also refuses a file that others can read: such a file of ours has mode 0600; one of root's may be readable by a
    group, which is how a secret reaches a service that does not run as root.

    Raises:
        ConfigError: naming the file and what to do.
    """
    owner = os.geteuid() if uid is None else uid
    with _opened(path) as descriptor:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(path, _kind(status.st_mode), "a regular file")
        checked = _check(path, owner)
        # Opened first, then walked: if the walk ends at another file, somebody swapped it in between.
        if not os.path.samestat(status, checked):
            raise _refusal(
                path, "a file that was replaced while it was opened", "a file that stands still", "Try again."
            )
        if private:
            _check_private(path, status, owner)
        data = _read(descriptor, path, limit)
        after = os.fstat(descriptor)
        if (after.st_mtime_ns, after.st_size) != (status.st_mtime_ns, status.st_size):
            # Half of what was there and half of what is meant might even make sense together.
            raise _refusal(path, "a file that was written while it was read", "a file that stands still", "Try again.")
        return data


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: Path, limit: int) -> bytes:
    chunks: list[bytes] = []
    left = limit + 1
    try:
        while left > 0 and (chunk := os.read(descriptor, left)):
            chunks.append(chunk)
            left -= len(chunk)
    except OSError as error:
        raise _unreadable(path, error) from None
    if left <= 0:
        raise _refusal(path, f"more than {limit} bytes", f"a file of at most {limit} bytes")
    return b"".join(chunks)


def _check(path: Path, uid: int) -> os.stat_result:
    try:
        visits = list(_walk(path))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    problems = [problem for visit in visits for problem in _faults_of(visit, uid)]
    last = visits[-1]
    if not stat.S_ISLNK(last.status.st_mode) and last.status.st_mode & _OTHERS_WRITE:
        # Sticky or not: in a folder that is itself what we load from, others could add files.
        problems.append(_too_open(last))
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return last.status


def _walk(path: Path) -> Iterator[_Visit]:
    """Yield every folder, link and file on the way from the root to ``path``, links followed one by one."""
    absolute = Path.cwd() / path
    root = _Visit(Path(absolute.anchor), Path(absolute.anchor).lstat())
    folders = [root]
    pending = list(reversed(absolute.parts[1:]))
    links = 0
    yield root
    while pending:
        name = pending.pop()
        if name == "..":
            folders = folders[:-1] or [root]
            yield folders[-1]
            continue
        folder = folders[-1]
        visit = _Visit(folder.path / name, (folder.path / name).lstat(), folder)
        yield visit
        if not stat.S_ISLNK(visit.status.st_mode):
            folders.append(visit)
            continue
        links += 1
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = visit.path.readlink()
        if target.is_absolute():
            folders = [root]
        pending += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _faults_of(visit: _Visit, uid: int) -> Iterator[Problem]:
    if visit.status.st_uid not in (uid, _ROOT_UID):
        found = f"a {_kind(visit.status.st_mode)} that belongs to user {visit.status.st_uid}"
        yield _problem(
            visit.path, found, "one that belongs to you or to root", "Its owner could choose what code runs."
        )
    folder = visit.folder
    if folder is not None and folder.status.st_mode & _OTHERS_WRITE and not folder.status.st_mode & stat.S_ISVTX:
        # The sticky bit (as of /tmp) keeps others from replacing what is not theirs; whose it is was judged above.
        yield _too_open(folder)


def _check_private(path: Path, status: os.stat_result, uid: int) -> None:
    readable = status.st_mode & _OTHERS_READ
    if status.st_uid != uid:
        readable &= stat.S_IROTH
    if readable:
        found = f"a file that others can read (mode {stat.S_IMODE(status.st_mode):04o})"
        raise _refusal(path, found, "a file that only its owner can read", f"Run: chmod 600 {path}")


def _too_open(visit: _Visit) -> Problem:
    mode = visit.status.st_mode
    found = f"a {_kind(mode)} that other users can write (mode {stat.S_IMODE(mode):04o})"
    expected = "one that only you or root can write, because it chooses what code runs"
    return _problem(visit.path, found, expected, f"Run: chmod go-w {visit.path}")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISLNK(mode):
        return "symbolic link"
    return "file" if stat.S_ISREG(mode) else "pipe, socket or device"


def _unreadable(path: Path, error: OSError | ValueError) -> ConfigError:
    match error:
        case FileNotFoundError():
            found = "no such file"
        case PermissionError():
            found = "a file that this user may not read"
        case NotADirectoryError():
            found = "a file where a folder should be on the way"
        case _:
            found = f"a file that cannot be opened ({getattr(error, 'strerror', None) or error})"
    return _refusal(path, found, "a readable file")


def _refusal(path: Path, found: str, expected: str, hint: str = "") -> ConfigError:
    return ConfigError(_problem(path, found, expected, hint))


def _problem(path: Path, found: str, expected: str, hint: str = "") -> Problem:
    return Problem(path="$", found=found, expected=expected, hint=hint, file=str(path))
