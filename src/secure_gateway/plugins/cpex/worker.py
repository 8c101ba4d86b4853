"""Run a CPEX plugin in an interpreter of its own, where its dependencies need not agree with ours.

The interpreter gets ``host.py`` as its program and an empty environment; it ends with the gateway, whose end of its pipes it reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson

from secure_gateway.errors import AnswerError

_PROGRAM: Final = Path(__file__).with_name("host.py")
_LOAD_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 2.0
_GRACE: Final = 1.0
"""Seconds that a plugin whose call was cancelled has for ending it; then its process ends."""

_PAUSE: Final = 1.0
"""Seconds between two starts, so that a plugin that dies at every call does not cost a start at each."""

_LONGEST_LINE: Final = 64 * 1024 * 1024


class Worker:
    """One plugin in a process of its own. A process that dies is started again at the next call, once a second at most."""

    def __init__(self, python: str, kind: str, config: Mapping[str, Any]) -> None:
        self._python = python
        self._plugin = {"kind": kind, "config": dict(config)}
        self._line: _Line | None = None
        self._started = 0.0
        self._lock = threading.Lock()
        self._initialized = False

    def load(self) -> list[str]:
        """Start the process and return the hooks that the plugin answers. Blocks. Raises ``AnswerError``."""
        with self._lock:
            return self._start()

    async def initialize(self) -> None:
        """Let the plugin set itself up; a process that is started later does the same."""
        await self._ask({"do": "initialize"})
        self._initialized = True

    async def invoke(self, hook: str, payload: Any, context: Any) -> Any:
        """Return what the host answers. Raises ``AnswerError`` when it fails, ends, or writes no answer."""
        return await self._ask({"do": "invoke", "hook": hook, "payload": payload, "context": context})

    def close(self) -> None:
        """End the process. Blocks for at most a few seconds."""
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    async def _ask(self, request: dict[str, Any]) -> Any:
        line = self._line
        if line is None or line.ended:
            line = await asyncio.to_thread(self._restarted)
        return await line.ask(request)

    def _restarted(self) -> _Line:
        with self._lock:
            if self._line is None or self._line.ended:
                if monotonic() - self._started < _PAUSE:
                    raise AnswerError("its process has ended and was started less than a second ago")
                self._start()
                if self._initialized:
                    self._wait({"do": "initialize"})
            if self._line is None:
                raise AnswerError("its process has ended")
            return self._line

    def _start(self) -> list[str]:
        if self._line is not None:
            self._line.close()
        self._started = monotonic()
        self._line = _Line(self._python)
        weakref.finalize(self, self._line.close)
        hooks = self._wait({"do": "load", **self._plugin})
        if type(hooks) is not list or not all(type(hook) is str for hook in hooks):
            raise AnswerError("its process names no hooks")
        return hooks

    def _wait(self, request: dict[str, Any]) -> Any:
        if self._line is None:
            raise AnswerError("its process has ended")
        number, future = self._line.enter()
        self._line.write({**request, "id": number})
        try:
            return future.result(_LOAD_SECONDS)
        except TimeoutError:
            self._line.close()
            raise AnswerError(f"its process did not get ready within {_LOAD_SECONDS:g} s") from None


class _Line:
    """A process and the pipes to it: requests by number, answers in any order."""

    def __init__(self, python: str) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter that the configuration names, its ownership checked
                [python, "-I", str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        except OSError as error:
            raise AnswerError(f"its interpreter cannot be started ({type(error).__name__})") from error
        self._waiting: dict[int, Future[Any]] = {}
        self._next = 0
        self._writing = threading.Lock()
        self.ended = False
        reader = threading.Thread(target=self._read, name="cpex-answers", daemon=True)
        reader.start()

    def enter(self) -> tuple[int, Future[Any]]:
        """Return the number of a new request and the future of its answer."""
        future: Future[Any] = Future()
        with self._writing:
            self._next += 1
            self._waiting[self._next] = future
            return self._next, future

    async def ask(self, request: dict[str, Any]) -> Any:
        """Send ``request`` and return its answer. Cancelled, it tells the process, which ends if the plugin does not."""
        number, future = self.enter()
        try:
            await asyncio.to_thread(self.write, {**request, "id": number})
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if number in self._waiting:
                threading.Thread(target=self._cancel, args=(number,), daemon=True).start()
            raise

    def write(self, request: dict[str, Any]) -> None:
        """Send one line. Raises ``AnswerError`` when the process is gone."""
        try:
            line = orjson.dumps(request)
        except (TypeError, ValueError) as error:
            raise AnswerError("what it is asked holds a value that is no JSON") from error
        pipe = self._process.stdin
        try:
            with self._writing:
                if pipe is None or pipe.closed:
                    raise AnswerError("its process has ended")
                pipe.write(line + b"\n")
                pipe.flush()
        except OSError as error:
            raise AnswerError("its process has ended") from error

    def close(self) -> None:
        """End the process: politely, unless it is busy or does not read."""
        self.ended = True
        if self._waiting or not self._writing.acquire(timeout=_GRACE):
            self._process.kill()
        else:
            self._writing.release()
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _cancel(self, number: int) -> None:
        """Ask the plugin to stop; a process that does not even read this is ended all the same."""
        last = threading.Timer(_GRACE, self._end_unless_answered, (number,))
        last.daemon = True
        last.start()
        with contextlib.suppress(AnswerError):
            self.write({"cancel": number})

    def _end_unless_answered(self, number: int) -> None:
        if number in self._waiting:
            self._process.kill()

    def _read(self) -> None:
        pipe = self._process.stdout
        if pipe is None:
            return
        with pipe:
            while (line := pipe.readline(_LONGEST_LINE)).endswith(b"\n"):
                if not self._take(line):
                    break
        self._process.kill()
        self.ended = True
        self._process.wait()
        while self._waiting:
            _, future = self._waiting.popitem()
            _settle(future, AnswerError("its process ended before it answered"))

    def _take(self, line: bytes) -> bool:
        """Hand an answer to who waits for it; return whether it was one."""
        try:
            answer = orjson.loads(line)
            future = self._waiting.pop(answer["id"])
            fault = answer.get("fault")
            _settle(future, AnswerError(fault) if type(fault) is str else answer["answer"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        return True


def _settle(future: Future[Any], outcome: Any) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, AnswerError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
