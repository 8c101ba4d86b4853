"""Whatever a server does, its client gets an answer or a clear error, and nothing of it stays with us."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import threading

import pytest

from secure_gateway.cli.exit_codes import ExitCode
from tests.security.conftest import HELLO, PATIENCE, PROGRAM, House, Listening, message
from tests.security.hostile_server import MARKER

FAULTS = {
    "endless_line": {"too_large"},
    "die": {"upstream_error"},
    "garbage": {"invalid_result"},
    "not_a_number": {"invalid_result"},
    "too_deep": {"invalid_result"},
    "other_id": {"upstream_timeout"},
    "never": {"upstream_timeout"},
}
NUISANCES = ("twice", "flood", "tick")


def say(proxy: Listening, key: int, method: str, **params: object) -> None:
    assert proxy.process.stdin is not None
    proxy.process.stdin.write(json.dumps(message(key, method, params)).encode() + b"\n")
    proxy.process.stdin.flush()


def answer(proxy: Listening, key: int) -> bytes:
    return proxy.line(lambda line: json.loads(line).get("id") == key)


@pytest.mark.parametrize("tool", [*FAULTS, *NUISANCES])
def test_a_server_that_misbehaves_costs_its_own_call_at_most(house: House, tool: str) -> None:
    with house.started("proxy", "--server", "hostile", env={"SECURE_GATEWAY_API_KEY": house.key}) as proxy:
        say(proxy, 1, "initialize", **HELLO)
        answer(proxy, 1)
        say(proxy, 2, "tools/call", name=tool, arguments={})
        got = json.loads(answer(proxy, 2))
        if tool in FAULTS:
            assert got["error"]["data"]["code"] in FAULTS[tool]
        else:
            assert got["result"]["content"][0]["text"] == "first"
        if tool == "die":
            assert proxy.process.wait(PATIENCE) == ExitCode.UNAVAILABLE
        else:
            say(proxy, 3, "tools/call", name="echo", arguments={"text": "still here"})
            assert b"still here" in answer(proxy, 3)
            assert proxy.process.stdin is not None
            proxy.process.stdin.close()
            assert proxy.process.wait(PATIENCE) == ExitCode.OK
        assert sum(json.loads(line).get("id") == 2 for line in proxy.out) == 1
        assert MARKER.encode() not in b"".join([*proxy.out, *proxy.err])
        # What a server writes must not fill our log.
        assert len(proxy.err) < 100
    (record,) = [record for record in house.records() if record["name"] == tool]
    assert record["code"] in FAULTS.get(tool, {""})
    assert house.holding(MARKER) == []


def test_names_that_a_server_gives_itself_do_not_act_on_a_terminal(house: House) -> None:
    house.edit(lambda config: config["servers"].update(hostile=house.server("escapes")))
    for command in (["check"], ["servers", "list"], ["call", "nothing", "--arg", "a=1"], ["explain", "--recent", "9"]):
        shown = on_terminal(house, *command)
        assert shown
        assert "\x1b]" not in shown, command
        assert "\x07" not in shown, command
        assert "\u202e" not in shown, command


def on_terminal(house: House, *arguments: str) -> str:
    """Return what a command shows on a terminal."""
    master, slave = pty.openpty()
    parts: list[bytes] = []

    def read() -> None:
        # A terminal whose other end is closed ends with an error, not with an end of file.
        try:
            while part := os.read(master, 65536):
                parts.append(part)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    environment = {**house.environment, "TERM": "xterm-256color", "SECURE_GATEWAY_API_KEY": house.key}
    try:
        subprocess.run(
            [*PROGRAM, *arguments], stdout=slave, stderr=slave, env=environment, check=False, timeout=PATIENCE
        )
    finally:
        os.close(slave)
        reader.join()
        os.close(master)
    return b"".join(parts).decode()
