"""Where the real programs of other projects lie that tests run: servers, clients, Node, the conformance suite.

`make test` sets them up. A test that needs one which is missing fails and says so; it is never skipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"

_SERVER_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec")


def node22() -> Path:
    """Give the Node 22 program."""
    return _present(CACHE / "node22" / "bin" / "node", "Node 22")


def npm_bin(name: str) -> Path:
    """Give the script of an npm package's command, such as ``mcp-server-everything``; run it with :func:`node22`."""
    return _present(CACHE / "npm" / "node_modules" / ".bin" / name, f"the npm command {name}")


def env_python(name: str) -> Path:
    """Give the interpreter of the environment ``.cache/envs/NAME``, such as ``mcp-servers`` or ``fastmcp``."""
    return env_bin(name, "python")


def env_bin(name: str, command: str) -> Path:
    """Give a command of the environment ``.cache/envs/NAME``, such as ``mcp-server-time`` of ``mcp-servers``."""
    return _present(CACHE / "envs" / name / "bin" / command, f"{command} of the environment {name}")


def system_program(*names: str) -> Path:
    """Give the first of these system programs that is installed, such as ``valkey-server`` or else ``redis-server``."""
    for name in names:
        if found := shutil.which(name) or shutil.which(name, path=":".join(_SERVER_FOLDERS)):
            return Path(found)
    return _missing(" or ".join(names))


def _present(path: Path, what: str) -> Path:
    return path if path.exists() else _missing(what)


def _missing(what: str) -> Path:
    pytest.fail(f"This test needs {what}, which is not set up here: run `make test`, which sets it up.", pytrace=False)
