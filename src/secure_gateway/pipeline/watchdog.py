"""Notices that a plugin blocks the event loop, says where, and has it moved out of the way.

A request pays nothing for it: a thread looks a few times a second at what the other threads are doing. A plugin that waits is on no thread's
stack; one that is, for longer than its limit, blocks. See ``docs/adr/0012-blocking-plugins.md``.
"""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from time import monotonic
from types import CodeType, FrameType
from typing import Any, Final, Protocol

import msgspec

from secure_gateway.errors import AnswerError, PluginControlError
from secure_gateway.pipeline.bands import PLUGIN_IN_BAND
from secure_gateway.pipeline.control import PluginControl
from secure_gateway.pipeline.hooks import PLUGINS_IN_ORDER
from secure_gateway.pipeline.run import Run
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.driver import RELAY
from secure_gateway.plugins.framework.plugin import ForeignPlugin

LOOK_SECONDS: Final = 0.1
"""How often the thread looks."""
_MOST_LINES: Final = 40
_MOST_INCIDENTS: Final = 1000

_log = logging.getLogger(__name__)


class _Gateway(Protocol):
    @property
    def plugins(self) -> PluginControl: ...


class Watchdog:
    """Watches the plugins of one snapshot, and of those that were made of it.

    ``choices``: what follows when a plugin blocks, by its name: ``isolate``, ``disable`` or ``report``; ``default`` for the others. ``isolate``
    returns a plugin in a process of its own that can stand in for the one it is given the name of; None where there is none.
    """

    def __init__(
        self, choices: Mapping[str, str], default: str, isolate: Callable[[str], ForeignPlugin | None]
    ) -> None:
        self._choices = choices
        self._default = default
        self._isolate = isolate
        self._gateway: weakref.ref[_Gateway] | None = None
        self._lock = threading.Lock()
        self._incidents: dict[tuple[str, str, str], str] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def attach(self, gateway: _Gateway) -> None:
        """Say whose snapshot it is now; changes are made there."""
        self._gateway = weakref.ref(gateway)

    async def start(self) -> None:
        """Begin to look. Idempotent."""
        if self._thread is None and not self._stopped.is_set():
            watching = (weakref.ref(self), self._stopped)
            self._thread = threading.Thread(target=_look_on, args=watching, name="secure-gateway-watchdog", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more. Idempotent."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(LOOK_SECONDS * 10)

    def blocked(self, run: Run, binding: HookBinding, seconds: float, stack: str = "") -> str:
        """Take note that a plugin has held its event loop for so long, and act on it; return what the record is to say of it.

        On any thread. The same incident is reported once.
        """
        incident = (run.request.request_id, binding.plugin, binding.hook)
        with self._lock:
            if incident in self._incidents:
                return self._incidents[incident]
            if len(self._incidents) >= _MOST_INCIDENTS:
                self._incidents.clear()
            self._incidents[incident] = remark = f"; it blocked the event loop, {self._act(binding)}"
        _log.error(
            "plugin %r at %s has blocked the event loop for %.1f s (its limit is %g s)%s%s",
            binding.plugin,
            binding.hook,
            seconds,
            binding.timeout,
            remark.removeprefix("; it blocked the event loop"),
            f"; it is at\n{stack}" if stack else "; where it was could not be seen",
        )
        return remark

    def look(self) -> None:
        """Look once at every thread."""
        for frame in sys._current_frames().values():  # noqa: SLF001 - documented, and there is no other way
            self._look_at(frame)

    def _look_at(self, innermost: FrameType) -> None:
        since = 0.0
        for frame in outwards(innermost):
            if frame.f_code is RELAY:
                since = max(since, getattr(frame.f_locals.get("limit"), "resumed", 0.0))
            elif frame.f_code in _CALLERS:
                self._judge(frame, since, innermost)
                return

    def _judge(self, caller: FrameType, since: float, innermost: FrameType) -> None:
        found = caller.f_locals
        run, binding, started = found.get("run"), found.get("binding"), found.get("started")
        if caller is innermost or not isinstance(run, Run) or run.snapshot.watch is not self:
            return
        if isinstance(binding, HookBinding) and isinstance(started, float):
            held = monotonic() - max(started, since, run.resumed if caller.f_code is PLUGINS_IN_ORDER else 0.0)
            if held > binding.timeout:
                self.blocked(run, binding, held, stack_of(innermost, caller))

    def _act(self, binding: HookBinding) -> str:
        choice = self._choices.get(binding.plugin, self._default)
        gateway = None if self._gateway is None else self._gateway()
        if choice == "report" or gateway is None:
            return "which is only reported (on_block)"
        control = gateway.plugins.asked_by("watchdog")
        try:
            return self._disable(control, binding) if choice == "disable" else self._move(control, binding)
        except PluginControlError:
            return "and is in force no more"

    def _disable(self, control: PluginControl, binding: HookBinding) -> str:
        if not _is_moved(control, binding.plugin):
            reason = "it blocked the event loop"
            control.replace_bindings(binding.plugin, _switched_off, reason, state="disabled")
        return "and is off until a reload or a reset (on_block)"

    def _move(self, control: PluginControl, binding: HookBinding) -> str:
        said = "and runs in a process of its own from now on (on_block)"
        if _is_moved(control, binding.plugin):
            return said
        plugin = self._isolate(binding.plugin)
        if plugin is None:
            return "and cannot run in a process of its own, so that this is only reported"
        with ExitStack() as undo:
            undo.callback(plugin.discard)
            control.replace_bindings(
                binding.plugin, partial(_sent_to, plugin), "it blocked the event loop", closers=(plugin.shutdown,)
            )
            undo.pop_all()
        return said


_CALLERS: Final[frozenset[CodeType]] = frozenset({PLUGINS_IN_ORDER, PLUGIN_IN_BAND})


def _look_on(watching: weakref.ref[Watchdog], stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_SECONDS):
        watchdog = watching()
        if watchdog is None:
            return
        try:
            watchdog.look()
        except Exception as error:  # noqa: BLE001 - it runs what foreign constructors and sinks do; it must go on
            _log.error("the watchdog could not act: %s", type(error).__name__)
        del watchdog


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frame and those that have called it, one after the other."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def stack_of(innermost: FrameType, caller: FrameType) -> str:
    """Return where the plugin is that ``caller`` has called, the innermost place last: files, lines and functions, never values."""
    lines: list[str] = []
    for frame in outwards(innermost):
        if frame is caller or len(lines) == _MOST_LINES:
            break
        if frame.f_code.co_filename != RELAY.co_filename:
            lines.append(f"  {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}")
    return "\n".join(reversed(lines))


def _is_moved(control: PluginControl, name: str) -> bool:
    return name in control.board.snapshot.control.moved


def _sent_to(plugin: ForeignPlugin, binding: HookBinding) -> HookBinding:
    if binding.custom is not None:
        return binding
    return msgspec.structs.replace(binding, call=partial(plugin.invoke_hook, binding.hook))


def _switched_off(binding: HookBinding) -> HookBinding:
    return msgspec.structs.replace(binding, call=_refuse)


async def _refuse(_payload: Any, _context: Any) -> Any:
    raise AnswerError("it blocked the event loop and is off since then (on_block)")
