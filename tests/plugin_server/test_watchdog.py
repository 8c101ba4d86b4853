"""A plugin that blocks its server is reported while it does, with the place it is at and nothing of what it works on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from secure_gateway.plugin_server.host import PluginHost
from secure_gateway.plugins.framework import Plugin, ToolPreInvokeResult
from secure_gateway.plugins.hook_loader import HookLoader

SECRET = "hunter2-in-the-arguments"
LOGGER = "secure_gateway.plugin_server.watchdog"


class Reports(logging.Handler):
    """Keeps what is reported, and lets plugins that block go on."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.arrived = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        self.arrived.set()


@pytest.fixture
def reports() -> Iterator[Reports]:
    handler = Reports()
    logging.getLogger(LOGGER).addHandler(handler)
    yield handler
    logging.getLogger(LOGGER).removeHandler(handler)


class Blocks(Plugin):
    """Blocks until it is reported, at once or after it has suspended."""

    reports: Reports

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        match payload.args["act"]:
            case "suspend":
                await asyncio.sleep(0)
                self.block_here()
            case "block":
                self.block_here()
            case "wait":
                await asyncio.sleep(3600)
        return ToolPreInvokeResult()

    def block_here(self) -> None:
        self.reports.arrived.wait(30)


async def _call(act: str) -> dict[str, Any]:
    entry = {"name": "blocks", "kind": f"{__name__}:Blocks", "hooks": ["tool_pre_invoke"], "timeout": 0.3}
    host = PluginHost(HookLoader().load((entry,), {}))
    await host.start()
    try:
        payload = {"name": "t", "args": {"act": act, "password": SECRET}}
        return await host.invoke("tool_pre_invoke", "blocks", payload, {"global_context": {"request_id": "r"}})
    finally:
        await host.close()


@pytest.mark.parametrize("act", ["block", "suspend"])
async def test_a_plugin_that_blocks_is_reported_once_while_it_blocks_with_its_stack(act: str, reports: Reports) -> None:
    Blocks.reports = reports
    answer = await _call(act)
    assert "it did not answer within 0.3 s" in str(answer["error"])
    (text,) = reports.texts
    assert "the plugin 'blocks' has blocked the event loop" in text
    assert "in block_here" in text
    assert "in tool_pre_invoke" in text
    assert SECRET not in text


@pytest.mark.parametrize("act", ["nothing", "wait"])
async def test_a_plugin_that_answers_or_waits_is_not_reported(act: str, reports: Reports) -> None:
    answer = await _call(act)
    assert ("error" in answer) is (act == "wait")
    assert reports.texts == []


async def test_the_watch_ends_with_the_host() -> None:
    await _call("nothing")
    assert not [each for each in threading.enumerate() if each.name == "secure-gateway-watchdog"]
