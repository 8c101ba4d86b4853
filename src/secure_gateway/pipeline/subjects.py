"""What a stage is about, and the view of it that each plugin gets.

A ``Subject`` holds the one true value; plugins get copies, and what they return becomes the value only through ``accept``.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from secure_gateway.plugins.framework.custom import duplicate, fields_of
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint
from secure_gateway.plugins.framework.isolation import Isolated
from secure_gateway.plugins.framework.payloads import (
    AgentPostInvokePayload,
    AgentPreInvokePayload,
    HttpAuthCheckPermissionPayload,
    HttpAuthResolveUserPayload,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    PluginPayload,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
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


def _looked_at(point: HookPoint) -> type[Any]:
    """Return the payload type of ``point``, but that its content is copied when it is first looked at.

    Until then the field itself holds the ``Isolated`` value, which only the property that covers it can see.
    """
    field: Any = getattr(point.payload, point.content[0])
    read, write = field.__get__, field.__set__

    def look(payload: PluginPayload) -> Any:
        value = read(payload)
        if type(value) is Isolated:
            value = value.copy()
            write(payload, value)
        return value

    body = {point.content[0]: property(look, write), "__module__": point.payload.__module__}
    return types.new_class(
        point.payload.__name__, (point.payload,), {"kw_only": True, "eq": False}, lambda names: names.update(body)
    )


def _postponed(point: HookPoint) -> Callable[[Subject], View]:
    kind, target, field = _looked_at(point), point.target, point.content[0]
    with_headers = "headers" in point.payload.__struct_fields__

    def maker(subject: Subject) -> View:
        given = {target: subject.name, field: subject.body}
        headers = subject.headers
        if with_headers and headers is not None:
            return lambda: kind(**given, headers=HttpHeaderPayload.of_lowered(headers))
        return lambda: kind(**given)

    return maker


def _tool_pre(kind: Any) -> Callable[[Subject], View]:
    def maker(subject: Subject) -> View:
        name, body, headers = subject.name, subject.body, subject.headers
        if headers is None:
            return lambda: kind(name=name, args=body)
        return lambda: kind(name=name, args=body, headers=HttpHeaderPayload.of_lowered(headers))

    return maker


def _tool_post(kind: Any) -> Callable[[Subject], View]:
    def maker(subject: Subject) -> View:
        name, body = subject.name, subject.body
        return lambda: kind(name=name, result=body)

    return maker


_VIEWS: dict[str, Callable[[Subject], View]] = {
    **{
        name: _postponed(point)
        for name, point in HOOK_POINTS.items()
        if len(point.content) == 1 and point.answer is None and point.headers_only is None
    },
    # The most frequent, spelt out: half the price.
    "tool_pre_invoke": _tool_pre(_looked_at(HOOK_POINTS["tool_pre_invoke"])),
    "tool_post_invoke": _tool_post(_looked_at(HOOK_POINTS["tool_post_invoke"])),
    "http_pre_request": _http_pre,
    "http_post_request": _each(_http_post),
    "http_auth_resolve_user": _each(_resolve_user),
    "http_auth_check_permission": _each(_check_permission),
    "agent_pre_invoke": _each(_agent_pre),
    "agent_post_invoke": _each(_agent_post),
    "server_pre_register": _each(lambda s: ServerPreRegisterPayload(name=s.name, **s.body.copy())),
    "server_post_register": _each(lambda s: ServerPostRegisterPayload(name=s.name, **s.body.copy())),
}


def view_maker(hook: str, subject: Subject) -> View:
    """Return how to make views of ``subject`` as it is now."""
    if subject.payload is not None:
        return partial(duplicate, subject.payload)
    return _VIEWS[hook](subject)


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
