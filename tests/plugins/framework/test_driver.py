"""A coroutine under a time limit ends when it should, whatever it does about that."""

from __future__ import annotations

import asyncio

import pytest

from secure_gateway.plugins.framework.driver import TimeLimitExceededError, drive


class _Clinging:
    """Goes on when it is cancelled, and takes note of its end."""

    def __init__(self) -> None:
        self.running = asyncio.Event()
        self.cancelled = 0
        self.is_closed = False

    async def run(self) -> None:
        try:
            while True:
                self.running.set()
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    self.cancelled += 1
        finally:
            self.is_closed = True


async def test_one_that_swallows_a_cancellation_from_outside_is_abandoned_when_its_time_is_up() -> None:
    clinging = _Clinging()
    task = asyncio.create_task(drive(clinging.run(), 0.2))
    await clinging.running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled(), "who cancelled it sees that it was, and no failure of the plugin"
    assert clinging.is_closed
    assert clinging.cancelled == 1, "its deadline is its end: nothing is asked of it twice"


async def test_one_that_swallows_the_cancellation_at_its_deadline_is_abandoned_after_the_grace_period() -> None:
    clinging = _Clinging()
    with pytest.raises(TimeLimitExceededError):
        await drive(clinging.run(), 0.05)
    assert clinging.is_closed


async def test_one_that_obeys_a_cancellation_from_outside_is_not_said_to_be_late() -> None:
    started = asyncio.Event()

    async def obedient() -> None:
        started.set()
        await asyncio.sleep(3600)

    task = asyncio.create_task(drive(obedient(), 3600))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
