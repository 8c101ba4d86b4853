"""Ends the process when it was told to end and its event loop, which should see to that, is blocked."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final

END_SECONDS: Final = 15.0
"""How long a clean end may take after the first signal: requests that finish, servers that leave, plugins and sinks that shut down."""
_AGAIN_SECONDS: Final = 1.0
_LOG_SECONDS: Final = 1.0
_EXIT_SIGNAL: Final = 128

_log = logging.getLogger(__name__)


class LastResort:
    """Hears every SIGINT and SIGTERM beside whoever ends things cleanly. One that comes a second
    after the first, or later, ends the process, and so does time.

    A signal handler of Python runs in the main thread while that computes, sleeps or waits for a lock; foreign code that neither returns nor
    looks for signals is beyond its reach.
    """

    def __init__(self, seconds: float = END_SECONDS) -> None:
        self._seconds = seconds
        self._told: float | None = None

    def told(self, number: int, _frame: FrameType | None = None) -> None:
        """Take note of a signal; a handler for ``signal.signal``."""
        now = monotonic()
        if self._told is not None:
            # A terminal and a launcher that passes its signals on tell the same thing twice.
            if now - self._told >= _AGAIN_SECONDS:
                _end(number, "was told to end again, and had not ended")
            return
        self._told = now
        clock = threading.Timer(
            self._seconds, _end, (number, f"has not ended {self._seconds:g} s after it was told to")
        )
        clock.daemon = True
        clock.start()


def _end(number: int, why: str) -> None:
    for child in list(_children()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # A server is the head of a group of its own, with all that it has started.
            (os.killpg if os.getpgid(child) == child else os.kill)(child, signal.SIGKILL)
    # What blocks the loop may also hold the lock of the log.
    saying = threading.Thread(
        target=_log.error, args=("this process %s; it ends at once, and its servers with it", why)
    )
    saying.daemon = True
    saying.start()
    saying.join(_LOG_SECONDS)
    os._exit(_EXIT_SIGNAL + number)


def _children() -> Iterator[int]:
    """Return the processes that were started here. Where the system has no /proc, they notice by themselves that their stdin has ended."""
    for listed in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            yield from map(int, listed.read_text().split())
