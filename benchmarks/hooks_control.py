"""The row of a reload: what callers notice of a configuration that is put in force ten times a second."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from benchmarks.harness import Row, row
from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.cli.starting import start
from secure_gateway.reloading import Reloader

ROUNDS = 5
SECONDS = 2.0
EVERY = 0.1
CALLERS = 8
TOOL_SECONDS = 0.005


def reload_under_load(_names: Sequence[str]) -> list[Row]:
    """The slowest hundredth of calls while the configuration is reloaded every 100 ms, against the same load without reloading."""
    with tempfile.TemporaryDirectory() as folder:
        return [asyncio.run(_measure(Path(folder) / "gateway"))]


async def _measure(folder: Path) -> Row:
    key = start(folder, {}, force=False).key
    parts = load_parts(folder / "config.json", env={})
    quiet: list[float] = []
    busy: list[float] = []
    reloads: list[float] = []
    async with parts.gateway, Reloader(parts, env={}) as reloader:
        await _load(parts, key)
        for _ in range(ROUNDS):
            quiet.append(_p99(await _load(parts, key)))
            reloading = asyncio.create_task(_reload(reloader, reloads))
            busy.append(_p99(await _load(parts, key)))
            reloading.cancel()
            with suppress(asyncio.CancelledError):
                await reloading
    note = (
        f"{CALLERS} callers of a tool that takes {TOOL_SECONDS * 1e3:g} ms, with identity and three guardrails; "
        f"no call failed over {len(reloads)} reloads of {median(reloads) * 1e3:.0f} ms; 0.5 is twice as slow"
    )
    return row("reload_under_load", "ms p99", median(busy) * 1e3, median(quiet) * 1e3, "without reloading", note)


async def _reload(reloader: Reloader, taken: list[float]) -> None:
    while True:
        started = perf_counter()
        await reloader.reload()
        taken.append(perf_counter() - started)
        await asyncio.sleep(max(0.0, EVERY - taken[-1]))


async def _load(parts: Parts, key: str) -> list[float]:
    taken: list[float] = []
    until = perf_counter() + SECONDS

    async def tool(given: dict[str, str]) -> str:
        await asyncio.sleep(TOOL_SECONDS)
        return given["text"]

    async def caller() -> None:
        while (started := perf_counter()) < until:
            answer = await parts.gateway.call("echo", {"text": "hello"}, tool, credentials=key)
            if answer != "hello":
                raise RuntimeError("an answer was lost")
            taken.append(perf_counter() - started)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return taken


def _p99(taken: list[float]) -> float:
    return quantiles(taken, n=100)[98]


GROUPS = {reload_under_load: ("reload_under_load",)}
