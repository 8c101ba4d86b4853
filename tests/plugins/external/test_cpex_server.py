"""ContextForge's own plugin server answers our client, from the JSON and from its YAML, over both transports."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import Gateway, PolicyDenied, RequestError, load_gateway
from tests.support.environments import env_python
from tests.support.ports import free_port

HERE = Path(__file__).parent
RUNTIME = ["-m", "cpex.framework.external.mcp.server.runtime"]
LIST = """
plugins:
  - name: "Guard"
    kind: "cpex_guard.Guard"
    hooks: ["tool_pre_invoke", "tool_post_invoke"]
    mode: "sequential"
plugin_dirs: ["."]
"""


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Give a folder with what cpex's server serves."""
    shutil.copy(HERE / "cpex_guard.py", tmp_path / "cpex_guard.py")
    (tmp_path / "served.yaml").write_text(LIST)
    return tmp_path


def _environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PLUGINS_CONFIG_PATH": str(folder / "served.yaml"), "PYTHONPATH": str(folder), **more}


def _gateway(folder: Path, yaml: str) -> Gateway:
    (folder / "list.yaml").write_text(yaml)
    config = folder / "config.json"
    config.write_text(
        '{"anonymous": {"roles": ["all"]}, "roles": {"all": {"tools": ["*"]}}, "include": ["list.yaml"],'
        ' "state": {"url": "memory:"}, "master_key": "env://KEY"}'
    )
    config.chmod(0o600)
    (folder / "list.yaml").chmod(0o600)
    return load_gateway(config, env={"KEY": secrets.token_hex(32), "HOME": str(folder), "TOKEN": "t0ken"})


@contextlib.contextmanager
def _http_server(folder: Path) -> Iterator[int]:
    port = free_port()
    environment = _environment(
        folder, PLUGINS_TRANSPORT="http", PLUGINS_SERVER_HOST="127.0.0.1", PLUGINS_SERVER_PORT=str(port)
    )
    process = subprocess.Popen(
        [str(env_python("cpex")), *RUNTIME],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def _behaves(gateway: Gateway) -> None:
    async def tool(arguments: dict[str, Any]) -> Any:
        return {"found": arguments["city"]}

    answer = await gateway.call("weather", {"city": "Bern"}, tool)
    assert answer == {"of": "Bern", "was": {"found": "BERN"}}
    with pytest.raises(PolicyDenied, match="there is no such city"):
        await gateway.call("weather", {"city": "Atlantis"}, tool)
    with pytest.raises(RequestError) as caught:
        await gateway.call("weather", {"city": "Hell"}, tool)
    assert "hunter2" not in str(caught.value)


async def test_over_stdio(served: Path) -> None:
    env = "".join(
        f'\n        {key}: "{value}"' for key, value in _environment(served, PLUGINS_TRANSPORT="stdio").items()
    )
    yaml = f"""
plugins:
  - name: "Guard"
    kind: "external"
    mcp:
      proto: STDIO
      cmd: ["{env_python("cpex")}", "-m", "{RUNTIME[1]}"]
      cwd: "{served}"
      env:{env}
"""
    async with _gateway(served, yaml) as gateway:
        await _behaves(gateway)


async def test_over_streamable_http(served: Path) -> None:
    with _http_server(served) as port:
        yaml = f"""
plugins:
  - name: "Guard"
    kind: "external"
    priority: 10
    mcp:
      proto: STREAMABLEHTTP
      url: http://localhost:{port}/mcp
      headers:
        Authorization: "Bearer {{{{ env.TOKEN }}}}"
"""
        async with _gateway(served, yaml) as gateway:
            await _behaves(gateway)


def test_the_sync_form_works_too(served: Path) -> None:
    with _http_server(served) as port:
        yaml = f"""
plugins:
  - name: "Guard"
    kind: "external"
    mcp: {{proto: STREAMABLEHTTP, url: "http://127.0.0.1:{port}/mcp"}}
"""
        gateway = _gateway(served, yaml)
        assert gateway.call_sync("weather", {"city": "Bern"}, lambda a: a) == {"of": "Bern", "was": {"city": "BERN"}}
        gateway.close_sync()
