"""``RemoteClient``: one service, asked over one pool of connections, within one time limit, and believed only when it answers as agreed."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import logging
import os
import random
import ssl
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, TypeVar

import httpx
import msgspec

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.pipeline.loop_thread import LoopThread
from secure_gateway.plugins.guardrails.remote.settings import Endpoint
from secure_gateway.plugins.outbound.breaker import Breaker
from secure_gateway.plugins.outbound.cache import AnswerCache
from secure_gateway.plugins.outbound.faults import ConnectionLostError, NotConnectedError
from secure_gateway.plugins.outbound.pinned import PinnedTransport, body_parts, is_redirect, media_type

_Read = TypeVar("_Read")
_log = logging.getLogger(__name__)

_OK: Final = 200
_UNAUTHORIZED: Final = (401, 403)
_NOT_NOW: Final = (429, 503)
"""The service says that it has done nothing yet: it may always be asked again."""
_BROKEN: Final = (500, 502, 504)
_RESOLVE_SECONDS: Final = 60.0
_FIRST_PAUSE: Final = 0.1
_NEARLY: Final = 0.9
"""The part of its time limit after which a judgement that its caller gives up counts as not answered."""
_BREAKER_SECONDS: Final = 1.0
_FRAME: Final = (
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"identity"),
)


class NotNowError(NotConnectedError):
    """It answered that it cannot judge at the moment. ``after``: seconds that it wants to be left alone."""

    def __init__(self, message: str, after: float) -> None:
        self.after = after
        super().__init__(message)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``key``: what it is remembered by. ``headers`` is asked for each attempt anew, for signatures carry the time.

    ``repeatable``: asking twice does no harm.
    """

    body: bytes
    key: Any
    headers: Callable[[bytes], tuple[tuple[bytes, bytes], ...]]
    repeatable: bool = True

    def __repr__(self) -> str:
        return f"Call({len(self.body)} bytes)"


class RemoteClient:
    """Its connections live on an event loop of its own, so that they are kept whoever asks, from whichever loop."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        """Raises ``ConfigError`` for a ``ca_bundle`` that cannot be used."""
        self._name = name
        self._endpoint = endpoint
        self._transport = PinnedTransport(endpoint.url, _context(endpoint.ca_bundle), endpoint.concurrency)
        self._breaker = Breaker(_BREAKER_SECONDS)
        self._cache = AnswerCache(endpoint.cache_seconds, endpoint.cache_entries)
        self._room = asyncio.Semaphore(endpoint.concurrency)
        self._resolved_until = 0.0
        self._pid = os.getpid()
        self._thread = LoopThread()
        self._end = weakref.finalize(self, _end, self._thread, self._transport)

    async def ask(self, call: Call, read: Callable[[Any], _Read]) -> _Read:
        """Return what ``read`` makes of the answer. Raises ``AnswerError`` for no answer and for one that ``read`` refuses."""
        if not self._end.alive:
            raise AnswerError("it was shut down")
        if os.getpid() != self._pid:
            raise AnswerError("it was set up before this process was forked; load the gateway in each process")
        key = self._cache.digest_of(call.key)
        known = self._cache.get(key)
        if known is not None:
            return read(known)
        try:
            answer = await asyncio.wrap_future(self._thread.submit(self._in_time(call)))
        except concurrent.futures.CancelledError:
            raise AnswerError("it was shut down") from None
        result = read(answer)
        self._cache.put(key, answer)
        return result

    async def close(self) -> None:
        """Release everything. Idempotent."""
        if self._end.detach() is not None:
            await asyncio.to_thread(_end, self._thread, self._transport)

    async def _in_time(self, call: Call) -> Any:
        try:
            async with asyncio.timeout(self._endpoint.timeout), self._room:
                return await self._until_answered(call)
        except TimeoutError:
            raise AnswerError(f"no answer within {self._endpoint.timeout:g} s") from None

    async def _until_answered(self, call: Call) -> Any:
        """Ask, and ask again where nothing can have been done twice, or that does no harm."""
        for attempt in range(self._endpoint.retries + 1):
            try:
                return await self._attempt(call)
            except ConnectionLostError as error:
                again = call.repeatable or isinstance(error, NotConnectedError)
                pause = _FIRST_PAUSE * 2**attempt * (0.5 + random.random())  # noqa: S311 - spreads load, keeps no secret
                if isinstance(error, NotNowError):
                    pause = max(pause, error.after)
                if not again or attempt == self._endpoint.retries or pause >= self._endpoint.timeout:
                    raise AnswerError(f"no answer: {error}") from None
                await asyncio.sleep(pause)
        raise AnswerError("no answer")

    async def _attempt(self, call: Call) -> Any:
        self._breaker.enter()
        started = monotonic()
        try:
            answer = await self._exchange(call)
        except ConnectionLostError:
            was_open = self._breaker.is_open
            self._breaker.failed()
            if self._breaker.is_open and not was_open:
                _log.warning("guardrail %r: its service has failed repeatedly; it is asked again later", self._name)
            raise
        except asyncio.CancelledError:
            if monotonic() - started >= _NEARLY * self._endpoint.timeout:
                self._breaker.failed()
            else:
                self._breaker.left()
            raise
        except AnswerError:
            self._breaker.succeeded()  # it answers, be it nonsense: that is the affair of this request alone
            raise
        self._breaker.succeeded()
        return answer

    async def _exchange(self, call: Call) -> Any:
        if monotonic() >= self._resolved_until:
            await self._transport.pin(allow_private=self._endpoint.allow_private)
            self._resolved_until = monotonic() + _RESOLVE_SECONDS
        lines = (self._transport.host_line, *_FRAME, *self._endpoint.headers, *call.headers(call.body))
        async with self._transport.send("POST", lines, call.body) as response:
            _check_status(response)
            raw = b"".join([part async for part in body_parts(response, self._endpoint.max_response_bytes)])
        return _parsed(raw)


def _check_status(response: httpx.Response) -> None:
    """Raise unless this is a 200 with JSON: everything else says nothing about what was asked."""
    status = response.status_code
    if status in _NOT_NOW:
        raise NotNowError(f"its service answered with HTTP status {status}", _retry_after(response))
    if status in _BROKEN:
        raise ConnectionLostError(f"its service answered with HTTP status {status}")
    if is_redirect(response):
        raise AnswerError(
            f"its service answered with a redirect (HTTP status {status}), which is not followed; put the final address into url"
        )
    if status != _OK:
        hint = "; check its credential" if status in _UNAUTHORIZED else ""
        raise AnswerError(f"its service answered with HTTP status {status}{hint}")
    if media_type(response.headers) != "application/json":
        raise AnswerError("its service answered something else than application/json")


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0.0  # noqa: PLR2004 - a day has five digits


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise AnswerError("its service answered no JSON, or JSON that readers understand differently") from None


def _refuse(_name: str) -> Any:
    raise ValueError


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says one thing twice: which of them counts, every reader decides for itself."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _context(ca_bundle: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        found = f"a file that cannot be used ({type(error).__name__})"
        raise ConfigError(Problem("$.config.ca_bundle", found, "a PEM file with certificates")) from None


def _end(thread: LoopThread, transport: PinnedTransport) -> None:
    if not thread.is_running:
        return
    ending = thread.submit(transport.aclose())
    try:
        ending.result(5)
    except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
        ending.cancel()
    finally:
        thread.close()
