"""External plugins as tests build and ask them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.external.plugin import ExternalPlugin
from secure_gateway.plugins.framework import (
    GlobalContext,
    PluginConfig,
    PluginContext,
    PluginResult,
    ToolPreInvokePayload,
)
from secure_gateway.types import Principal

HOSTILE = Path(__file__).with_name("hostile_server.py")


def external(mcp: dict[str, Any], *, name: str = "Guard", timeout: float = 10.0, **config: Any) -> ExternalPlugin:
    """Build the plugin that ``mcp`` describes; not connected yet."""
    return ExternalPlugin(PluginConfig(name=name, kind="external", mcp=mcp, timeout=timeout, config=config))


def hostile(behaviour: str, notes: Path | None = None, **mcp: Any) -> dict[str, Any]:
    """Describe the hostile server as a child process."""
    arguments = [behaviour] if notes is None else [behaviour, str(notes)]
    return {"proto": "stdio", "script": str(HOSTILE), "args": arguments, "reconnect_delay": 0.05, **mcp}


@contextlib.contextmanager
def connected(mcp: dict[str, Any], **options: Any) -> Iterator[ExternalPlugin]:
    """Give the plugin, loaded, and end it."""
    plugin = external(mcp, **options)
    try:
        plugin.offered_hooks()
        yield plugin
    finally:
        plugin.discard()


def context(user: str = "ana", request_id: str = "r-1") -> PluginContext:
    principal = Principal(subject=user, provider="test")
    return PluginContext(global_context=GlobalContext(request_id=request_id, user=user, principal=principal))


async def ask(plugin: ExternalPlugin, known: PluginContext | None = None, **arguments: Any) -> PluginResult[Any]:
    """Let the plugin judge a tool call."""
    payload = ToolPreInvokePayload(name="t", args=arguments)
    return await plugin.invoke_hook("tool_pre_invoke", payload, context() if known is None else known)


async def fault_of(plugin: ExternalPlugin, **arguments: Any) -> str:
    """Return why the plugin gave no answer; never a word of the other side's."""
    with pytest.raises(AnswerError) as caught:
        await ask(plugin, **arguments)
    assert type(caught.value) is AnswerError
    assert "hunter2" not in str(caught.value)
    return str(caught.value)
