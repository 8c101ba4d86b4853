from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proxy.gateway_process import run
from tests.proxy.gateways import ADMIN_KEY
from tests.proxy.scripted_http import ScriptedUpstream

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30
SCRIPTED = Path(__file__).with_name("scripted_server.py")


class RawClient:
    """A client that writes and reads lines, and lets tests see every byte."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.stderr = b""
        threading.Thread(target=self._read, daemon=True).start()
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(b"")

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, **message: Any) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def call(self, key: int | str, tool: str, meta: dict[str, Any] | None = None, **arguments: Any) -> None:
        params = {"name": tool, "arguments": arguments, **({"_meta": meta} if meta else {})}
        self.send(id=key, method="tools/call", params=params)

    def read_line(self, seconds: float = PATIENCE) -> bytes:
        """Return the next line, or empty bytes at the end of the stream."""
        return self.lines.get(timeout=seconds)

    def read(self) -> dict[str, Any]:
        line = self.read_line()
        assert line, f"the proxy closed its output; it said: {self.stderr.decode()}"
        message: dict[str, Any] = json.loads(line)
        return message

    def text(self) -> Any:
        """Return what the tool said, decoded."""
        message = self.read()
        assert "result" in message, message
        return json.loads(message["result"]["content"][0]["text"])

    def close(self) -> int:
        """Close our end and return the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=PATIENCE)
        self._errors.join(timeout=PATIENCE)
        return code

    def received(self) -> list[bytes]:
        """Return the lines that the server read."""
        log = self.folder / "server.log"
        return log.read_bytes().splitlines() if log.exists() else []

    def records(self) -> list[dict[str, Any]]:
        """Return the decision records."""
        path = self.folder / "records.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


StartProxy = Callable[..., RawClient]


@pytest.fixture
def start_proxy(tmp_path: Path) -> Iterator[StartProxy]:
    """Start the stdio proxy before a server (by default the scripted one)."""
    started: list[RawClient] = []

    def start(
        *command: str,
        key: str | None = ADMIN_KEY,
        options: dict[str, Any] | None = None,
        env: dict[str, str] | None = None,
    ) -> RawClient:
        server = command or (sys.executable, str(SCRIPTED), str(tmp_path / "server.log"))
        environment = {**os.environ, **(env or {})}
        if key is not None:
            environment["SECURE_GATEWAY_API_KEY"] = key
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.proxy.proxy_process",
                str(tmp_path / "records.jsonl"),
                json.dumps(options or {}),
                *server,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
        )
        client = RawClient(process, tmp_path)
        started.append(client)
        return client

    yield start
    for client in started:
        client.process.kill()
        client.process.wait()
        for stream in (client.process.stdin, client.process.stdout, client.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def proxied(start_proxy: StartProxy) -> RawClient:
    """An administrator's client of the scripted server, through the proxy."""
    return start_proxy()


class RunningGateway:
    """The HTTP door before `scripted` (a process) and `remote` (a URL), in a thread with a loop of its own, and the records that it writes."""

    def __init__(self, options: dict[str, Any], records: Path) -> None:
        self.base = ""
        self._records = records
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(run(options, self._announce))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        if self._task.done():
            self._task.result()

    def url(self, server: str = "remote") -> str:
        return f"{self.base}/servers/{server}/mcp"

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._records.read_text().splitlines()] if self._records.exists() else []

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the gateway does not stop"

    def _announce(self, address: str) -> None:
        self.base = address
        self._ready.set()

    def _run(self) -> None:
        self._task.add_done_callback(lambda _task: self._ready.set())
        with contextlib.suppress(asyncio.CancelledError, OSError):
            self._loop.run_until_complete(self._task)
        left = [task for task in asyncio.all_tasks(self._loop) if not task.done()]
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        assert not left, f"the gateway left tasks behind: {left}"


StartGateway = Callable[..., RunningGateway]


@pytest.fixture
def upstream() -> Iterator[tuple[ScriptedUpstream, str]]:
    """A scripted server, and its address."""
    server = ScriptedUpstream()
    yield server, server.start()
    server.stop()


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[StartGateway]:
    """Start the HTTP door."""
    started: list[RunningGateway] = []

    def start(url: str = "http://127.0.0.1:9/mcp", **options: Any) -> RunningGateway:
        remote = {"url": url, "forward_headers": ["x-passed"], "headers": {"Authorization": "Bearer ours"}}
        scripted = {"command": [sys.executable, str(SCRIPTED), str(tmp_path / "server.log")]}
        records = tmp_path / "records.jsonl"
        given = {"servers": {"remote": remote, "scripted": scripted}, "records": str(records), **options}
        started.append(RunningGateway(given, records))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()
