"""``Breaker``: after some failures in a row nobody is asked for a while, so that a dead server costs no request its time."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import monotonic
from typing import Final

from secure_gateway.errors import AnswerError

FAILURES: Final = 3
"""Failures in a row that open it."""
LONGEST: Final = 30.0
"""Seconds that it stays open at most before one call may try again."""


class Breaker:
    """Closed: calls pass. Open: they are refused at once. Half open: one call passes, and its outcome decides.

    Only failures of the connection count: were it opened by a plugin's errors, whoever can provoke those could switch it off.
    """

    def __init__(
        self, base: float, clock: Callable[[], float] = monotonic, jitter: Callable[[], float] = random.random
    ) -> None:
        """``base``: seconds after the first opening; each further one doubles them."""
        self._base = base
        self._clock = clock
        self._jitter = jitter
        self._failures = 0
        self._openings = 0
        self._open_until = 0.0
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Tell whether calls are refused, but for one that probes."""
        return self._failures >= FAILURES

    @property
    def wait(self) -> float:
        """Seconds until the next probe may be made."""
        return max(0.0, self._open_until - self._clock()) if self.is_open else 0.0

    def enter(self) -> None:
        """Let a call through. Raises ``AnswerError`` where it may not pass; otherwise tell its outcome by one of the others."""
        if not self.is_open:
            return
        if self._is_probing or self._clock() < self._open_until:
            raise AnswerError("its server has failed repeatedly and is not asked for a while")
        self._is_probing = True

    def succeeded(self) -> None:
        """The server has answered a call, whatever it said."""
        self._failures = 0
        self._openings = 0
        self._is_probing = False

    def responded(self) -> None:
        """The server has shown a sign of life, which does not mean that it can answer a call: the next failure opens it again."""
        self._failures = min(self._failures, FAILURES - 1)
        self._is_probing = False

    def failed(self) -> None:
        """No connection, or no answer in time."""
        self._failures += 1
        self._is_probing = False
        if self._failures >= FAILURES:
            doubled = self._base * 2.0 ** min(self._openings, 20)
            self._openings += 1
            # Between half and all of it: gateways that lost the same server do not come back in step.
            self._open_until = self._clock() + min(LONGEST, doubled) * (0.5 + 0.5 * self._jitter())

    def left(self) -> None:
        """The caller has gone before there was an outcome."""
        self._is_probing = False
