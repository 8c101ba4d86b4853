"""Log: one structured line for each decision, on standard error or in a file. Never on standard output."""

from __future__ import annotations

import logging
import os
import stat
import sys
from collections.abc import Mapping
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, Literal

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.options import read_options, read_path

_STDOUT_FOUND = "standard output"
_STDOUT_EXPECTED = '"stderr", or the path of a file'
_STDOUT_HINT = "Standard output is the MCP channel in stdio mode: one line of log there breaks the protocol."


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``stream``: ``stderr``; or ``path``: a file, which may be rotated from outside. ``level``: the least that is written."""

    stream: str = "stderr"
    path: str = ""
    level: Literal["debug", "info", "warning", "error", "critical"] = "info"


class LogTelemetryProvider(TelemetryProvider):
    """Writes JSON lines without payloads. Allowed is info, denied a warning, failed an error."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        options = read_options(LogOptions, config)
        self._level = options.level.upper()
        self._path = _checked_path(options, "stream" in config)
        self._handler: logging.Handler | None = None

    @property
    def name(self) -> str:
        return "log"

    @property
    def version(self) -> str:
        return "1.0.0"

    def initialize(self, config: dict[str, Any]) -> TelemetryResult:
        """Open the file, if there is one."""
        try:
            self._handler = _StderrLines() if self._path is None else _FileLines(self._path)
        except OSError as error:
            problem = Problem(
                "$.config.path", f"{self._path}, which cannot be written ({error.strerror})", "a file of ours"
            )
            raise ConfigError(problem) from error
        self._handler.setFormatter(logging.Formatter("%(message)s"))
        return TelemetryResult(success=True, provider_name=self.name)

    def create_logger(self, name: str) -> logging.Logger:
        """Return a logger of our own: none of ``logging``'s tree, so nobody else's set-up changes where these lines go."""
        made = logging.Logger(name, self._level)  # noqa: LOG001 - on purpose, see above
        if self._handler is not None:
            made.addHandler(self._handler)
        return made

    def create_tracer(self, name: str) -> None:
        """Make none."""

    def shutdown(self) -> TelemetryResult:
        """Close the file."""
        if self._handler is not None:
            self._handler.close()
        return TelemetryResult(success=True, provider_name=self.name)


class _StderrLines(logging.Handler):
    """Writes to whatever ``sys.stderr`` is at that moment. Raises what goes wrong, for the queue to count."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{self.format(record)}\n")
        sys.stderr.flush()


class _FileLines(WatchedFileHandler):
    """Writes to a file that others cannot read; opens a new one when it was rotated from outside."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="ascii")

    def _open(self) -> Any:
        return open(self.baseFilename, "a", encoding="ascii", opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        raise  # noqa: PLE0704 - logging calls this inside its except clause


def _private(path: str, flags: int) -> int:
    return os.open(
        path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600
    )  # a pipe that nobody reads must not hold up the start


def _checked_path(options: LogOptions, stream_given: bool) -> Path | None:  # noqa: FBT001 - one fact about the configuration
    if options.stream.lower() in ("stdout", "sys.stdout"):
        raise ConfigError(Problem("$.config.stream", _STDOUT_FOUND, _STDOUT_EXPECTED, _STDOUT_HINT))
    if options.stream != "stderr":
        raise ConfigError(Problem("$.config.stream", "an unknown stream", _STDOUT_EXPECTED))
    if not options.path:
        return None
    if stream_given:
        raise ConfigError(Problem("$.config", "both stream and path", "one of them"))
    path = read_path("path", options.path)
    if _is_stdout(path):
        raise ConfigError(Problem("$.config.path", _STDOUT_FOUND, _STDOUT_EXPECTED, _STDOUT_HINT))
    return path


def _is_stdout(path: Path) -> bool:
    if str(path) in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        return True
    try:
        there, ours = path.stat(), os.fstat(1)
    except OSError:
        return False
    return os.path.samestat(there, ours) and not stat.S_ISCHR(there.st_mode)  # a terminal or /dev/null is no channel
