"""Where admin sockets stand: ``run/PID.sock`` beside the configuration, in a folder that only its owner may enter."""

from __future__ import annotations

import errno
import itertools
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from secure_gateway.errors import ConfigError, GatewayError, Problem
from secure_gateway.stores.private_files import FILE_MODE, FOLDER_MODE, make_private_folder

FOLDER: Final = "run"
_NAME: Final = re.compile(r"(?P<pid>\d{1,10})(?:-\d+)?\.sock")
_LONGEST_ADDRESS: Final = 107
"""Bytes: sun_path of unix(7) holds 108 with the zero at its end."""
_BACKLOG: Final = 16
_PROBE_SECONDS: Final = 1.0
_HALF_MADE_SECONDS: Final = 60.0


class Place(NamedTuple):
    """A socket file, and the process that its name speaks of."""

    path: Path
    pid: int


def open_socket(folder: Path) -> tuple[socket.socket, Path]:
    """Return a socket that listens in ``folder``, and its file. What dead processes left there is removed.

    Raises ``ConfigError`` where the folder is unsafe, ``GatewayError`` where no socket can be made in it.
    """
    make_private_folder(folder)
    _close_to_others(folder)
    _remove_stale(folder)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    # It gets its name when it listens: one that refuses connections is taken for that of a dead process.
    unnamed = folder / f".{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with address_of(unnamed) as address:
            made.bind(address)
        unnamed.chmod(FILE_MODE)
        made.listen(_BACKLOG)
        return made, _named(unnamed, folder)
    except OSError as error:
        made.close()
        raise GatewayError(
            f"no admin socket can be made in {folder} ({error.strerror or type(error).__name__})"
        ) from error
    finally:
        unnamed.unlink(missing_ok=True)


def places(folder: Path) -> list[Place]:
    """Return the sockets in ``folder``, those of dead processes too."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - one call that may fail, no iterator that may
    except (FileNotFoundError, NotADirectoryError):
        return []
    matches = [(name, _NAME.fullmatch(name)) for name in names]
    return [Place(folder / name, int(match["pid"])) for name, match in matches if match is not None]


def is_stale(path: Path) -> bool:
    """Tell whether nobody listens at ``path`` any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            with address_of(path) as address:
                probe.connect(address)
        except OSError as error:
            return error.errno == errno.ECONNREFUSED
    return False


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """Yield an address for ``path`` that fits into a socket address, however deep the folder lies."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _close_to_others(folder: Path) -> None:
    status = folder.stat()
    if status.st_uid != os.geteuid():
        found = f"a folder that belongs to user {status.st_uid}"
        raise ConfigError(Problem("$", found, "one that belongs to you", "", str(folder)))
    if stat.S_IMODE(status.st_mode) != FOLDER_MODE:
        folder.chmod(FOLDER_MODE)


def _named(unnamed: Path, folder: Path) -> Path:
    """Give the socket the first free name: in a container, another process may have our number."""
    for number in itertools.count():
        path = folder / (f"{os.getpid()}-{number}.sock" if number else f"{os.getpid()}.sock")
        with suppress(FileExistsError):
            path.hardlink_to(unnamed)
            return path
    raise AssertionError("there is always another number")


def _remove_stale(folder: Path) -> None:
    before = time.time() - _HALF_MADE_SECONDS
    for path in (*(place.path for place in places(folder)), *folder.glob(".*-*")):
        with suppress(OSError):  # another process clears up as well
            status = path.lstat()
            young = path.name.startswith(".") and status.st_mtime > before
            if stat.S_ISSOCK(status.st_mode) and not young and is_stale(path):
                path.unlink()
