"""ContextForge's own client of external plugins, run by an interpreter that has cpex: a connection on stdin, what it got on stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from cpex.framework import GlobalContext, PluginContext, PluginError  # type: ignore[import-not-found]
from cpex.framework.external.mcp.client import ExternalPlugin  # type: ignore[import-not-found]
from cpex.framework.hooks.http import HttpPreRequestPayload  # type: ignore[import-not-found]
from cpex.framework.hooks.prompts import PromptPrehookPayload  # type: ignore[import-not-found]
from cpex.framework.hooks.tools import ToolPostInvokePayload, ToolPreInvokePayload  # type: ignore[import-not-found]
from cpex.framework.models import PluginConfig, UserContext  # type: ignore[import-not-found]

PATIENCE = 60


def context_of(request_id: str) -> Any:
    user = UserContext(user_id="ada", email="ada@example.com", groups=["g"], roles=["dev"])
    facts = GlobalContext(request_id=request_id, user="ada@example.com", user_context=user, server_id="s")
    return PluginContext(global_context=facts)


async def asked(plugin: Any, hook: str, payload: Any, context: Any) -> Any:
    try:
        result = await plugin.invoke_hook(hook, payload, context)
    except PluginError as error:
        return {"error": error.error.model_dump()}
    return result.model_dump(mode="json")


async def visit(mcp: dict[str, Any]) -> dict[str, Any]:
    title = ExternalPlugin(PluginConfig(name="Title", kind="external", hooks=["tool_pre_invoke"], mcp=mcp))
    rogue = ExternalPlugin(PluginConfig(name="Rogue", kind="external", hooks=["tool_pre_invoke"], mcp=mcp))
    said: dict[str, Any] = {}
    try:
        await title.initialize()
        said["config"] = title.config.model_dump(mode="json")
        context = context_of("r1")
        said["pre"] = await asked(
            title, "tool_pre_invoke", ToolPreInvokePayload(name="t", args={"city": "bern"}), context
        )
        said["state"] = {**context.state, "shared": context.global_context.state, "metadata": context.metadata}
        said["post"] = await asked(
            title, "tool_post_invoke", ToolPostInvokePayload(name="t", result={"x": [1]}), context
        )
        refused = ToolPreInvokePayload(name="t", args={"city": "atlantis"})
        said["refused"] = await asked(title, "tool_pre_invoke", refused, context_of("r2"))
        prompt = PromptPrehookPayload(prompt_id="greet", args={"a": "b"})
        said["prompt"] = await asked(title, "prompt_pre_fetch", prompt, context_of("r3"))
        request = HttpPreRequestPayload(path="/x", method="GET", headers={"a": "b"})
        said["http"] = await asked(title, "http_pre_request", request, context_of("r4"))
        await rogue.initialize()
        for name in ("raises", "exits", "hangs", "nothing"):
            said[name] = await asked(rogue, "tool_pre_invoke", ToolPreInvokePayload(name=name), context_of(name))
        said["unanswered"] = await asked(rogue, "prompt_pre_fetch", prompt, context_of("r5"))
    finally:
        await rogue.shutdown()
        await title.shutdown()
    return said


if __name__ == "__main__":
    connection = json.load(sys.stdin)
    print(json.dumps(asyncio.run(asyncio.wait_for(visit(connection), PATIENCE))))
