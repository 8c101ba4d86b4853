"""Importing is cheap and does nothing: checked in fresh interpreters, for in this one everything is loaded already."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.architecture.house import read_modules

HEAVY = (
    "pydantic httpx ldap3 opentelemetry.sdk opentelemetry.exporter mcp jsonschema jsonschema_rs uvicorn rich click wasmtime redis "
    "yaml requests fastapi starlette"
).split()

# What a request passes through, and what a provider author imports: none of it may need a heavy part.
LIGHT = (
    "secure_gateway",
    "secure_gateway.gateway",
    "secure_gateway.integrations.asgi",
    "secure_gateway.plugins.auth.base",
    "secure_gateway.plugins.framework",
    "secure_gateway.plugins.guardrails.base",
    "secure_gateway.plugins.telemetry.base",
)

WATCH = """
import json, sys, threading

seen = []
ACTS = ("socket.", "subprocess.", "os.system", "os.fork", "os.exec", "os.spawn", "os.posix_spawn", "os.mkdir", "os.remove",
        "os.rename", "os.chmod", "os.chown", "os.putenv", "os.unsetenv", "sqlite3.connect", "urllib.Request")

def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append([event, repr(arguments[0])])
    elif event.startswith(ACTS) and event not in ("socket.gethostname", "socket.__new__"):
        seen.append([event, repr(arguments)[:200]])

sys.addaudithook(watch)
names = json.loads(sys.argv[1])
for name in names:
    before = len(seen)
    __import__(name)
    for entry in seen[before:]:
        entry.insert(0, name)
result = {"seen": seen, "threads": [thread.name for thread in threading.enumerate()]}
print("RESULT" + json.dumps(result))
"""


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that writes no bytecode, with warnings as errors for our own package."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", LIGHT)
def test_importing_loads_nothing_heavy(name: str) -> None:
    done = _python(f"import json, sys, {name}; print(json.dumps(sorted(sys.modules)))")
    assert not done.returncode, done.stderr
    loaded = json.loads(done.stdout)
    heavy = [module for module in loaded for part in HEAVY if module == part or module.startswith(f"{part}.")]
    assert not heavy, f"import {name} loads {heavy}: move that import to who needs it"


def test_importing_any_module_prints_nothing_and_acts_on_nothing() -> None:
    done = _python(WATCH, json.dumps(list(read_modules())))
    assert not done.returncode, done.stderr
    printed, _, result = done.stdout.partition("RESULT")
    watched = json.loads(result)
    assert not printed, "an import printed to stdout, which is the MCP channel in stdio mode"
    assert not done.stderr
    assert not watched["seen"], "an import must not touch files, sockets, processes or the environment"
    assert watched["threads"] == ["MainThread"]
