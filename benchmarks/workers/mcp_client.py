"""Calls the echo tool over several routes in turns. Reads one JSON order from its argument, prints medians as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import statistics
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

from fastmcp import Client  # type: ignore[import-not-found]
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport  # type: ignore[import-not-found]

MESSAGE = "The quarterly report shows steady growth across all regions and teams."


def _client(route: dict[str, Any]) -> Any:
    if "url" in route:
        return Client(StreamableHttpTransport(route["url"], headers=route.get("headers", {})))
    command, *arguments = route["command"]
    return Client(StdioTransport(command, arguments, env=route.get("env", {}), keep_alive=False))


async def _call(client: Any) -> float:
    started = time.perf_counter()
    answer = await client.call_tool("echo", {"message": MESSAGE})
    spent = time.perf_counter() - started
    assert answer.data == MESSAGE, answer
    return spent


async def latency(routes: list[dict[str, Any]], calls: int) -> list[float]:
    """Return the median seconds of one call over each route."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(route)) for route in routes]
        taken: list[list[float]] = [[] for _ in routes]
        draw = random.Random(1)  # noqa: S311 - no route may always come after the slowest one
        for number in range(calls + 5):
            for index, client in draw.sample(list(enumerate(clients)), len(clients)):
                await asyncio.sleep(0.005)  # what the last route's processes still have to do is not this one's
                seconds = await _call(client)
                if number >= 5:
                    taken[index].append(seconds)
        return [statistics.median(values) for values in taken]


async def throughput(routes: list[dict[str, Any]], clients: int, seconds: float) -> list[float]:
    """Return calls per second over each route with so many clients at once."""
    found = []
    for route in routes:
        async with AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(_client(route)) for _ in range(clients)]
            await asyncio.gather(*(_call(caller) for caller in callers))
            end = time.perf_counter() + seconds

            async def work(caller: Any, end: float = end) -> int:
                done = 0
                while time.perf_counter() < end:
                    await _call(caller)
                    done += 1
                return done

            started = time.perf_counter()
            counts = await asyncio.gather(*(work(caller) for caller in callers))
            found.append(sum(counts) / (time.perf_counter() - started))
    return found


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    order = json.loads(sys.argv[1])
    job = (
        latency(order["routes"], order["calls"])
        if order["what"] == "latency"
        else throughput(order["routes"], order["clients"], order["seconds"])
    )
    print(json.dumps(asyncio.run(job)))
