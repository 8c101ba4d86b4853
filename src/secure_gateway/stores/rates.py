"""How often something may happen: three ways to count, as arithmetic. Where the counts are kept is the stores' affair.

A clock that goes back gives nobody more: what was counted stands until that time has come again, for one period at most.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

Algorithm = Literal["fixed_window", "sliding_window", "token_bucket"]

MOST_PER_WINDOW: Final = 10_000
"""Of a sliding window, which remembers each call."""
_NEARLY_ONE: Final = 1 - 1e-9


class Rate(msgspec.Struct, frozen=True):
    """At most ``limit`` in ``seconds``. ``burst``: of a token bucket, how many at once; 0 for ``limit``."""

    algorithm: Algorithm
    limit: int
    seconds: float
    burst: int = 0

    @property
    def capacity(self) -> int:
        """How many may pass at once."""
        return self.burst or self.limit

    @property
    def lifetime(self) -> float:
        """Seconds after which a count that nobody adds to says nothing any more."""
        return self.seconds * self.capacity / self.limit if self.algorithm == "token_bucket" else self.seconds


class Claim(NamedTuple):
    """One more of what ``key`` stands for, under ``rate``."""

    key: str
    rate: Rate


class Admission(NamedTuple):
    """Whether all claims were granted; if not, none was counted. ``refused``: the index of the one that waits longest, for ``wait`` seconds."""

    allowed: bool
    refused: int = -1
    wait: float = 0.0


Count = tuple[float, ...]
"""What is remembered of a key. Fixed window: its start, and how many. Token bucket: tokens left, and when. Sliding window: when each was."""


def admit(claims: Sequence[Claim], known: Callable[[str], Count | None], now: float) -> tuple[Admission, list[Count]]:
    """Judge ``claims`` together, by what is ``known``; return the answer and, where it is yes, what is to be remembered of each."""
    waits, counts = [], []
    for key, rate in claims:
        wait, count = _STEPS[rate.algorithm](rate, known(key), now)
        waits.append(wait)
        counts.append(count)
    longest = max(range(len(waits)), key=waits.__getitem__, default=-1)
    if longest < 0 or waits[longest] <= 0:
        return Admission(allowed=True), counts
    return Admission(allowed=False, refused=longest, wait=waits[longest]), []


def _fixed(rate: Rate, count: Count | None, now: float) -> tuple[float, Count]:
    start = math.floor(now / rate.seconds) * rate.seconds
    used = 0.0
    if count is not None and start <= count[0] <= start + rate.seconds:
        start, used = count
    if used >= rate.limit:
        return max(start + rate.seconds - now, 1e-3), ()
    return 0.0, (start, used + 1)


def _bucket(rate: Rate, count: Count | None, now: float) -> tuple[float, Count]:
    tokens, last = count or (float(rate.capacity), now)
    if last - now > rate.lifetime:  # counted by another clock
        tokens, last = float(rate.capacity), now
    tokens = min(float(rate.capacity), tokens + max(0.0, now - last) * rate.limit / rate.seconds)
    last = max(last, now)
    if tokens < _NEARLY_ONE:
        return (1 - tokens) * rate.seconds / rate.limit + last - now, ()
    return 0.0, (tokens - 1, last)


def _sliding(rate: Rate, count: Count | None, now: float) -> tuple[float, Count]:
    calls = count or ()  # in ascending order
    if calls and calls[-1] > now + rate.seconds:
        calls = calls[: bisect_right(calls, now + rate.seconds)]
    calls = calls[bisect_right(calls, now - rate.seconds) :]
    if len(calls) >= rate.limit:
        return max(calls[len(calls) - rate.limit] + rate.seconds - now, 1e-3), ()
    return 0.0, (*calls, max(now, calls[-1] if calls else now))


_STEPS: Final[dict[str, Callable[[Rate, Count | None, float], tuple[float, Count]]]] = {
    "fixed_window": _fixed,
    "token_bucket": _bucket,
    "sliding_window": _sliding,
}
