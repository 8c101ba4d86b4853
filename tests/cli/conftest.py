"""The command as its users have it: a process of its own with an empty home folder, or in this process where breadth counts."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from secure_gateway.cli.main import root

SMALL_SERVER = Path(__file__).with_name("small_server.py")
PATIENCE = 60

Run = Callable[..., subprocess.CompletedProcess[str]]
Invoke = Callable[..., Result]


class Started(NamedTuple):
    """What `init` has made."""

    folder: Path
    key: str
    key_id: str

    @property
    def config(self) -> Path:
        return self.folder / "config.json"

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        value = json.loads(self.config.read_text())
        change(value)
        self.config.write_text(json.dumps(value, indent=2))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give an empty home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def run(home: Path) -> Run:
    """Run the real command in a process of its own."""

    def run_it(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "secure_gateway", *arguments],
            env={**os.environ, "HOME": str(home), **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            **{"stdin": subprocess.DEVNULL, **options} if "input" not in options else options,
        )

    return run_it


@pytest.fixture
def invoke(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Run the command in this process."""
    monkeypatch.setenv("HOME", str(home))
    logger = logging.getLogger("secure_gateway")
    before = (list(logger.handlers), logger.level)

    def invoke_it(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(root, list(arguments), **options)

    yield invoke_it
    logger.handlers[:], level = before
    logger.setLevel(level)


@pytest.fixture
def started(invoke: Invoke, home: Path) -> Started:
    """Give a gateway as `init` makes it."""
    made = json.loads(invoke("init", "--json").stdout)
    return Started(home / ".gateway", made["key"], made["key_id"])


@pytest.fixture
def small_server() -> list[str]:
    """Give the command of an MCP server with the tools `echo`, `add` and `fail`."""
    return [sys.executable, str(SMALL_SERVER)]
