"""Put a changed configuration in force while the gateway runs: the new one is built and checked whole, then one reference is swapped.

The snapshot that was replaced is released once no request holds it any more. Requests pay nothing for that: the reference they hold anyway is
what is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import logging
import signal
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import msgspec

from secure_gateway.bootstrap import Closer, Parts, rebuild
from secure_gateway.decisions import Stage
from secure_gateway.errors import ConfigError, ErrorCode, GatewayError, Problem, RequestError
from secure_gateway.pipeline.control import record_event
from secure_gateway.pipeline.overrides import Lease
from secure_gateway.pipeline.run import raised_at
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.watched_files import WatchedFiles

POLL_SECONDS: Final = 1.0
"""How often the file is looked at."""
RECORD_NAME: Final = "gateway/reload"
"""What records of reloads are called; no MCP method is called so."""
_CLOSE_SECONDS: Final = 10.0
_LAST_SECONDS: Final = 5.0
"""How long requests on replaced snapshots may take when the gateway itself ends."""
_FIRST_LOOK_SECONDS: Final = 5.0

_RELOAD = Stage("reload")
_log = logging.getLogger(__name__)

Check = Callable[[Parts], Sequence[Problem]]
"""Says what of new parts cannot be put in force without a restart."""


class Attempt(NamedTuple):
    """How a reload went. ``done``: the new configuration is in force."""

    done: bool
    said: str


class Reloader:
    """An async context manager, inside that of the gateway: it reloads on SIGHUP and when the configuration file has changed.

    ``env`` and ``register``: as ``load_parts`` got them. ``check``: by default everything can be put in force.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        env: Mapping[str, str] | None = None,
        register: Iterable[type] = (),
        check: Check | None = None,
    ) -> None:
        self._parts = parts
        self._env = env
        self._register = tuple(register)
        self._check = check
        self._lock = asyncio.Lock()
        self._asked = asyncio.Event()
        self._leaving = False
        self._files = WatchedFiles(parts)
        self._watching: asyncio.Task[None] | None = None
        self._drains: dict[asyncio.Task[None], asyncio.Event] = {}

    @property
    def parts(self) -> Parts:
        """What is in force."""
        return self._parts

    async def reload(self) -> Parts:
        """Put in force what the file says now, and return it. Raises ``ConfigError`` or ``GatewayError``: then nothing has changed."""
        async with self._lock:
            gateway = self._parts.gateway
            await gateway.start()  # or its first request would start the new plugins a second time
            closers: list[Closer] = []
            async with contextlib.AsyncExitStack() as undo:
                undo.push_async_callback(_close_all, closers)
                held = await asyncio.to_thread(self._files.digests)
                built = await self._build(closers)
                # By what they held before: what has changed since then may not be in force.
                files = await asyncio.to_thread(WatchedFiles, built, held)
                undo.pop_all()
            self._parts = msgspec.structs.replace(built, gateway=gateway)
            self._swap(built.gateway.snapshot)
            self._files = files
            return self._parts

    async def try_reload(self, reason: str) -> bool:
        """Reload because of ``reason``; log and record how it went. Tell whether the new configuration is in force."""
        return (await self.attempt(reason)).done

    async def attempt(self, reason: str) -> Attempt:
        """Like ``try_reload``, and return what was logged as well."""
        before = self._parts.gateway.snapshot.policy_version
        try:
            await self.reload()
        except GatewayError as error:
            if isinstance(error, ConfigError):
                self._files.also(Path(problem.file) for problem in error.problems if problem.file)
            return self._failed(reason, one_line(error))
        except Exception as error:  # noqa: BLE001 - a stranger's constructor or check: what is in force must go on
            return self._failed(reason, f"a fault of a plugin or of the gateway itself: {raised_at(error)}")
        snapshot = self._parts.gateway.snapshot
        said = f"{reason}: the configuration was reloaded, policy {snapshot.policy_version} replaces {before}"
        _log.info("%s", said)
        record_event(snapshot, RECORD_NAME, _RELOAD, said)
        return Attempt(done=True, said=said)

    def ask(self) -> None:
        """Have the file reloaded soon, whether it has changed or not: secrets and plugins may have. For signal handlers."""
        self._asked.set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # not in the main thread
            loop.add_signal_handler(signal.SIGHUP, self.ask)
        self._watching = loop.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let a reload that is under way end, and release what was replaced."""
        self._leaving = True
        self._asked.set()
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        if self._watching is not None:
            await asyncio.wait([self._watching])
        if self._drains:
            await asyncio.wait(self._drains, timeout=_LAST_SECONDS)
        for released in self._drains.values():
            released.set()
        if self._drains:
            await asyncio.wait(self._drains)

    def __repr__(self) -> str:
        return f"Reloader({self._parts!r})"

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._asked.wait()
            if self._leaving:
                return
            asked = self._asked.is_set()
            self._asked.clear()
            if await asyncio.to_thread(self._files.have_changed) or asked:
                await self.try_reload("asked to" if asked else "the file has changed")

    async def _build(self, closers: list[Closer]) -> Parts:
        """Return parts that are ready for requests."""
        build = partial(rebuild, self._parts, closers, env=self._env, register=self._register)
        built = await _to_its_end(asyncio.get_running_loop().run_in_executor(None, build))
        problems = self._check(built) if self._check is not None else ()
        if problems:
            raise ConfigError([built.loaded.placed(problem) for problem in problems])
        await built.gateway.start()
        return built

    def _swap(self, snapshot: Snapshot) -> None:
        old = self._parts.gateway.plugins.board.carry_over(snapshot)
        closers = [closer for closer in old.closers if closer not in snapshot.closers]
        closers.append(self._parts.records.forget_plugins)
        loop = asyncio.get_running_loop()
        released = asyncio.Event()

        def tell(_: object) -> None:  # on whichever thread had the last request
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(released.set)

        # Not the snapshot itself: requests may still read one from before a change of plugins, made of the same parts.
        drain = loop.create_task(_drain(weakref.ref(old.lease, tell), released, closers))
        del old
        self._drains[drain] = released
        drain.add_done_callback(self._drains.pop)

    def _failed(self, reason: str, why: str) -> Attempt:
        said = f"{reason}, but nothing was changed and the policy in force stays: {why}"
        _log.error("%s", said)
        error = RequestError(ErrorCode.INVALID_REQUEST, said)
        record_event(self._parts.gateway.snapshot, RECORD_NAME, _RELOAD, said, error)
        return Attempt(done=False, said=said)


def one_line(error: GatewayError) -> str:
    """Return what ``error`` says, all problems of it, in one line."""
    said = "; ".join(str(problem) for problem in error.problems) if isinstance(error, ConfigError) else str(error)
    return " ".join(said.split())


async def _to_its_end(work: asyncio.Future[Parts]) -> Parts:
    """Wait for a thread, also when we are cancelled: what it goes on building could not be released otherwise."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        work.exception()
        raise


async def _drain(held: weakref.ref[Lease], released: asyncio.Event, closers: Sequence[Closer]) -> None:
    """Wait until no request holds a snapshot of that lease, then close what was its own."""
    patience = _FIRST_LOOK_SECONDS
    try:
        while held() is not None and not released.is_set():
            try:
                async with asyncio.timeout(patience):
                    await released.wait()
            except TimeoutError:
                # A request that ended in an exception may be held by a circle of frames that nobody else knows of.
                gc.collect()
                patience *= 2
    finally:
        await _close_all(closers)


async def _close_all(closers: Sequence[Closer]) -> None:
    for closer in closers:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                outcome: Any = closer() if inspect.iscoroutinefunction(closer) else await asyncio.to_thread(closer)
                if inspect.isawaitable(outcome):
                    await outcome
        except Exception as error:  # noqa: BLE001 - a stranger's shutdown; the others must still be closed
            _log.warning("%s raised %s", getattr(closer, "__qualname__", "a shutdown"), type(error).__name__)
