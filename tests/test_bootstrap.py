"""What building a gateway costs, and what one that cannot be built leaves behind: nothing."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.bootstrap import Parts, load_parts
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
    del kept


class _Counting(DistributionFinder):
    """Finds nothing, and counts how often all that is installed is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def find_distributions(
        self,
        context: DistributionFinder.Context = DistributionFinder.Context(),  # noqa: B008 - as in the base class
    ) -> Iterator[Distribution]:
        self.asked += context.name is None
        return iter(())


def test_what_is_installed_is_looked_through_once_for_all_kinds_of_plugins(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    config = {
        "plugins": {
            "auth": {"provider": "api_key"},
            "guardrails": {"provider": "keyword", "config": {"words": ["x"]}},
            "telemetry": {"provider": "log"},
            "hooks": [{"name": "d", "kind": "deny_list", "config": {"words": ["x"]}}],
        },
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
    }
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    env = {"HOME": str(tmp_path), "MASTER": secrets.token_hex(32)}
    _release(load_parts(path, env=env))  # what libraries look for when they are first used is not ours
    counting = _Counting()
    sys.meta_path.append(counting)
    try:
        _release(load_parts(path, env=env))
    finally:
        sys.meta_path.remove(counting)
    assert counting.asked == 1


def test_a_master_key_that_cannot_be_resolved_is_named_by_its_place_in_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"anonymous": {"roles": []}, "master_key": "env://NOT_SET"}))
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"config\.json:1: \$\.master_key: found no environment variable NOT_SET"):
        load_parts(path, env={"HOME": str(tmp_path)})


def _release(parts: Parts) -> None:
    parts.telemetry.shutdown()
    parts.services.store.close()
