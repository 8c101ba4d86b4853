"""Plugins for the tests of the plugin server: one that works, and some that do not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from secure_gateway.plugins.framework import (
    HttpHeaderPayload,
    HttpPostRequestResult,
    HttpPreRequestResult,
    Plugin,
    PluginResult,
    PluginViolation,
    PromptPrehookPayload,
    PromptPrehookResult,
    ResourcePreFetchResult,
    ToolPostInvokeResult,
    ToolPreInvokeResult,
)

SECRET = "hunter2-in-the-open"


class Title(Plugin):
    """Writes the city with a capital, refuses one of them, and remembers it until the tool has answered."""

    async def initialize(self) -> None:
        self._note("initialized")

    async def shutdown(self) -> None:
        self._note("shut down")

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        print("noise that must not reach the client")
        city = payload.args["city"]
        if city == "atlantis":
            violation = PluginViolation(code="NO_SUCH_CITY", reason="there is none", description="d", details={"n": 1})
            return ToolPreInvokeResult(continue_processing=False, violation=violation)
        context.set_state("city", city)
        context.metadata["seen"] = True
        context.global_context.state["shared"] = [city]
        payload.args["city"] = city.title()
        return ToolPreInvokeResult(modified_payload=payload, metadata={"titled": 1})

    async def tool_post_invoke(self, payload: Any, context: Any) -> ToolPostInvokeResult:
        remembered = {"asked for": context.get_state("city"), "result": payload.result}
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"result": remembered}))

    async def prompt_pre_fetch(self, payload: PromptPrehookPayload, context: Any) -> PromptPrehookResult:
        return PromptPrehookResult(modified_payload=payload.model_copy(update={"args": {"by": payload.name}}))

    async def http_pre_request(self, payload: Any, context: Any) -> HttpPreRequestResult:
        return HttpPreRequestResult(modified_payload=HttpHeaderPayload({"X-Seen": payload.path}))

    def _note(self, what: str) -> None:
        diary = self.config.config.get("diary")
        if diary:
            with Path(diary).open("a") as file:
                file.write(f"{what}\n")


class Rogue(Plugin):
    """Does what its payload's name says."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        match payload.name:
            case "raises":
                raise ValueError(SECRET)
            case "exits":
                raise SystemExit(SECRET)
            case "base":
                raise BaseException(SECRET)  # noqa: TRY002 - the worst there is
            case "interrupts":
                raise KeyboardInterrupt
            case "cancels":
                raise asyncio.CancelledError(SECRET)
            case "hangs":
                await asyncio.sleep(3600)
            case "clings":
                while True:
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        continue
            case "other":
                return ToolPostInvokeResult()
            case "odd payload":
                return ToolPreInvokeResult(modified_payload=SECRET)  # type: ignore[arg-type]
            case "no json":
                payload.args["x"] = object()
                return ToolPreInvokeResult(modified_payload=payload)
            case "odd state":
                context.state = {"x": object()}
                return ToolPreInvokeResult()
            case "huge":
                payload.args["x"] = "x" * (17 * 1024 * 1024)
                return ToolPreInvokeResult(modified_payload=payload)
        return None

    async def tool_post_invoke(self, payload: Any, context: Any) -> ToolPostInvokeResult:
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"name": "another tool"}))

    async def http_post_request(self, payload: Any, context: Any) -> HttpPostRequestResult:
        return HttpPostRequestResult(continue_processing=False)

    async def resource_pre_fetch(self, payload: Any, context: Any) -> PluginResult[Any]:
        await asyncio.sleep(0.01)
        return ResourcePreFetchResult(modified_payload=payload)


class Unborn(Plugin):
    """Cannot be initialized."""

    async def initialize(self) -> None:
        raise SystemExit(SECRET)

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()
