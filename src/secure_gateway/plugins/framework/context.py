"""What a hook knows about the call besides its payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from secure_gateway.types import Principal


class GlobalContext(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one request, the same for every plugin. Frozen: nobody changes who is asking.

    ``session_id``: the conversation, where the app that calls has named one; ids of different callers may be equal.
    ``state`` is the one thing that plugins share and may write. ``metadata`` holds what the gateway knows of the tool
    and the server, under ``TOOL_METADATA`` and ``GATEWAY_METADATA``; plugins only read it.
    """

    request_id: str
    user: str | None = None
    tenant_id: str | None = None
    server_id: str | None = None
    content_type: str | None = None
    session_id: str | None = None
    principal: Principal | None = None
    state: dict[str, Any] = msgspec.field(default_factory=dict)
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def user_context(self) -> Principal | None:
        """The principal, under the name that newer plugins use."""
        return self.principal

    def __repr__(self) -> str:
        return f"GlobalContext(request_id={self.request_id!r}, server_id={self.server_id!r})"


class PluginContext(msgspec.Struct):
    """One plugin's own view of one request; ``state`` lasts from its pre hook to its post hook."""

    global_context: GlobalContext
    state: dict[str, Any] = msgspec.field(default_factory=dict)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)

    def get_state(self, key: str, default: Any = None) -> Any:
        """Return what this plugin stored under ``key`` earlier in this request."""
        return self.state.get(key, default)

    def set_state(self, key: str, value: Any) -> None:
        """Store ``value`` for this plugin's later hooks of the same request."""
        self.state[key] = value

    def __repr__(self) -> str:
        return f"PluginContext(request_id={self.global_context.request_id!r}, state={sorted(self.state)})"


class ToolMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway knows of a tool."""

    name: str
    original_name: str
    integration_type: str = "MCP"
    description: str = ""
    url: Any = None


class GatewayMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway knows of the server behind a call."""

    name: str
    transport: str = ""
    url: Any = None
