"""The rows of the request path: pipeline, secure call, session, import, start-up, proxy, ASGI."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import proxying, web
from benchmarks.harness import ROOT, Row, Worker, interleaved, row
from benchmarks.peers import peer_python

ROUNDS = 7
SECONDS = 0.4
LEAST = 0.1
OURS = Path(sys.executable)

Measure = Callable[[Sequence[str]], list[Row]]


def pipeline(names: Sequence[str]) -> list[Row]:
    """Five plugins before and five after one tool call, against cpex's plugin manager."""
    return _against_worker(
        names,
        "cpex",
        "cpex 0.1.4",
        "5 pre and 5 post plugins that read one nested argument; ours with the whole record",
    )


def secure_call(names: Sequence[str]) -> list[Row]:
    """Key, keyword guardrail on 1 KB in and out, and record, against secure-mcp-gateway's secure call."""
    return _against_worker(
        names, "enkrypt", "secure-mcp-gateway 2.2.4", "in process, upstream stubbed, logging at ERROR"
    )


def _against_worker(names: Sequence[str], peer: str, peer_name: str, note: str) -> list[Row]:
    rows = []
    with Worker(OURS, "ours") as ours, Worker(peer_python(peer), peer) as other:
        for name in names:
            mine, theirs = interleaved(
                [partial(ours.measure, name, SECONDS), partial(other.measure, name, SECONDS)], ROUNDS
            )
            rows.append(row(name, "µs", mine, theirs, peer_name, note))
    return rows


_IMPORT = """
import json, resource, sys, time
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
{statement}
print(json.dumps([time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))
"""


def imports(names: Sequence[str]) -> list[Row]:
    """What importing costs over a bare interpreter, in time and memory; ours with the names an app needs."""
    peer = peer_python("cpex")

    def one(python: Path, statement: str, which: int) -> float:
        done = subprocess.run(
            [str(python), "-c", _IMPORT.format(statement=statement)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        return float(json.loads(done.stdout)[which])

    ours, theirs = "import secure_gateway", "import cpex.framework"
    whole = f"{ours}; secure_gateway.Gateway"
    rows = []
    for name, which, unit, scale in (("import_time", 0, "ms", 1e3), ("import_rss", 1, "MB", 1 / 1024)):
        if name in names:
            measures = [
                partial(one, python, text, which) for python, text in ((OURS, ours), (peer, theirs), (OURS, whole))
            ]
            mine, other, used = interleaved(measures, ROUNDS)
            note = f"names are loaded when first used: with `Gateway` {used * scale:.1f} {unit}, a ratio of {other / used:.1f}"
            shown = max(
                mine * scale, LEAST
            )  # the system counts memory in pages and keeps some in hand: less cannot be told from nothing
            rows.append(row(name, unit, shown, other * scale, "cpex 0.1.4", note))
    return rows


def start(_names: Sequence[str]) -> list[Row]:
    """A new interpreter: import, load a configuration with one provider of each kind (the peer: one plugin), answer one call."""
    peer = peer_python("cpex")

    def one(python: Path, module: str) -> float:
        done = subprocess.run(
            [str(python), "-m", f"benchmarks.workers.{module}"], capture_output=True, text=True, check=True, cwd=ROOT
        )
        return float(json.loads(done.stdout.splitlines()[-1])["seconds"])

    mine, theirs = interleaved([lambda: one(OURS, "start_ours"), lambda: one(peer, "start_cpex")], ROUNDS)
    return [
        row(
            "start_to_first_call",
            "ms",
            mine * 1e3,
            theirs * 1e3,
            "cpex 0.1.4",
            "from the first line of Python to the first answer",
        )
    ]


GROUPS: dict[Measure, tuple[str, ...]] = {
    pipeline: ("pipeline_5x2_noop", "pipeline_5x2_noop_64k"),
    secure_call: ("secure_call", "session_hit"),
    imports: ("import_time", "import_rss"),
    start: ("start_to_first_call",),
    proxying.measure: ("proxy_hop_stdio", "proxy_hop_http", "proxy_rps"),
    web.measure: ("asgi_rps_5_plugins",),
}
