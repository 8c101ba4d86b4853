"""The loop of a worker process: reads the name of a case, times it, answers in microseconds per call. Standard library only."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

Repeat = Callable[[int], Awaitable[None]]
"""Does the measured thing so many times."""

CASES: dict[str, Callable[[], Awaitable[Repeat]]] = {}


def case(name: str) -> Callable[[Callable[[], Awaitable[Repeat]]], Callable[[], Awaitable[Repeat]]]:
    """Register the function that sets a case up and returns how to repeat it."""

    def register(setup: Callable[[], Awaitable[Repeat]]) -> Callable[[], Awaitable[Repeat]]:
        CASES[name] = setup
        return setup

    return register


async def _timed(repeat: Repeat, seconds: float) -> float:
    count = 1
    while True:
        started = time.perf_counter()
        await repeat(count)
        spent = time.perf_counter() - started
        if spent > seconds / 4:
            break
        count *= 2
    count = max(1, int(count * seconds / spent))
    started = time.perf_counter()
    await repeat(count)
    return (time.perf_counter() - started) / count * 1e6


async def serve() -> None:
    """Answer until standard input ends."""
    ready: dict[str, Repeat] = {}
    loop = asyncio.get_running_loop()
    answers = sys.stdout
    sys.stdout = sys.stderr
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order: dict[str, Any] = json.loads(line)
        name = order["case"]
        if name not in ready:
            ready[name] = await CASES[name]()
            await ready[name](3)
        answers.write(json.dumps({"us": await _timed(ready[name], order["seconds"])}) + "\n")
        answers.flush()


def main() -> None:
    """Serve until standard input ends."""
    asyncio.run(serve())
