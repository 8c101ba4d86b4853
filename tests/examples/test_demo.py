"""The demo shows what it promises, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.environments import env_bin

COMMAND = Path(sys.executable).with_name("secure-gateway")


def test_the_demo_shows_each_thing_and_cleans_up(tmp_path: Path) -> None:
    servers = env_bin("mcp-servers", "mcp-server-git").parent
    env = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": f"{COMMAND.parent}:{os.environ['PATH']}:{servers}"}
    done = subprocess.run([COMMAND, "demo"], env=env, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    for code in ("unauthenticated", "forbidden", "denied", "invalid_credentials"):
        assert f"refused ({code})" in done.stdout
    seen = done.stdout.partition("git log on the server's side says:")[2].splitlines()[0]
    assert "[EMAIL]" in seen
    assert "alice.smith@example.com" not in seen
    assert "outcome:    modified" in done.stdout
    assert list(tmp_path.glob("secure-gateway-demo-*")) == []


def test_the_demo_says_what_it_lacks(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "demo"], env={"HOME": str(tmp_path), "PATH": "/nowhere"}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "mcp-server-git is not installed" in done.stdout + done.stderr
