"""What a hook answers. ``None`` is no answer: a hook that has nothing to say returns an empty result."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from secure_gateway.plugins.framework.payloads import (
    AgentPostInvokePayload,
    AgentPreInvokePayload,
    HttpAuthCheckPermissionResultPayload,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    MessagePayload,
    PromptPosthookPayload,
    PromptPrehookPayload,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
    ToolListPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
)

PayloadT = TypeVar("PayloadT")

_LARGEST = 2**63 - 1
_MOST_HEADERS = 16
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110, section 5.1
_FRAMING = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "mcp-session-id"}
)
_SECONDS = re.compile(r"[0-9]{1,9}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,40}")


class PluginViolation(msgspec.Struct, kw_only=True):
    """Why a plugin says no. ``code`` and ``reason`` may reach the caller; ``description`` and ``details`` never do."""

    code: str
    reason: str
    description: str = ""
    details: dict[str, Any] | None = msgspec.field(default_factory=dict)
    mcp_error_code: int | None = None
    http_status_code: int | None = None
    http_headers: dict[str, str] | None = None
    plugin_name: str = ""

    def __repr__(self) -> str:
        return f"PluginViolation(code={self.code!r})"


class PluginViolationError(Exception):
    """Raised by a hook, it is a refusal as if the hook had returned ``violation``."""

    def __init__(self, message: str = "", violation: PluginViolation | None = None) -> None:
        self.message = message
        self.violation = violation if violation is not None else PluginViolation(code="", reason=message)
        super().__init__(message)


class PluginResult(msgspec.Struct, Generic[PayloadT], kw_only=True):
    """A hook's answer.

    ``continue_processing=False`` denies, and wants a ``violation``. ``modified_payload`` replaces the payload for everyone after this
    plugin. ``metadata`` goes into the decision record (scalars only; text is cut).
    """

    continue_processing: bool = True
    modified_payload: PayloadT | None = None
    violation: PluginViolation | None = None
    metadata: dict[str, Any] | None = None

    if not TYPE_CHECKING:

        def __class_getitem__(cls, _payload: Any) -> type:
            """Make ``PluginResult[EmailPayload]`` mean the class itself, so that calling it costs nothing extra."""
            return cls

    def model_dump(self) -> dict[str, Any]:
        """Return the fields as a dict, nested payloads and violations too."""
        payload: Any = self.modified_payload
        violation = self.violation
        return {
            "continue_processing": self.continue_processing,
            "modified_payload": payload.model_dump() if hasattr(payload, "model_dump") else payload,
            "violation": msgspec.structs.asdict(violation) if violation is not None else None,
            "metadata": dict(self.metadata or {}),
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}(continue_processing={self.continue_processing}, violation={self.violation!r})"


class ToolPreInvokeResult(PluginResult[ToolPreInvokePayload]):
    """Answers ``tool_pre_invoke``."""


class ToolPostInvokeResult(PluginResult[ToolPostInvokePayload]):
    """Answers ``tool_post_invoke``."""


class PromptPrehookResult(PluginResult[PromptPrehookPayload]):
    """Answers ``prompt_pre_fetch``."""


class PromptPosthookResult(PluginResult[PromptPosthookPayload]):
    """Answers ``prompt_post_fetch``."""


class ResourcePreFetchResult(PluginResult[ResourcePreFetchPayload]):
    """Answers ``resource_pre_fetch``."""


class ResourcePostFetchResult(PluginResult[ResourcePostFetchPayload]):
    """Answers ``resource_post_fetch``."""


class AgentPreInvokeResult(PluginResult[AgentPreInvokePayload]):
    """Answers ``agent_pre_invoke``."""


class AgentPostInvokeResult(PluginResult[AgentPostInvokePayload]):
    """Answers ``agent_post_invoke``."""


class MessageResult(PluginResult[MessagePayload]):
    """Answers ``message_in`` and ``message_out``."""


class HttpPreRequestResult(PluginResult[HttpPreRequestPayload | HttpHeaderPayload]):
    """Answers ``http_pre_request``."""


class HttpPostRequestResult(PluginResult[HttpPostRequestPayload | HttpHeaderPayload]):
    """Answers ``http_post_request``."""


class HttpAuthResolveUserResult(PluginResult[dict[str, Any]]):
    """Answers ``http_auth_resolve_user``."""


class HttpAuthCheckPermissionResult(PluginResult[HttpAuthCheckPermissionResultPayload]):
    """Answers ``http_auth_check_permission``."""


class ToolListResult(PluginResult[ToolListPayload]):
    """Answers ``tool_list``."""


class ServerPreRegisterResult(PluginResult[ServerPreRegisterPayload]):
    """Answers ``server_pre_register``."""


class ServerPostRegisterResult(PluginResult[ServerPostRegisterPayload]):
    """Answers ``server_post_register``."""


def http_terms(violation: Any) -> tuple[int, dict[str, str]]:
    """Return the status (400 to 599, else 0) and the headers by which a violation wants to be answered; those that frame an answer are left out."""
    status = getattr(violation, "http_status_code", None)
    headers = getattr(violation, "http_headers", None)
    kept = {
        name: value
        for name, value in (list(headers.items())[:_MOST_HEADERS] if isinstance(headers, dict) else [])
        if isinstance(name, str)
        and isinstance(value, str)
        and _HEADER.fullmatch(name)
        and name.lower() not in _FRAMING
        and value.isascii()
        and value.isprintable()
    }
    return (status if type(status) is int and 400 <= status <= 599 else 0), kept  # noqa: PLR2004 - HTTP status codes speak for themselves


def retry_after(violation: Any) -> int:
    """Return the seconds that a violation's ``Retry-After`` names (RFC 9110, section 10.2.3); 0 where it names none."""
    headers = getattr(violation, "http_headers", None)
    named = headers.items() if isinstance(headers, dict) else ()
    found = next((value for name, value in named if isinstance(name, str) and name.lower() == "retry-after"), "")
    return int(found) if isinstance(found, str) and _SECONDS.fullmatch(found) else 0


def scalars_only(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what may stand in a decision record: numbers, truth values and short identifiers, under short identifiers; no text, no structures."""
    return {
        key: value
        for key, value in list(metadata.items())[:16]
        if type(key) is str and _IDENTIFIER.fullmatch(key) and _is_recordable(value)
    }


def _is_recordable(value: Any) -> bool:
    """Tell whether every sink can write ``value``; what is no number to JSON, or too long a one, would cost the whole record."""
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind is int:
        return -_LARGEST <= value <= _LARGEST  # type: ignore[no-any-return]
    return kind is bool or (kind is str and _IDENTIFIER.fullmatch(value) is not None)
