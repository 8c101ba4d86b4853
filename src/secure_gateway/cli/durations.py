"""Lengths of time as people type them, and times as people read them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)


class Duration(click.ParamType[float]):
    """``90s``, ``15m``, ``12h``, ``30d`` or ``4w``, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, int | float):
            return float(value)
        match = _DURATION.fullmatch(value)
        if match is None:
            self.fail("expected a number and a unit, such as 90s, 15m, 12h, 30d or 4w", param, ctx)
        return float(int(match[1]) * _UNITS[match[2]])


def shown_time(seconds: float | None, empty: str = "never") -> str:
    """Return a time, given in seconds since the epoch, in the zone of this machine."""
    if seconds is None:
        return empty
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
