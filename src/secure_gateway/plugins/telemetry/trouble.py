"""Report what goes wrong with telemetry: counted at once, logged at most once a minute."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

QUIET_SECONDS: Final = 60.0


class TroubleLog:
    """Counts troubles by kind and logs each kind at most once in ``QUIET_SECONDS``, with the number since it was last logged.

    ``owner`` says whose troubles these are. A kind is a sentence of ours with a type name in it, never an exception's text: that may quote
    what the exporter was about to send. ``clock``: seconds that only grow.
    """

    def __init__(self, owner: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._owner = owner
        self._clock = clock
        self._since_logged: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}
        self.total = 0

    def add(self, kind: str, times: int = 1) -> None:
        """Count a trouble, and log it unless its kind was logged within the last minute."""
        self.total += times
        self._since_logged[kind] += times
        now = self._clock()
        if now - self._logged_at.get(kind, float("-inf")) < QUIET_SECONDS:
            return
        self._logged_at[kind] = now
        count = self._since_logged.pop(kind)
        logger.warning("telemetry %s: %s%s", self._owner, kind, f" ({count} times)" if count > 1 else "")
