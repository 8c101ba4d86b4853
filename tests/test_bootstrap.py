"""A gateway that cannot be built leaves nothing behind of what it had loaded by then."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.bootstrap import load_parts
from secure_gateway.errors import ConfigError
from tests.plugins.external.asking import hostile
from tests.plugins.isolated.conftest import HOOK

PATIENCE = 30.0


def _children() -> set[int]:
    """Return the processes that this one has started and that have not ended."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(folder.name))
    return found


@pytest.mark.parametrize(
    "hook",
    [
        pytest.param(HOOK, id="isolated"),
        pytest.param({"name": "p", "kind": "external", "mcp": hostile("counts")}, id="external"),
    ],
)
def test_a_fault_found_after_the_plugins_were_loaded_ends_their_processes(hook: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    # Nobody may come in: known only once the plugins have said which hooks they answer.
    config = {"plugins": {"hooks": [hook]}, "state": {"url": "memory:"}, "master_key": "env://MASTER"}
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    before = _children()
    # What was raised keeps what was built alive, as a debugger or a log would: nothing is left to the garbage collector.
    with pytest.raises(ConfigError, match="a provider of identities") as kept:
        load_parts(path, env={"HOME": str(tmp_path), "MASTER": secrets.token_hex(32)})
    end = time.monotonic() + PATIENCE
    while left := _children() - before:
        assert time.monotonic() < end, left
        time.sleep(0.02)
    assert kept.value
