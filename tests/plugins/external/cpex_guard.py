"""A plugin written for cpex, served by cpex's own plugin server; it runs in the environment ``cpex``."""

from __future__ import annotations

from typing import Any

from cpex.framework import (  # type: ignore[import-not-found]
    Plugin,
    PluginViolation,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)


class Guard(Plugin):  # type: ignore[misc]
    """Shouts the city, refuses Atlantis, raises for Hell, and counts in its state."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        city = payload.args.get("city")
        if city == "Hell":
            raise ValueError("hunter2")
        if city == "Atlantis":
            violation = PluginViolation(code="SUNK", reason="there is no such city", description="", details={})
            return ToolPreInvokeResult(continue_processing=False, violation=violation)
        context.state["asked"] = city
        return ToolPreInvokeResult(
            modified_payload=ToolPreInvokePayload(name=payload.name, args={**payload.args, "city": city.upper()})
        )

    async def tool_post_invoke(self, payload: Any, context: Any) -> Any:
        result = {"of": context.state.get("asked"), "was": payload.result}
        return ToolPostInvokeResult(modified_payload=ToolPostInvokePayload(name=payload.name, result=result))
