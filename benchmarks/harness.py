"""Runs workers turn by turn and takes medians, so that a machine that slows down slows both."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"


@dataclass(frozen=True)
class Row:
    """One line of results. ``ratio`` is peer/ours: above 1, ours is faster or smaller."""

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    note: str


class Worker:
    """A process that measures one implementation's cases."""

    def __init__(self, python: Path, module: str, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [str(python), "-m", f"benchmarks.workers.{module}"],
            cwd=ROOT,
            env={**os.environ, **(environ or {}), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, case: str, seconds: float) -> float:
        """Return microseconds per call. Raises ``RuntimeError`` when the worker has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"case": case, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker died in case {case!r}; its message stands above")
        return float(json.loads(answer)["us"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


def interleaved(measures: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Return the median of each of ``measures``, taken in turns over ``rounds`` rounds after one that does not count."""
    taken: list[list[float]] = [[] for _ in measures]
    for number in range(rounds + 1):
        for index, measure in enumerate(measures):
            value = measure()
            if number:
                taken[index].append(value)
    return [statistics.median(values) for values in taken]


def row(name: str, unit: str, ours: float, peer: float, peer_name: str, note: str = "") -> Row:
    """Return a row with its ratio, and print it."""
    made = Row(name, unit, _short(ours), _short(peer), peer_name, _short(peer / ours), note)
    print(f"{name:24} ours {made.ours:>10} {unit}   {peer_name} {made.peer:>10} {unit}   ratio {made.ratio}")
    return made


def write(rows: Sequence[Row]) -> None:
    """Write ``rows`` into the results, in place of older ones of the same names."""
    known: dict[str, Any] = {}
    if RESULTS.exists():
        known = {entry["name"]: entry for entry in json.loads(RESULTS.read_text(encoding="utf-8"))}
    known |= {made.name: asdict(made) for made in rows}
    RESULTS.write_text(json.dumps(list(known.values()), indent=2) + "\n", encoding="utf-8")


def _short(value: float) -> float:
    return float(f"{value:.4g}")
