"""Our client of external plugins, and ``secure-gateway plugin serve`` with a no-op."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import corpus
from benchmarks.worker import Repeat, case, main
from secure_gateway.plugins.external.plugin import ExternalPlugin
from secure_gateway.plugins.framework import GlobalContext, PluginConfig, PluginContext, ToolPreInvokePayload

_PLUGIN = """
from secure_gateway.plugins.framework import Plugin, ToolPreInvokeResult

class Noop(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return ToolPreInvokeResult()
"""
_LIST = """
plugins:
  - name: Noop
    kind: noop.Noop
"""
_SERVE = [sys.executable, "-m", "secure_gateway", "plugin", "serve"]


def _served(folder: Path) -> Path:
    (folder / "noop.py").write_text(_PLUGIN)
    path = folder / "list.yaml"
    path.write_text(_LIST)
    for each in folder.iterdir():
        each.chmod(0o600)
    return path


def _repeated(mcp: dict[str, Any]) -> Repeat:
    plugin = ExternalPlugin(PluginConfig(name="Noop", kind="external", mcp=mcp))
    assert "tool_pre_invoke" in plugin.offered_hooks()
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
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    return _repeated({"proto": "stdio", "cmd": [*_SERVE, str(_served(folder))], "env": {"HOME": str(folder)}})


@case("external_http")
async def _http() -> Repeat:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    process = subprocess.Popen(
        [*_SERVE, str(_served(folder)), "--http", "127.0.0.1:0"],
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/mcp", line):
            _SERVERS.append(process)
            return _repeated({"proto": "streamablehttp", "url": found[0]})
    raise RuntimeError("the plugin server did not start")


_SERVERS: list[subprocess.Popen[str]] = []

if __name__ == "__main__":
    try:
        main()
    finally:
        for server in _SERVERS:
            server.terminate()
            server.wait(10)
