"""A hook fired by the app itself: one of a plugin's own, or a built-in one outside of a whole request."""

from __future__ import annotations

import difflib
from typing import Any

from secure_gateway.errors import AnswerError, ErrorCode, RequestError
from secure_gateway.pipeline.digests import serialise
from secure_gateway.pipeline.facts import tell_facts
from secure_gateway.pipeline.hooks import run_hooks
from secure_gateway.pipeline.run import Run
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.pipeline.subjects import Subject, view_maker
from secure_gateway.plugins.framework.custom import duplicate, fields_of
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint
from secure_gateway.plugins.framework.isolation import isolate
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.types import Headers


async def fire(run: Run, hook: str, payload: Any) -> PluginResult[Any]:
    """Let the plugins at ``hook`` judge ``payload``; the result holds it as they left it, where one of them changed it.

    Raises ``PolicyDenied`` when one refuses, ``PluginError`` when one fails whose failure counts, ``RequestError`` for an unknown hook and a
    payload of another type.
    """
    snapshot = run.snapshot
    point = _point(snapshot, run.request.server, hook)
    if not isinstance(payload, point.payload):
        raise RequestError(
            ErrorCode.INVALID_REQUEST, f"{hook} takes a {point.payload.__name__}, got a {type(payload).__name__}"
        )
    try:
        subject = _subject(point, payload, snapshot.limits.max_depth)
    except AnswerError as error:
        raise RequestError(ErrorCode.INVALID_REQUEST, f"{hook}: {error}") from None
    run.record.request_digest = snapshot.digester.digest(
        serialise(subject.body.value, snapshot.limits.max_payload_bytes)
    )
    tell_facts(run)
    before = subject.name, subject.headers
    await run_hooks(run, hook, subject)
    if subject.answer is not None:
        return PluginResult(modified_payload=subject.answer[0])
    if not subject.changed and (subject.name, subject.headers) == before:
        return PluginResult()
    return PluginResult(modified_payload=view_maker(hook, subject)())


def _point(snapshot: Snapshot, server: str, hook: str) -> HookPoint:
    order = snapshot.bindings(server, hook)
    point = HOOK_POINTS.get(hook) if order is None else order.point
    if point is None:
        own = [name for name in snapshot.hooks.get(server, snapshot.hooks.get("", {})) if name not in HOOK_POINTS]
        near = difflib.get_close_matches(hook, [*own, *HOOK_POINTS], n=1)
        hint = (
            f"did you mean {near[0]!r}?"
            if near
            else "a configured plugin must define it with @hook(name, Payload, Result)"
        )
        raise RequestError(ErrorCode.INVALID_REQUEST, f"no plugin answers {hook!r}, which is no built-in hook: {hint}")
    return point


def _subject(point: HookPoint, payload: Any, depth: int) -> Subject:
    """Return what ``payload`` is about; the opposite of a view."""
    if point.custom:
        return Subject(point.name, isolate(fields_of(payload), depth), payload=duplicate(payload))
    headers = getattr(payload, "headers", None)
    content = {field: getattr(payload, field) for field in point.content}
    if "response_headers" in point.writable:
        content["headers"] = dict(headers or {})
        headers = payload.response_headers
    elif point.answer is not None:
        content.pop("headers", None)
    elif point.headers_only is None:
        content = {field: value for field, value in content.items() if value is not None}
    value = getattr(payload, point.content[0]) if len(point.content) == 1 else content
    target = getattr(payload, point.target) if point.target else point.name
    return Subject(target, isolate(value, depth), None if headers is None else Headers(headers))
