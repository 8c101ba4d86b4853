"""`secure-gateway proxy` and `serve`: doors for MCP clients, with nothing on the wire but MCP, gone without a trace when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.proxy import called
from tests.cli.conftest import PATIENCE, Run, Started

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def _call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def _talk(
    run: Run, *arguments: str, messages: list[dict[str, Any]], **env: str
) -> tuple[list[dict[str, Any]], subprocess.CompletedProcess[str]]:
    done = run("proxy", *arguments, env=env, input="".join(json.dumps(message) + "\n" for message in messages))
    return [json.loads(line) for line in done.stdout.splitlines()], done


@contextmanager
def _serving(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "secure_gateway", "serve", *arguments],
        env={**os.environ, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def configured(started: Started, run: Run, small_server: list[str]) -> Started:
    run("servers", "add", "small", "--deny", "fail", "--", *small_server)
    return started


def test_a_command_is_proxied_with_its_own_options_and_without_two_dashes(
    started: Started, run: Run, small_server: list[str]
) -> None:
    for dashes in ((), ("--",)):
        answers, done = _talk(
            run,
            *dashes,
            *small_server,
            "good",
            "--help",
            messages=[INITIALIZE, _call(2, "add", a=1, b=2)],
            SECURE_GATEWAY_API_KEY=started.key,
        )
        assert done.returncode == ExitCode.OK, done.stderr
        assert {answer["id"]: "result" in answer for answer in answers} == {1: True, 2: True}


def test_a_configured_server_is_proxied_under_its_policy(configured: Started, run: Run) -> None:
    messages = [INITIALIZE, _call(2, "echo", text="x"), _call(3, "fail")]
    answers, _ = _talk(run, "--server", "small", messages=messages, SECURE_GATEWAY_API_KEY=configured.key)
    found = {answer["id"]: answer for answer in answers}
    assert found[2]["result"]["content"][0]["text"] == "x"
    assert found[3]["error"]["data"]["code"] == "forbidden"


def test_a_command_beside_a_server_of_the_configuration_runs_under_its_policy(
    configured: Started, run: Run, small_server: list[str]
) -> None:
    answers, _ = _talk(
        run,
        "--server",
        "small",
        "--",
        *small_server,
        messages=[INITIALIZE, _call(3, "fail")],
        SECURE_GATEWAY_API_KEY=configured.key,
    )
    assert {answer["id"]: answer for answer in answers}[3]["error"]["data"]["code"] == "forbidden"


def test_without_a_key_every_request_is_refused(configured: Started, run: Run) -> None:
    answers, done = _talk(run, "--server", "small", messages=[INITIALIZE])
    assert done.returncode == ExitCode.OK
    assert answers[0]["error"]["data"]["code"] == "unauthenticated"


def test_nothing_but_mcp_is_written_to_stdout_whatever_a_plugin_prints(configured: Started, run: Run) -> None:
    folder = configured.folder / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "loud.py").write_text("import os\nprint('loud')\nos.write(1, b'louder')\n")
    answers, done = _talk(run, "--server", "small", messages=[INITIALIZE], SECURE_GATEWAY_API_KEY=configured.key)
    assert [answer["id"] for answer in answers] == [1]
    assert "loud" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), ExitCode.USAGE, "COMMAND"),
        (("--server", "smal"), ExitCode.REFUSED, 'Did you mean "small"?'),
        (("--server", "far"), ExitCode.REFUSED, "serve"),
        (("no-such-program",), ExitCode.UNAVAILABLE, "no-such-program"),
        (("--config", "missing.json", "x"), ExitCode.CONFIGURATION, "no such file"),
    ],
)
def test_a_proxy_that_cannot_start_says_why_on_stderr_only(
    arguments: tuple[str, ...], code: ExitCode, said: str, configured: Started, run: Run
) -> None:
    run("servers", "add", "far", "--url", "https://far.example/mcp")
    done = run("proxy", *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert not done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("uvx", "mcp-server-time"), "mcp-server-time"),
        (("npx", "-y", "@scope/server-fs@1.2", "/data"), "scope-server-fs-1.2"),
        (("/usr/bin/python3", "server.py"), "python3"),
        (("npx",), "npx"),
        (("\x1b[31m",), "31m"),
        (("…",), "server"),
    ],
)
def test_a_command_is_called_by_its_program(command: tuple[str, ...], name: str) -> None:
    assert called(command) == name


def test_serve_tells_where_each_server_is_and_answers_there(configured: Started, home: Path) -> None:
    with _serving(home, "--port", "0", "--json") as process:
        assert process.stdout is not None
        document = ""
        while not document.rstrip().endswith("}\n}"):
            document += process.stdout.readline()
        found = json.loads(document)
        headers = {"x-api-key": configured.key, "accept": "application/json, text/event-stream"}
        answer = httpx.post(found["servers"]["small"], json=INITIALIZE, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 200
        assert httpx.post(found["servers"]["small"], json=INITIALIZE).status_code == 401
        assert httpx.get(f"{found['address']}/healthz").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_serve_cleanly(number: signal.Signals, configured: Started, home: Path) -> None:
    with _serving(home, "--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Listening at http://127.0.0.1:")
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == ExitCode.OK
        assert "Traceback" not in said
    last = (configured.folder / "audit.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["event"] == "stop"


def test_serve_without_a_server_says_so(started: Started, run: Run) -> None:
    done = run("serve")
    assert done.returncode == ExitCode.CONFIGURATION
    assert "servers add" in done.stderr


def test_a_port_that_is_taken_is_unavailable(configured: Started, run: Run, home: Path) -> None:
    with _serving(home, "--port", "0") as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rpartition(":")[2]
        done = run("serve", "--port", port)
    assert done.returncode == ExitCode.UNAVAILABLE
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_listening_to_other_machines_without_tls_is_warned_of(configured: Started, home: Path) -> None:
    with _serving(home, "--host", "0.0.0.0", "--port", "0") as process:  # noqa: S104 - what is warned of
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE)
    assert "in the clear" in said
