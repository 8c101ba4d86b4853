"""cpex's client of external plugins, and its plugin server with a no-op."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cpex.framework import (  # type: ignore[import-not-found]
    GlobalContext,
    PluginConfig,
    PluginContext,
    ToolPreInvokePayload,
)
from cpex.framework.external.mcp.client import ExternalPlugin  # type: ignore[import-not-found]

from benchmarks import corpus
from benchmarks.worker import Repeat, case, serve

logging.disable(logging.WARNING)

_PLUGIN = """
from cpex.framework import Plugin, ToolPreInvokeResult

class Noop(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return ToolPreInvokeResult()
"""
_LIST = """
plugins:
  - name: Noop
    kind: noop.Noop
    hooks: [tool_pre_invoke]
    mode: sequential
plugin_dirs: ["."]
"""
_SERVE = [sys.executable, "-m", "cpex.framework.external.mcp.server.runtime"]
_SERVERS: list[subprocess.Popen[bytes]] = []


def _environment(**more: str) -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    (folder / "noop.py").write_text(_PLUGIN)
    (folder / "list.yaml").write_text(_LIST)
    paths = {"PLUGINS_CONFIG_PATH": str(folder / "list.yaml"), "PYTHONPATH": str(folder)}
    return {**paths, "PLUGINS_LOG_LEVEL": "WARNING", **more}


async def _repeated(mcp: dict[str, Any]) -> Repeat:
    plugin = ExternalPlugin(PluginConfig(name="Noop", kind="external", mcp=mcp))
    await plugin.initialize()
    arguments = corpus.arguments(150)

    async def repeat(count: int) -> None:
        context = PluginContext(global_context=GlobalContext(request_id="1", user="ann@example.com"))
        for _ in range(count):
            answer = await plugin.invoke_hook(
                "tool_pre_invoke", ToolPreInvokePayload(name="search", args=arguments), context
            )
            assert answer.continue_processing

    return repeat


@case("external_stdio")
async def _stdio() -> Repeat:
    return await _repeated({"proto": "STDIO", "cmd": _SERVE, "env": _environment(PLUGINS_TRANSPORT="stdio")})


@case("external_http")
async def _http() -> Repeat:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    more = {"PLUGINS_TRANSPORT": "http", "PLUGINS_SERVER_HOST": "127.0.0.1", "PLUGINS_SERVER_PORT": str(port)}
    server = subprocess.Popen(
        _SERVE,
        env={**os.environ, **_environment(**more)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _SERVERS.append(server)
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)  # noqa: ASYNC251 - before anything is measured
    return await _repeated({"proto": "STREAMABLEHTTP", "url": f"http://localhost:{port}/mcp"})


if __name__ == "__main__":
    asyncio.new_event_loop().run_until_complete(serve())
    for server in _SERVERS:
        server.terminate()
        server.wait(10)
    os._exit(0)  # not by asyncio.run: cpex's connections do not end in another task than the one that opened them
