"""What a plugin's answer does: the request goes on, is changed, or is refused.

A plugin that raises, hangs, lies or returns nothing becomes one ``PluginError`` here, and here only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeVar

from secure_gateway.decisions import Note, Verdict
from secure_gateway.errors import HTTP_STATUS, AnswerError, ErrorCode, PluginError, PolicyDenied
from secure_gateway.pipeline.changes import ConflictError, changed_pointers, merged
from secure_gateway.pipeline.digests import serialise
from secure_gateway.pipeline.run import Run, raised_at
from secure_gateway.pipeline.subjects import Subject, read_back
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.custom import duplicate
from secure_gateway.plugins.framework.hookpoints import HookPoint
from secure_gateway.plugins.framework.interrupts import is_interrupt
from secure_gateway.plugins.framework.isolation import isolate
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.plugins.framework.results import (
    PluginResult,
    PluginViolationError,
    http_terms,
    retry_after,
    scalars_only,
)
from secure_gateway.types import Headers

_Said = TypeVar("_Said")
_NO_HEADERS = "it returned headers that are no texts of one line"


def weigh(run: Run, binding: HookBinding, answer: Any, subject: Subject, elapsed: float) -> None:
    """Take an answer that is late, or says more than "go on", or is none."""
    if elapsed > binding.timeout or run.expired:
        fault = f"it answered after {elapsed:.3f} s; its limit is {binding.timeout:g} s{held(run, binding)}"
        failed(run, binding, ErrorCode.PLUGIN_TIMEOUT, fault)
    elif not is_answer(answer, binding):
        fault = f"it returned {type(answer).__name__}, expected {binding.result.__name__}"
        failed(run, binding, ErrorCode.PLUGIN_ERROR, fault)
    else:
        _settle(run, binding, answer, subject, elapsed)


def is_answer(answer: Any, binding: HookBinding) -> bool:
    """Accept the hook's own type, its subclasses and the bare ``PluginResult``; another hook's result is no answer."""
    kind = type(answer)  # and not what it says of its class
    return issubclass(kind, binding.result) or kind is PluginResult


def _settle(run: Run, binding: HookBinding, answer: PluginResult[Any], subject: Subject, elapsed: float) -> None:
    """Take a plugin's refusal, change or remark."""
    try:
        refused = answer.continue_processing is not True
        metadata = None if refused else _metadata(answer)
        changes = () if refused else _accept(run, binding, answer.modified_payload, subject)
    except BaseException as error:  # the answer's fields are foreign values, whose code may even exit
        if is_interrupt(error):
            raise
        fault = str(error) if type(error) is AnswerError else f"its answer cannot be read ({raised_at(error)})"
        failed(run, binding, ErrorCode.PLUGIN_ERROR, fault)
        return
    if refused:
        _refused(run, binding, answer, elapsed)
        return
    if changes:
        run.modified = True
    warned = not changes and (answer.violation is not None or bool(metadata and metadata.get("warned")))
    verdict = Verdict.MODIFY if changes else Verdict.WARN if warned else Verdict.ALLOW
    run.trace.append((binding, elapsed, Note(verdict, "", changes, metadata)))


def _metadata(answer: PluginResult[Any]) -> dict[str, Any] | None:
    return scalars_only(answer.metadata) if answer.metadata else None


def _text(violation: Any, field: str, most: int) -> str:
    value = getattr(violation, field, "")
    return str.__str__(value)[:most] if isinstance(value, str) else ""


def _or_else(otherwise: _Said, read: Callable[[], _Said]) -> _Said:
    """Return what ``read`` finds in a refusal, or ``otherwise`` where that cannot be read: a clear no counts, however odd its reasons are."""
    try:
        return read()
    except BaseException as error:  # the answer's fields are foreign values, whose code may even exit
        if is_interrupt(error):
            raise
        return otherwise


def _refused(run: Run, binding: HookBinding, answer: PluginResult[Any], elapsed: float) -> None:
    metadata = _or_else(None, lambda: _metadata(answer))
    violation = _or_else(None, lambda: answer.violation)
    code = _or_else("", lambda: _text(violation, "code", 64))
    reason = _or_else("", lambda: _text(violation, "reason", 200)) or "no reason given"
    if not binding.point.may_deny:
        failed(run, binding, ErrorCode.PLUGIN_ERROR, f"it refused, which {binding.hook} cannot")
        return
    if binding.mode is PluginMode.PERMISSIVE:
        run.trace.append((binding, elapsed, Note(Verdict.WOULD_DENY, reason, (), metadata)))
        return
    run.trace.append(
        (
            binding,
            elapsed,
            Note(Verdict.DENY, reason, (), {**(metadata or {}), "violation": code} if code else metadata),
        )
    )
    nothing: tuple[int, dict[str, str]] = (0, {})
    status, headers = _or_else(nothing, lambda: http_terms(violation))
    limited = status == HTTP_STATUS[ErrorCode.RATE_LIMITED]
    public = ErrorCode.RATE_LIMITED if limited else ErrorCode.DENIED
    denial = PolicyDenied(public, reason, request_id=run.request.request_id, plugin=binding.plugin)
    denial.retry_after = _or_else(0, lambda: retry_after(violation))
    if binding.point.headers_only is not None:
        denial.http_status, denial.http_headers = status, headers
    raise denial


def _accept(run: Run, binding: HookBinding, payload: Any, subject: Subject) -> tuple[str, ...]:
    """Make the returned payload the true one and return what changed. Raises ``AnswerError`` for one that is unacceptable, and takes nothing of it."""
    if payload is None:
        return ()
    point = binding.point
    if point.answer is not None:
        _take_answer(binding, point.answer(payload), subject)
        return ()
    if (
        point.plain
        and subject.seen is None
        and isinstance(payload, point.payload)
        and getattr(payload, point.target) == subject.name
        and getattr(payload, "headers", None) == subject.headers
    ):
        return _take_content(run, subject, getattr(payload, point.content[0]))  # the usual case, and the short way
    if not isinstance(payload, point.payload) and (
        point.headers_only is None or not isinstance(payload, point.headers_only)
    ):
        raise AnswerError(f"it returned a {type(payload).__name__} as payload, expected {point.payload.__name__}")
    name, content, headers = read_back(point, payload, subject)
    if isinstance(name, str):
        name = str.__str__(name)  # a subclass may say that it equals any other
    if headers is not None:
        headers = _own_headers(headers)
    fault = _unwritable(point, name, content, headers, subject)
    if fault:
        raise AnswerError(fault)
    if subject.seen is not None:
        try:
            name, content, headers = _beside(subject, subject.seen, name, content, headers)
        except ConflictError:
            fault = "its change contradicts that of a plugin of the same priority, which ran at the same time"
            raise AnswerError(fault) from None
    changes = _take_content(run, subject, content, payload if point.custom else None)
    if name != subject.name:
        subject.name = name
        changes = (f"#{point.target}", *changes)
    if headers is not None and headers != (subject.headers or {}):
        subject.headers = Headers(headers)
        changes = ("#headers", *changes)
    return changes


def _take_content(run: Run, subject: Subject, content: Any, payload: Any = None) -> tuple[str, ...]:
    """Make ``content`` the true one and return what changed. ``payload``: the object of the plugin's own class that holds it."""
    changes = changed_pointers(subject.body.value, content)
    if not changes:
        return changes
    limits = run.snapshot.limits
    try:
        body = isolate(content, limits.max_depth).apart()  # the plugin may keep what it returned
        serialise(body.value, limits.max_payload_bytes)
    except PolicyDenied as denial:
        raise AnswerError(f"its change cannot be taken: {denial.reason}") from None
    if payload is not None:
        subject.payload = duplicate(payload)
    subject.changed = True
    subject.body = body
    return changes


def _beside(subject: Subject, seen: Subject, name: Any, content: Any, headers: Any) -> tuple[Any, Any, Any]:
    """Return a plugin's changes of what it has ``seen``, made to what others have made of that meanwhile. Raises ``ConflictError``."""
    mine = dict(subject.headers or {})
    theirs = dict(seen.headers or {}) if headers is None else dict(headers)
    carried = merged(dict(seen.headers or {}), mine, theirs)
    together = merged(seen.body.value, subject.body.value, content)
    if subject.payload is not None and together != content:
        raise ConflictError  # an object of the plugin's own class cannot be put together from two
    return merged(seen.name, subject.name, name), together, None if subject.headers is None else carried


def _take_answer(binding: HookBinding, answer: Any, subject: Subject) -> None:
    """Keep the first answer to a question, but that a no outdoes a yes. A plugin that is only tried out (permissive) answers for the record alone."""
    if binding.mode is not PluginMode.PERMISSIVE and (
        subject.answer is None or getattr(answer, "granted", None) is False
    ):
        subject.answer = answer, binding.plugin


def _unwritable(point: HookPoint, name: Any, content: Any, headers: Any, subject: Subject) -> str:
    if point.headers_only is not None:
        if name != subject.name or changed_pointers(subject.body.value, content):
            return f"it changed more than headers, which is all that {point.name} may change"
        return "" if headers is not None and _one_line_each(headers) else _NO_HEADERS
    if not isinstance(name, str) or not name:
        return f"it set {point.target} to a {type(name).__name__}, expected a text"
    if name != subject.name and point.target not in point.writable:
        return f"it changed {point.target}, which {point.name} may not change"
    if headers is not None and headers != (subject.headers or {}):
        if "headers" not in point.writable:
            return f"it changed headers, which {point.name} may not change"
        if not _one_line_each(headers):
            return _NO_HEADERS
    return _content_fault(point, subject.body.value, content)


def _content_fault(point: HookPoint, before: Any, content: Any) -> str:
    fixed = [field for field in point.content if field not in point.writable] if len(point.content) > 1 else []
    for field in fixed:
        if changed_pointers(before.get(field), content.get(field)):
            return f"it changed {field}, which {point.name} may not change"
    return point.fault(before, content) if point.fault is not None else ""


def _own_headers(headers: Any) -> Headers:
    """Return a copy of ``headers``, read once: a mapping of the plugin's may say something else the next time. Raises ``AnswerError``."""
    pairs = list(headers.items()) if isinstance(headers, Mapping) else [(None, None)]
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
        raise AnswerError(_NO_HEADERS)
    return Headers([(str.__str__(name), str.__str__(value)) for name, value in pairs])


def _one_line_each(headers: Headers) -> bool:
    """Tell whether names and values are without control characters: a line break would begin another header."""
    return all(f"{name}{value}".isprintable() for name, value in headers.items())


def raised(run: Run, binding: HookBinding, error: BaseException) -> None:
    """Take what a plugin raised as its failure; cancellations from outside are raised on."""
    if isinstance(error, asyncio.CancelledError):
        if run.expired:
            late = f"it did not answer within {binding.timeout:g} s{held(run, binding)}"
            failed(run, binding, ErrorCode.PLUGIN_TIMEOUT, late)
            return
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise error
    if isinstance(error, GeneratorExit) or is_interrupt(error):
        raise error
    if isinstance(error, PluginViolationError):
        violation = _or_else(None, lambda: error.violation)
        refusal: PluginResult[Any] = PluginResult(continue_processing=False, violation=violation)
        _refused(run, binding, refusal, monotonic() - run.plugin_started)
        return
    # An AnswerError is ours and names types only; any other text may quote the payload.
    fault = str(error) if type(error) is AnswerError else f"it raised {raised_at(error)}"
    failed(run, binding, ErrorCode.PLUGIN_ERROR, fault + held(run, binding))


def held(run: Run, binding: HookBinding) -> str:
    """Tell the watchdog when the plugin has blocked the event loop until now; return what the record is to say of it."""
    seconds = monotonic() - max(run.plugin_started, run.resumed)
    watch = run.snapshot.watch
    return watch.blocked(run, binding, seconds) if watch is not None and seconds > binding.timeout else ""


def failed(run: Run, binding: HookBinding, code: ErrorCode, fault: str) -> None:
    """Record that a plugin failed; refuse unless its mode was spelt to let failures pass."""
    run.expired = False
    verdict = Verdict.TIMEOUT if code is ErrorCode.PLUGIN_TIMEOUT else Verdict.ERROR
    passes = binding.mode in (PluginMode.ENFORCE_IGNORE_ERROR, PluginMode.PERMISSIVE) and not binding.fail_on_error
    reason = f"{fault}; mode {binding.mode.value} lets that pass" if passes else fault
    run.trace.append((binding, monotonic() - run.plugin_started, Note(verdict, reason)))
    if not passes:
        raise PluginError(
            code,
            f"plugin {binding.plugin!r} failed at {binding.hook}: {fault}",
            request_id=run.request.request_id,
            plugin=binding.plugin,
        )
