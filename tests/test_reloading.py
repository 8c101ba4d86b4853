"""A reload: all that is new is in force at once or not at all, and nobody who is being served notices."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from secure_gateway import reloading
from secure_gateway.bootstrap import load_parts
from secure_gateway.cli.starting import Started, start
from secure_gateway.errors import ConfigError, GatewayError, PermissionDenied, Problem
from secure_gateway.plugins.framework import Plugin, PluginContext, ToolPreInvokePayload
from secure_gateway.plugins.framework.results import ToolPreInvokeResult
from secure_gateway.reloading import RECORD_NAME, Reloader
from secure_gateway.types import Operation, Principal, Request

Change = Callable[[dict[str, Any]], object]
PATIENCE = 60


class NotingPlugin(Plugin):
    """Writes down what happens to it."""

    kind = "noting"
    noted: ClassVar[list[str]] = []
    fails = False

    async def initialize(self) -> None:
        if self.fails:
            raise RuntimeError("no")
        self.noted.append(f"start {self.config.name}")

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()

    async def shutdown(self) -> None:
        self.noted.append(f"stop {self.config.name}")


class Running:
    """A gateway with the file that it was made of."""

    def __init__(self, made: Started, **options: Any) -> None:
        self.made = made
        self.file = made.folder / "config.json"
        self.parts = load_parts(self.file, env={}, register=[NotingPlugin])
        self.gateway = self.parts.gateway
        self.reloader = Reloader(self.parts, env={}, register=[NotingPlugin], **options)

    def edit(self, *changes: Change) -> None:
        value = json.loads(self.file.read_text())
        for change in changes:
            change(value)
        self.file.write_text(json.dumps(value))

    async def call(self, tool: str = "echo", argument: Any = "x") -> Any:
        return await self.gateway.call(tool, {"text": argument}, lambda given: given["text"], credentials=self.made.key)

    async def __aenter__(self) -> Self:
        await self.gateway.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.reloader.__aexit__()  # releases what was replaced, whether or not it was watching
        await self.gateway.__aexit__(*error)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    NotingPlugin.noted, NotingPlugin.fails = [], False
    async with Running(start(tmp_path / "gateway", {}, force=False)) as made:
        yield made


def _only_read(value: dict[str, Any]) -> None:
    value["roles"]["everything"]["tools"] = ["read*"]


def _noting(name: str) -> Change:
    hook = {"name": name, "kind": "noting", "hooks": ["tool_pre_invoke"]}
    return lambda value: value["plugins"].update(hooks=[hook])


def _unguarded(value: dict[str, Any]) -> None:
    del value["plugins"]["guardrails"]


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what it waits for is another's
            await asyncio.sleep(0.01)


async def test_a_changed_role_holds_for_the_next_request(running: Running) -> None:
    assert await running.call() == "x"
    running.edit(_only_read)
    await running.reloader.reload()
    with pytest.raises(PermissionDenied):
        await running.call()
    assert await running.call("read") == "x"


async def test_a_changed_guardrail_holds_for_the_next_request(running: Running) -> None:
    assert "ada@example.com" not in await running.call(argument="ada@example.com")
    running.edit(_unguarded)
    await running.reloader.reload()
    assert await running.call(argument="ada@example.com") == "ada@example.com"


async def test_a_request_under_way_ends_under_the_policy_it_began_with(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloading, "POLL_SECONDS", 3600.0)  # or the watcher finds the change too, and reloads once more
    async with running.reloader:
        running.edit(_noting("old"))
        await running.reloader.reload()
        going, begun = asyncio.Event(), asyncio.Event()

        async def upstream(given: Mapping[str, Any]) -> str:
            begun.set()
            await going.wait()
            return "done, ada@example.com"

        held = asyncio.create_task(running.gateway.call("echo", {}, upstream, credentials=running.made.key))
        await begun.wait()
        running.edit(_noting("new"), _only_read, _unguarded)
        await running.reloader.reload()
        with pytest.raises(PermissionDenied):
            await running.call()
        assert NotingPlugin.noted == ["start old", "start new"]
        going.set()
        answer = await held
        assert answer.startswith("done, ")
        assert "ada@example.com" not in answer
        del held
        await _until(lambda: "stop old" in NotingPlugin.noted)
    assert "stop new" not in NotingPlugin.noted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"plugins": {', "config.json:1"),
        ("", "config.json"),
        ('{"plugins": {"auth": {"provider": "nonesuch"}}, "roles": {"a": {"tols": []}}}', "tols"),
        (
            '{"plugins": {"auth": {"provider": "nonesuch"}, "telemetry": {"provider": "nothing"}}, "master_key": "file://master.key"}',
            "nothing",
        ),
    ],
)
async def test_a_broken_file_changes_nothing_and_every_problem_is_told_in_one_line(
    text: str, said: str, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    before = running.gateway.snapshot
    running.file.write_text(text)
    assert not await running.reloader.try_reload("asked to")
    assert running.gateway.snapshot is before
    assert running.reloader.parts is running.parts
    assert await running.call() == "x"
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert said in lines[0]
    if "nothing" in text:
        assert "nonesuch" in lines[0]


async def test_a_file_that_others_can_write_is_not_put_in_force(running: Running) -> None:
    running.edit(_only_read)
    running.file.chmod(0o666)
    with pytest.raises(ConfigError):
        await running.reloader.reload()
    assert await running.call() == "x"


async def test_what_cannot_be_changed_without_a_restart_refuses_the_whole_file(tmp_path: Path) -> None:
    refusal = Problem("$.roles", "another", "the first", "Restart.")
    async with Running(start(tmp_path / "gateway", {}, force=False), check=lambda _: [refusal]) as running:
        running.edit(_only_read)
        with pytest.raises(ConfigError, match=r"config.json:\d+: \$\.roles"):
            await running.reloader.reload()
        assert await running.call() == "x"


async def test_a_plugin_that_fails_to_start_changes_nothing_and_is_released(running: Running) -> None:
    running.edit(_noting("new"), _only_read)
    NotingPlugin.fails = True
    with pytest.raises(GatewayError):
        await running.reloader.reload()
    assert NotingPlugin.noted == ["stop new"]
    assert await running.call() == "x"


async def test_plugins_of_a_gateway_that_was_never_asked_are_started_once(tmp_path: Path) -> None:
    NotingPlugin.noted, NotingPlugin.fails = [], False
    made = start(tmp_path / "gateway", {}, force=False)
    value = json.loads((made.folder / "config.json").read_text())
    _noting("one")(value)
    (made.folder / "config.json").write_text(json.dumps(value))
    running = Running(made)
    async with running.reloader:
        await running.reloader.reload()
        await running.call()
    await running.gateway.close()
    assert NotingPlugin.noted == ["start one", "start one", "stop one", "stop one"]


async def test_the_store_is_shared_while_its_address_stays_and_closed_when_it_changes(running: Running) -> None:
    first = running.parts
    async with running.reloader:
        second = await running.reloader.reload()
        assert second.services.store is first.services.store
        assert second.records is first.records
        running.edit(lambda value: value["state"].update(url="memory:"))
        third = await running.reloader.reload()
        assert third.services.store is not first.services.store
    with pytest.raises(GatewayError):
        first.services.store.put("table", "key", b"")


async def test_keys_work_on_and_can_be_ended_after_a_reload(running: Running) -> None:
    async with running.reloader:
        assert await running.call() == "x"
        await running.reloader.reload()
        assert await running.call() == "x"


async def test_the_audit_tells_of_each_reload_and_of_each_that_failed(running: Running) -> None:
    async with running.reloader:
        running.edit(_only_read)
        assert await running.reloader.try_reload("asked to")
        running.file.write_text("{")
        assert not await running.reloader.try_reload("asked to")
    await asyncio.to_thread(running.reloader.parts.telemetry.shutdown)
    lines = [json.loads(line) for line in (running.made.folder / "audit.jsonl").read_text().splitlines()]
    found = [line for line in lines if RECORD_NAME in json.dumps(line)]
    assert "replaces" in json.dumps(found[0])
    assert len(found) >= 2, "the change of the file may have been noticed as well, and leaves a line of its own"
    assert all("nothing was changed" in json.dumps(line) for line in found[1:])


async def test_a_change_of_the_file_is_found_and_a_broken_one_is_followed_by_the_next(running: Running) -> None:
    async with running.reloader:
        await running.call()
        whole = running.file.read_text()
        running.edit(_only_read)
        await _until(lambda: running.reloader.parts is not running.parts)
        second = running.reloader.parts
        with pytest.raises(PermissionDenied):
            await running.call()
        running.file.write_text(whole[: len(whole) // 2])
        await asyncio.sleep(1.5)
        assert running.reloader.parts is second
        replacement = running.file.with_name("config.new")
        replacement.write_text(whole)
        replacement.rename(running.file)
        await _until(lambda: running.reloader.parts is not second)
        assert await running.call() == "x"


async def test_a_file_that_was_only_touched_or_is_away_for_a_moment_changes_nothing(running: Running) -> None:
    async with running.reloader:
        os.utime(running.file)
        await asyncio.sleep(1.5)
        assert running.reloader.parts is running.parts
        aside = running.file.rename(running.file.with_name("aside"))
        await asyncio.sleep(1.5)
        assert await running.call() == "x"
        aside.rename(running.file)


async def test_sighup_reloads_though_the_file_is_the_same(running: Running) -> None:
    before = running.gateway.snapshot
    async with running.reloader:
        os.kill(os.getpid(), signal.SIGHUP)
        await _until(lambda: running.gateway.snapshot is not before)


async def test_a_cancelled_reload_changes_nothing(running: Running) -> None:
    running.edit(_only_read)
    going = asyncio.create_task(running.reloader.reload())
    await asyncio.sleep(0.001)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await running.call() == "x"


async def test_fifty_reloads_leave_nothing_behind(running: Running) -> None:
    def threads() -> int:
        return sum(thread.name.startswith("secure-gateway") for thread in threading.enumerate())

    def files() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the one that is listing is in every count

    async with running.reloader:
        for _ in range(3):
            await running.call()
            await running.reloader.reload()
        await _until(lambda: not running.reloader._drains)
        before, snapshots = (threads(), files()), []
        for turn in range(50):
            running.edit(lambda value: value.update(limits={"max_depth": 100}))
            await running.call()
            snapshots.append(weakref.ref(running.gateway.snapshot))
            if turn % 5 == 4:
                good = running.file.read_text()
                running.file.write_text(good.replace('"api_key"', '"nonesuch"'))
                assert not await running.reloader.try_reload("asked to")
                running.file.write_text(good)
            await running.reloader.reload()
        await _until(lambda: not running.reloader._drains)
        gc.collect()
        await _until(lambda: (threads(), files()) <= before)
        assert not [found for found in snapshots if found() is not None]


PLUGIN_MODULE = """
from secure_gateway.plugins.framework import Plugin, ToolPostInvokePayload, ToolPostInvokeResult

class Answering(Plugin):
    kind = "answering"

    async def tool_post_invoke(self, payload, context):
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"result": "ANSWER"}))
"""


def _answering(value: dict[str, Any]) -> None:
    value["plugins"]["hooks"] = [{"name": "answering", "kind": "answering"}]


async def _file_plugin(running: Running) -> Path:
    folder = running.made.folder / "plugins"
    folder.mkdir(mode=0o700)
    module = folder / "answering.py"
    module.write_text(PLUGIN_MODULE.replace("ANSWER", "one"))
    module.chmod(0o600)
    running.edit(_answering)
    await running.reloader.reload()
    assert await running.call() == "one"
    return module


async def _until_answered(running: Running, answer: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while await running.call() != answer:  # noqa: ASYNC110 - what it waits for is another's
            await asyncio.sleep(0.05)


async def test_a_changed_plugin_module_is_loaded_anew_and_put_in_force(running: Running) -> None:
    module = await _file_plugin(running)
    async with running.reloader:
        going, begun = asyncio.Event(), asyncio.Event()

        async def upstream(_given: Mapping[str, Any]) -> str:
            begun.set()
            await going.wait()
            return "x"

        held = asyncio.create_task(running.gateway.call("echo", {}, upstream, credentials=running.made.key))
        await begun.wait()
        module.write_text(PLUGIN_MODULE.replace("ANSWER", "two"))
        await _until_answered(running, "two")
        going.set()
        assert await held == "one"


async def test_a_plugin_module_that_is_broken_keeps_the_old_one_until_it_is_mended(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    module = await _file_plugin(running)
    async with running.reloader:
        module.write_text("class Answering(:\n")
        await _until(lambda: "nothing was changed" in caplog.text)
        assert await running.call() == "one"
        module.write_text(PLUGIN_MODULE.replace("ANSWER", "three"))
        await _until_answered(running, "three")


async def test_a_new_module_in_the_plugins_folder_and_a_changed_list_are_noticed(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    module = await _file_plugin(running)
    plugins = module.parent / "lists.yaml"
    plugins.write_text("plugins: []\n")
    plugins.chmod(0o600)
    running.edit(
        lambda value: value["plugins"].pop("hooks"), lambda value: value.update(include=["plugins/lists.yaml"])
    )
    await running.reloader.reload()
    assert await running.call() == "x"
    async with running.reloader:
        await asyncio.sleep(1.2)  # one look at least, so that the next finds a change
        plugins.write_text("plugins: [{name: nonesuch, kind: plugins.nonesuch.Nonesuch}]\n")
        await _until(lambda: "nothing was changed" in caplog.text)
        plugins.write_text("plugins: [{name: answering, kind: plugins.answering.Answering}]\n")
        await _until_answered(running, "one")


async def test_a_list_that_a_refused_configuration_names_is_watched_too(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    module = await _file_plugin(running)
    plugins = module.parent / "lists.yaml"
    plugins.write_text("plugins: [{name: answering, knd: 1}]\n")
    plugins.chmod(0o600)
    async with running.reloader:
        running.edit(
            lambda value: value["plugins"].pop("hooks"), lambda value: value.update(include=["plugins/lists.yaml"])
        )
        await _until(lambda: "nothing was changed" in caplog.text)
        plugins.write_text("plugins: []\n")
        await _until_answered(running, "x")


async def test_a_file_written_in_steps_is_never_in_force_half(running: Running) -> None:
    running.edit(_only_read)
    whole = running.file.read_bytes()
    halves = json.loads(whole)
    halves["roles"]["everything"]["tools"], halves["roles"]["everything"]["prompts"] = ["*"], ["none"]
    new = json.dumps(halves).encode()
    seen: set[tuple[bool, bool]] = set()
    async with running.reloader:
        for turn in range(20):
            for text in (whole, new):
                with running.file.open("r+b") as file:  # over what stands there, as some editors do
                    file.truncate(len(text))
                    for start in range(0, len(text), 97):
                        file.write(text[start : start + 97])
                        file.flush()
                        await asyncio.sleep(0.001)
                running.reloader.ask()
                permissions = running.parts.gateway.snapshot.permissions
                seen.add((await _may(running, "prompt"), await _may(running, "tool")))
                assert permissions is not None, turn
    # (prompts, tools): the first configuration, and the two that were written whole.
    assert seen <= {(True, True), (True, False), (False, True)}


async def _may(running: Running, kind: str) -> bool:
    owner = Principal(subject="owner", provider="api_key", roles=("everything",))
    listing = Request(operation=Operation.MESSAGE, name="tools/list")
    return await running.gateway.permits(owner, Operation(kind), "echo", within=listing)


async def test_modes_set_at_run_time_stay_over_a_reload_until_their_plugin_is_gone(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.gateway.plugins.disable("pii")
    running.gateway.plugins.set_mode("secrets", "permissive", tool="e*")
    running.edit(_noting("new"))
    await running.reloader.reload()
    assert await running.call(argument="ada@example.com") == "ada@example.com"
    assert "plugin 'pii': mode disabled stays in force over the reload" in caplog.text
    running.edit(_unguarded)
    await running.reloader.reload()
    assert "plugin 'pii': mode disabled is forgotten" in caplog.text
    assert not any(plugin.overrides for plugin in running.gateway.plugins.list())


async def test_a_bad_reload_keeps_modes_and_what_was_moved(running: Running) -> None:
    running.gateway.plugins.disable("pii")
    before = running.gateway.snapshot
    running.file.write_text("{")
    assert not await running.reloader.try_reload("test")
    assert running.gateway.snapshot is before


async def test_what_a_request_from_before_a_change_still_uses_is_not_closed_by_a_reload(running: Running) -> None:
    async with running.reloader:
        running.edit(_noting("old"))
        await running.reloader.reload()
        going, begun = asyncio.Event(), asyncio.Event()

        async def upstream(_given: Mapping[str, Any]) -> str:
            begun.set()
            await going.wait()
            return "done"

        held = asyncio.create_task(running.gateway.call("echo", {}, upstream, credentials=running.made.key))
        await begun.wait()
        running.gateway.plugins.disable("old")
        running.gateway.plugins.enable("old")
        running.edit(_noting("new"))
        await running.reloader.reload()
        await asyncio.sleep(0.2)
        assert "stop old" not in NotingPlugin.noted
        going.set()
        assert await held == "done"
        del held
        await _until(lambda: "stop old" in NotingPlugin.noted)


async def test_changes_of_plugins_during_reloads_are_all_kept(running: Running) -> None:
    async with running.reloader:
        for turn in range(5):
            reload = asyncio.create_task(running.reloader.reload())
            while not reload.done():
                running.gateway.plugins.set_mode("pii", "disabled", tool=f"tool_{turn}")
                await asyncio.sleep(0)
            await reload
    assert len(running.gateway.plugins.show("pii").overrides) == 5
