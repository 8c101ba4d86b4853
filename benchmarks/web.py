"""Requests per second of a raw ASGI app behind our middleware, against the same app bare, over a real server."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Row, row
from benchmarks.http_load import requests_per_second


def measure(_names: Sequence[str]) -> list[Row]:
    """Measure over uvicorn with uvloop and httptools, one process, keep-alive connections."""
    bare, ours = requests_per_second()
    note = f"one uvicorn process, 16 connections: {ours:.0f} against {bare:.0f} requests/s bare; key auth, 5 plugins, telemetry on"
    return [row("asgi_rps_5_plugins", "s/request", 1 / ours, 1 / bare, "the same app bare", note)]
