"""Plugins of equal priority that run at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from secure_gateway.errors import PluginError, PolicyDenied
from secure_gateway.plugins.framework import (
    Plugin,
    PluginCondition,
    PluginConfig,
    PluginContext,
    PluginMode,
    PluginViolation,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from secure_gateway.testing.gateways import MemorySink, gateway_for

Act = Callable[[ToolPreInvokePayload], Awaitable[Any]]


class Acting(Plugin):
    """Does what it is given."""

    def __init__(self, name: str, act: Act, **config: Any) -> None:
        super().__init__(PluginConfig(name=name, **config))
        self._act = act

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        answer: ToolPreInvokeResult = await self._act(payload)
        return answer


def sets(key: str, value: Any) -> Act:
    async def act(payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
        assert payload.args is not None
        payload.args[key] = value
        return ToolPreInvokeResult(modified_payload=payload)

    return act


async def allow(_payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
    return ToolPreInvokeResult()


async def refuse(_payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
    return ToolPreInvokeResult(continue_processing=False, violation=PluginViolation(code="NO", reason="no"))


async def hang(_payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
    await asyncio.sleep(60)
    raise AssertionError("nobody waits so long")


async def asked(*plugins: Plugin, sink: MemorySink | None = None, arguments: Any = None) -> Any:
    """Return what reaches the tool behind ``plugins``."""
    gateway = gateway_for(plugins, parallel=True, sinks=[sink] if sink else [])
    given = {"a": 1, "b": 1} if arguments is None else arguments
    return await gateway.call("tool", given, lambda args: args, credentials="key")


async def test_plugins_of_a_band_wait_for_each_other_without_a_deadlock() -> None:
    here, there = asyncio.Event(), asyncio.Event()

    async def one(_payload: Any) -> ToolPreInvokeResult:
        here.set()
        await there.wait()
        return ToolPreInvokeResult()

    async def other(_payload: Any) -> ToolPreInvokeResult:
        there.set()
        await here.wait()
        return ToolPreInvokeResult()

    sink = MemorySink()
    await asked(Acting("one", one), Acting("other", other), sink=sink)
    assert [step.plugin for step in sink.last.steps if step.hook == "tool_pre_invoke"] == ["one", "other"]


async def test_the_first_refusal_cancels_the_others_and_the_record_says_so() -> None:
    sink = MemorySink()
    with pytest.raises(PolicyDenied, match="no"):
        await asked(Acting("slow", hang), Acting("quick", allow), Acting("refuser", refuse), sink=sink)
    steps = {step.plugin: (step.verdict, step.reason) for step in sink.last.steps}
    assert steps["slow"] == ("none", "cancelled: another plugin of its band refused first")
    assert steps["quick"] == ("allow", "another plugin of its band refused")
    assert steps["refuser"] == ("deny", "no")
    assert sink.last.decided_by == "refuser"


async def test_a_failure_that_counts_ends_the_band_and_one_that_does_not_lets_it_go_on() -> None:
    async def crash(_payload: Any) -> Any:
        raise SystemExit(3)

    with pytest.raises(PluginError, match="'crasher' failed"):
        await asked(Acting("slow", hang), Acting("crasher", crash))
    lenient = Acting("crasher", crash, mode=PluginMode.ENFORCE_IGNORE_ERROR)
    assert await asked(lenient, Acting("writer", sets("b", 2))) == {"a": 1, "b": 2}


@pytest.mark.parametrize("answer", [None, "yes", {"continue_processing": True}])
async def test_what_is_no_answer_refuses_in_a_band_too(answer: Any) -> None:
    async def act(_payload: Any) -> Any:
        return answer

    with pytest.raises(PluginError, match="it returned"):
        await asked(Acting("liar", act), Acting("other", allow))


async def test_changes_of_different_fields_are_put_together_and_a_later_band_sees_them() -> None:
    seen: list[Any] = []

    async def look(payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
        seen.append(payload.args)
        return ToolPreInvokeResult()

    got = await asked(Acting("one", sets("a", 2)), Acting("other", sets("b", 3)), Acting("later", look, priority=200))
    assert got == {"a": 2, "b": 3}
    assert seen == [{"a": 2, "b": 3}]


async def test_contradicting_changes_are_a_failure_of_the_second_in_configured_order() -> None:
    async def late(payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
        await asyncio.sleep(0.01)
        answer: ToolPreInvokeResult = await sets("a", 2)(payload)
        return answer

    with pytest.raises(PluginError, match=r"'second' failed .* contradicts"):
        await asked(Acting("first", late), Acting("second", sets("a", 3)))
    assert await asked(Acting("first", late), Acting("second", sets("a", 2))) == {"a": 2, "b": 1}


async def test_two_plugins_that_rename_the_target_differently_contradict_each_other() -> None:
    def renames(name: str) -> Act:
        async def act(payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
            return ToolPreInvokeResult(modified_payload=payload.model_copy(update={"name": name}))

        return act

    with pytest.raises(PluginError, match="contradicts"):
        await asked(Acting("one", renames("x")), Acting("other", renames("y")))


async def test_a_plugin_in_a_band_that_hangs_is_cut_off_at_its_limit() -> None:
    with pytest.raises(PluginError, match="did not answer within"):
        await asked(Acting("hanging", hang, timeout=0.05), Acting("other", allow))


async def test_each_plugin_of_a_band_has_a_copy_of_its_own() -> None:
    async def scribble(payload: ToolPreInvokePayload) -> ToolPreInvokeResult:
        assert payload.args == {"deep": {"list": [1]}}
        payload.args["deep"]["list"].append(2)
        await asyncio.sleep(0)
        assert payload.args == {"deep": {"list": [1, 2]}}
        return ToolPreInvokeResult()

    given = {"deep": {"list": [1]}}
    assert await asked(Acting("one", scribble), Acting("other", scribble), arguments=given) == {"deep": {"list": [1]}}


async def test_conditions_hold_in_a_band_and_every_plugin_leaves_one_step() -> None:
    sink = MemorySink()
    elsewhere = Acting("elsewhere", refuse, conditions=[PluginCondition(tools=("other",))])
    off = Acting("off", refuse, mode=PluginMode.DISABLED)
    trying = Acting("trying", refuse, mode=PluginMode.PERMISSIVE)
    await asked(elsewhere, off, trying, Acting("allowing", allow), sink=sink)
    steps = {step.plugin: step.verdict for step in sink.last.steps if step.hook == "tool_pre_invoke"}
    assert steps == {"elsewhere": "none", "off": "none", "trying": "would_deny", "allowing": "allow"}


async def test_a_caller_that_goes_away_takes_the_band_with_it() -> None:
    ended: list[str] = []

    async def noticing(_payload: Any) -> ToolPreInvokeResult:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("one")
        return ToolPreInvokeResult()

    request = asyncio.create_task(asked(Acting("one", noticing), Acting("other", noticing)))
    await asyncio.sleep(0.01)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert ended == ["one", "one"]


async def test_a_plugin_of_a_band_that_swallows_its_cancellation_does_not_hold_up_the_refusal() -> None:
    async def stubborn(_payload: Any) -> ToolPreInvokeResult:
        for _ in range(100):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue
        return ToolPreInvokeResult()

    with pytest.raises(PolicyDenied):
        await asked(Acting("stubborn", stubborn, timeout=0.05), Acting("refuser", refuse))
