"""Where the figures are written: ``benchmarks/quality.json``, and the same as a table in the docs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.harness import ROOT

RESULTS: Final = ROOT / "benchmarks" / "quality.json"
PAGE: Final = ROOT / "docs" / "guardrails.md"
BEGIN: Final = "<!-- quality: written by `make quality` -->"
END: Final = "<!-- end of quality -->"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return ``rows`` as a table."""
    lines = ["| task | system | recall | precision | false alarms | lines |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['task']} | {row['system']} | {_percent(row['recall'])} | {_percent(row['precision'])} "
        f"| {_percent(row['false_alarm_rate'])} | {row['lines']:,} |"
        for row in rows
    ]
    return "\n".join(lines)


def in_page(page: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return ``page`` with the table of ``rows`` between its marks. Raises ``ValueError`` where they are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(rows)}\n{END}{after}"


def write(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write both."""
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
