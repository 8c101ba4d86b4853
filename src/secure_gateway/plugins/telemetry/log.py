"""Log: one structured line for each decision, on standard error or in a file. Never on standard output."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from secure_gateway.decisions import DecisionRecord, Outcome
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.lines import level_of, log_line
from secure_gateway.plugins.telemetry.options import read_options, read_path

_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_STDOUT_FOUND = "standard output"
_STDOUT_EXPECTED = '"stderr", or the path of a file'
_STDOUT_HINT = "Standard output is the MCP channel in stdio mode: one line of log there breaks the protocol."


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``stream``: ``stderr``; or ``path``: a file, which may be rotated from outside. ``level``: the least that is written."""

    stream: str = "stderr"
    path: str = ""
    level: Literal["debug", "info", "warning", "error", "critical"] = "info"


class LogTelemetryProvider(TelemetryProvider):
    """Writes JSON lines without payloads. What passed is info, a denial a warning, a fault an error."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        options = read_options(LogOptions, config)
        self._loud = frozenset(
            outcome for outcome in Outcome if _LEVELS.index(level_of(outcome)) >= _LEVELS.index(options.level)
        )
        path = _checked_path(options, "stream" in config)
        self._out: _Stderr | _File = _Stderr() if path is None else _File(path)

    @property
    def name(self) -> str:
        return "log"

    @property
    def version(self) -> str:
        return "1.0.0"

    def initialize(self, config: dict[str, Any]) -> TelemetryResult:
        """Open the file, if there is one."""
        try:
            self._out.open()
        except OSError as error:
            found = f"{self._out}, which cannot be written ({error.strerror})"
            raise ConfigError(Problem("$.config.path", found, "a file of ours")) from error
        return TelemetryResult(success=True, provider_name=self.name)

    def create_logger(self, name: str) -> None:
        """Make none: ``record_batch`` writes many lines at once, and no set-up of ``logging`` changes where they go."""

    def create_tracer(self, name: str) -> None:
        """Make none."""

    def record_batch(self, records: list[DecisionRecord]) -> None:
        """Write a line for each record that is loud enough."""
        lines = [log_line(record) for record in records if record.outcome in self._loud]
        if lines:
            self._out.write(b"\n".join(lines) + b"\n")

    def shutdown(self) -> TelemetryResult:
        """Close the file."""
        self._out.close()
        return TelemetryResult(success=True, provider_name=self.name)


class _Stderr:
    """Whatever ``sys.stderr`` is at that moment."""

    def open(self) -> None:
        """It is open."""

    def write(self, lines: bytes) -> None:
        sys.stderr.write(lines.decode("ascii"))
        sys.stderr.flush()

    def close(self) -> None:
        """It is not ours."""


class _File:
    """A file that others cannot read; opened anew when it was rotated from outside."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def open(self) -> None:
        # O_NONBLOCK: a pipe that nobody reads must not hold up the start.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o600)

    def write(self, lines: bytes) -> None:
        if self._descriptor < 0 or not self._is_current():
            self.close()
            self.open()
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def __str__(self) -> str:
        return str(self._path)


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
