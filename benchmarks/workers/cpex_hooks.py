"""cpex's PluginManager: one hook call."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from cpex.framework import (  # type: ignore[import-not-found]
    GlobalContext,
    Plugin,
    PluginConfig,
    TenantPluginManager,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from cpex.framework.models import Config  # type: ignore[import-not-found]

from benchmarks import corpus
from benchmarks.worker import Repeat, case, main

logging.disable(logging.WARNING)


class Noop(Plugin):  # type: ignore[misc]
    """Lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        return ToolPreInvokeResult()


class Modifier(Plugin):  # type: ignore[misc]
    """Rewrites one argument."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        args = {**payload.args, "limit": payload.args["limit"] + 1}
        return ToolPreInvokeResult(modified_payload=payload.model_copy(update={"args": args}))


class Suspender(Plugin):  # type: ignore[misc]
    """Gives the event loop a turn, then lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        await asyncio.sleep(0)
        return ToolPreInvokeResult()


async def _hook(kind: str, count: int, conditions: list[dict[str, Any]] | None = None, after: int = 25) -> Repeat:
    plugins = [
        PluginConfig(
            name=f"p{n}",
            kind=f"benchmarks.workers.cpex_hooks.{kind}",
            hooks=["tool_pre_invoke"],
            mode="sequential",
            priority=10 + n,
            conditions=conditions or [],
        )
        for n in range(count)
    ]
    manager = TenantPluginManager(Config(plugins=plugins))
    await manager.initialize()
    assert manager.plugin_count == count
    arguments = corpus.arguments()
    facts = GlobalContext(request_id="1", user="ann@example.com", tenant_id="t1", server_id="s1")

    async def repeat(count: int) -> None:
        result = None
        for _ in range(count):
            result, _ = await manager.invoke_hook(
                "tool_pre_invoke", ToolPreInvokePayload(name="search", args=arguments), facts
            )
        assert result is not None
        assert result.continue_processing
        changed = arguments if result.modified_payload is None else result.modified_payload.args
        assert changed["limit"] == after

    return repeat


@case("hook_1_noop")
async def _one() -> Repeat:
    return await _hook("Noop", 1)


@case("hook_5_noop")
async def _five() -> Repeat:
    return await _hook("Noop", 5)


@case("hook_10_noop")
async def _ten() -> Repeat:
    return await _hook("Noop", 10)


@case("hook_10_unmatched")
async def _unmatched() -> Repeat:
    return await _hook("Noop", 10, [{"tools": ["other"]}])


@case("hook_5_modify")
async def _modify() -> Repeat:
    return await _hook("Modifier", 5, after=30)


@case("hook_5_suspend")
async def _suspend() -> Repeat:
    return await _hook("Suspender", 5)


if __name__ == "__main__":
    main()
