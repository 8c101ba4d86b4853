"""`secure-gateway hooks` and `reload` against gateways that run as processes of their own, and where none does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PATIENCE, Run, Started

Process = subprocess.Popen[str]


class Gateways:
    """`proxy` processes under one configuration."""

    def __init__(self, home: Path, key: str, server: list[str]) -> None:
        self._environ = {**os.environ, "HOME": str(home), "SECURE_GATEWAY_API_KEY": key}
        self._server = server
        self._started: list[Process] = []

    def start(self) -> Process:
        """Start one; it answers its client when this returns, and administrators too."""
        process = subprocess.Popen(
            [sys.executable, "-m", "secure_gateway", "proxy", "--", *self._server],
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._started.append(process)
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        self.say(process, {"id": 1, "method": "initialize", "params": params})
        return process

    def say(self, process: Process, message: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps({"jsonrpc": "2.0", **message}), file=process.stdin, flush=True)
        found: dict[str, Any] = json.loads(process.stdout.readline())
        return found

    def echo(self, process: Process, text: str) -> str:
        params = {"name": "echo", "arguments": {"text": text}}
        answer = self.say(process, {"id": 2, "method": "tools/call", "params": params})
        return str(answer["result"]["content"][0]["text"])

    def end(self) -> None:
        for process in self._started:
            with process:
                process.kill()


@pytest.fixture
def gateways(started: Started, home: Path, small_server: list[str]) -> Iterator[Gateways]:
    made = Gateways(home, started.key, small_server)
    yield made
    made.end()


def _json(run: Run, *arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_where_none_runs_the_list_is_that_of_the_configuration_and_says_so(started: Started, run: Run) -> None:
    done = run("hooks", "list")
    assert done.returncode == 0
    assert "No gateway runs under this configuration" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == [
        "pii",
        "secrets",
        "injection",
        "code_injection",
    ]
    assert _json(run, "hooks", "list")["running"] is None


@pytest.mark.parametrize("command", [("hooks", "disable", "pii"), ("hooks", "show", "pii"), ("reload",)])
def test_where_none_runs_changes_say_what_to_do(command: tuple[str, ...], started: Started, run: Run) -> None:
    done = run(*command)
    assert done.returncode == 4
    assert "`secure-gateway serve` or `proxy` starts one" in done.stderr


def test_a_change_holds_for_the_next_request_and_is_explained_afterwards(gateways: Gateways, run: Run) -> None:
    process = gateways.start()
    assert "ada@example.com" not in gateways.echo(process, "ada@example.com")
    shown = run("hooks", "disable", "pii")
    assert shown.returncode == 0, shown.stderr
    assert "state:" in shown.stdout
    assert "ada@example.com" in gateways.echo(process, "ada@example.com")
    assert _json(run, "hooks", "show", "pii")["state"] == "disabled"
    assert _json(run, "hooks", "list")["running"]["pid"] == process.pid
    assert run("reload").returncode == 0
    assert "ada@example.com" in gateways.echo(process, "ada@example.com")
    assert _json(run, "hooks", "set-mode", "pii", "enforce", "--tool", "e*")["overrides"][1]["tool"] == "e*"
    assert "ada@example.com" not in gateways.echo(process, "ada@example.com")
    assert _json(run, "hooks", "reset", "pii")["overrides"] == []
    assert _json(run, "hooks", "enable", "pii")["state"] == "running"
    records = _json(run, "explain", "--recent", "20")
    reasons = [step["reason"] for record in records for step in record["steps"] if record["name"] == "gateway/plugins"]
    assert f"uid {os.geteuid()}: plugin 'pii': mode disabled" in reasons


def test_what_is_refused_says_why_and_what_there_is(gateways: Gateways, started: Started, run: Run) -> None:
    gateways.start()
    done = run("hooks", "disable", "piii")
    assert done.returncode == 1
    assert "did you mean 'pii'?" in done.stderr
    assert run("hooks", "set-mode", "pii", "off").returncode == 2
    whole = started.config.read_text()
    started.config.write_text(whole.replace('"provider"', '"providr"'))
    done = run("reload", "--json")
    assert done.returncode == 1
    assert "nothing was changed" in json.loads(done.stderr)["error"]["message"]


def test_of_several_one_is_chosen_by_its_process_and_dead_ones_do_not_count(gateways: Gateways, run: Run) -> None:
    one, other = gateways.start(), gateways.start()
    done = run("hooks", "disable", "pii")
    assert done.returncode == 1
    assert str(one.pid) in done.stderr
    assert str(other.pid) in done.stderr
    assert run("hooks", "disable", "pii", "--pid", str(one.pid)).returncode == 0
    assert "ada@example.com" in gateways.echo(one, "ada@example.com")
    assert "ada@example.com" not in gateways.echo(other, "ada@example.com")
    assert run("hooks", "list", "--pid", "1").returncode == 1
    one.send_signal(signal.SIGKILL)
    one.wait(PATIENCE)
    assert _json(run, "hooks", "list")["running"]["pid"] == other.pid


def test_a_gateway_without_a_place_for_its_socket_runs_all_the_same(
    gateways: Gateways, started: Started, run: Run
) -> None:
    (started.folder / "run").write_text("no folder")
    process = gateways.start()
    assert gateways.echo(process, "hello") == "hello"
