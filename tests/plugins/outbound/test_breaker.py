"""The breaker, by its clock."""

from __future__ import annotations

import pytest

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.outbound.breaker import FAILURES, LONGEST, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(1.0, clock, jitter=lambda: 1.0)


def _fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed()


def test_it_opens_after_failures_in_a_row_only(breaker: Breaker) -> None:
    for _ in range(10):
        _fail(breaker, FAILURES - 1)
        breaker.succeeded()
    breaker.enter()
    _fail(breaker)
    with pytest.raises(AnswerError, match="not asked for a while"):
        breaker.enter()


def test_half_open_one_call_passes_and_its_outcome_decides(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    clock.now += breaker.wait
    breaker.enter()
    with pytest.raises(AnswerError):
        breaker.enter()
    breaker.succeeded()
    breaker.enter()
    breaker.enter()


def test_a_probe_whose_caller_left_lets_the_next_one_probe(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    clock.now += breaker.wait
    breaker.enter()
    breaker.left()
    breaker.enter()


def test_each_opening_doubles_the_wait_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    waits = []
    for _ in range(8):
        waits.append(breaker.wait)
        clock.now += breaker.wait
        breaker.enter()
        breaker.failed()
    assert waits == [1, 2, 4, 8, 16, LONGEST, LONGEST, LONGEST]


def test_a_sign_of_life_closes_it_until_the_next_failure(breaker: Breaker, clock: Clock) -> None:
    _fail(breaker)
    clock.now += breaker.wait
    breaker.enter()
    breaker.responded()
    breaker.enter()
    breaker.failed()
    assert breaker.is_open
    assert breaker.wait == 2


def test_jitter_takes_at_most_half_of_the_wait(clock: Clock) -> None:
    breaker = Breaker(1.0, clock, jitter=lambda: 0.0)
    _fail(breaker)
    assert breaker.wait == 0.5
