from __future__ import annotations

import asyncio

import pytest

from secure_gateway.plugins.framework.driver import PausingDeadline, TimeLimitExceededError, supervise
from secure_gateway.proxy.asking import Asking


@pytest.mark.parametrize("method", ["roots/list", "ping", "tools/call", "unknown"])
def test_only_what_a_person_or_a_model_answers_stops_the_clock(method: str) -> None:
    asking = Asking()
    with asking.during(method):
        assert asking.seconds() == 0
    assert asking.seconds() == 0


def test_questions_at_the_same_time_count_once_and_what_they_took_stays() -> None:
    asking = Asking()
    with asking.during("elicitation/create"), asking.during("sampling/createMessage"):
        pass
    taken = asking.seconds()
    assert taken > 0
    assert asking.seconds() == taken


async def _supervised(seconds: float, asking: Asking) -> None:
    waiting = asyncio.Event()
    coroutine = waiting.wait()
    await supervise(coroutine, coroutine.send(None), PausingDeadline(seconds, asking.seconds))


async def test_a_deadline_stands_still_while_a_question_is_open_and_comes_when_it_is_not() -> None:
    asking = Asking()
    task = asyncio.create_task(_supervised(0.05, asking))
    with asking.during("elicitation/create"):
        await asyncio.sleep(0.3)
        assert not task.done()
    with pytest.raises((asyncio.CancelledError, TimeLimitExceededError)):
        await task
