"""Change the configuration file: the rest of it stays as it was written, and what would not load is never put in its place."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from secure_gateway.cli.failures import CommandError
from secure_gateway.config.loader import LoadedConfig, load_config
from secure_gateway.errors import ConfigError

Edit = Callable[[str], str]


@contextmanager
def editing(path: Path | None, environ: Mapping[str, str]) -> Iterator[ConfigEditor]:
    """Yield an editor of the configuration, while no other ``secure-gateway`` command edits it. Raises ``ConfigError``."""
    first = load_config(path, environ)
    descriptor = os.open(first.path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield ConfigEditor(load_config(first.path, environ), environ)
    finally:
        os.close(descriptor)


class ConfigEditor:
    """Edits the text of one configuration file."""

    def __init__(self, loaded: LoadedConfig, environ: Mapping[str, str]) -> None:
        self.loaded = loaded
        self._environ = environ
        # A symbolic link stays one: what it leads to is replaced.
        self._target = loaded.path.resolve(strict=True)

    def text(self) -> str:
        """Return the text of the file as it is now."""
        return self._target.read_text(encoding="utf-8")

    def apply(self, edit: Edit) -> None:
        """Replace the file by what ``edit`` makes of its text, in one step, once that has been found valid.

        Raises ``ConfigError`` for a result that is not; then the file is as it was.
        """
        target = self._target
        before = target.read_bytes()
        after = edit(before.decode("utf-8")).encode("utf-8")
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        candidate = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            self._check(candidate)
            candidate.chmod(stat.S_IMODE(target.stat().st_mode))
            if target.read_bytes() != before:
                raise CommandError(f"{target} was changed by somebody else meanwhile; nothing was written. Try again.")
            candidate.replace(target)
        finally:
            candidate.unlink(missing_ok=True)

    def _check(self, candidate: Path) -> None:
        try:
            load_config(candidate, self._environ)
        except ConfigError as error:
            shown = str(self.loaded.path)
            raise ConfigError([replace(each, file=shown) for each in error.problems]) from error
