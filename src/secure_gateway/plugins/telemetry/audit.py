"""Audit: every decision as one line of a file that nobody can change unnoticed. A record that cannot be kept refuses its request."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec

from secure_gateway.decisions import DecisionRecord
from secure_gateway.errors import ConfigError, GatewayError, Problem
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.anchors import Anchors, read_anchor
from secure_gateway.plugins.telemetry.audit_file import AuditFile
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.chain import DECISION, START, STOP, audit_key
from secure_gateway.plugins.telemetry.lines import audit_facts
from secure_gateway.plugins.telemetry.options import read_options, read_path

logger = logging.getLogger(__name__)

_FILE_NAME = "audit.jsonl"


class AuditOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``path``: the file, ``audit.jsonl`` beside the configuration if left out. ``durable``: every response waits until its record is on disk.

    ``max_bytes``: the size from which a new file is begun; 0: never.
    """

    path: str = ""
    durable: bool = False
    max_bytes: Annotated[int, msgspec.Meta(ge=0)] = 0


def audit_path(config: Mapping[str, Any], folder: Path) -> Path:
    """Return the file that a provider configured so writes to; ``folder`` is that of the configuration."""
    return _path(read_options(AuditOptions, config), folder)


def _path(options: AuditOptions, folder: Path) -> Path:
    return read_path("path", options.path) if options.path else folder / _FILE_NAME


class AuditTelemetryProvider(TelemetryProvider):
    """Appends to a private, keyed hash chain in JSON lines, which continues over restarts."""

    required = True

    def __init__(self, config: Mapping[str, Any], services: ProviderServices) -> None:
        options = read_options(AuditOptions, config)
        path = _path(options, services.config_dir)
        self.durable = options.durable
        self._file = AuditFile(path, audit_key(services.master_key), options.max_bytes)
        self._path = path
        self._clock = services.clock
        self._store = services.store
        self._anchors = Anchors(services, path)

    @property
    def name(self) -> str:
        return "audit"

    @property
    def version(self) -> str:
        return "1.0.0"

    def initialize(self, config: dict[str, Any]) -> TelemetryResult:
        """Open the file, continue its chain, and write that the gateway has started: what cannot be written stops it here."""
        try:
            found = read_anchor(self._store, self._path)  # before the first line: other processes may be writing
            self._file.append([(START, {"time": self._clock(), "pid": os.getpid()})])
            self._file.sync()
            self._anchors.begin(found, self._file.link)
        except OSError as error:
            problem = Problem(
                "$.config.path", f"{self._path}, which cannot be written ({error.strerror})", "a file of ours"
            )
            raise ConfigError(problem) from error
        except ConfigError as error:
            raise ConfigError([replace(problem, path="$.config.path") for problem in error.problems]) from error
        except GatewayError as error:
            raise ConfigError(Problem("$.config.path", str(error), "an audit file that can be continued")) from error
        if self._file.torn:
            logger.warning(
                "%s: the last line was unfinished, the process that wrote it was stopped; it is kept, and the file says so",
                self._path,
            )
        return TelemetryResult(success=True, provider_name=self.name, data={"torn": self._file.torn})

    def create_logger(self, name: str) -> None:
        """Make none: the file is written by ``record_batch``."""

    def create_tracer(self, name: str) -> None:
        """Make none."""

    def record_batch(self, records: list[DecisionRecord]) -> None:
        """Append one line for each record, all or none."""
        self._file.append([(DECISION, audit_facts(record)) for record in records])
        self._anchors.note(self._file.link)

    def sync(self) -> None:
        """Put what was appended on disk."""
        self._file.sync()

    def shutdown(self) -> TelemetryResult:
        """Write that the gateway has stopped, and close the file."""
        self._file.append([(STOP, {"time": self._clock(), "pid": os.getpid()})])
        self._file.sync()
        self._anchors.note(self._file.link, at_once=True)
        self._file.close()
        return TelemetryResult(success=True, provider_name=self.name)
