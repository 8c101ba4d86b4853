"""Says in the log that tokens were lost: callers write them, so they must not be able to fill it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Final

_log = logging.getLogger(__name__)

SECONDS_APART: Final = 60.0


class LostTokens:
    """Warns once a minute at most, and says then how many there were since. The record of each request says it for that request."""

    __slots__ = ("_clock", "_lost", "_next", "_who")

    def __init__(self, who: str, clock: Callable[[], float] = monotonic) -> None:
        """``clock``: seconds that never go back."""
        self._who = who
        self._clock = clock
        self._lost = 0
        self._next = float("-inf")

    def note(self, lost: int) -> None:
        """Take note of tokens for which there was no value."""
        self._lost += lost
        now = self._clock()
        if not lost or now < self._next:
            return
        _log.warning(
            "%s restored nothing for %d tokens: their values are lost or have expired, or they are no tokens of that session",
            self._who,
            self._lost,
        )
        self._lost, self._next = 0, now + SECONDS_APART
