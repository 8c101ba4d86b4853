"""``set_headers``: what the server behind is told beside the call: a correlation id, the tenant, a header of its own."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from secure_gateway.plugins.framework.context import GlobalContext, PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import AgentHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import AgentPreInvokePayload, HttpHeaderPayload, ToolPreInvokePayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hooks.contents import denied
from secure_gateway.plugins.hooks.header_rules import NAME, is_protocol, value_fault
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings

_TEMPLATE: Final = re.compile(r"\{([a-z_]*)\}")
_FACTS: Final = ("request_id", "server", "tenant", "user")
_HINT: Final = 'Give a server its credential under "headers" of the server.'


class SetHeadersSettings(Settings, frozen=True):
    """``headers``: names and values; ``{request_id}``, ``{server}``, ``{tenant}`` and ``{user}`` stand for the facts of the request.

    ``correlation``: the name of a header that gets the request's id. ``overwrite``: also where the caller's own header was let through.
    """

    headers: dict[str, str] = msgspec.field(default_factory=dict)
    correlation: str | None = None
    overwrite: bool = True

    def __post_init__(self) -> None:
        if not self.headers and self.correlation is None:
            raise Misfit("headers", "no header", "at least one", 'For example "correlation": "X-Request-Id".')
        for key, name in [("correlation", self.correlation), *((f"headers.{name}", name) for name in self.headers)]:
            if name is not None and (not NAME.fullmatch(name) or is_protocol(name.lower())):
                raise Misfit(
                    key, "a name that cannot be set", "a header that is none of HTTP's or MCP's own framing", _HINT
                )
        for name, value in self.headers.items():
            if fault := value_fault(value):
                raise Misfit(f"headers.{name}", fault, "a line of printable ASCII")
            for fact in _TEMPLATE.findall(value):
                if fact not in _FACTS:
                    raise Misfit(f"headers.{name}", "an unknown fact in braces", f"one of {', '.join(_FACTS)}")


class SetHeadersPlugin(Plugin):
    """Sets headers of the request to the server. A fact that the request lacks leaves its header out; one that is no header's value refuses."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = read_settings(config, SetHeadersSettings)
        self._headers = dict(settings.headers)
        if settings.correlation is not None:
            self._headers[settings.correlation] = "{request_id}"
        self._overwrites = settings.overwrite

    @hook(ToolHookType.TOOL_PRE_INVOKE, AgentHookType.AGENT_PRE_INVOKE)
    async def set(
        self, payload: ToolPreInvokePayload | AgentPreInvokePayload, context: PluginContext
    ) -> PluginResult[Any]:
        """Set the headers of ``payload``."""
        headers = HttpHeaderPayload(payload.headers or {})
        for name, template in self._headers.items():
            value = _filled(template, context.global_context)
            if value and value_fault(value):
                return denied("HEADER_VALUE", f"a fact of the request cannot be said in the header {name}")
            if value and (self._overwrites or name not in headers):
                headers[name] = value
        if headers == (payload.headers or {}):
            return PluginResult()
        payload.headers = headers
        return PluginResult(modified_payload=payload)


def _filled(template: str, facts: GlobalContext) -> str:
    """Return the value; empty where the request lacks one of its facts."""
    known = {
        "request_id": facts.request_id,
        "server": facts.server_id,
        "tenant": facts.tenant_id,
        "user": facts.user,
    }
    if any(not known[fact] for fact in _TEMPLATE.findall(template)):
        return ""
    return _TEMPLATE.sub(lambda found: str(known[found[1]]), template)
