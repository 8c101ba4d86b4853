"""A record as one line of text: for log lines and the audit file."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any, Final

import orjson

from secure_gateway.decisions import DecisionRecord, Note, Outcome, StepSource, Verdict, principal_facts

LONGEST: Final = 1024
"""Characters of any one text in a line. Names come from callers, who could send megabytes."""

_QUIET: Final = (Verdict.ALLOW, Verdict.NONE)
_LEVELS: Final = MappingProxyType({Outcome.DENIED: "warning", Outcome.FAILED: "error", Outcome.TIMED_OUT: "error"})


def clipped(text: str) -> str:
    """Return ``text`` with at most ``LONGEST`` characters; a cut shows as an ellipsis."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def encode(facts: Any) -> bytes:
    """Return compact JSON in ASCII, without a line break: no text in it can reach a terminal as a control sequence.

    A lone surrogate, which is no character, becomes U+FFFD: readers of JSON refuse it. Raises ``TypeError`` or ``ValueError`` for what is no JSON value.
    """
    try:
        line = orjson.dumps(facts)
    except TypeError:  # a lone surrogate, for one
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False)
        facts = json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
        line = b""
    if line and line.isascii() and b"\x7f" not in line:
        return line
    escaped = json.dumps(facts, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return escaped.replace("\x7f", "\\u007f").encode("ascii")


def audit_facts(record: DecisionRecord) -> dict[str, Any]:
    """Return all of a record that the audit keeps: everything but the plugins' own metadata."""
    return {
        "request_id": record.request_id,
        "parent_id": clipped(record.parent_id),
        "time": record.time,
        **_what(record),
        "principal": _who(record),
        "policy_version": record.policy_version,
        "request_digest": record.request_digest,
        "result_digest": record.result_digest,
        **_how(record),
        "steps": [_step(*entry) for entry in record.trace],
    }


def level_of(outcome: Outcome) -> str:
    """Return how loud a decision is: ``info``, ``warning`` for a denial, ``error`` for a fault."""
    return _LEVELS.get(outcome, "info")


def log_line(record: DecisionRecord) -> bytes:
    """Return what an operator wants to see at a glance: who, what, how it ended, and the steps that did more than allow."""
    who = record.principal
    facts = {
        "time": record.time,
        "level": level_of(record.outcome),
        "event": "decision",
        "request_id": record.request_id,
        **_what(record),
        "subject": None if who is None else clipped(who.subject),
        **_how(record),
        "findings": [
            _finding(source, note)
            for source, _, note in record.trace
            if note is not None and note.verdict not in _QUIET
        ],
    }
    return encode(facts)


def _what(record: DecisionRecord) -> dict[str, Any]:
    return {
        "door": str(record.door),
        "operation": str(record.operation),
        "name": clipped(record.name),
        "server": clipped(record.server),
    }


def _how(record: DecisionRecord) -> dict[str, Any]:
    return {
        "outcome": record.outcome.value,
        "code": str(record.code),
        "reason": clipped(record.reason),
        "decided_by": clipped(record.decided_by),
        "duration_us": round(record.duration_us, 1),
    }


def _who(record: DecisionRecord) -> dict[str, Any] | None:
    if record.principal is None:
        return None
    facts = principal_facts(record.principal)
    return {key: clipped(value) if isinstance(value, str) else value for key, value in facts.items()}


def _finding(source: StepSource, note: Note) -> dict[str, Any]:
    return {
        "hook": source.hook,
        "plugin": source.plugin,
        "verdict": note.verdict.value,
        "reason": clipped(note.reason),
    }


def _step(source: StepSource, seconds: float, note: Note | None) -> dict[str, Any]:
    step: dict[str, Any] = {
        "hook": source.hook,
        "plugin": source.plugin,
        "version": source.version,
        "digest": source.digest,
        "verdict": "allow",
        "duration_us": int(seconds * 1e7) / 10,
    }
    if note is not None:
        step["verdict"] = note.verdict.value
        step["reason"] = clipped(note.reason)
        step["changes"] = [clipped(pointer) for pointer in note.changes]
    return step
