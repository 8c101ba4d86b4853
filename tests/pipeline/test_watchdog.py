"""A plugin that blocks the event loop is noticed, shown with its stack, and moved out of the way as configured."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from secure_gateway.bootstrap import load_parts
from secure_gateway.decisions import DecisionRecord
from secure_gateway.errors import ErrorCode, PluginError
from secure_gateway.plugins.framework import Plugin, ToolPreInvokeResult
from secure_gateway.reloading import Reloader
from tests.plugins.isolated.conftest import gateway_with, parts_with, wait_for, write_config

SECRET = "hunter2-the-secret"
BLOCKS = {
    "name": "blocks",
    "kind": "tests.plugins.isolated.plugins:BlocksOnce",
    "timeout": 0.4,
    "config": {"gateway": os.getpid()},
}


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.ERROR and record.name == "secure_gateway.pipeline.watchdog"
    ]


async def call(gateway: Any, how: str = "sleep") -> Any:
    return await gateway.call("t", {"act": how, "password": SECRET}, lambda given: given)


async def answers(gateway: Any) -> Any:
    """Call until the plugin's process is there, which on a busy machine may take longer than the plugin's limit."""
    while True:
        try:
            return await call(gateway)
        except PluginError:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("how", ["sleep", "compute", "regex", "lock"])
async def test_its_answer_is_discarded_and_from_then_on_it_runs_elsewhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str, parallel: bool
) -> None:
    async with gateway_with(tmp_path, BLOCKS, parallel_execution_within_band=parallel) as gateway:
        with pytest.raises(PluginError, match="blocked the event loop") as caught:
            await call(gateway, how)
        assert caught.value.code is ErrorCode.PLUGIN_TIMEOUT
        assert gateway.plugins.show("blocks").state == "isolated"
        assert (await answers(gateway))["pid"] != os.getpid()
    (report,) = reports(caplog)
    assert "'blocks' at tool_pre_invoke has blocked the event loop for" in report
    assert SECRET not in caplog.text


async def test_the_stack_is_shown_while_it_still_blocks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    released, seen = threading.Event(), []

    class Deadlocked(Plugin):
        kind = "deadlocked"

        async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
            released.wait(60)
            return ToolPreInvokeResult()

    def release() -> None:
        wait_for(lambda: reports(caplog), "nobody noticed")
        seen.extend(reports(caplog))
        released.set()

    helper = threading.Thread(target=release)
    hook = {"name": "d", "kind": "deadlocked", "timeout": 0.3}
    async with gateway_with(tmp_path, hook, register=(Deadlocked,)) as gateway:
        helper.start()
        with pytest.raises(PluginError):
            await call(gateway)
        helper.join()
    assert "test_watchdog.py" in seen[0]
    assert " in tool_pre_invoke\n" in seen[0]
    assert " in wait" in seen[0]
    assert SECRET not in seen[0]
    assert "cannot run in a process of its own" in seen[0]  # a class in a function: nobody else can import it


async def test_one_that_is_switched_off_refuses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway_with(tmp_path, BLOCKS, on_block="disable") as gateway:
        with pytest.raises(PluginError, match="is off until"):
            await call(gateway)
        with pytest.raises(PluginError, match="is off since then") as caught:
            await call(gateway)
        assert caught.value.code is ErrorCode.PLUGIN_ERROR
        assert gateway.plugins.show("blocks").state == "disabled"
    assert len(reports(caplog)) == 1


async def test_one_that_is_switched_off_passes_where_its_mode_says_so(tmp_path: Path) -> None:
    hook = {**BLOCKS, "mode": "enforce_ignore_error", "on_block": "disable"}
    async with gateway_with(tmp_path, hook) as gateway:
        assert "pid" not in await call(gateway)
        assert "pid" not in await call(gateway)


async def test_one_that_is_only_reported_goes_on_where_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway_with(tmp_path, {**BLOCKS, "on_block": "report"}, on_block="disable") as gateway:
        for count in (1, 2):
            with pytest.raises(PluginError, match="only reported"):
                await call(gateway)
            assert len(reports(caplog)) == count
        assert gateway.plugins.show("blocks").state == "running"


async def test_one_that_fails_after_it_has_blocked_is_moved_too(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, BLOCKS) as gateway:
        with pytest.raises(PluginError, match="raised ValueError"):
            await call(gateway, "raise")
        assert gateway.plugins.show("blocks").state == "isolated"


class Waits(Plugin):
    """Waits, and lets the test block the loop meanwhile."""

    kind = "waits"

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        await asyncio.sleep(0.2)
        return ToolPreInvokeResult()


async def test_one_that_waits_while_another_blocks_is_not_blamed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook = {"name": "waits", "kind": "waits", "timeout": 0.4}
    async with gateway_with(tmp_path, hook, register=(Waits,)) as gateway:
        waiting = asyncio.ensure_future(call(gateway))
        await asyncio.sleep(0.05)
        time.sleep(1)  # noqa: ASYNC251 - the app's own fault
        await asyncio.gather(waiting, return_exceptions=True)
        assert gateway.plugins.show("waits").state == "running"
    assert reports(caplog) == []


async def test_a_request_under_way_keeps_its_plugin_and_the_record_says_what_was_done(tmp_path: Path) -> None:
    parts, _env = parts_with(tmp_path, BLOCKS)
    records: list[DecisionRecord] = []

    class Keeps:
        name, required, durable, ready = "keeps", False, False, True

        def emit(self, record: DecisionRecord) -> bool:
            records.append(record)
            return True

        async def committed(self) -> bool:
            return True

    parts.gateway.replace(msgspec.structs.replace(parts.gateway.snapshot, sinks=(Keeps(),)))
    async with parts.gateway as gateway:
        with pytest.raises(PluginError):
            await call(gateway)
    said = [step.reason for record in records for step in record.steps if step.plugin in ("blocks", "gateway")]
    assert any("blocked the event loop, and runs in a process of its own" in reason for reason in said)
    assert any("watchdog: plugin 'blocks': isolated" in reason for reason in said)


async def test_a_reload_builds_it_here_again_and_leaves_no_thread_and_no_process(tmp_path: Path) -> None:
    parts, env = parts_with(tmp_path, BLOCKS)

    def watchdogs() -> int:
        return sum(thread.name == "secure-gateway-watchdog" for thread in threading.enumerate())

    before = watchdogs()
    async with parts.gateway, Reloader(parts, env=env) as reloader:
        with pytest.raises(PluginError):
            await call(parts.gateway)
        await answers(parts.gateway)
        await reloader.reload()
        assert parts.gateway.plugins.show("blocks").state == "running"
        with pytest.raises(PluginError, match="runs in a process of its own"):
            await call(parts.gateway)
    await asyncio.to_thread(wait_for, lambda: watchdogs() == before, "a watchdog goes on")


def test_without_a_loop_of_the_caller_it_is_noticed_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gateway = gateway_with(tmp_path, BLOCKS)
    with pytest.raises(PluginError, match="blocked the event loop"):
        gateway.call_sync("t", {"act": "sleep"}, lambda given: given)
    gateway.close_sync()
    assert len(reports(caplog)) == 1


def test_a_gateway_that_nobody_holds_any_more_is_not_watched(tmp_path: Path) -> None:
    path, env = write_config(tmp_path, BLOCKS)
    gateway = load_parts(path, env=env).gateway
    asyncio.run(gateway.start())
    gateway.close_sync()
    wait_for(
        lambda: not any(thread.name == "secure-gateway-watchdog" for thread in threading.enumerate()), "it goes on"
    )
