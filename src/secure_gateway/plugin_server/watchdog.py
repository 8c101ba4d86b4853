"""Notices that a plugin blocks the event loop of its server, and says where it is. Nothing else is answered meanwhile."""

from __future__ import annotations

import logging
import sys
import threading
from time import monotonic
from types import CodeType, FrameType
from typing import Final

from secure_gateway.pipeline.watchdog import LOOK_SECONDS, outwards, stack_of
from secure_gateway.plugins.framework.driver import DRIVER, RELAY

_MOST_REMEMBERED: Final = 1000

logger = logging.getLogger(__name__)


class BlockWatch:
    """Looks a few times a second at what the threads are doing. ``caller``: whose frames call plugins, with ``plugin`` and ``seconds`` among their locals."""

    def __init__(self, caller: CodeType) -> None:
        self._caller = caller
        self._reported: set[tuple[str, float]] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look. Idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="secure-gateway-watchdog", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more. Idempotent."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(LOOK_SECONDS * 10)

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            for frame in sys._current_frames().values():  # noqa: SLF001 - documented, and there is no other way
                self._look_at(frame)

    def _look_at(self, innermost: FrameType) -> None:
        since = 0.0
        for frame in outwards(innermost):
            if frame.f_code is DRIVER:
                since = max(since, _number(frame.f_locals.get("started")))
            elif frame.f_code is RELAY:
                since = max(since, _number(getattr(frame.f_locals.get("limit"), "resumed", None)))
            elif frame.f_code is self._caller:
                self._judge(frame, since, innermost)
                return

    def _judge(self, caller: FrameType, since: float, innermost: FrameType) -> None:
        plugin, seconds = caller.f_locals.get("plugin"), _number(caller.f_locals.get("seconds"))
        held = monotonic() - since
        if not since or not isinstance(plugin, str) or held <= seconds or (plugin, since) in self._reported:
            return
        if len(self._reported) >= _MOST_REMEMBERED:
            self._reported.clear()
        self._reported.add((plugin, since))
        logger.error(
            "the plugin %r has blocked the event loop for %.1f s (its limit is %g s), and no plugin of this server answers until it is done; it is at\n%s",
            plugin,
            held,
            seconds,
            stack_of(innermost, caller),
        )


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0.0
