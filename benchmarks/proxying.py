"""What a proxy adds to one tool call, and how many calls per second go through: ours with everything on against FastMCP's."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, Row, row
from benchmarks.peers import peer_python

WORKERS = ROOT / "benchmarks" / "workers"
LEAST = 0.05
"""Milliseconds below which a difference of two medians is noise."""

PEER = "FastMCP 4.1.2 create_proxy"
GATEWAY = Path(sys.executable).with_name("secure-gateway")


def measure(names: Sequence[str]) -> list[Row]:
    """Measure the rows named."""
    python = peer_python("fastmcp")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        folder, key = _home(Path(home))
        if "proxy_hop_stdio" in names:
            rows.append(_hop("proxy_hop_stdio", python, _stdio_routes(python, folder, key)))
        if {"proxy_hop_http", "proxy_rps"} & set(names):
            routes = _http_routes(stack, python, folder, key)
            if "proxy_hop_http" in names:
                rows.append(_hop("proxy_hop_http", python, routes))
            if "proxy_rps" in names:
                order = {"what": "throughput", "routes": routes, "clients": 10, "seconds": 4.0}
                direct, ours, peer = _ask(python, order)
                made = row(
                    "proxy_rps",
                    "s/call",
                    1 / ours,
                    1 / peer,
                    PEER,
                    f"10 clients; {ours:.0f} against {peer:.0f} calls/s, direct {direct:.0f}",
                )
                rows.append(made)
    return rows


def _hop(name: str, python: Path, routes: list[dict[str, Any]]) -> Row:
    order = {"what": "latency", "routes": routes, "calls": 100}
    taken = [_ask(python, order) for _ in range(3)]
    direct, ours, peer = (statistics.median(values) * 1e3 for values in zip(*taken, strict=True))
    note = f"median call direct {direct:.2f} ms, through ours {ours:.2f} ms, through the peer {peer:.2f} ms"
    return row(name, "ms", max(ours - direct, LEAST), peer - direct, PEER, note)


def _ask(python: Path, order: dict[str, Any]) -> list[float]:
    done = subprocess.run(
        [str(python), str(WORKERS / "mcp_client.py"), json.dumps(order)], stdout=subprocess.PIPE, text=True, check=True
    )
    return [float(value) for value in json.loads(done.stdout.splitlines()[-1])]


def _home(folder: Path) -> tuple[Path, str]:
    """Make a configuration with key authentication, three guardrails and an audit trail; return its folder and a key."""
    folder.chmod(0o700)
    home = folder / "home"
    environ = {**os.environ, "HOME": str(folder)}
    subprocess.run([str(GATEWAY), "init", "--dir", str(home)], env=environ, check=True, stdout=subprocess.DEVNULL)
    made = subprocess.run(
        [
            str(GATEWAY),
            "--config",
            str(home / "config.json"),
            "--json",
            "keys",
            "create",
            "--user",
            "bench",
            "--role",
            "everything",
        ],
        env=environ,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return home, str(json.loads(made.stdout)["key"])


def _stdio_routes(python: Path, home: Path, key: str) -> list[dict[str, Any]]:
    server = [str(python), str(WORKERS / "echo_server.py")]
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    config = str(home / "config.json")
    return [
        {"command": server, "env": environ},
        {
            "command": [str(GATEWAY), "--config", config, "proxy", "--", *server],
            "env": {**environ, "SECURE_GATEWAY_API_KEY": key},
        },
        {"command": [str(python), str(WORKERS / "fastmcp_proxy.py"), "stdio", server[1]], "env": environ},
    ]


def _http_routes(stack: ExitStack, python: Path, home: Path, key: str) -> list[dict[str, Any]]:
    direct, ours, peer = _free_port(), _free_port(), _free_port()
    url = f"http://127.0.0.1:{direct}/mcp"
    config_path = home / "config.json"
    config = json.loads(config_path.read_text(encoding="utf-8"))
    config["servers"] = {"echo": {"url": url}}
    config_path.write_text(json.dumps(config), encoding="utf-8")
    stack.enter_context(_running([str(python), str(WORKERS / "echo_server.py"), str(direct)], direct))
    stack.enter_context(_running([str(GATEWAY), "--config", str(config_path), "serve", "--port", str(ours)], ours))
    stack.enter_context(_running([str(python), str(WORKERS / "fastmcp_proxy.py"), "http", url, str(peer)], peer))
    return [
        {"url": url},
        {"url": f"http://127.0.0.1:{ours}/servers/echo/mcp", "headers": {"X-API-Key": key}},
        {"url": f"http://127.0.0.1:{peer}/mcp"},
    ]


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode} before it listened")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{command[0]} does not listen after 30 s")
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
