"""What commands print: JSON for machines, rich tables on a terminal, aligned columns in a pipe."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from secure_gateway.cli.escaping import safe, safe_block

Row = Sequence[object]


def print_line(text: object = "") -> None:
    """Print one line to stdout, whatever ``text`` holds."""
    click.echo(safe(text))


def print_block(text: str) -> None:
    """Print several lines to stdout."""
    click.echo(safe_block(text))


def print_note(text: str) -> None:
    """Say something to the person at the terminal: on stderr, so that it is never taken for the result."""
    click.echo(safe_block(text), err=True)


def print_json(document: Any) -> None:
    """Print one JSON document. Everything outside ASCII is escaped, so no character of it acts on a terminal."""
    click.echo(json.dumps(document, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Row], *, empty: str = "Nothing.") -> None:
    """Print ``rows``. Cells are shown as they are: neither markup nor control characters in them act."""
    cells = [[safe("" if cell is None else cell) for cell in row] for row in rows]
    if not cells:
        print_note(empty)
    elif _on_terminal():
        # 80 ms, and no pipe needs it
        importlib.import_module("secure_gateway.cli.rich_tables").show_table(columns, cells)
    else:
        _print_aligned([[column.upper() for column in columns], *cells])


def _on_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _print_aligned(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
