"""The real command with the plugins of `served_plugins`, behind either door."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PLUGINS = Path(__file__).with_name("served_plugins.py")
PATIENCE = 60
COMMAND = [sys.executable, "-W", "error", "-m", "secure_gateway"]
SERVE = [*COMMAND, "plugin", "serve"]
CONFIG_SECRET = "an api key that nobody is told"

LIST = """
plugins:
  - name: Title
    kind: plugins.served_plugins.Title
    description: Writes cities with a capital
    version: "1.2"
    priority: 7
    mode: permissive
    tags: [a]
    conditions: [{tools: ["get_*"]}]
    config: {diary: DIARY, api_key: "{{ env.API_KEY }}"}
  - name: Rogue
    kind: plugins.served_plugins.Rogue
    timeout: 0.2
  - name: Asleep
    kind: plugins.served_plugins.Title
    mode: disabled
"""


def plugin_list(folder: Path) -> Path:
    """Write a plugin list, with its plugins beside it, and return it."""
    plugins = folder / "plugins"
    plugins.mkdir()
    shutil.copy(PLUGINS, plugins)
    path = plugins / "config.yaml"
    path.write_text(LIST.replace("DIARY", json.dumps(str(folder / "diary"))))
    for each in (plugins, *plugins.iterdir()):
        each.chmod(0o700 if each.is_dir() else 0o600)
    return path


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return what the command finds in its environment."""
    return {**os.environ, "HOME": str(folder), "API_KEY": CONFIG_SECRET, **more}


@contextmanager
def http_server(folder: Path, path: Path, *options: str, **env: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve at a free port; yield the URL and the process, which ends with the block."""
    command = [*SERVE, str(path), "--json", *(options or ("--http", "127.0.0.1:0"))]
    process = subprocess.Popen(command, env=environment(folder, **env), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads("".join(process.stdout.readline() for _ in range(3)))["url"], process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def visit(python: Path, script: str, door: Any) -> Any:
    """Run a client of another project against ``door`` and return what it got."""
    done = subprocess.run(
        [str(python), "-W", "ignore", str(Path(__file__).with_name(script))],
        input=json.dumps(door),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class StdioServer:
    """A client on the pipes of the real command, byte by byte."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def send(self, message: bytes | dict[str, Any]) -> None:
        raw = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(raw + b"\n")
        self._in.flush()

    def receive(self) -> dict[str, Any]:
        line = self._out.readline()
        assert line, "the server has left"
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, message: bytes | dict[str, Any]) -> dict[str, Any]:
        self.send(message)
        return self.receive()

    def initialize(self) -> None:
        said = self.ask({"id": "i", "method": "initialize", "params": {"protocolVersion": "2025-06-18"}})
        assert said["result"]["protocolVersion"] == "2025-06-18"
        self.send({"method": "notifications/initialized"})

    def still_answers(self) -> bool:
        return self.ask({"id": "alive", "method": "ping"}) == {"jsonrpc": "2.0", "id": "alive", "result": {}}

    def leave(self) -> int:
        """Close our end and return the exit code."""
        self._in.close()
        return self.process.wait(PATIENCE)


def hook_call(message_id: Any, plugin: str, hook: str, payload: Any, **context: Any) -> dict[str, Any]:
    """Return the request that asks ``plugin`` at ``hook``."""
    facts = {"global_context": {"request_id": "r"}, **context}
    arguments = {"hook_type": hook, "plugin_name": plugin, "payload": payload, "context": facts}
    return {"id": message_id, "method": "tools/call", "params": {"name": "invoke_hook", "arguments": arguments}}


def said(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the tool answered."""
    found: dict[str, Any] = json.loads(answer["result"]["content"][0]["text"])
    return found


@contextmanager
def stdio_server(folder: Path, path: Path, **env: str) -> Iterator[StdioServer]:
    """Serve on pipes; the process ends with the block."""
    process = subprocess.Popen(
        [*SERVE, str(path)],
        env=environment(folder, **env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            yield StdioServer(process)
        finally:
            process.kill()
