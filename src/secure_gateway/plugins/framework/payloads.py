"""What each hook is given. A payload is the plugin's own: it may edit it freely, but an edit counts only if it is returned.

Field names are those of the ContextForge plugin documentation. Payloads answer to ``model_dump()`` and ``model_copy(update=…)``
without being pydantic models, since building one would cost more than the whole hook call. Reprs show names, never values.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from secure_gateway.types import Headers


class PluginPayload(msgspec.Struct, kw_only=True, eq=False):
    """Base of all payloads, those of custom hooks too: subclass it and annotate fields."""

    def model_dump(self) -> dict[str, Any]:
        """Return the fields as a new dict; the values are deep copies."""
        return {name: _dump(getattr(self, name)) for name in self.__struct_fields__}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with ``update`` applied. Raises ``AttributeError`` for a name that is no field."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        if deep:
            fields = copy.deepcopy(fields)
        for name in update or ():
            if name not in fields:
                raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(fields)}")
        return type(self)(**{**fields, **(update or {})})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PluginPayload) or self.__struct_fields__ != other.__struct_fields__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.__struct_fields__)})"


def _dump(value: Any) -> Any:
    if isinstance(value, PluginPayload):
        return value.model_dump()
    if isinstance(value, Headers):
        return dict(value)
    if isinstance(value, list):
        return [_dump(item) for item in value]
    if isinstance(value, dict):
        return {key: _dump(item) for key, item in value.items()}
    return value


class HttpHeaderPayload(Headers):
    """Headers as hooks see them: a dict whose look-ups ignore case."""

    __slots__ = ()

    @property
    def root(self) -> dict[str, str]:
        """The headers themselves, under the name that ContextForge's plugins use."""
        return self

    def model_dump(self) -> dict[str, str]:
        """Return the headers as a plain dict."""
        return dict(self)


class ToolPreInvokePayload(PluginPayload, kw_only=True, eq=False):
    """A tool is about to be called. ``args``: its arguments, a JSON object."""

    name: str
    args: dict[str, Any] | None = msgspec.field(default_factory=dict)
    headers: HttpHeaderPayload | None = None


class ToolPostInvokePayload(PluginPayload, kw_only=True, eq=False):
    """A tool has answered. ``result``: at the proxy the MCP ``CallToolResult`` as a dict, in an app what its function returned."""

    name: str
    result: Any


class _NamedPrompt(PluginPayload, kw_only=True, eq=False):
    name: str

    @property
    def prompt_id(self) -> str:
        """The prompt's name, under the word that newer plugins use."""
        return self.name

    @prompt_id.setter
    def prompt_id(self, value: str) -> None:
        self.name = value


class PromptPrehookPayload(_NamedPrompt, kw_only=True, eq=False):
    """A prompt is about to be rendered with ``args``."""

    args: dict[str, str] | None = msgspec.field(default_factory=dict)


class PromptPosthookPayload(_NamedPrompt, kw_only=True, eq=False):
    """A prompt was rendered. ``result``: the MCP ``GetPromptResult`` as a dict (``description``, ``messages``)."""

    result: Any


class ResourcePreFetchPayload(PluginPayload, kw_only=True, eq=False):
    """A resource is about to be read."""

    uri: str
    metadata: dict[str, Any] | None = msgspec.field(default_factory=dict)


class ResourcePostFetchPayload(PluginPayload, kw_only=True, eq=False):
    """A resource was read. ``content``: at the proxy the MCP ``ReadResourceResult`` as a dict."""

    uri: str
    content: Any


class AgentPreInvokePayload(PluginPayload, kw_only=True, eq=False):
    """An agent or a model is about to be asked. ``messages``: dicts with ``role`` and ``content``."""

    agent_id: str
    messages: list[Any]
    tools: list[str] | None = None
    headers: HttpHeaderPayload | None = None
    model: str | None = None
    system_prompt: str | None = None
    parameters: dict[str, Any] | None = None


class AgentPostInvokePayload(PluginPayload, kw_only=True, eq=False):
    """An agent has answered."""

    agent_id: str
    messages: list[Any]
    tool_calls: list[dict[str, Any]] | None = None


class MessagePayload(PluginPayload, kw_only=True, eq=False):
    """A protocol message of a method that has no hook of its own. ``name``: the method; ``content``: its parameters or its result."""

    name: str
    content: Any


class HttpPreRequestPayload(PluginPayload, kw_only=True, eq=False):
    """An HTTP request has arrived; nobody has been identified yet."""

    path: str
    method: str
    headers: HttpHeaderPayload
    client_host: str | None = None
    client_port: int | None = None


class HttpPostRequestPayload(HttpPreRequestPayload, kw_only=True, eq=False):
    """An HTTP request is about to be answered."""

    response_headers: HttpHeaderPayload | None = None
    status_code: int | None = None


class HttpAuthResolveUserPayload(PluginPayload, kw_only=True, eq=False):
    """Somebody has to be identified."""

    headers: HttpHeaderPayload
    credentials: dict[str, Any] | None = None
    client_host: str | None = None
    client_port: int | None = None


class HttpAuthCheckPermissionPayload(PluginPayload, kw_only=True, eq=False):
    """A permission of a known user is in question."""

    user_email: str
    permission: str
    resource_type: str | None = None
    team_id: str | None = None
    is_admin: bool = False
    auth_method: str | None = None
    client_host: str | None = None
    user_agent: str | None = None


class HttpAuthCheckPermissionResultPayload(PluginPayload, kw_only=True, eq=False):
    """A hook's answer to a permission question."""

    granted: bool
    reason: str | None = None


class ToolListPayload(PluginPayload, kw_only=True, eq=False):
    """What a server offers, before a client sees it: ``tools`` as it declares them, one page of a list that has several."""

    server: str
    tools: list[dict[str, Any]]


class ServerPreRegisterPayload(PluginPayload, kw_only=True, eq=False):
    """A configured server is about to be put in force.

    ``transport``: ``stdio`` or ``http``. ``target``: the base name of its program, or scheme, host and port of its URL, for secrets stand in paths too.
    """

    name: str
    transport: str
    target: str


class ServerPostRegisterPayload(PluginPayload, kw_only=True, eq=False):
    """A server has introduced itself; everything but ``name`` and ``transport`` is its own word."""

    name: str
    transport: str
    protocol_version: str | None = None
    server_info: dict[str, Any] | None = None
    capabilities: dict[str, Any] | None = None
    instructions: str | None = None
