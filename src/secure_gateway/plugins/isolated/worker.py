"""The process of one plugin: ``python -m secure_gateway.plugins.isolated.worker``, started by ``PluginProcess`` and by nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.pipeline.run import raised_at
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.driver import GRACE
from secure_gateway.plugins.framework.plugin import Plugin
from secure_gateway.plugins.hook_loader import HookLoader
from secure_gateway.plugins.hook_order import HookOrder
from secure_gateway.plugins.isolated import frames
from secure_gateway.plugins.isolated.exchange import Handed

BLOCKED: Final = 75
"""Exit status of a process that ended itself because its plugin blocked it."""
_MOST_STRAYS: Final = 64
_LONGEST_LINE: Final = 2000
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Serve one plugin until the other end of descriptor 0 is closed."""
    connection = _claim_connection()
    hello = _first(connection)
    _bind_to(hello.parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold payloads
    if hello.memory_mb:
        resource.setrlimit(resource.RLIMIT_AS, (hello.memory_mb << 20, hello.memory_mb << 20))
    wire = _Wire(connection)
    logging.basicConfig(handlers=[_Forward(wire)], level=logging.INFO)
    try:
        plugin, bindings = _load(hello.order, frames.unpack(hello.entry))
    except ConfigError as error:
        wire.send(frames.Refused([_facts(problem) for problem in error.problems]))
        return
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_Worker(wire, plugin, bindings).serve(initialize=hello.initialize))
    os._exit(0)  # what the plugin's threads still do is nobody's concern any more


def _claim_connection() -> socket.socket:
    """Take the connection off descriptor 0, so that nothing that the plugin reads or prints gets mixed up with frames."""
    connection = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return connection


def _first(connection: socket.socket) -> frames.Hello:
    data = frames.read(connection)
    hello = None if data is None else frames.TO_CHILD.decode(data)
    if not isinstance(hello, frames.Hello):
        raise SystemExit(1)
    return hello


def _bind_to(parent: int) -> None:
    """End with the gateway, also while the plugin blocks: the kernel sees to it where it can."""
    os.environ.pop("PYTHONPATH", None)  # it was for finding this module, not for programs that the plugin starts
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _load(order: HookOrder, entry: dict[str, Any]) -> tuple[Plugin, list[HookBinding]]:
    """Load the one plugin of ``order``, by the same rules as the gateway. Raises ``ConfigError``."""
    folders = [Path(folder) for folder in order.plugin_dirs]
    registered = [import_class(order.registered)] if order.registered else []
    loader = HookLoader(folders, registered, [Path(folder) for folder in order.folders])
    try:
        loaded = loader.load([entry], {"plugin_timeout": order.default_timeout})
    except ConfigError as error:
        here = "$.plugins.hooks[0]"  # the only one, to this loader
        raise ConfigError(
            [
                replace(each, path=order.where + each.path.removeprefix(here)) if each.path.startswith(here) else each
                for each in error.problems
            ]
        ) from error
    return loaded.plugins[0], list(loaded.bindings)


def import_class(target: str) -> type:
    """Return the class ``module:Class``, which the gateway has imported before."""
    module, _, name = target.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


def _facts(problem: Problem) -> tuple[str, str, str, str, str, int]:
    return problem.path, problem.found, problem.expected, problem.hint, problem.file, problem.line


class _Wire:
    """Sends frames, from any thread."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._lock = threading.Lock()

    def send(self, message: frames.FromChild) -> None:
        try:
            with self._lock:
                frames.write(self.connection, message)
        except OSError:
            os._exit(0)  # the gateway is gone


class _Forward(logging.Handler):
    """Hands log lines to the gateway, whose logging they belong to."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()[:_LONGEST_LINE].encode("utf-8", "replace").decode()
        except Exception:  # noqa: BLE001 - a stranger's arguments
            text = "a line that cannot be formatted"
        self._wire.send(frames.Logged(record.levelno, text))


class _Worker:
    """Answers calls at the same time, each in a task. A thread of its own reads, so that it is known when the loop is blocked."""

    def __init__(self, wire: _Wire, plugin: Plugin, bindings: list[HookBinding]) -> None:
        self._wire = wire
        self._plugin = plugin
        self._bindings = {binding.hook: binding for binding in bindings}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._strays: set[asyncio.Task[None]] = set()
        self._step: tuple[int, int] = (0, 0)
        self._steps = 0

    async def serve(self, *, initialize: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        if initialize and (fault := await _fault_of(self._plugin.initialize())):
            facts = ("$.plugins.hooks", f"a plugin whose initialize {fault}", "one that can be initialized", "", "", 0)
            self._wire.send(frames.Refused([facts]))
            os._exit(1)
        digest = next((binding.digest for binding in self._bindings.values()), "")
        self._wire.send(frames.Ready(list(self._bindings), digest))
        threading.Thread(target=self._read, name="secure-gateway-reader", daemon=True).start()
        await self._ended.wait()
        if fault := await _fault_of(self._plugin.shutdown()):
            self._wire.send(frames.Logged(logging.WARNING, f"its shutdown {fault}"))

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while (data := frames.read(self._wire.connection)) is not None:
                self._take(frames.TO_CHILD.decode(data))
        os._exit(0)

    def _take(self, message: frames.ToChild) -> None:
        later = self._loop.call_soon_threadsafe
        if isinstance(message, frames.Call):
            later(self._begin, message.number, partial(self._answer, message))
        elif isinstance(message, frames.Start):
            later(self._begin, message.number, partial(self._start, message))
        elif isinstance(message, frames.Stop):
            later(self._ended.set)
        elif isinstance(message, frames.Cancel):
            self._wire.send(frames.Cancelled(message.number))
            step = self._step
            if step[0] == message.number:
                alarm = threading.Timer(message.patience + GRACE, self._end_if_blocked, (step,))
                alarm.daemon = True
                alarm.start()
            later(self._cancel, message.number)

    def _end_if_blocked(self, step: tuple[int, int]) -> None:
        if self._step == step:
            os._exit(BLOCKED)

    def _begin(self, number: int, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._tasks[number] = self._loop.create_task(self._watched(number, work()))
        task.add_done_callback(partial(self._done, number))

    def _done(self, number: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(number, None)
        self._strays.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._wire.send(frames.Fault(number, f"it raised {raised_at(error)}"))

    def _cancel(self, number: int) -> None:
        task = self._tasks.pop(number, None)
        if task is not None:
            self._strays.add(task)
            task.cancel()
            if len(self._strays) > _MOST_STRAYS:  # they swallow their cancellation
                os._exit(BLOCKED)

    async def _watched(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        await _stepwise(work, partial(self._enter, number), self._leave)

    def _enter(self, number: int) -> None:
        self._steps += 1
        self._step = number, self._steps

    def _leave(self) -> None:
        self._step = 0, 0

    async def _start(self, message: frames.Start) -> None:
        fault = await _fault_of(self._plugin.initialize())
        number = message.number
        self._wire.send(frames.Fault(number, f"its initialize {fault}") if fault else frames.Answer(number, b""))

    async def _answer(self, message: frames.Call) -> None:
        binding = self._bindings.get(message.hook)
        if binding is None:
            self._wire.send(frames.Fault(message.number, f"it does not answer {message.hook}"))
            return
        try:
            handed = Handed(message.hook, message.given)
            answer: Awaitable[Any] = binding.call(handed.payload, handed.context)
            said = handed.answered(await answer)
            reply: frames.FromChild = frames.Answer(message.number, said)
            if len(said) > frames.MOST_PACKED:
                reply = frames.Fault(message.number, f"its answer has {len(said)} bytes, which is too much")
        except asyncio.CancelledError:
            if message.number not in self._tasks:
                raise
            reply = frames.Fault(message.number, "it cancelled itself")
        except BaseException as error:  # noqa: BLE001 - foreign code: SystemExit and Rust panics must not pass either
            ours = type(error) is AnswerError
            reply = frames.Fault(message.number, str(error) if ours else f"it raised {raised_at(error)}")
        self._wire.send(reply)


async def _fault_of(work: Awaitable[None]) -> str:
    """Let a stranger's ``initialize`` or ``shutdown`` run; return how it failed, without the words of its exception, or nothing."""
    try:
        await work
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        return f"raised {raised_at(error)}"
    return ""


@types.coroutine
def _stepwise(
    work: Coroutine[Any, Any, None], enter: Callable[[], None], leave: Callable[[], None]
) -> Generator[Any, Any, None]:
    """Run ``work``, saying when it is on the processor and when it waits."""
    sent: Any = None
    resume: Callable[[Any], Any] = work.send
    try:
        while True:
            enter()
            waiting = resume(sent)
            leave()
            try:
                sent = yield waiting
                resume = work.send
            except BaseException as error:  # noqa: BLE001 - handed on to the coroutine, which decides
                sent, resume = error, work.throw
    except StopIteration:
        return
    finally:
        leave()


if __name__ == "__main__":
    main()
