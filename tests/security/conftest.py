"""A whole gateway, as `init` makes it, in front of a hostile server: real files, real processes, real keys."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

HOSTILE = Path(__file__).with_name("hostile_server.py")
PROGRAM = [sys.executable, "-W", "error", "-m", "secure_gateway"]
PATIENCE = 60
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
MODERN = "2026-07-28"
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


class Listening:
    """A process whose stdout and stderr are read to their ends, so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.out: list[bytes] = []
        self.err: list[bytes] = []
        self.news = threading.Condition()
        assert process.stdout is not None
        assert process.stderr is not None
        for stream, lines in ((process.stdout, self.out), (process.stderr, self.err)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    def _read(self, stream: Any, lines: list[bytes]) -> None:
        for line in stream:
            with self.news:
                lines.append(line)
                self.news.notify_all()

    def line(self, wanted: Callable[[bytes], bool]) -> bytes:
        """Wait for a line of stdout."""

        def found() -> bytes | None:
            return next((line for line in self.out if wanted(line)), None)

        with self.news:
            self.news.wait_for(lambda: found() is not None, PATIENCE)
        line = found()
        assert line is not None, (self.out[-3:], self.err[-5:])
        return line

    def end(self) -> int:
        """Interrupt it; return the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


class House:
    """The folder of a gateway and what is run from it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / ".gateway"
        self.environment = {**os.environ, "HOME": str(home)}
        self.key = json.loads(self.run("init", "--json").stdout)["key"]
        self.acts = home / "acts.txt"
        self.acts.touch()
        self.edit(lambda config: config["servers"].update(hostile=self.server()))
        self.edit(lambda config: config.update(serve={"port": 0}))

    def server(self, *arguments: str) -> dict[str, Any]:
        return {"command": sys.executable, "args": [str(HOSTILE), str(self.acts), *arguments], "timeout": 3}

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        path = self.folder / "config.json"
        config = json.loads(path.read_text())
        change(config)
        path.write_text(json.dumps(config))

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done

    def make_key(self, user: str) -> tuple[str, str]:
        made = json.loads(self.run("keys", "create", "--user", user, "--role", "everything", "--json").stdout)
        return made["key"], made["key_id"]

    def records(self) -> list[dict[str, Any]]:
        """Return what the gateway remembers, oldest first."""
        found: list[dict[str, Any]] = json.loads(self.run("explain", "--recent", "5000", "--json").stdout)
        return found[::-1]

    def holding(self, secret: str) -> list[Path]:
        """Return the files of the gateway in which that stands."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path for path in files if secret.encode() in path.read_bytes()]

    @contextlib.contextmanager
    def started(self, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Listening]:
        """Run a command that stays."""
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            env={**self.environment, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield Listening(process)
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                assert stream is not None
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    @contextlib.contextmanager
    def serving(self) -> Iterator[Door]:
        """Serve over HTTP."""
        with self.started("serve", "--json") as listening:
            line = listening.line(lambda line: b'"address"' in line)
            yield Door(json.loads(b"{" + line.rstrip(b",\n") + b"}")["address"], listening)


class Door:
    """The HTTP door of a gateway, and calls through it."""

    def __init__(self, address: str, listening: Listening) -> None:
        self.address = address
        self.url = f"{address}/servers/hostile/mcp"
        self.listening = listening

    @property
    def pid(self) -> int:
        return self.listening.process.pid

    def open(self, key: str) -> dict[str, str]:
        """Shake hands; return the headers of the session."""
        headers = {**ACCEPT, "x-api-key": key}
        answer = httpx.post(self.url, json=message(0, "initialize", HELLO), headers=headers, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return {**headers, "mcp-session-id": answer.headers["mcp-session-id"]}

    def call(self, headers: Mapping[str, str], tool: str, **arguments: Any) -> httpx.Response:
        body = message(1, "tools/call", {"name": tool, "arguments": arguments})
        return httpx.post(self.url, json=body, headers=dict(headers), timeout=PATIENCE)


def message(key: Any, method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": key, "method": method, "params": params}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a gateway as `init` makes it, with the hostile server configured."""
    home = tmp_path / "home"
    home.mkdir()
    return House(home)
