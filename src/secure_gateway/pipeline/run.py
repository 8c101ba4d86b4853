"""The state of one request on its walk."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from time import monotonic, time
from typing import Any

import msgspec

from secure_gateway.decisions import DecisionRecord, Note, Outcome, Stage, TraceEntry, Verdict
from secure_gateway.errors import ErrorCode, RequestDenied, RequestError
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.plugins.framework.binding import CallSlot
from secure_gateway.plugins.framework.context import GlobalContext, PluginContext
from secure_gateway.types import Principal, Request

_PROCESS = os.urandom(6).hex()
_numbers = itertools.count(1)
_LONGEST_NAME = 4096
"""Characters of a name that a record keeps: names come from callers, and thousands of records wait in memory and on disk."""


def new_request_id() -> str:
    """Return an id that no other request of any process has: a random prefix of this process and a number."""
    return f"{_PROCESS}-{next(_numbers):x}"


class Run(msgspec.Struct):
    """Who, what and what has happened so far; ``begin`` makes one. ``record`` is filled in on the way and complete after ``finish``.

    ``slots``, ``first_step`` and ``plugin_started`` belong to the hook that is running now: each of its plugins leaves one step, and so the number of
    steps since ``first_step`` tells which plugin it is. ``expired``: that plugin's time is up. ``resumed``: when it last had to wait and went on.
    """

    request: Request
    snapshot: Snapshot
    record: DecisionRecord
    trace: list[TraceEntry]
    started: float
    principal: Principal | None = None
    facts: GlobalContext | None = None
    contexts: dict[str, PluginContext] = msgspec.field(default_factory=dict)
    modified: bool = False
    first_step: int = 0
    plugin_started: float = 0.0
    resumed: float = 0.0
    slots: tuple[CallSlot, ...] = ()
    expired: bool = False
    upstream_failed: bool = False

    @property
    def known_facts(self) -> GlobalContext:
        """The facts that plugins may read; there from the moment the caller is known."""
        if self.facts is None:
            raise RuntimeError("hooks ran before the request's facts were known")
        return self.facts

    @property
    def deadline(self) -> float:
        """When the plugin that is running now must have answered (``time.monotonic`` seconds); read only if it suspends."""
        return self.plugin_started + self.slots[len(self.trace) - self.first_step][2]

    def note(self, stage: Stage, verdict: Verdict, seconds: float = 0.0, reason: str = "") -> None:
        """Add a step of the gateway's own."""
        self.trace.append((stage, seconds, Note(verdict, reason)))

    def finish(self, error: BaseException | None) -> DecisionRecord:
        """Return the record of this request, which ended with ``error`` or well."""
        record = self.record
        record.principal = self.principal
        if error is None:
            record.outcome = Outcome.MODIFIED if self.modified else Outcome.ALLOWED
        else:
            record.outcome, record.code, record.reason, record.decided_by = _ending(error)
        record.duration_us = (monotonic() - self.started) * 1e6
        return record


def begin(request: Request, snapshot: Snapshot) -> Run:
    """Return the state of ``request`` at its start. It gets an id, if it has none yet."""
    if not request.request_id:
        request.request_id = new_request_id()
    trace: list[TraceEntry] = []
    record = DecisionRecord(
        request_id=request.request_id,
        parent_id=request.parent_id,
        time=time(),
        door=request.door,
        operation=request.operation,
        name=request.name if len(request.name) <= _LONGEST_NAME else request.name[: _LONGEST_NAME - 1] + "…",
        server=request.server,
        policy_version=snapshot.policy_version,
        trace=trace,
    )
    return Run(request, snapshot, record, trace, monotonic())


def told_of_changes(run: Run, reason: str) -> str:
    """Return ``reason``, why a request does not fit, with who has changed it since it came: its caller may have written it well."""
    changers = [
        entry[0].plugin for entry in run.trace if isinstance(entry[2], Note) and entry[2].verdict is Verdict.MODIFY
    ]
    if not changers:
        return reason
    return f"{reason}, after {', '.join(dict.fromkeys(map(repr, changers)))} changed what the caller wrote"


def _ending(error: BaseException) -> tuple[Outcome, str, str, str]:
    if isinstance(error, RequestDenied):
        return Outcome.DENIED, error.code, error.reason, error.plugin or "gateway"
    if isinstance(error, RequestError):
        late = error.code in (ErrorCode.PLUGIN_TIMEOUT, ErrorCode.UPSTREAM_TIMEOUT)
        cancelled = error.code is ErrorCode.CANCELLED
        outcome = Outcome.TIMED_OUT if late else Outcome.CANCELLED if cancelled else Outcome.FAILED
        return outcome, error.code, error.reason, error.plugin or "gateway"
    if isinstance(error, Exception):
        return Outcome.FAILED, ErrorCode.UPSTREAM_ERROR, f"the upstream raised {type(error).__name__}", "upstream"
    return Outcome.CANCELLED, ErrorCode.CANCELLED, f"the caller went away ({type(error).__name__})", "caller"


def raised_at(error: BaseException) -> str:
    """Return the type of ``error`` and the line it was raised at. Never its text, which may quote the payload."""
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"
