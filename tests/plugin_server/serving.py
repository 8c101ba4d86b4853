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
