from __future__ import annotations

import asyncio

import pytest

from secure_gateway.errors import ErrorCode, PluginError
from secure_gateway.pipeline.snapshot import Starter
from secure_gateway.pipeline.starting import REST_SECONDS, Starters


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Part:
    """Counts how often it is initialized; fails until it is told not to."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.times = 0

    async def initialize(self) -> None:
        self.times += 1
        if self.error is not None:
            raise self.error


async def test_each_is_initialized_once_also_when_another_fails_and_is_tried_again_after_a_rest() -> None:
    clock, good, bad = Clock(), Part(), Part(OSError("secret"))
    starters = Starters([Starter("good", good.initialize), Starter("bad", bad.initialize)], clock=clock)
    for _ in range(3):
        with pytest.raises(PluginError, match="plugin 'bad' raised OSError") as raised:
            await starters.run()
        assert raised.value.plugin == "bad"
        assert "secret" not in str(raised.value)
    assert (good.times, bad.times, starters.are_done) == (1, 1, False)
    clock.now += REST_SECONDS
    bad.error = None
    await starters.run()
    assert (good.times, bad.times, starters.are_done) == (1, 2, True)


async def test_an_initialize_that_hangs_fails_in_time_and_keeps_nobody_waiting_twice() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    starters = Starters([Starter("slow", hang)], seconds=0.01)
    for _ in range(2):
        with pytest.raises(PluginError, match="plugin 'slow' took more than ") as raised:
            await starters.run()
        assert raised.value.code is ErrorCode.PLUGIN_TIMEOUT


@pytest.mark.parametrize("error", [SystemExit(1), TimeoutError()])
async def test_what_an_initialize_raises_is_its_own_error(error: BaseException) -> None:
    with pytest.raises(PluginError, match=f"raised {type(error).__name__}") as raised:
        await Starters([Starter("odd", Part(error).initialize)]).run()
    assert raised.value.code is ErrorCode.PLUGIN_ERROR
