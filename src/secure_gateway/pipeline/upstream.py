"""Call the protected thing, under its own time limit. Nothing in here runs before every pre hook has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from types import CoroutineType
from typing import Any

from secure_gateway.decisions import Stage, Verdict
from secure_gateway.errors import ErrorCode, RequestError, UpstreamError
from secure_gateway.pipeline.run import Run
from secure_gateway.plugins.framework.driver import (
    Deadline,
    FixedDeadline,
    PausingDeadline,
    TimeLimitExceededError,
    supervise,
)
from secure_gateway.types import Request

UPSTREAM = Stage("upstream", plugin="upstream")

Upstream = Callable[[Request], Awaitable[Any]]


async def call_upstream(run: Run, upstream: Upstream, request: Request) -> Any:
    """Return the upstream's answer. Its exceptions pass unchanged. Raises ``UpstreamError`` when it takes too long.

    An answer that came late without suspending still counts, for its effect has happened. Raises ``RequestError`` where a required sink
    takes no records now: refusing afterwards would leave an act without a trace.
    """
    for sink in run.snapshot.sinks:
        if sink.required and not sink.ready:
            raise RequestError(ErrorCode.UNAVAILABLE, f"{sink.name!r} cannot keep a record now, and is required")
    started = monotonic()
    limit = request.time_limit
    seconds = run.snapshot.limits.upstream_timeout if limit is None else limit
    try:
        answer = upstream(request)
        coroutine: Coroutine[Any, Any, Any] = answer if isinstance(answer, CoroutineType) else _awaited(answer)
        try:
            waiting = coroutine.send(None)
        except StopIteration as done:
            result = done.value
        else:
            time_off = request.time_off
            deadline = FixedDeadline(seconds) if time_off is None else PausingDeadline(seconds, time_off)
            result = await _within(coroutine, waiting, deadline)
    except TimeLimitExceededError:
        run.note(UPSTREAM, Verdict.TIMEOUT, monotonic() - started, f"no answer within {seconds:g} s")
        message = f"no answer within {seconds:g} s"
        raise UpstreamError(ErrorCode.UPSTREAM_TIMEOUT, message, request_id=request.request_id) from None
    except BaseException as error:
        run.upstream_failed = True
        run.note(UPSTREAM, Verdict.ERROR, monotonic() - started, type(error).__name__)
        raise
    run.trace.append((UPSTREAM, monotonic() - started, None))
    return result


async def _within(coroutine: Coroutine[Any, Any, Any], waiting: Any, limit: Deadline) -> Any:
    try:
        return await supervise(coroutine, waiting, limit)
    except asyncio.CancelledError:
        if limit.expired:
            raise TimeLimitExceededError from None
        raise


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
