"""A plugin in a process of its own answers as one here does, and whatever becomes of its process is one failure of that plugin."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, PolicyDenied
from secure_gateway.errors import ErrorCode, PluginError
from secure_gateway.plugins.framework import Plugin, ToolPreInvokeResult
from secure_gateway.reloading import Reloader
from tests.plugins.isolated.conftest import HOOK, children, gateway_with, is_alive, parts_with, wait_for, write_config


async def act(gateway: Any, name: str, **arguments: Any) -> Any:
    return await gateway.call("t", {"act": name, **arguments}, lambda given: given)


async def pid_of(gateway: Any) -> int:
    return int((await act(gateway, "pass"))["pid"])


async def test_it_runs_elsewhere_and_its_state_goes_from_its_hook_before_to_its_hook_after(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        answer = await act(gateway, "keep", value=[1, {"a": None}])
        assert answer["pid"] in children()
        assert answer["state"] == {"seen": 1, "kept": [1, {"a": None}]}


async def test_it_is_given_who_asks_and_its_changes_and_refusals_count(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        told = (await act(gateway, "tell"))["result"]["told"]
        assert (told["subject"], told["roles"], told["kind"]) == ("anonymous", ["all"], "Principal")
        with pytest.raises(PolicyDenied, match="it says no"):
            await act(gateway, "refuse")


async def test_its_process_has_been_initialized_and_has_no_environment_and_no_files_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_SECRET", "hunter2")
    monkeypatch.setenv("NAMED", "1")
    (tmp_path / "open").write_text("x")
    with (tmp_path / "open").open() as file:
        os.set_inheritable(file.fileno(), True)
        async with gateway_with(tmp_path, {**HOOK, "isolate_env": ["NAMED"]}) as gateway:
            told = (await act(gateway, "tell"))["result"]["told"]
    assert told["started"] is True
    assert "NAMED" in told["environ"]
    assert not {"GATEWAY_SECRET", "HOME", "MASTER", "PYTHONPATH"} & set(told["environ"])
    assert not [target for target in told["descriptors"] if target.endswith("/open")]


@pytest.mark.parametrize(
    "value",
    [2**70, -(2**64), float("inf"), "\x00\U0001f600", {"k": [[]]}, 1e308, True, None, {"": {"": ""}}, "é" * 100_000],
    ids=repr,
)
async def test_a_value_comes_back_as_it_went(tmp_path: Path, value: Any) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        try:
            answer = await act(gateway, "echo", value=value)
        except PolicyDenied:
            assert value == float("inf")  # no JSON value, at any door
        else:
            assert answer["result"]["echoed"] == value
            assert type(answer["result"]["echoed"]) is type(value)


async def test_what_is_nested_as_deeply_as_may_be_gets_through(tmp_path: Path) -> None:
    value: Any = 1
    for _ in range(90):
        value = [value]
    async with gateway_with(tmp_path, HOOK) as gateway:
        assert (await act(gateway, "echo", value=value))["result"]["echoed"] == value


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("die", "ended with the status 3"),
        ("segfault", "killed by SIGSEGV"),
        ("kill", "killed by SIGKILL"),
        ("garbage", "what is no answer"),
        ("giant", "what is no answer"),
        ("half", "ended with the status 0"),
        ("exit", "raised SystemExit"),
        ("interrupt", "raised KeyboardInterrupt"),
        ("raise", "raised ValueError"),
        ("nothing", "returned int, expected ToolPreInvokeResult"),
        ("wrong", "returned ToolPostInvokeResult, expected ToolPreInvokeResult"),
        ("odd_state", "holds a set, which is no JSON value"),
    ],
)
async def test_what_it_does_is_one_failure_and_the_next_call_is_answered(tmp_path: Path, name: str, says: str) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        with pytest.raises(PluginError, match=says) as caught:
            await act(gateway, name, value="hunter2")
        assert caught.value.code is ErrorCode.PLUGIN_ERROR
        assert "hunter2" not in str(caught.value)
        assert await pid_of(gateway) in children()


@pytest.mark.parametrize("name", ["sleep", "compute", "regex", "deadlock"])
async def test_one_that_blocks_is_timed_out_and_its_process_replaced(tmp_path: Path, name: str) -> None:
    async with gateway_with(tmp_path, {**HOOK, "timeout": 1}) as gateway:
        before = await pid_of(gateway)
        with pytest.raises(PluginError) as caught:
            await act(gateway, name)
        assert caught.value.code is ErrorCode.PLUGIN_TIMEOUT
        await asyncio.to_thread(wait_for, lambda: not is_alive(before), "the process that blocks goes on")
        assert await answers(gateway) != before


async def answers(gateway: Any) -> int:
    """Call until the new process answers, and return it."""
    while True:
        try:
            return await pid_of(gateway)
        except PluginError:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["wait", "swallow"])
async def test_one_that_waits_too_long_is_timed_out_and_its_process_goes_on(tmp_path: Path, name: str) -> None:
    async with gateway_with(tmp_path, {**HOOK, "timeout": 0.5}) as gateway:
        before = await pid_of(gateway)
        with pytest.raises(PluginError) as caught:
            await act(gateway, name)
        assert caught.value.code is ErrorCode.PLUGIN_TIMEOUT
        await asyncio.sleep(1.5)
        assert await pid_of(gateway) == before


async def test_a_task_that_outlives_its_call_does_no_harm(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        await act(gateway, "outlive")
        assert await pid_of(gateway) in children()


async def test_a_hundred_calls_at_the_same_time_are_each_answered_in_their_own_words(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        answers = await asyncio.gather(*(act(gateway, "echo", value=number) for number in range(100)))
    assert [answer["result"]["echoed"] for answer in answers] == list(range(100))


async def test_all_who_wait_are_told_when_the_process_dies(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        waiting = [asyncio.ensure_future(act(gateway, "wait")) for _ in range(5)]
        pid = await pid_of(gateway)
        os.kill(pid, signal.SIGKILL)
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes if "killed by SIGKILL" not in str(outcome)] == []


async def test_a_caller_that_goes_away_costs_nobody_the_process(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        before = await pid_of(gateway)
        call = asyncio.ensure_future(act(gateway, "sleep", seconds=2))
        await asyncio.sleep(0.3)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await pid_of(gateway) == before


async def test_what_it_has_started_ends_with_it(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        grandchild = (await act(gateway, "fork"))["result"]["grandchild"]
        assert is_alive(grandchild)
    await asyncio.to_thread(wait_for, lambda: not is_alive(grandchild), "a grandchild outlived the gateway")


async def test_what_it_prints_and_logs_never_mixes_with_its_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway_with(tmp_path, HOOK) as gateway:
        assert (await act(gateway, "print"))["seen"] == 1
    assert "a line of the plugin" in [record.getMessage() for record in caplog.records]


async def test_it_gets_no_more_memory_than_it_may(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, {**HOOK, "isolate_memory_mb": 2048}) as gateway:
        with pytest.raises(PluginError, match="raised MemoryError"):
            await act(gateway, "eat")


async def test_closing_runs_its_shutdown(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with gateway_with(tmp_path, {**HOOK, "config": {"shutdown_mark": str(mark)}}):
        assert not mark.exists()
    assert mark.read_text() == "shut down"


async def test_a_reload_replaces_the_process(tmp_path: Path) -> None:
    parts, env = parts_with(tmp_path, HOOK)
    async with parts.gateway, Reloader(parts, env=env) as reloader:
        before = await pid_of(parts.gateway)
        await reloader.reload()
        assert await pid_of(parts.gateway) != before
        await asyncio.to_thread(wait_for, lambda: not is_alive(before), "the replaced process goes on")


def test_it_answers_callers_without_a_loop_and_in_one_loop_after_the_other(tmp_path: Path) -> None:
    gateway = gateway_with(tmp_path, HOOK)
    first = gateway.call_sync("t", {"act": "pass"}, lambda given: given)["pid"]
    for _ in range(2):
        assert asyncio.run(pid_of(gateway)) == first
    gateway.close_sync()


def test_a_configuration_with_another_fault_leaves_no_process(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="deny_lst"):
        gateway_with(tmp_path, HOOK, {"name": "x", "kind": "deny_lst"})


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        ({"kind": "tests.plugins.isolated.plugins:Missing"}, r"hooks\[0\].kind.*no such name"),
        ({"hooks": ["prompt_pre_fetch"]}, "has no method for it"),
        ({"kind": "tests.plugins.isolated.plugins:SlowToLoad"}, "ended with the status 9"),
        ({"kind": "local"}, "no other process can import"),
        ({"isolate": "thread"}, "process"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_there_stops_the_start(tmp_path: Path, hook: dict[str, Any], says: str) -> None:
    class Local(Plugin):
        kind = "local"

        async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
            return ToolPreInvokeResult()

    with pytest.raises(ConfigError, match=says):
        gateway_with(tmp_path, {**HOOK, **hook}, register=(Local,))


@pytest.mark.parametrize("name", ["wait", "compute", "deadlock"])
def test_its_process_ends_with_a_gateway_that_is_killed(tmp_path: Path, name: str) -> None:
    path, env = write_config(tmp_path, HOOK)
    script = (
        "import asyncio, sys; from secure_gateway import load_gateway\n"
        "async def main():\n"
        f"    gateway = load_gateway({str(path)!r}, env={env!r})\n"
        "    print((await gateway.call('t', {'act': 'pass'}, lambda given: given))['pid'], flush=True)\n"
        f"    await gateway.call('t', {{'act': {name!r}}}, lambda given: given)\n"
        "asyncio.run(main())\n"
    )
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    ) as gateway:
        assert gateway.stdout is not None
        pid = int(gateway.stdout.readline())
        gateway.kill()
    wait_for(lambda: not is_alive(pid), "the plugin's process outlived its gateway")
