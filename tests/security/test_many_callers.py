"""Two hundred callers at once: each gets its own answer, and each call its own record."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from tests.security.conftest import ACCEPT, MODERN, PATIENCE, Door, House, message

CALLERS = 200
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}


async def call(http: httpx.AsyncClient, door: Door, key: str, text: str) -> str:
    lines = {"x-api-key": key, "mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "echo"}
    # All ids are the same, as those of clients that know nothing of each other are.
    body = message(1, "tools/call", {"name": "echo", "arguments": {"text": text}, "_meta": META})
    answer = await http.post(door.url, json=body, headers={**ACCEPT, **lines})
    said: str = answer.json()["result"]["content"][0]["text"]
    return said


@pytest.mark.parametrize("users", [1, 8])
async def test_everybody_gets_their_own_answer_and_every_call_its_record(house: House, users: int) -> None:
    house.edit(lambda config: config["servers"]["hostile"].update(timeout=60))
    keys = [house.make_key(f"user-{number}")[0] for number in range(users)]
    texts = [f"text-{number}" for number in range(CALLERS)]
    with house.serving() as door:
        async with httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=CALLERS)) as http:
            calls = (call(http, door, keys[number % users], text) for number, text in enumerate(texts))
            assert await asyncio.gather(*calls) == texts
        assert door.listening.end() == 0
    recorded = Counter(record["principal"]["subject"] for record in house.records() if record["name"] == "echo")
    assert recorded == Counter(f"user-{number % users}" for number in range(CALLERS))
    assert house.acts.read_text().count("echo") == CALLERS
