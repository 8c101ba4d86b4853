"""The decision record: what happened to one request, in full, without a single payload value.

Audit, ``explain``, metrics and spans all read this record and nothing else. The request path notes each step as a tuple (cheap); a
``Step`` is made of it only when somebody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from secure_gateway.types import Principal


class Outcome(StrEnum):
    """How a request ended. ``CHALLENGE`` and ``PENDING`` are reserved."""

    ALLOWED = "allowed"
    MODIFIED = "modified"
    DENIED = "denied"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    CHALLENGE = "challenge"
    PENDING = "pending"


class StepStatus(StrEnum):
    """Whether a step ran, was skipped (the reason says why) or failed."""

    RAN = "ran"
    SKIPPED = "skipped"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a step decided. ``WOULD_DENY``: it said no in a mode that lets that pass."""

    ALLOW = "allow"
    MODIFY = "modify"
    DENY = "deny"
    WOULD_DENY = "would_deny"
    WARN = "warn"
    NONE = "none"
    ERROR = "error"
    TIMEOUT = "timeout"

    __hash__ = str.__hash__  # Enum's own is a Python function


_STATUS = {Verdict.NONE: StepStatus.SKIPPED, Verdict.ERROR: StepStatus.FAILED, Verdict.TIMEOUT: StepStatus.FAILED}

_STATUS_TEXT = {verdict: status.value for verdict, status in _STATUS.items()}


class StepSource(Protocol):
    """Who made a step: a plugin at its hook. ``HookBinding`` is one."""

    @property
    def plugin(self) -> str: ...
    @property
    def hook(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def digest(self) -> str: ...


class Stage(msgspec.Struct, frozen=True):
    """A step that belongs to the gateway itself, such as the permission check."""

    hook: str
    plugin: str = "gateway"
    version: str = ""
    digest: str = ""


class Note(msgspec.Struct, frozen=True):
    """What a step noted when there is more to say than that it ran and allowed."""

    verdict: Verdict
    reason: str = ""
    changes: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None


TraceEntry = tuple[StepSource, float, Note | None]
"""Who, after how many seconds of work, and what they noted; None: ran and allowed."""

_ALLOWED = Note(Verdict.ALLOW)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a request's walk. ``changes`` are JSON pointers, never values; ``duration_us`` is in microseconds."""

    hook: str
    plugin: str
    status: StepStatus
    verdict: Verdict
    version: str = ""
    digest: str = ""
    reason: str = ""
    duration_us: float = 0.0
    changes: tuple[str, ...] = ()
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class DecisionRecord(msgspec.Struct, kw_only=True):
    """What happened to one request.

    ``time``: seconds since the epoch at its start; ``duration_us``: microseconds from then to the verdict. Digests are keyed, so nobody
    can guess a payload from them. ``policy_version`` identifies the configuration that judged.
    """

    request_id: str
    time: float
    door: str
    operation: str
    name: str
    server: str = ""
    parent_id: str = ""
    principal: Principal | None = None
    policy_version: str = ""
    request_digest: str = ""
    result_digest: str = ""
    outcome: Outcome = Outcome.FAILED
    code: str = ""
    reason: str = ""
    decided_by: str = ""
    duration_us: float = 0.0
    trace: Sequence[TraceEntry] = ()

    @property
    def steps(self) -> list[Step]:
        """The steps of the walk, in the order in which they happened."""
        return [_step(entry) for entry in self.trace]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready builtins; the form that is stored, exported and printed. No payload, no credential."""
        return {**self.head(), "steps": [step_facts(entry) for entry in self.trace]}

    def head(self) -> dict[str, Any]:
        """Return what ``to_dict`` says of the request as a whole."""
        who = self.principal
        return {
            "request_id": self.request_id,
            "parent_id": self.parent_id,
            "time": self.time,
            "door": str(self.door),
            "operation": str(self.operation),
            "name": self.name,
            "server": self.server,
            "principal": None if who is None else principal_facts(who),
            "policy_version": self.policy_version,
            "request_digest": self.request_digest,
            "result_digest": self.result_digest,
            "outcome": self.outcome.value,
            "code": str(self.code),
            "reason": self.reason,
            "decided_by": self.decided_by,
            "duration_us": round(self.duration_us, 1),
        }

    def __repr__(self) -> str:
        return f"DecisionRecord({self.request_id!r}, {self.operation} {self.name!r}, outcome={self.outcome.value!r}, code={self.code!r})"


def principal_facts(principal: Principal) -> dict[str, Any]:
    """Return what a record says about a principal: who, by which provider, with which roles; no attributes, no claims."""
    return {
        "subject": principal.subject,
        "provider": principal.provider,
        "method": principal.method,
        "project_id": principal.project_id,
        "tenant_id": principal.tenant_id,
        "roles": list(principal.roles),
        "key_id": principal.key_id,
    }


def _step(entry: TraceEntry) -> Step:
    source, seconds, noted = entry
    note = noted or _ALLOWED
    return Step(
        hook=source.hook,
        plugin=source.plugin,
        version=source.version,
        digest=source.digest,
        status=_STATUS.get(note.verdict, StepStatus.RAN),
        verdict=note.verdict,
        reason=note.reason,
        duration_us=int(seconds * 1e7) / 10,
        changes=note.changes,
        metadata=note.metadata or {},
    )


def step_facts(entry: TraceEntry) -> dict[str, Any]:
    """Return a step as builtins: the same fields as ``Step``, made at a third of the price, for every record is stored."""
    source, seconds, noted = entry
    note = noted or _ALLOWED
    return {
        "hook": source.hook,
        "plugin": source.plugin,
        "status": _STATUS_TEXT.get(note.verdict, "ran"),
        "verdict": str.__str__(note.verdict),
        "version": source.version,
        "digest": source.digest,
        "reason": note.reason,
        "duration_us": int(seconds * 1e7) / 10,
        "changes": list(note.changes),
        "metadata": note.metadata or {},
    }


class Sink(Protocol):
    """Takes finished records. ``emit`` must not block; it tells whether the record was taken.

    A ``required`` sink that cannot take a record refuses the request; where it is not even ``ready``, before anything was done upstream.
    ``durable``: the response waits for ``committed``.
    """

    @property
    def name(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def durable(self) -> bool: ...
    @property
    def ready(self) -> bool: ...

    def emit(self, record: DecisionRecord) -> bool:
        """Queue ``record``."""
        ...

    async def committed(self) -> bool:
        """Wait until everything emitted so far is on disk; tell whether it is."""
        ...
