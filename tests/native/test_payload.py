"""The Rust core counts and compares payloads as its Python twin does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import PolicyDenied
from secure_gateway.native import core
from secure_gateway.pipeline import changes
from secure_gateway.plugins.framework import isolation
from secure_gateway.testing.hostile import DEEP, HostilePayload, cyclic, hostile_payloads, nested
from secure_gateway.testing.strategies import containers, payloads
from secure_gateway.testing.twins import Raised, Twins

MAX_DEPTH = 64
MOST = 10_000

COUNTS = Twins(isolation._counted, isolation._checked)
CHANGES = Twins(changes.changed_pointers, changes._changed_pointers)

each_hostile_payload = pytest.mark.parametrize("payload", hostile_payloads(), ids=lambda payload: payload.name)


@given(containers(), st.integers(1, 6))
def test_counts_and_refusals_are_the_twins(value: Any, max_depth: int) -> None:
    COUNTS.check(value, max_depth)


@given(payloads(), payloads())
def test_changes_are_the_twins(before: Any, after: Any) -> None:
    CHANGES.check(before, after)


@given(payloads(), st.data())
def test_changes_of_one_value_are_the_twins(value: Any, data: st.DataObject) -> None:
    CHANGES.check(value, _edited(value, data))


def _edited(value: Any, data: st.DataObject) -> Any:
    """Return a copy of ``value`` in which something is different, or nothing."""
    if type(value) is dict:
        copy = {key: _edited(child, data) for key, child in value.items() if data.draw(st.integers(0, 9))}
        return copy | data.draw(st.just({}) | st.just({"new": 1}))
    if type(value) is list:
        return [_edited(child, data) for child in value]
    return data.draw(st.just(value) | st.sampled_from([None, 1, True, "", "é", 1.0, -0.0]))


@each_hostile_payload
def test_hostile_payloads_are_counted_or_refused_like_the_twin(payload: HostilePayload) -> None:
    COUNTS.check(payload.build(), MAX_DEPTH)


@each_hostile_payload
def test_changes_of_hostile_payloads_are_the_twins(payload: HostilePayload) -> None:
    value = payload.build()
    CHANGES.check(value, {})
    CHANGES.check({"k": "other", "l": ["other"]}, value)
    if payload.name != "cyclic":  # what is counted before it is compared is never cyclic on both sides
        CHANGES.check(value, payload.build())


def test_more_changes_than_are_named_end_in_the_same_mark() -> None:
    for size in (63, 64, 65, 66, 200):
        before, after = [0] * size, [1] * size
        CHANGES.check(before, after)
        CHANGES.check({"k": before, "gone": 1}, {"k": after})


def test_cycles_are_refused_with_the_twins_words() -> None:
    refused = COUNTS.check(cyclic(), MAX_DEPTH)
    assert isinstance(refused, Raised)
    assert refused.kind is PolicyDenied
    assert "nested deeper than limits.max_depth" in refused.words


def test_a_depth_of_100000_is_compared_to_its_end() -> None:
    assert changes.changed_pointers(nested(DEEP, 1), nested(DEEP, 2)) == ("/0" * DEEP,)


def test_a_value_that_stands_in_many_places_counts_in_each() -> None:
    value: Any = [1]
    for _ in range(40):
        value = [value, value]
    with pytest.raises(PolicyDenied, match="more than 1000000 values"):
        isolation.isolate(value, MAX_DEPTH)


def test_a_value_that_another_thread_changes_is_counted_or_refused_and_nothing_breaks() -> None:
    native = core()

    def counted(value: Any) -> int:
        count = native.count_values(value, MAX_DEPTH, MOST) if native else isolation._checked(value, MAX_DEPTH)
        assert count >= 400, "what stood there all the time was not counted"
        return count

    differing: Callable[[Any, Any], Any] = (
        (lambda value, other: native.differences(value, other, 10)) if native else changes._changed_pointers
    )
    value = {str(number): [number] for number in range(200)}
    if native:
        Twins(counted, counted).survives(value, rounds=3000)
    Twins(differing, differing).survives(value, {}, rounds=3000)
