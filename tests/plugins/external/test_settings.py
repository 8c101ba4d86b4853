"""How an external plugin's configuration is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.plugins.external.settings import read_endpoint, read_rules
from secure_gateway.plugins.framework import PluginConfig


def _config(mcp: dict[str, Any] | None = None, **config: Any) -> PluginConfig:
    return PluginConfig(name="p", kind="external", mcp={"proto": "stdio", **(mcp or {"script": "x"})}, config=config)


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("timeout_ms", 0, "0"),
        ("timeout_ms", "2000", "a str"),
        ("timeout_ms", True, "a bool"),
        ("timeout_ms", float("nan"), "nan"),
        ("retry_attempts", 11, "11"),
        ("retry_attempts", 1.5, "a float"),
        ("max_concurrency", 0, "0"),
        ("cache_ttl_seconds", -1, "-1"),
        ("cache_max_entries", 10**9, "1e+09"),
        ("cache_ttl", 60, "an unknown key"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(key: str, value: Any, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_rules(_config(**{key: value}))
    (problem,) = caught.value.problems
    assert problem.path == f"$.config.{key}"
    assert found in problem.found


def test_the_shorter_of_both_time_limits_holds() -> None:
    assert read_rules(_config({"script": "x", "call_timeout": 3.0}, timeout_ms=2000)).timeout == 2.0
    assert read_rules(_config({"script": "x", "call_timeout": 3.0}, timeout_ms=9000)).timeout == 3.0
    assert read_rules(_config({"script": "x", "call_timeout": 3.0})).timeout == 3.0


def test_a_script_is_started_by_what_it_is(tmp_path: Path) -> None:
    for name in ("server.py", "server.sh", "server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
    (tmp_path / "server").chmod(0o700)
    commands = [
        read_endpoint(_config({"script": name, "cwd": str(tmp_path), "args": ["--fast"]})).command
        for name in ("server.py", "server.sh", "./server", "npx")
    ]
    assert commands == [
        (sys.executable, str(tmp_path / "server.py"), "--fast"),
        ("sh", str(tmp_path / "server.sh"), "--fast"),
        (str(tmp_path / "server"), "--fast"),
        ("npx", "--fast"),
    ]


@pytest.mark.parametrize(("script", "says"), [("./nothing", "there is no file"), ("./data", "cannot be executed")])
def test_a_script_that_cannot_be_started_is_refused(tmp_path: Path, script: str, says: str) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigError, match=says):
        read_endpoint(_config({"script": script, "cwd": str(tmp_path)}))


def test_reprs_show_no_secret() -> None:
    mcp = {"proto": "streamablehttp", "url": "https://x", "headers": {"A": "hunter2"}, "env": {"B": "hunter2"}}
    mcp["tls"] = {"certfile": "c", "keyfile_password": "hunter2"}
    endpoint = read_endpoint(_config(mcp))
    assert "hunter2" not in f"{endpoint!r}{endpoint.tls!r}"
