"""``header_filter``: headers that do not go on, by name or glob, and how long one may be."""

from __future__ import annotations

import re
from typing import Any, Final

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import AgentHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import (
    AgentPreInvokePayload,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    ToolPreInvokePayload,
)
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import HttpPostRequestResult, HttpPreRequestResult, PluginResult
from secure_gateway.plugins.hooks.contents import denied
from secure_gateway.plugins.hooks.header_rules import MOST_BYTES, is_protocol
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings

_NAMES: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z?\[\]-]{1,100}")  # RFC 9110, section 5.1, with signs of globs


class HeaderFilterSettings(Settings, frozen=True):
    """``deny``: never goes on. ``allow``: of what goes to a server, nothing else does. ``max_bytes``: a longer value refuses the request."""

    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] | None = None
    response_deny: tuple[str, ...] = ()
    max_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        if self.max_bytes < 1:
            raise Misfit("max_bytes", "another number", "a number of bytes, at least 1")
        for key in ("deny", "allow", "response_deny"):
            for index, name in enumerate(getattr(self, key) or ()):
                if not name.startswith("re:") and _NAMES.fullmatch(name) is None:
                    # It would never match, and whoever wrote it would not know.
                    raise Misfit(f"{key}[{index}]", "no name of a header", "a name or glob such as x-internal-*")


class HeaderFilterPlugin(Plugin):
    """Drops headers of requests before anybody reads them and before they go to a server, and those of answers.

    What frames a message is not its to drop. ``allow`` counts for what goes to a server: who calls is known by headers too.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = read_settings(config, HeaderFilterSettings)
        if not settings.deny and settings.allow is None and not settings.response_deny:
            raise ConfigError(Problem("$.config", "no rule", '"deny", "allow" or "response_deny"'))
        self._is_named = compile_matcher([name.lower() for name in settings.deny], "$.config.deny")
        self._allowed = (
            None
            if settings.allow is None
            else compile_matcher([name.lower() for name in settings.allow], "$.config.allow")
        )
        self._withheld = compile_matcher([name.lower() for name in settings.response_deny], "$.config.response_deny")
        self._most = settings.max_bytes

    async def http_pre_request(self, payload: HttpPreRequestPayload, context: PluginContext) -> HttpPreRequestResult:
        """Drop what is denied before anybody is identified by it."""
        if self._is_too_long(payload.headers):
            refusal = denied("HEADER_TOO_LONG", "a header is longer than is allowed", status=431)
            return HttpPreRequestResult(continue_processing=False, violation=refusal.violation)
        kept = {name: value for name, value in payload.headers.items() if is_protocol(name) or not self._denied(name)}
        if len(kept) == len(payload.headers):
            return HttpPreRequestResult()
        return HttpPreRequestResult(modified_payload=HttpHeaderPayload(kept))

    @hook(ToolHookType.TOOL_PRE_INVOKE, AgentHookType.AGENT_PRE_INVOKE)
    async def forward(
        self, payload: ToolPreInvokePayload | AgentPreInvokePayload, context: PluginContext
    ) -> PluginResult[Any]:
        """Leave those headers that may go to the server."""
        headers: dict[str, str] = payload.headers or {}
        if self._is_too_long(headers):
            return denied("HEADER_TOO_LONG", "a header is longer than is allowed")
        allowed = self._allowed or (lambda _name: True)
        kept = {
            name: value for name, value in headers.items() if allowed(name.lower()) and not self._denied(name.lower())
        }
        if len(kept) == len(headers):
            return PluginResult()
        payload.headers = HttpHeaderPayload(kept)
        return PluginResult(modified_payload=payload)

    async def http_post_request(self, payload: HttpPostRequestPayload, context: PluginContext) -> HttpPostRequestResult:
        """Drop headers of the answer."""
        headers: dict[str, str] = payload.response_headers or {}
        kept = {name: value for name, value in headers.items() if is_protocol(name) or not self._withheld(name)}
        if len(kept) == len(headers):
            return HttpPostRequestResult()
        return HttpPostRequestResult(modified_payload=HttpHeaderPayload(kept))

    def _denied(self, name: str) -> bool:
        # Programs behind CGI and its heirs take x_user for x-user.
        return self._is_named(name) or ("_" in name and self._is_named(name.replace("_", "-")))

    def _is_too_long(self, headers: dict[str, str]) -> bool:
        return any(len(value.encode("utf-8", "replace")) > self._most for value in headers.values())
