"""The named points of a request at which plugins may act: one table says what each may do.

``docs/hooks.md`` prints this table; ``pipeline`` obeys it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from secure_gateway.plugins.framework import answers, payloads, results
from secure_gateway.plugins.framework.offers import introduction_fault, tool_list_fault
from secure_gateway.types import Operation


class ToolHookType(StrEnum):
    """Around a tool call, and at the list of what can be called."""

    TOOL_PRE_INVOKE = "tool_pre_invoke"
    TOOL_POST_INVOKE = "tool_post_invoke"
    TOOL_LIST = "tool_list"


class ServerHookType(StrEnum):
    """Before a server is put in force, and when it has introduced itself."""

    SERVER_PRE_REGISTER = "server_pre_register"
    SERVER_POST_REGISTER = "server_post_register"


class PromptHookType(StrEnum):
    """Around the rendering of a prompt."""

    PROMPT_PRE_FETCH = "prompt_pre_fetch"
    PROMPT_POST_FETCH = "prompt_post_fetch"


class ResourceHookType(StrEnum):
    """Around the reading of a resource."""

    RESOURCE_PRE_FETCH = "resource_pre_fetch"
    RESOURCE_POST_FETCH = "resource_post_fetch"


class AgentHookType(StrEnum):
    """Around a message to an agent or a model."""

    AGENT_PRE_INVOKE = "agent_pre_invoke"
    AGENT_POST_INVOKE = "agent_post_invoke"


class MessageHookType(StrEnum):
    """Around every protocol message that has no hook of its own: lists, completions, unknown methods."""

    MESSAGE_IN = "message_in"
    MESSAGE_OUT = "message_out"


class HttpHookType(StrEnum):
    """Around an HTTP request and the question of who sent it."""

    HTTP_PRE_REQUEST = "http_pre_request"
    HTTP_AUTH_RESOLVE_USER = "http_auth_resolve_user"
    HTTP_AUTH_CHECK_PERMISSION = "http_auth_check_permission"
    HTTP_POST_REQUEST = "http_post_request"


class HookPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One hook: its payload and result types, the field that names the target, the fields that hold its content.

    ``custom``: defined by a plugin, and fired by the app; a returned payload may change every field. ``answer``: the payload is a question, and
    this checks what comes back as ``modified_payload``, which is no payload; it raises ``AnswerError``. ``headers_only``: what may be returned
    instead of a whole payload, where headers are all that can change.
    ``plain``, which follows from the rest: all there is are a target, one content field and perhaps headers, and no further rule.
    ``writable``: the payload fields that a returned payload may change; a change of any other is an error of the plugin.
    ``fault``: says of a content before and after a change what is wrong with the change, where not every one may be made.
    """

    name: str
    payload: type[Any]
    result: type[results.PluginResult[Any]]
    target: str = ""
    content: tuple[str, ...] = ()
    writable: frozenset[str] = frozenset()
    may_deny: bool = True
    headers_only: type[payloads.HttpHeaderPayload] | None = None
    fault: Callable[[Any, Any], str] | None = None
    custom: bool = False
    answer: Callable[[Any], Any] | None = None
    plain: bool = False

    def __post_init__(self) -> None:
        ruled = self.custom or self.answer or self.headers_only or self.fault
        plain = not ruled and bool(self.target) and len(self.content) == 1 and self.content[0] in self.writable
        msgspec.structs.force_setattr(self, "plain", plain)


_POINTS: Final = (
    HookPoint(
        name=ToolHookType.TOOL_PRE_INVOKE.value,
        payload=payloads.ToolPreInvokePayload,
        result=results.ToolPreInvokeResult,
        target="name",
        content=("args",),
        writable=frozenset({"name", "args", "headers"}),
    ),
    HookPoint(
        name=ToolHookType.TOOL_POST_INVOKE.value,
        payload=payloads.ToolPostInvokePayload,
        result=results.ToolPostInvokeResult,
        target="name",
        content=("result",),
        writable=frozenset({"result"}),
    ),
    HookPoint(
        name=PromptHookType.PROMPT_PRE_FETCH.value,
        payload=payloads.PromptPrehookPayload,
        result=results.PromptPrehookResult,
        target="name",
        content=("args",),
        writable=frozenset({"name", "args"}),
    ),
    HookPoint(
        name=PromptHookType.PROMPT_POST_FETCH.value,
        payload=payloads.PromptPosthookPayload,
        result=results.PromptPosthookResult,
        target="name",
        content=("result",),
        writable=frozenset({"result"}),
    ),
    HookPoint(
        name=ResourceHookType.RESOURCE_PRE_FETCH.value,
        payload=payloads.ResourcePreFetchPayload,
        result=results.ResourcePreFetchResult,
        target="uri",
        content=("metadata",),
        writable=frozenset({"uri", "metadata"}),
    ),
    HookPoint(
        name=ResourceHookType.RESOURCE_POST_FETCH.value,
        payload=payloads.ResourcePostFetchPayload,
        result=results.ResourcePostFetchResult,
        target="uri",
        content=("content",),
        writable=frozenset({"content"}),
    ),
    HookPoint(
        name=AgentHookType.AGENT_PRE_INVOKE.value,
        payload=payloads.AgentPreInvokePayload,
        result=results.AgentPreInvokeResult,
        target="agent_id",
        content=("messages", "tools", "model", "system_prompt", "parameters"),
        writable=frozenset({"agent_id", "messages", "tools", "model", "system_prompt", "parameters", "headers"}),
    ),
    HookPoint(
        name=AgentHookType.AGENT_POST_INVOKE.value,
        payload=payloads.AgentPostInvokePayload,
        result=results.AgentPostInvokeResult,
        target="agent_id",
        content=("messages", "tool_calls"),
        writable=frozenset({"messages", "tool_calls"}),
    ),
    *(
        HookPoint(
            name=name.value,
            payload=payloads.MessagePayload,
            result=results.MessageResult,
            target="name",
            content=("content",),
            writable=frozenset({"content"}),
        )
        for name in MessageHookType
    ),
    HookPoint(
        name=HttpHookType.HTTP_PRE_REQUEST.value,
        payload=payloads.HttpPreRequestPayload,
        result=results.HttpPreRequestResult,
        target="path",
        content=("method", "client_host", "client_port"),
        writable=frozenset({"headers"}),
        headers_only=payloads.HttpHeaderPayload,
    ),
    HookPoint(
        name=HttpHookType.HTTP_AUTH_RESOLVE_USER.value,
        payload=payloads.HttpAuthResolveUserPayload,
        result=results.HttpAuthResolveUserResult,
        content=("headers", "credentials", "client_host", "client_port"),
        answer=answers.principal,
    ),
    HookPoint(
        name=HttpHookType.HTTP_AUTH_CHECK_PERMISSION.value,
        payload=payloads.HttpAuthCheckPermissionPayload,
        result=results.HttpAuthCheckPermissionResult,
        target="permission",
        content=("user_email", "resource_type", "team_id", "is_admin", "auth_method", "client_host", "user_agent"),
        answer=answers.permission,
    ),
    HookPoint(
        name=HttpHookType.HTTP_POST_REQUEST.value,
        payload=payloads.HttpPostRequestPayload,
        result=results.HttpPostRequestResult,
        target="path",
        content=("method", "client_host", "client_port", "status_code", "headers"),
        writable=frozenset({"response_headers"}),
        may_deny=False,
        headers_only=payloads.HttpHeaderPayload,
    ),
    HookPoint(
        name=ServerHookType.SERVER_PRE_REGISTER.value,
        payload=payloads.ServerPreRegisterPayload,
        result=results.ServerPreRegisterResult,
        target="name",
        content=("transport", "target"),
    ),
    HookPoint(
        name=ServerHookType.SERVER_POST_REGISTER.value,
        payload=payloads.ServerPostRegisterPayload,
        result=results.ServerPostRegisterResult,
        target="name",
        content=("transport", "protocol_version", "server_info", "capabilities", "instructions"),
        writable=frozenset({"instructions"}),
        fault=introduction_fault,
    ),
    HookPoint(
        name=ToolHookType.TOOL_LIST.value,
        payload=payloads.ToolListPayload,
        result=results.ToolListResult,
        target="server",
        content=("tools",),
        writable=frozenset({"tools"}),
        fault=tool_list_fault,
    ),
)

PRE_HOOK: Final[dict[Operation, str]] = {
    Operation.TOOL: ToolHookType.TOOL_PRE_INVOKE.value,
    Operation.PROMPT: PromptHookType.PROMPT_PRE_FETCH.value,
    Operation.RESOURCE: ResourceHookType.RESOURCE_PRE_FETCH.value,
    Operation.AGENT: AgentHookType.AGENT_PRE_INVOKE.value,
    Operation.MESSAGE: MessageHookType.MESSAGE_IN.value,
    Operation.HTTP: HttpHookType.HTTP_PRE_REQUEST.value,
}
"""The hook before each operation. That of an HTTP request comes before identity."""

POST_HOOK: Final[dict[Operation, str]] = {
    Operation.TOOL: ToolHookType.TOOL_POST_INVOKE.value,
    Operation.PROMPT: PromptHookType.PROMPT_POST_FETCH.value,
    Operation.RESOURCE: ResourceHookType.RESOURCE_POST_FETCH.value,
    Operation.AGENT: AgentHookType.AGENT_POST_INVOKE.value,
    Operation.MESSAGE: MessageHookType.MESSAGE_OUT.value,
    Operation.HTTP: HttpHookType.HTTP_POST_REQUEST.value,
}

HOOK_POINTS: Final[dict[str, HookPoint]] = {point.name: point for point in _POINTS}
