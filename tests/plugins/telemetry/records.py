"""Decision records for tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from secure_gateway.decisions import DecisionRecord, Note, Outcome, Stage, TraceEntry, Verdict
from secure_gateway.types import Operation, Principal

CALLER = Principal(subject="alice", provider="api_key", roles=("analyst",))
PRE = Stage("tool_pre_invoke", "pii", "1.0.0", "d1")
POST = Stage("tool_post_invoke", "injection", "1.0.0", "d2")


def record(request_id: str = "r1", **given: Any) -> DecisionRecord:
    """Return the record of a tool call that passed, or of what ``given`` says instead."""
    trace: list[TraceEntry] = [(PRE, 2e-6, Note(Verdict.MODIFY, "masked", ("/text",))), (POST, 1e-6, None)]
    known: dict[str, Any] = {
        "time": 1_700_000_000.25,
        "door": "sdk",
        "operation": Operation.TOOL,
        "name": "read_file",
        "principal": CALLER,
        "outcome": Outcome.MODIFIED,
        "duration_us": 1500.0,
        "trace": trace,
    }
    return DecisionRecord(request_id=request_id, **{**known, **given})


def denied(request_id: str = "r1", **given: Any) -> DecisionRecord:
    """Return the record of a tool call that a guardrail refused."""
    trace = [(PRE, 2e-6, Note(Verdict.DENY, "a forbidden word"))]
    known = {"outcome": Outcome.DENIED, "code": "denied", "decided_by": "pii", "trace": trace}
    return record(request_id, **{**known, **given})


def eventually(fact: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until ``fact()`` is true; fail after ``seconds``, which only a broken build ever takes."""
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)
