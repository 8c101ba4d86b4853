"""cpex's PluginManager with no-op plugins that read one nested argument."""

from __future__ import annotations

import logging
from typing import Any

from cpex.framework import (  # type: ignore[import-not-found]
    GlobalContext,
    Plugin,
    PluginConfig,
    TenantPluginManager,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from cpex.framework.models import Config  # type: ignore[import-not-found]

from benchmarks import corpus
from benchmarks.worker import Repeat, case, main

logging.disable(logging.WARNING)


class Reader(Plugin):  # type: ignore[misc]
    """Reads one nested argument and lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        assert payload.args["options"]["page"] == 3
        return ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: Any, context: Any) -> Any:
        assert payload.result["content"][0]["type"] == "text"
        return ToolPostInvokeResult()


async def _pipeline(size: int) -> Repeat:
    plugins = [
        PluginConfig(
            name=f"reader{n}",
            kind=f"{__name__ if __name__ != '__main__' else 'benchmarks.workers.cpex'}.Reader",
            hooks=["tool_pre_invoke", "tool_post_invoke"],
            mode="sequential",
            priority=10 + n,
            conditions=[{"tools": ["search"]}],
        )
        for n in range(5)
    ]
    manager = TenantPluginManager(Config(plugins=plugins))
    await manager.initialize()
    assert manager.plugin_count == len(plugins)
    arguments = corpus.arguments(size)
    answer = corpus.result(arguments["query"])
    number = 0

    async def repeat(count: int) -> None:
        nonlocal number
        for _ in range(count):
            number += 1
            facts = GlobalContext(request_id=str(number), user="ann@example.com", tenant_id="t1", server_id="s1")
            before, contexts = await manager.invoke_hook(
                "tool_pre_invoke", ToolPreInvokePayload(name="search", args=arguments), facts
            )
            assert before.continue_processing
            after, _ = await manager.invoke_hook(
                "tool_post_invoke", ToolPostInvokePayload(name="search", result=answer), facts, local_contexts=contexts
            )
            assert after.continue_processing

    return repeat


@case("pipeline_5x2_noop")
async def _small() -> Repeat:
    return await _pipeline(150)


@case("pipeline_5x2_noop_64k")
async def _large() -> Repeat:
    return await _pipeline(65536)


if __name__ == "__main__":
    main()
