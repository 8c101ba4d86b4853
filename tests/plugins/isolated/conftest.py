"""Gateways around plugins in processes of their own, and a look at which processes there are."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import load_gateway
from secure_gateway.bootstrap import Parts, load_parts

OBEDIENT = "tests.plugins.isolated.plugins:Obedient"
HOOK = {"name": "p", "kind": OBEDIENT, "isolate": "process", "timeout": 30}


def write_config(folder: Path, *hooks: dict[str, Any], **settings: Any) -> tuple[Path, dict[str, str]]:
    """Write a configuration; return its path and the environment for it."""
    config = {
        "plugins": {"hooks": list(hooks), "settings": settings},
        "anonymous": {"roles": ["all"]},
        "roles": {"all": {"tools": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
    }
    folder.chmod(0o700)
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path, {"HOME": str(folder), "MASTER": secrets.token_hex(32)}


def gateway_with(folder: Path, *hooks: dict[str, Any], register: tuple[type, ...] = (), **settings: Any) -> Any:
    path, env = write_config(folder, *hooks, **settings)
    return load_gateway(path, env=env, register=register)


def parts_with(folder: Path, *hooks: dict[str, Any], **settings: Any) -> tuple[Parts, dict[str, str]]:
    path, env = write_config(folder, *hooks, **settings)
    return load_parts(path, env=env), env


def children(parent: int | None = None) -> set[int]:
    """Return the processes that a process has started and that have not ended."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            state, above = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_bytes()
            if int(above) == (parent or os.getpid()) and state != "Z" and b"isolated.worker" in command:
                found.add(int(entry.name))
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], Any], what: str) -> None:
    """Wait, blocking, until a condition holds; no test passes or fails by how long that takes."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def leaves_no_process() -> Any:
    """Every test here ends with the processes that it began with."""
    before = children()
    yield
    wait_for(lambda: children() <= before, "a plugin's process outlived its gateway")
