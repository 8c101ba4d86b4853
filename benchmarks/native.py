"""The rows of scanning: ours looks for personal data, secrets and injection at once, each peer for its own kind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.harness import Row, Worker, interleaved, row
from benchmarks.peers import peer_python
from benchmarks.scan_corpus import KIB, TEXTS
from secure_gateway.native import VARIABLE, chosen

ROUNDS = 7
SECONDS = 0.3
OURS = Path(sys.executable)
PII = "cpex-pii-filter 0.3.9"
SECRETS = "cpex-secrets-detection 0.3.14"

_JSON = "clean JSON arguments of ids, times, addresses, versions, prices and sentences"
_ASCII = "one string, clean ASCII: sentences, ids, times, addresses, versions, prices"
_ALL = "ours for personal data, secrets and injection at once"
_NOTES = {
    "scan_nested_300b": _JSON,
    "scan_nested_2k": _JSON,
    "scan_nested_64k": _JSON,
    "scan_nested_2k_hits": "2 KB of such JSON with an e-mail address, a card and a US social security number, rewritten",
    "scan_64k": _ASCII,
    "scan_1m": _ASCII,
    "scan_256k_unicode": "one string, clean: English with accents, CJK, Cyrillic, Greek and emoji; 256 KB of UTF-8",
    "scan_1000_hits": "1000 addresses, cards and social security numbers in one string of 31 KB, rewritten",
    "scan_secrets_1m": f"{_ASCII}; the peer with all its patterns on",
    "scan_custom_400": f"{_ASCII}; 400 patterns of a user's own added, such as \\bLNWV-\\d{{6}}\\b, the same for both",
}
_TWINS = {"scan_twin_nested_2k": "scan_nested_2k", "scan_twin_nested_64k": "scan_nested_64k"}
_REWRITTEN = ("scan_nested_2k_hits", "scan_1000_hits")


def detectors(names: Sequence[str]) -> list[Row]:
    """Scan, in what implementation this installation chooses, against the peers' Rust."""
    rows = []
    with Worker(OURS, "ours_scan") as ours, Worker(peer_python("cpex-detectors"), "cpex_scan") as other:
        for name in names:
            note = f"{_NOTES[name]}; {_ALL}, scanner: {chosen().implementation}"
            measures = [partial(ours.measure, name), partial(other.measure, name)]
            if name in _REWRITTEN:
                measures.append(partial(ours.measure, f"{name} as guards do"))
            mine, theirs, *guarded = _in_turns(*measures)
            if guarded:
                note += (
                    f"; with the look at what was rewritten that guardrails take, a ratio of {theirs / guarded[0]:.2g}"
                )
            rows.append(row(name, "µs", mine, theirs, SECRETS if name == "scan_secrets_1m" else PII, note))
    return rows


def twin(names: Sequence[str]) -> list[Row]:
    """Scan with the Python twin, in a process of its own, against the peer's Rust."""
    rows = []
    with _twin() as ours, Worker(peer_python("cpex-detectors"), "cpex_scan") as other:
        for name in names:
            case = _TWINS[name]
            mine, theirs = _in_turns(partial(ours.measure, case), partial(other.measure, case))
            rows.append(row(name, "µs", mine, theirs, PII, f"{_NOTES[case]}; {_ALL}, scanner: python"))
    return rows


def native_and_twin(_names: Sequence[str]) -> list[Row]:
    """The Rust core against its Python twin."""
    case = "scan_nested_2k_hits"
    with Worker(OURS, "ours_scan") as ours, _twin() as other:
        mine, theirs = _in_turns(partial(ours.measure, case), partial(other.measure, case))
    note = f"{_NOTES[case]}; scanner: {chosen().implementation}"
    return [row("native_vs_twin_2k_hits", "µs", mine, theirs, "the Python twin", note)]


def worst_case(_names: Sequence[str]) -> list[Row]:
    """The slowest of seven texts beside prose, per byte: a ratio of 0.33 is three times that."""
    with Worker(OURS, "ours_scan") as ours:
        taken = interleaved([partial(ours.measure, name, SECONDS) for name in TEXTS], ROUNDS)
    costs = {
        name: each * 1e3 / len(text(64 * KIB).encode()) for (name, text), each in zip(TEXTS.items(), taken, strict=True)
    }
    slowest = max(costs, key=costs.__getitem__)
    others = ", ".join(f"{name} {cost / costs['prose']:.2g}" for name, cost in costs.items() if name != "prose")
    note = f"64 KB; the slowest is {slowest}; times the cost of prose: {others}; scanner: {chosen().implementation}"
    return [row("scan_worst_case", "ns per byte", costs[slowest], costs["prose"], "prose", note)]


def _twin() -> Worker:
    return Worker(OURS, "ours_scan", {VARIABLE: "python"})


def _in_turns(*measures: partial[float]) -> list[float]:
    return interleaved([partial(measure, SECONDS) for measure in measures], ROUNDS)


GROUPS = {
    detectors: tuple(_NOTES),
    twin: tuple(_TWINS),
    native_and_twin: ("native_vs_twin_2k_hits",),
    worst_case: ("scan_worst_case",),
}
