"""``make quality``: ours and the peers on the same lines. ``--open`` leaves out what is set aside, ``--misses TASK`` shows ours' misses in the rest."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.quality import report
from benchmarks.quality.scoring import Judged, row
from benchmarks.quality.systems import OURS, PEERS, ours, peer
from tests.corpora import build
from tests.corpora.lines import TASKS, Line


def main(arguments: Sequence[str]) -> int:
    """Run. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description="Measure what the guardrails find."
    )
    parser.add_argument("--open", action="store_true", help="without the lines set aside, ours only; writes nothing")
    parser.add_argument(
        "--misses",
        choices=TASKS,
        metavar="TASK",
        help="show ours' misses and false alarms by group, of the open lines only",
    )
    parser.add_argument("--examples", type=int, default=3, help="how many of each group --misses shows")
    chosen = parser.parse_args(arguments)
    if chosen.misses:
        show_misses(ours(chosen.misses, _open(build.corpus(chosen.misses))), chosen.examples)
    elif chosen.open:
        print(report.table([row(task, OURS, ours(task, _open(build.corpus(task)))) for task in TASKS]))
    else:
        rows = [made for task in TASKS for made in _rows(task, build.corpus(task))]
        report.write(rows)
        print(report.table(rows))
    return 0


def _open(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if not line.held]


def _rows(task: str, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the rows of one task: ours first, then the peers, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        judged = list(pool.map(lambda which: peer(which, lines), PEERS[task]))
    rows = [row(task, OURS, ours(task, lines))]
    return rows + [row(task, which.system, one) for which, one in zip(PEERS[task], judged, strict=True)]


def show_misses(judged: Sequence[Judged], examples: int) -> None:
    """Print what was missed and what was found wrongly, the largest groups first. Lines set aside are refused."""
    if any(one.line.held for one in judged):
        raise ValueError("lines that are set aside are never shown")
    for title, wrong in (
        ("missed", [one for one in judged if one.labels and not one.recalled]),
        ("false alarm", [one for one in judged if one.false]),
    ):
        groups: dict[str, list[Judged]] = defaultdict(list)
        for one in wrong:
            groups[one.line.group].append(one)
        sizes = {group: sum(one.line.group == group for one in judged) for group in groups}
        for group, lines in sorted(groups.items(), key=lambda entry: -len(entry[1])):
            print(f"{title}: {group}: {len(lines)} of {sizes[group]}")
            for one in lines[:examples]:
                kinds = sorted({span.kind for span in (one.false if title == "false alarm" else one.found)})
                print(f"    {' '.join(kinds) or '-'}: {one.line.content[:160]!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
