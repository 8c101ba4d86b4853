"""One plugin's process seen from the gateway: started, spoken to, ended, and started again."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

import msgspec

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.plugins.hook_order import HookOrder
from secure_gateway.plugins.isolated import frames

_log = logging.getLogger(__name__)

START_SECONDS: Final = 60.0
"""How long a plugin may take to be loaded and initialized in its process."""
_LONG_LIFE: Final = 10.0
_FIRST_PAUSE: Final = 0.1
_SHORT_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
_BLOCKED_STATUS: Final = 75

Settle = Callable[[frames.Answer | frames.Fault], None]
"""Takes what became of a call; called on a thread of ours, so it must not do more than hand it on."""


class PluginProcess:
    """Keeps a process that runs ``order`` alive, with pauses where it dies again and again. For all threads and event loops.

    ``environment``: all that it sees. ``initialize``: have the plugin's own ``initialize`` run in the first one already. Nothing starts before
    ``start``. When this process ends, so does that one.
    """

    def __init__(
        self,
        name: str,
        order: HookOrder,
        environment: Mapping[str, str],
        memory_mb: int = 0,
        *,
        initialize: bool = False,
    ) -> None:
        self._name = name
        self._order = order
        self._environment = dict(environment)
        self._memory_mb = memory_mb
        self._numbers = itertools.count(1)
        self._initialize = initialize
        self._reset()

    def _reset(self) -> None:
        self._owner = os.getpid()
        self._change = threading.Condition()
        self._pending: dict[int, Settle] = {}
        self._outbox: queue.SimpleQueue[frames.ToChild | None] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: frames.Ready | None = None
        self._refused: list[Problem] | None = None
        self._served = False
        self._supervisor: threading.Thread | None = None
        self._closed = threading.Event()
        self._why = ""
        self._last_end = ""

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Have a process started, unless one runs. Does not wait for it."""
        with self._change:
            if self._supervisor is None and not self._closed.is_set():
                self._outbox = queue.SimpleQueue()
                self._supervisor = threading.Thread(target=self._supervise, name=f"plugin {self._name}", daemon=True)
                self._supervisor.start()

    def wait_ready(self) -> frames.Ready:
        """Wait until the plugin is loaded there. Raises ``ConfigError`` when it cannot be."""
        self.start()
        with self._change:
            self._change.wait_for(lambda: self._ready or self._refused or self._last_end, START_SECONDS)
            ready, refused, ended = self._ready, self._refused, self._last_end
        if ready is not None:
            return ready
        self.abandon()
        found = f"the plugin {self._name}: {ended or 'it was not loaded in time'}"
        raise ConfigError(refused or Problem("$.plugins.hooks", found, "a plugin that can be loaded in its process"))

    def ask(self, make: Callable[[int], frames.Call | frames.Start], settle: Settle) -> int:
        """Send what ``make`` returns for a number; ``settle`` is called once, with the answer. Raises ``AnswerError`` when nobody can answer."""
        if os.getpid() != self._owner:  # this process was forked from the one that started the plugin's
            self._reset()
        self.start()
        number = next(self._numbers)
        message = make(number)
        with self._change:
            outbox = self._outbox
            if self._closed.is_set() or outbox is None:
                raise AnswerError(
                    f"{self._last_end or 'its process is closed'}; it is started again within {_LONGEST_PAUSE:g} s"
                )
            self._pending[number] = settle
            if isinstance(message, frames.Start):
                self._initialize = True
            outbox.put(message)
        return number

    def cancel(self, number: int, patience: float) -> None:
        """Say that nobody waits for call ``number`` any more; it may still compute for ``patience`` seconds."""
        with self._change:
            if number in self._pending and self._outbox is not None:
                self._outbox.put(frames.Cancel(number, patience))

    def end_unless_alive(self, number: int) -> None:
        """End the process unless it has noticed that call ``number`` was cancelled."""
        with self._change:
            if number in self._pending and self._ready is not None:
                self._kill("its process was ended because it blocked")

    def end(self, why: str) -> None:
        """End the process; the next one is started."""
        with self._change:
            self._kill(why)

    def close(self, seconds: float) -> None:
        """Let the plugin shut down, for so long; then end its process, and start no other. Idempotent. Blocks."""
        with self._change:
            self._closed.set()
            if self._outbox is not None and self._owner == os.getpid():
                self._outbox.put(frames.Stop())
            supervisor = self._supervisor
        if supervisor is not None and supervisor is not threading.current_thread():
            supervisor.join(seconds)
        self.abandon()
        if supervisor is not None and supervisor is not threading.current_thread():
            supervisor.join(seconds)

    def abandon(self) -> None:
        """End the process at once, and start no other."""
        self._closed.set()
        if self._owner == os.getpid():
            with self._change:
                self._kill("its process is closed")

    def _kill(self, why: str) -> None:
        process = self._process
        if process is not None:
            self._why = self._why or why
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)

    def _supervise(self) -> None:
        deaths = 0
        while not self._closed.is_set():
            began = monotonic()
            ended = self._live()
            deaths = 1 if monotonic() - began > _LONG_LIFE else deaths + 1
            pause = 0.0 if deaths == 1 else min(_FIRST_PAUSE * 2 ** min(deaths - 2, 10), _LONGEST_PAUSE)
            if self._ended(ended, accept=pause <= _SHORT_PAUSE):
                return
            _log.error("plugin %r: %s; the next is started in %g s", self._name, ended, pause)
            self._closed.wait(pause)
            with self._change:
                if self._outbox is None and not self._closed.is_set():
                    self._outbox = queue.SimpleQueue()

    def _ended(self, how: str, *, accept: bool) -> bool:
        """Tell everybody who waits that the process has ended, and return whether it was the last. ``accept``: calls may wait for the next."""
        with self._change:
            first = self._refused is not None and not self._served
            last = self._closed.is_set() or first
            self._last_end, self._ready = how, None
            self._outbox = queue.SimpleQueue() if accept and not last else None
            pending, self._pending = self._pending, {}
            self._change.notify_all()
        for number, settle in pending.items():
            settle(frames.Fault(number, how))
        return last

    def _live(self) -> str:
        """Start a process and stay with it to its end; return how it ended."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                try:
                    process = self._spawn(theirs)
                except OSError as error:
                    return f"its process cannot be started ({type(error).__name__}: {error.strerror})"
            with self._change:
                self._why, self._process, outbox = "", process, self._outbox
                if self._closed.is_set():
                    self._kill("its process is closed")
            writer = threading.Thread(
                target=_write_all, args=(ours, outbox), name=f"to plugin {self._name}", daemon=True
            )
            why = ""
            try:
                bare = msgspec.structs.replace(self._order, entry={})
                packed = frames.pack(self._order.entry)
                hello = frames.Hello(bare, packed, os.getpid(), self._memory_mb, self._initialize)
                ours.settimeout(START_SECONDS)
                frames.write(ours, hello)
                writer.start()
                self._listen(ours)
            except (frames.FrameError, msgspec.MsgspecError, RuntimeError, ValueError) as error:
                why = f"its process wrote what is no answer ({type(error).__name__})"
            except TimeoutError:
                why = "its process did not load it in time"
            except OSError:
                why = ""  # it ended; its status says how
            finally:
                status = self._bury(process)
                if outbox is not None:
                    outbox.put(None)
                with contextlib.suppress(OSError):
                    ours.shutdown(socket.SHUT_RDWR)
                if writer.ident is not None:
                    writer.join()
        if self._refused is not None:
            return "it can no longer be loaded in its process"
        return self._why or why or _status(status)

    def _spawn(self, end: socket.socket) -> subprocess.Popen[bytes]:
        folders = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - texts in, texts out
        environment = {**self._environment, "PYTHONPATH": os.pathsep.join(dict.fromkeys(folders))}
        return subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", "secure_gateway.plugins.isolated.worker"],
            stdin=end.fileno(),
            stdout=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # its children end with it, and it gets no signals of the terminal
        )

    def _bury(self, process: subprocess.Popen[bytes]) -> int:
        """End the process and all it has started, and return its exit status."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            # After its end of the connection it has a moment to leave by itself, so that its status tells why.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            deadline = monotonic() + 0.5
            while monotonic() < deadline and not self._why:
                if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                    break
                self._closed.wait(0.005)
        with self._change:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            self._process = None
        return process.wait()

    def _listen(self, connection: socket.socket) -> None:
        while (data := frames.read(connection)) is not None:
            message = frames.FROM_CHILD.decode(data)
            if isinstance(message, frames.Ready):
                connection.settimeout(None)
                with self._change:
                    self._ready, self._served, self._refused = message, True, None
                    self._change.notify_all()
            elif isinstance(message, frames.Refused):
                with self._change:
                    self._refused = [Problem(*facts) for facts in message.problems]
            elif isinstance(message, frames.Logged):
                _relay(self._name, message)
            else:
                with self._change:
                    settle = self._pending.pop(message.number, None)
                if settle is not None and not isinstance(message, frames.Cancelled):
                    settle(message)


def _write_all(connection: socket.socket, outbox: Any) -> None:
    with contextlib.suppress(OSError):
        while (message := outbox.get()) is not None:
            frames.write(connection, message)


def _relay(name: str, line: frames.Logged) -> None:
    text = "".join(each if each.isprintable() else " " for each in line.text)
    logging.getLogger(f"secure_gateway.plugin.{name}").log(max(10, min(line.level, 50)), "%s", text)


def _status(status: int) -> str:
    if status == _BLOCKED_STATUS:
        return "its process was ended because it blocked"
    if status >= 0:
        return f"its process ended with the status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"its process was killed by {name}"
