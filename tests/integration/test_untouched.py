"""Honest servers, behind a gateway as `init` makes it: every byte of their answers is the one that they wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.integration.real_servers import EVERYTHING, FILESYSTEM, GIT, MEMORY, TIME, RealServer

pytestmark = pytest.mark.integration

PROGRAM = [sys.executable, "-W", "error", "-m", "secure_gateway"]
PATIENCE = 60
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "reader", "version": "1"}}
ASKS_BACK = ("trigger-sampling-request", "trigger-elicitation-request", "get-roots-list", "toggle-subscriber-updates")


def requests(server: RealServer, world: Path) -> list[dict[str, Any]]:
    """Return what is asked of the server: greeting, list of tools, and every call at which it asks nothing back."""
    calls = [
        {"name": step["tool"], "arguments": step["arguments"]}
        for step in server.steps
        if step["do"] == "call" and not step["progress"] and step["tool"] not in ASKS_BACK
    ]
    assert calls
    asked = [("initialize", HELLO), ("tools/list", {}), *(("tools/call", call) for call in calls)]
    text = json.dumps(
        [{"jsonrpc": "2.0", "id": number, "method": m, "params": p} for number, (m, p) in enumerate(asked)]
    )
    return list(json.loads(text.replace("{world}", str(world))))


def answers(command: Sequence[str], environment: Mapping[str, str], asked: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Return the line that answers each request; what else the server says is no answer."""
    with subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        found = []
        for request in asked:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            if request["method"] == "initialize":
                child.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
            child.stdin.flush()
            line = child.stdout.readline()
            while line and json.loads(line).get("id") != request["id"]:
                line = child.stdout.readline()
            found.append(line)
        child.stdin.close()
        child.wait(PATIENCE)
    return found


@pytest.mark.parametrize("server", [TIME, GIT, FILESYSTEM, MEMORY, EVERYTHING], ids=lambda server: server.name)
def test_every_answer_is_byte_for_byte_what_the_server_wrote(server: RealServer, tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}
    made = subprocess.run([*PROGRAM, "init", "--json"], env=environment, capture_output=True, text=True, check=True)
    environment["SECURE_GATEWAY_API_KEY"] = json.loads(made.stdout)["key"]
    world = tmp_path / "world"
    seen = []
    for before in ([], [*PROGRAM, "proxy", "--server", server.name, "--"]):
        world.mkdir()
        if server.prepare is not None:
            server.prepare(world)
        seen.append(answers([*before, *server.command(world)], environment, requests(server, world)))
        shutil.rmtree(world)
    direct, through = seen
    assert all(direct)
    assert through == direct
