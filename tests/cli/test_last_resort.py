"""A gateway whose event loop is blocked for ever can still be told to end, and takes its servers with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from tests.cli.conftest import PATIENCE, Run, Started

STUCK = """
import time

from secure_gateway.plugins.framework import Plugin


class Stuck(Plugin):
    async def tool_pre_invoke(self, payload, context):
        while True:
            time.sleep(0.1)
"""
BLOCKED = "has blocked the event loop"
HOLDING = """
import subprocess, sys, signal, time
from secure_gateway.proxy.last_resort import LastResort

signal.signal(signal.SIGTERM, LastResort(float(sys.argv[1])).told)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
print(child.pid, flush=True)
while True:
    time.sleep(0.1)
"""


def _message(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


INITIALIZE = _message(
    1, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "test", "version": "1"}
)
CALL = _message(2, "tools/call", name="echo", arguments={"text": "x"})


@pytest.fixture
def stuck(started: Started, run: Run, small_server: list[str]) -> Started:
    """Give a configuration with a plugin that never comes back from a tool call."""
    run("servers", "add", "small", "--", *small_server)
    (started.folder / "plugins").mkdir(mode=0o700)
    (started.folder / "plugins" / "stuck.py").write_text(STUCK)
    hook = {"name": "stuck", "kind": "stuck.Stuck", "timeout": 0.2, "on_block": "report"}
    started.edit(lambda value: value["plugins"].update(hooks=[hook]))
    return started


@contextmanager
def _running(home: Path, *arguments: str, key: str = "") -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "HOME": str(home), "SECURE_GATEWAY_API_KEY": key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _children(pid: int) -> list[int]:
    return [int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def _read_until(stream: IO[str] | None, text: str) -> None:
    assert stream is not None
    assert any(text in line for line in stream)


def _tell_until_it_ends(process: subprocess.Popen[str]) -> int:
    def told() -> bool:
        process.send_signal(signal.SIGTERM)
        return process.poll() is not None

    _until(told)
    return process.returncode


def _end(process: subprocess.Popen[str], children: list[int]) -> None:
    assert children
    assert _tell_until_it_ends(process) == 128 + signal.SIGTERM
    _until(lambda: not any(map(_is_running, children)))


def test_a_proxy_that_a_plugin_blocks_ends_when_it_is_told_again(stuck: Started, home: Path) -> None:
    with _running(home, "-m", "secure_gateway", "proxy", "--server", "small", key=stuck.key) as process:
        for message in (INITIALIZE, CALL):
            print(json.dumps(message), file=process.stdin, flush=True)
        _read_until(process.stderr, BLOCKED)
        _end(process, _children(process.pid))


def test_a_server_that_a_plugin_blocks_ends_when_it_is_told_again(stuck: Started, home: Path) -> None:
    with _running(home, "-m", "secure_gateway", "serve", "--port", "0") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1] + "/servers/small/mcp"
        headers = {"x-api-key": stuck.key, "accept": "application/json, text/event-stream"}
        answer = httpx.post(address, json=INITIALIZE, headers=headers, timeout=PATIENCE)
        headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        asking = threading.Thread(target=_post_to_nobody, args=(address, headers))
        asking.start()
        try:
            _read_until(process.stderr, BLOCKED)
            _end(process, _children(process.pid))
        finally:
            process.kill()
            asking.join()


def _post_to_nobody(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(address, json=CALL, headers=headers, timeout=PATIENCE)


def test_a_process_that_does_not_end_in_time_after_one_signal_ends_with_its_children_and_says_so(home: Path) -> None:
    with _running(home, "-c", HOLDING, "0.2") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert process.stderr is not None
        assert "has not ended 0.2 s after it was told to" in process.stderr.read()
        _until(lambda: not _is_running(child))


def test_one_signal_that_comes_twice_is_one(home: Path) -> None:
    """A launcher that passes on what the terminal has sent to all of its group does not cut a clean end short."""
    with _running(home, "-c", HOLDING, "0.8") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert process.stderr is not None
        assert "has not ended 0.8 s" in process.stderr.read()
