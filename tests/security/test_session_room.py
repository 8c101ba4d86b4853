"""One caller's sessions take no more than its share of the room, however many it opens at once."""

from __future__ import annotations

import asyncio

import httpx

from secure_gateway.proxy.child_endpoint import MOST_PER_OWNER
from tests.security.conftest import ACCEPT, HELLO, PATIENCE, House, message


async def test_sessions_opened_at_once_are_counted_before_their_processes_have_started(house: House) -> None:
    lines = {**ACCEPT, "x-api-key": house.key}
    other, _ = house.make_key("otto")
    house.edit(lambda config: config["servers"]["hostile"].update(timeout=60))
    with house.serving() as door:
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            asked = (
                http.post(door.url, json=message(0, "initialize", HELLO), headers=lines)
                for _ in range(5 * MOST_PER_OWNER)
            )
            answers = await asyncio.gather(*asked)
        assert sum("mcp-session-id" in answer.headers for answer in answers) <= MOST_PER_OWNER
        refused = [answer for answer in answers if "mcp-session-id" not in answer.headers]
        assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(429, "30")}
        assert door.open(other)
