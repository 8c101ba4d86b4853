"""From the first line to the first answer: cpex with one plugin."""

import time

started = time.perf_counter()

import asyncio  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
from typing import Any  # noqa: E402

from cpex.framework import (  # type: ignore[import-not-found]  # noqa: E402
    GlobalContext,
    Plugin,
    PluginConfig,
    TenantPluginManager,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from cpex.framework.models import Config  # type: ignore[import-not-found]  # noqa: E402

logging.disable(logging.WARNING)


class Only(Plugin):  # type: ignore[misc]
    """Lets pass."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        return ToolPreInvokeResult()


async def main() -> None:
    config = PluginConfig(
        name="only", kind="benchmarks.workers.start_cpex.Only", hooks=["tool_pre_invoke"], mode="sequential"
    )
    manager = TenantPluginManager(Config(plugins=[config]))
    await manager.initialize()
    payload = ToolPreInvokePayload(name="echo", args={"message": "hello"})
    answer, _ = await manager.invoke_hook("tool_pre_invoke", payload, GlobalContext(request_id="1"))
    assert answer.continue_processing


if __name__ == "__main__":
    asyncio.run(main())
    print(json.dumps({"seconds": time.perf_counter() - started}))
