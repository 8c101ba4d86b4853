"""Tables on a terminal. Loaded only there: rich costs more than most commands."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES = {
    "ok": "green",
    "allow": "green",
    "allowed": "green",
    "active": "green",
    "modify": "cyan",
    "modified": "cyan",
    "warning": "yellow",
    "warn": "yellow",
    "would_deny": "yellow",
    "skipped": "dim",
    "none": "dim",
    "deny": "red",
    "denied": "red",
    "disabled": "red",
    "expired": "red",
    "error": "red",
    "failed": "red",
    "timeout": "red",
    "timed_out": "red",
}


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to stdout. Cells become ``Text``, which has no markup."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console(markup=False, highlight=False, emoji=False, soft_wrap=False).print(table)
