"""The rows of external plugins: one call of a no-op, our client and our server against cpex's client and its server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.harness import Row, Worker, interleaved, row
from benchmarks.peers import peer_python

ROUNDS = 7
SECONDS = 0.5
OURS = Path(sys.executable)
NOTE = "one tool_pre_invoke of a plugin that lets pass, on a kept connection; each side with its own client and server"


def external(names: Sequence[str]) -> list[Row]:
    """One hook call across a process boundary."""
    rows = []
    for name in names:
        # A worker for each: cpex's client ties its two transports to each other within one task.
        with Worker(OURS, "ours_external") as ours, Worker(peer_python("cpex"), "cpex_external") as other:
            mine, theirs = interleaved(
                [partial(ours.measure, name, SECONDS), partial(other.measure, name, SECONDS)], ROUNDS
            )
        rows.append(row(name, "µs", mine, theirs, "cpex 0.1.4", NOTE))
    return rows


GROUPS = {external: ("external_stdio", "external_http")}
