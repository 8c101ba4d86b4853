"""Files that are nobody else's business: 0600, in folders that we make 0700, never reached through what others may write."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from secure_gateway.config.ownership import check_ownership
from secure_gateway.errors import ConfigError, Problem

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """Create ``folder`` and what is missing above it, for us alone; one that exists must be writable by us and root only.

    Raises ``ConfigError``.
    """
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    try:
        for step in reversed(missing):
            step.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise _refusal(
            folder, f"a folder that cannot be made ({error.strerror})", "a place where we may write"
        ) from error
    check_ownership(folder)


def create_private_file(path: Path, content: bytes = b"") -> bool:
    """Write a new file that only we can read, synced to disk; tell whether it was made, which it is not where one exists.

    Raises ``ConfigError`` where it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, FILE_MODE)
    except FileExistsError:
        return False
    except OSError as error:
        raise _refusal(path, f"a file that cannot be made ({error.strerror})", "a place where we may write") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        _sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)  # half a key must never be taken for a whole one
        raise _refusal(path, f"a file that cannot be written ({error.strerror})", "room on the disk") from error
    return True


def replace_private_file(path: Path, content: bytes) -> None:
    """Put a file that only we can read in the place of ``path``, at once and whole; a link there is replaced, not followed.

    Raises ``ConfigError`` where it cannot be written; then nothing has changed.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    create_private_file(draft, content)
    try:
        draft.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _refusal(path, f"a file that cannot be replaced ({error.strerror})", "one that we may write") from error


def check_private_file(path: Path) -> None:
    """Refuse a file that somebody else could read or change. Raises ``ConfigError``."""
    check_ownership(path)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(path, "something that is no regular file", "a regular file")
    if status.st_uid != os.geteuid():
        raise _refusal(path, f"a file that belongs to user {status.st_uid}", "one that belongs to you")
    if status.st_mode & _OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise _refusal(path, f"a file open to others (mode {mode:04o})", "mode 0600", f"Run: chmod 600 {path}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(path: Path, found: str, expected: str, hint: str = "") -> ConfigError:
    return ConfigError(Problem(path="$", found=found, expected=expected, hint=hint, file=str(path)))
