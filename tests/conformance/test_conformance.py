"""The official MCP suite finds the same with the gateway in between as without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance.gateway_under_test import FORBIDDEN_WORD
from tests.conformance.measurement import Measurement
from tests.conformance.runner import DIRECTIONS, REVISIONS, Direction
from tests.conformance.table import render
from tests.conformance.toolchain import toolchain

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("conformance"),
]  # all that is measured serves several tests

_PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
_BAD = {"FAILURE", "WARNING"}
_CASES = [(direction, revision) for direction in DIRECTIONS for revision in REVISIONS]


@pytest.fixture(scope="module")
def measurement() -> Measurement:
    return Measurement(toolchain())


@pytest.mark.parametrize(("direction", "revision"), _CASES)
def test_nothing_fails_bare_so_that_equal_means_good(
    measurement: Measurement, direction: Direction, revision: str
) -> None:
    found = measurement.bare(direction, revision)
    worse = {(name, *outcome) for name, outcomes in found.items() for outcome in outcomes if outcome[1] in _BAD}
    assert found
    assert all(found.values())
    assert not worse


@pytest.mark.parametrize(("direction", "revision"), _CASES)
def test_the_gateway_changes_no_check(measurement: Measurement, direction: Direction, revision: str) -> None:
    bare, guarded = measurement.bare(direction, revision), measurement.guarded(direction, revision)
    different = {
        name: (bare.get(name), guarded.get(name))
        for name in bare.keys() | guarded.keys()
        if bare.get(name) != guarded.get(name)
    }
    assert not different


def _greet(address: str, name: str) -> dict[str, Any]:
    revision = REVISIONS[-1]
    prefix = "io.modelcontextprotocol"
    meta = {f"{prefix}/protocolVersion": revision, f"{prefix}/clientCapabilities": {}}
    call = {"name": "greet", "arguments": {"name": name}, "_meta": meta}
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": revision}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    answer = httpx.post(address, json=message, headers={**headers, "mcp-method": "tools/call", "mcp-name": "greet"})
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("guarded", [False, True])
def test_the_gateway_of_these_measurements_judges_what_it_passes(measurement: Measurement, *, guarded: bool) -> None:
    with measurement.fixture_server(guarded=guarded) as address:
        harmless, forbidden = _greet(address, "Ada"), _greet(address, FORBIDDEN_WORD)
    assert harmless["result"]["content"][0]["text"] == "Hello, Ada!"
    assert ("error" in forbidden) is guarded


def test_the_page_says_what_was_measured(measurement: Measurement) -> None:
    assert _PAGE.read_text() == render(measurement)
