"""CPEX plugins that keep their contract and ones that do not: what each does stands in its configuration."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import time
from typing import Any

cpex = importlib.import_module("cpex.framework")


class Panic(BaseException):
    """As pyo3 raises it when Rust code panics: no Exception."""


class Odd(cpex.Plugin):  # type: ignore[misc, name-defined]
    """Does what ``config["does"]`` says."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._does = config.config["does"]
        self._ready = "no"
        if self._does == "panic_at_birth":
            raise Panic
        if self._does == "interrupt_at_birth":
            raise KeyboardInterrupt

    async def initialize(self) -> None:
        self._ready = "yes"

    async def tool_pre_invoke(self, payload: Any, context: Any) -> Any:
        return await getattr(self, f"_{self._does}")(payload, context)

    async def tool_post_invoke(self, payload: Any, context: Any, extensions: Any = None) -> Any:
        seen = [context.get_state("seen"), context.global_context.state.get("shared"), extensions.request.request_id]
        update = {"result": [*seen, self._ready, str(payload.result)[:10]]}
        return cpex.PluginResult(modified_payload=payload.model_copy(update=update))

    async def _fine(self, payload: Any, context: Any) -> Any:
        context.set_state("seen", payload.args)
        context.global_context.state["shared"] = context.global_context.user
        return cpex.PluginResult(metadata={"kind": "fine"})

    async def _prints(self, payload: Any, context: Any) -> Any:
        print("hello")  # and must not break what the processes say to each other
        os.write(1, b"{}\n")
        sys.stdin.readline()
        return cpex.PluginResult()

    async def _raises_its_no(self, payload: Any, context: Any) -> Any:
        raise cpex.PluginViolationError(
            "no", violation=cpex.PluginViolation(reason="r", description="d", code="RAISED")
        )

    async def _none(self, payload: Any, context: Any) -> Any:
        return None

    async def _text(self, payload: Any, context: Any) -> Any:
        return "fine"

    async def _other_payload(self, payload: Any, context: Any) -> Any:
        return cpex.PluginResult(modified_payload=cpex.ToolPostInvokePayload(name="t", result=1))

    async def _no_json(self, payload: Any, context: Any) -> Any:
        return cpex.PluginResult(modified_payload=payload.model_copy(update={"args": {"x": b"secret words"}}))

    async def _no_args(self, payload: Any, context: Any) -> Any:
        return cpex.PluginResult(modified_payload=payload.model_copy(update={"args": "secret words"}))

    async def _raises(self, payload: Any, context: Any) -> Any:
        raise ValueError("secret words")

    async def _panics(self, payload: Any, context: Any) -> Any:
        raise Panic("secret words")

    async def _exits(self, payload: Any, context: Any) -> Any:
        sys.exit(3)

    async def _retries(self, payload: Any, context: Any) -> Any:
        return cpex.PluginResult(retry_delay_ms=5)

    async def _extends(self, payload: Any, context: Any) -> Any:
        extensions = importlib.import_module("cpex.framework.extensions.extensions")
        return cpex.PluginResult(modified_extensions=extensions.Extensions(custom={"a": 1}))

    async def _dies(self, payload: Any, context: Any) -> Any:
        os._exit(3)

    async def _blocks(self, payload: Any, context: Any) -> Any:
        time.sleep(60)  # noqa: ASYNC251 - that is what it is for

    async def _suspends(self, payload: Any, context: Any) -> Any:
        await asyncio.sleep(60)
