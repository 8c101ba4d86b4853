"""Run foreign coroutines under a time limit that costs nothing while they do not suspend.

A coroutine that finishes at its first ``send`` never sees a task or a timer. One that suspends is supervised: at its deadline it is
cancelled, and if it swallows the cancellation it is abandoned, so nothing that a plugin does can hang a request that suspends.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import types
from collections.abc import Callable, Coroutine, Generator
from time import monotonic
from typing import Any, Final, Protocol, TypeVar

_Result = TypeVar("_Result")

GRACE = 0.5
"""Seconds that a cancelled coroutine has for cleaning up before it is abandoned."""


_SOONEST = 0.01
"""Seconds between two looks at a deadline that moves on."""


class TimeLimitExceededError(Exception):
    """The coroutine did not finish in time and did not obey its cancellation. ``held``: for how long it blocked the loop at its end, in seconds."""

    def __init__(self, held: float = 0.0) -> None:
        super().__init__()
        self.held = held


class Deadline(Protocol):
    """What is being supervised: when the present step must be done (``time.monotonic`` seconds), and whether it was cut off.

    ``resumed``: since when the coroutine has not suspended; set here, for whoever asks who blocks the loop.
    """

    expired: bool
    resumed: float

    @property
    def deadline(self) -> float: ...


class FixedDeadline:
    """One limit for the whole coroutine."""

    __slots__ = ("deadline", "expired", "resumed")

    def __init__(self, seconds: float) -> None:
        self.resumed = monotonic()
        self.deadline = self.resumed + seconds
        self.expired = False


class PausingDeadline:
    """One limit for the whole coroutine, which moves on by the seconds that ``time_off`` tells of."""

    __slots__ = ("_deadline", "_time_off", "expired", "resumed")

    def __init__(self, seconds: float, time_off: Callable[[], float]) -> None:
        self.resumed = monotonic()
        self._time_off = time_off
        self._deadline = self.resumed + seconds - time_off()
        self.expired = False

    @property
    def deadline(self) -> float:
        """When the coroutine must be done, as far as is known now."""
        return self._deadline + self._time_off()


async def drive(coroutine: Coroutine[Any, Any, _Result], seconds: float) -> _Result:
    """Return what ``coroutine`` returns. Raises ``TimeLimitExceededError`` when that takes longer than ``seconds``.

    A coroutine that blocks instead of suspending cannot be interrupted; its late answer is discarded.
    """
    started = monotonic()
    try:
        waiting = coroutine.send(None)
    except StopIteration as done:
        held = monotonic() - started
        if held > seconds:
            raise TimeLimitExceededError(held) from None
        return done.value  # type: ignore[no-any-return]
    limit = FixedDeadline(seconds)
    limit.deadline = started + seconds
    try:
        result = await supervise(coroutine, waiting, limit)
    except asyncio.CancelledError:
        if limit.expired:
            raise TimeLimitExceededError from None
        raise
    now = monotonic()
    if limit.expired or now > limit.deadline:
        raise TimeLimitExceededError(now - limit.resumed)
    return result  # type: ignore[no-any-return]


DRIVER: Final = drive.__code__
"""The frame of a coroutine under a time limit; its ``started`` says since when."""


@types.coroutine
def supervise(coroutine: Coroutine[Any, Any, Any], waiting: Any, limit: Deadline) -> Generator[Any, Any, Any]:
    """Resume ``coroutine``, which has suspended on ``waiting``, until it ends; at ``limit.deadline`` throw ``CancelledError`` into it.

    ``limit.expired`` is set before that, so that a cancellation from outside can be told apart. ``limit.deadline`` may move while the
    coroutine runs. Raises ``TimeLimitExceededError`` when the coroutine suspends on for longer than ``GRACE`` after that; it is then closed.
    """
    alarm = _Alarm(limit)
    try:
        while True:
            alarm.arm()
            try:
                sent = yield waiting
                limit.resumed = monotonic()
            except asyncio.CancelledError as error:
                limit.resumed = monotonic()
                if alarm.take():
                    if alarm.is_cancelled:  # from outside as well: it has swallowed that, or does not end in time
                        _abandon(coroutine)
                        raise
                    if limit.expired:
                        _abandon(coroutine)
                        raise TimeLimitExceededError from None
                    limit.expired = True
                waiting = coroutine.throw(error)
            except BaseException as error:  # noqa: BLE001 - handed on to the coroutine, which decides
                limit.resumed = monotonic()
                waiting = coroutine.throw(error)
            else:
                waiting = coroutine.send(sent)
    except StopIteration as done:
        return done.value
    finally:
        alarm.disarm()


RELAY: Final = supervise.__code__
"""The frame between the event loop and a coroutine that has suspended; its ``limit`` says since when that one runs."""


class _Alarm:
    """Cancels the current task at the limit's deadline; a second time after the grace period."""

    __slots__ = ("_fired", "_limit", "_loop", "_set_for", "_task", "_timer")

    def __init__(self, limit: Deadline) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a plugin suspended outside a task: call the gateway from inside asyncio.run()")
        self._task = task
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._fired = False
        self._set_for = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        wanted = self._limit.deadline
        if wanted == self._set_for and self._timer is not None:
            return
        self.disarm()
        self._set_for = wanted
        if math.isinf(wanted) and not self._limit.expired:
            return
        delay = GRACE if self._limit.expired else max(0.0, wanted - monotonic())
        self._timer = self._loop.call_later(delay, self._fire)

    def disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def take(self) -> bool:
        """Tell whether the cancellation that just arrived is this alarm's, and take it off the task."""
        if not self._fired:
            return False
        self._fired = False
        self._timer = None
        self._task.uncancel()
        return True

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody else has cancelled the task."""
        return self._task.cancelling() > 0

    def _fire(self) -> None:
        left = self._limit.deadline - monotonic()
        if left > 0 and not self._limit.expired:  # it has moved on while the coroutine waited
            self._timer = self._loop.call_later(max(left, _SOONEST), self._fire)
            return
        self._fired = True
        self._task.cancel()


def _abandon(coroutine: Coroutine[Any, Any, Any]) -> None:
    with contextlib.suppress(BaseException):  # it resists even GeneratorExit; nothing it says counts any more
        coroutine.close()
