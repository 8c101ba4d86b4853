"""What a stage is about, and the view of it that each plugin gets.

A ``Subject`` holds the one true value; plugins get copies, and what they return becomes the value only through ``accept``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from secure_gateway.plugins.framework.custom import duplicate, fields_of
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint
from secure_gateway.plugins.framework.isolation import Isolated, copy_small
from secure_gateway.plugins.framework.payloads import (
    AgentPostInvokePayload,
    AgentPreInvokePayload,
    HttpAuthCheckPermissionPayload,
    HttpAuthResolveUserPayload,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    MessagePayload,
    PluginPayload,
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
from secure_gateway.types import Headers


class Subject(msgspec.Struct):
    """The target's name, the content (isolated) and, before the call, the headers that may go upstream. ``changed``: the content is not what came.

    ``payload``: of a custom hook, the object that ``body`` says the fields of. ``answer``: where the hook asks a question, what was answered, and by
    which plugin. ``seen``: while plugins run at the same time, what each of them was shown.
    """

    name: str
    body: Isolated
    headers: Headers | None = None
    changed: bool = False
    payload: Any = None
    answer: tuple[Any, str] | None = None
    seen: Subject | None = None


View = Callable[[], PluginPayload]
"""Makes one plugin's view of a subject as it is now."""


def _headers(subject: Subject) -> HttpHeaderPayload | None:
    return None if subject.headers is None else HttpHeaderPayload(subject.headers)


def _agent_pre(subject: Subject) -> PluginPayload:
    return AgentPreInvokePayload(agent_id=subject.name, headers=_headers(subject), **subject.body.copy())


def _agent_post(subject: Subject) -> PluginPayload:
    return AgentPostInvokePayload(agent_id=subject.name, **subject.body.copy())


def _http_post(subject: Subject) -> PluginPayload:
    facts = subject.body.copy()
    seen, answered = HttpHeaderPayload(facts.pop("headers")), HttpHeaderPayload(subject.headers or {})
    return HttpPostRequestPayload(path=subject.name, headers=seen, response_headers=answered, **facts)


def _tool_pre(subject: Subject) -> View:
    name, value, headers = subject.name, subject.body.value, subject.headers
    if headers is None:
        return lambda: ToolPreInvokePayload(name=name, args=copy_small(value))
    return lambda: ToolPreInvokePayload(
        name=name, args=copy_small(value), headers=HttpHeaderPayload.of_lowered(headers)
    )


def _tool_post(subject: Subject) -> View:
    name, value = subject.name, subject.body.value
    return lambda: ToolPostInvokePayload(name=name, result=copy_small(value))


def _http_pre(subject: Subject) -> View:
    path, facts, headers = subject.name, subject.body.value, subject.headers or Headers()
    method, host, port = facts["method"], facts["client_host"], facts["client_port"]  # nothing in there can be edited
    return lambda: HttpPreRequestPayload(
        path=path, headers=HttpHeaderPayload.of_lowered(headers), method=method, client_host=host, client_port=port
    )


def _resolve_user(subject: Subject) -> PluginPayload:
    return HttpAuthResolveUserPayload(headers=HttpHeaderPayload(subject.headers or {}), **subject.body.copy())


def _check_permission(subject: Subject) -> PluginPayload:
    return HttpAuthCheckPermissionPayload(permission=subject.name, **subject.body.copy())


def _each(make: Callable[[Subject], PluginPayload]) -> Callable[[Subject], View]:
    return lambda subject: partial(make, subject)


_EAGER: dict[str, Callable[[Subject], View]] = {
    "http_pre_request": _http_pre,
    "http_post_request": _each(_http_post),
    "http_auth_resolve_user": _each(_resolve_user),
    "http_auth_check_permission": _each(_check_permission),
    "tool_pre_invoke": _tool_pre,
    "tool_post_invoke": _tool_post,
    "prompt_pre_fetch": _each(lambda s: PromptPrehookPayload(name=s.name, args=s.body.copy())),
    "prompt_post_fetch": _each(lambda s: PromptPosthookPayload(name=s.name, result=s.body.copy())),
    "resource_pre_fetch": _each(lambda s: ResourcePreFetchPayload(uri=s.name, metadata=s.body.copy())),
    "resource_post_fetch": _each(lambda s: ResourcePostFetchPayload(uri=s.name, content=s.body.copy())),
    "agent_pre_invoke": _each(_agent_pre),
    "agent_post_invoke": _each(_agent_post),
    "message_in": _each(lambda s: MessagePayload(name=s.name, content=s.body.copy())),
    "message_out": _each(lambda s: MessagePayload(name=s.name, content=s.body.copy())),
    "tool_list": _each(lambda s: ToolListPayload(server=s.name, tools=s.body.copy())),
    "server_pre_register": _each(lambda s: ServerPreRegisterPayload(name=s.name, **s.body.copy())),
    "server_post_register": _each(lambda s: ServerPostRegisterPayload(name=s.name, **s.body.copy())),
}
"""How to make views that hold their copy from the beginning; those of tools, the most frequent, for small values only."""


def view_maker(hook: str, subject: Subject) -> View:
    """Return the cheaper way to make views of ``subject`` as it is now: copied at once, or at the plugin's first look."""
    if subject.payload is not None:
        return partial(duplicate, subject.payload)
    kinds = _EAGER if subject.body.small or hook not in _LAZY else _LAZY
    return kinds[hook](subject)


class _Postponed:
    """Mixed into a payload type: its content field is copied when it is first looked at."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        body: Isolated | None = self.__dict__.pop("_body", None) if name == _CONTENT[type(self)] else None
        if body is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        value = body.copy()
        setattr(self, name, value)
        return value


_CONTENT: dict[type, str] = {}


def _lazy(point: HookPoint) -> Callable[[Subject], View]:
    field = point.content[0]
    kind = type(
        point.payload.__name__,
        (_Postponed, point.payload),
        {"__module__": point.payload.__module__},
        dict=True,
        kw_only=True,
        eq=False,
    )
    _CONTENT[kind] = field
    with_headers = "headers" in point.payload.__struct_fields__

    def make(subject: Subject) -> PluginPayload:
        given: dict[str, Any] = {point.target: subject.name, field: None}
        if with_headers and subject.headers is not None:
            given["headers"] = _headers(subject)
        payload: PluginPayload = kind(**given)
        delattr(payload, field)
        payload.__dict__["_body"] = subject.body
        return payload

    return _each(make)


_LAZY = {name: _lazy(point) for name, point in HOOK_POINTS.items() if len(point.content) == 1}


def read_back(point: HookPoint, payload: Any, subject: Subject) -> tuple[Any, Any, Any]:
    """Return the target's name, the content value and the headers that ``payload`` now holds."""
    if point.custom:
        return subject.name, fields_of(payload), None
    if point.headers_only is not None:
        if isinstance(payload, point.headers_only):
            return subject.name, subject.body.value, payload
        content = dict(subject.body.value) | {f: getattr(payload, f) for f in point.content if f != "headers"}
        headers = payload.response_headers if "response_headers" in point.writable else payload.headers
        return payload.path, content, headers
    name = getattr(payload, point.target)
    headers = getattr(payload, "headers", None)
    if len(point.content) == 1:
        return name, getattr(payload, point.content[0]), headers
    return name, {field: value for field in point.content if (value := getattr(payload, field)) is not None}, headers
