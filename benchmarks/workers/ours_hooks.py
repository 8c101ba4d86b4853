"""secure-gateway's hook stage: everything between a payload and the verdict of all plugins at one hook."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Sequence
from typing import Any

from benchmarks import corpus
from benchmarks.worker import Repeat, case, main
from secure_gateway.pipeline.facts import tell_facts
from secure_gateway.pipeline.hooks import run_hooks
from secure_gateway.pipeline.run import begin
from secure_gateway.pipeline.subjects import Subject
from secure_gateway.plugins.framework import Plugin, PluginCondition, PluginConfig, ToolPreInvokeResult
from secure_gateway.plugins.framework.isolation import isolate
from secure_gateway.testing.gateways import gateway_for
from secure_gateway.types import Operation, Request

DEPTH = 100


class Noop(Plugin):
    """Lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()


class Modifier(Plugin):
    """Rewrites one argument."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        payload.args["limit"] += 1
        return ToolPreInvokeResult(modified_payload=payload)


class Suspender(Plugin):
    """Gives the event loop a turn, then lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        await asyncio.sleep(0)
        return ToolPreInvokeResult()


def _plugins(cls: type[Plugin], count: int, conditions: Sequence[PluginCondition] = ()) -> list[Plugin]:
    return [cls(PluginConfig(name=f"p{n}", priority=10 + n, conditions=list(conditions))) for n in range(count)]


def _hook(plugins: list[Plugin], after: int = 25) -> Repeat:
    """Call the hook stage again and again, with new contexts and a new subject each time. ``after``: what ``limit`` is then."""
    snapshot = gateway_for(plugins).snapshot
    arguments = corpus.arguments()
    run = begin(Request(operation=Operation.TOOL, name="search", arguments=arguments), snapshot)
    tell_facts(run)

    async def repeat(count: int) -> None:
        subject = None
        for _ in range(count):
            run.trace.clear()
            run.contexts.clear()
            subject = Subject("search", isolate(arguments, DEPTH))
            await run_hooks(run, "tool_pre_invoke", subject)
        assert subject is not None
        assert len(run.trace) == len(plugins)
        assert subject.body.value["limit"] == after

    return repeat


@case("hook_1_noop")
async def _one() -> Repeat:
    return _hook(_plugins(Noop, 1))


@case("hook_5_noop")
async def _five() -> Repeat:
    return _hook(_plugins(Noop, 5))


@case("hook_10_noop")
async def _ten() -> Repeat:
    return _hook(_plugins(Noop, 10))


@case("hook_10_unmatched")
async def _unmatched() -> Repeat:
    return _hook(_plugins(Noop, 10, [PluginCondition(tools=("other",))]))


@case("hook_5_modify")
async def _modify() -> Repeat:
    return _hook(_plugins(Modifier, 5), after=30)


@case("hook_5_suspend")
async def _suspend() -> Repeat:
    return _hook(_plugins(Suspender, 5))


@case("plain_await")
async def _plain() -> Repeat:
    plugin = Noop(PluginConfig(name="plain"))

    async def repeat(count: int) -> None:
        for _ in range(count):
            await plugin.tool_pre_invoke(None, None)

    return repeat


def kilobytes_of_a_plugin(count: int = 200) -> float:
    """Return what one more plugin keeps in memory, bound and ready to be called."""
    gateway_for(_plugins(Noop, 10))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = gateway_for(_plugins(Noop, count))
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert kept is not None
    return used / count / 1024


if __name__ == "__main__":
    main()
