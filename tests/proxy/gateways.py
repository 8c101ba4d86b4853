"""Gateways for proxy tests: two callers with different rights, and a plugin that masks, stops, prints or waits on demand."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from secure_gateway.decisions import DecisionRecord
from secure_gateway.gateway import Gateway
from secure_gateway.pipeline.snapshot import Limits
from secure_gateway.plugins.framework import (
    AgentPostInvokePayload,
    AgentPreInvokePayload,
    MessagePayload,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginViolation,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)
from secure_gateway.plugins.framework.results import (
    AgentPostInvokeResult,
    AgentPreInvokeResult,
    MessageResult,
    ToolPostInvokeResult,
    ToolPreInvokeResult,
)
from secure_gateway.testing.gateways import EVERYTHING, MemorySink, gateway_for
from secure_gateway.types import AuthCredentials, IdentityVerdict, InvalidIdentity, NoIdentity, Principal, Resolved

ADMIN_KEY = "key-of-the-administrator"
GUEST_KEY = "key-of-the-guest"
OTHER_KEY = "key-of-another-administrator"

_ROLES = {
    "admin": EVERYTHING,
    "guest": {"tools": ["echo", "numbers"], "prompts": ["open*"], "resources": ["file:///open/*"]},
}
_PRINCIPALS = {
    ADMIN_KEY: Principal(subject="ada", provider="keys", roles=("admin",)),
    OTHER_KEY: Principal(subject="otto", provider="keys", roles=("admin",)),
    GUEST_KEY: Principal(subject="gus", provider="keys", roles=("guest",)),
}


class Keys:
    """Resolves the three keys above."""

    def __init__(self) -> None:
        self.disabled: set[str] = set()

    async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
        key = (credentials.api_key or credentials.gateway_key or credentials.access_token) if credentials else None
        if not key:
            return NoIdentity()
        principal = None if key in self.disabled else _PRINCIPALS.get(key)
        return Resolved(principal) if principal else InvalidIdentity("invalid_credentials", "no such key", "keys")


class FileSink(MemorySink):
    """Appends every record to a file, for tests that look at another process."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: DecisionRecord) -> bool:
        with self._path.open("a") as file:
            file.write(json.dumps(record.to_dict()) + "\n")
        return super().emit(record)


class Warden(Plugin):
    """At every hook: "FORBIDDEN" is denied, "SECRET" masked, "WAIT" waited for, "PRINT" printed, "CRASH" and "INTERRUPT" raised."""

    def _change(self, value: Any) -> tuple[Any, PluginViolation | None]:
        text = json.dumps(value)
        if "PRINT" in text:
            print("a plugin that prints")
        if "INTERRUPT" in text:
            raise KeyboardInterrupt
        if "CRASH" in text:
            raise RuntimeError("a plugin that crashes")
        if "FORBIDDEN" in text:
            return value, PluginViolation(code="warden", reason="the word is forbidden here")
        return (json.loads(text.replace("SECRET", "******")), None) if "SECRET" in text else (value, None)

    async def _answer(self, payload: Any, field: str, result: type[Any]) -> Any:
        value = getattr(payload, field)
        if "WAIT" in json.dumps(value):
            await asyncio.sleep(0.2)
        changed, violation = self._change(value)
        if violation:
            return result(continue_processing=False, violation=violation)
        return (
            result(modified_payload=payload.model_copy(update={field: changed})) if changed is not value else result()
        )

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        answer: ToolPreInvokeResult = await self._answer(payload, "args", ToolPreInvokeResult)
        return answer

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        answer: ToolPostInvokeResult = await self._answer(payload, "result", ToolPostInvokeResult)
        return answer

    async def message_in(self, payload: MessagePayload, context: PluginContext) -> MessageResult:
        answer: MessageResult = await self._answer(payload, "content", MessageResult)
        return answer

    async def message_out(self, payload: MessagePayload, context: PluginContext) -> MessageResult:
        answer: MessageResult = await self._answer(payload, "content", MessageResult)
        return answer

    async def agent_pre_invoke(self, payload: AgentPreInvokePayload, context: PluginContext) -> AgentPreInvokeResult:
        answer: AgentPreInvokeResult = await self._answer(payload, "messages", AgentPreInvokeResult)
        return answer

    async def agent_post_invoke(self, payload: AgentPostInvokePayload, context: PluginContext) -> AgentPostInvokeResult:
        answer: AgentPostInvokeResult = await self._answer(payload, "messages", AgentPostInvokeResult)
        return answer


def guarded_gateway(sink: MemorySink, *, limits: Limits | None = None, keys: Keys | None = None) -> Gateway:
    """Return a gateway with the keys, the roles and the warden."""
    warden = Warden(PluginConfig(name="warden", kind="warden"))
    return gateway_for([warden], identity=keys or Keys(), roles=_ROLES, sinks=[sink], limits=limits)
