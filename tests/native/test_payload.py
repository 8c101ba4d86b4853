"""The Rust core counts and compares payloads as its Python twin does."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import PolicyDenied
from secure_gateway.native import core
from secure_gateway.pipeline import changes
from secure_gateway.plugins.framework import isolation

MAX_DEPTH = 64


class Text(str):
    """A string that answers for itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("never to be asked")

    __hash__ = str.__hash__


class Mapping(dict[Any, Any]):
    """A dict that answers for itself."""


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "\ud800", "é", Text("x"), b"x", Mapping(a=1), (1, 2), {1, 2}, object])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "token", "é/~", "0", "\ud800"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def _counted(value: Any, max_depth: int) -> int | str:
    try:
        return isolation._counted(value, max_depth)
    except PolicyDenied as refused:
        return str(refused)


def _checked(value: Any, max_depth: int) -> int | str:
    try:
        return isolation._checked(value, max_depth)
    except PolicyDenied as refused:
        return str(refused)


def _outcome(compare: Any, before: Any, after: Any) -> Any:
    try:
        return compare(before, after)
    except RuntimeError as exc:
        return str(exc)


@given(st.lists(values) | st.dictionaries(st.text(), values), st.integers(1, 6))
def test_counts_and_refusals_are_the_twins(value: Any, max_depth: int) -> None:
    assert _counted(value, max_depth) == _checked(value, max_depth)


@given(values, values)
def test_changes_are_the_twins(before: Any, after: Any) -> None:
    assert _outcome(changes.changed_pointers, before, after) == _outcome(changes._changed_pointers, before, after)


@given(values, st.data())
def test_changes_of_one_value_are_the_twins(value: Any, data: st.DataObject) -> None:
    other = _edited(value, data)
    assert _outcome(changes.changed_pointers, value, other) == _outcome(changes._changed_pointers, value, other)


def _edited(value: Any, data: st.DataObject) -> Any:
    """Return a copy of ``value`` in which something is different, or nothing."""
    if type(value) is dict:
        copy = {key: _edited(child, data) for key, child in value.items() if data.draw(st.integers(0, 9))}
        return copy | data.draw(st.just({}) | st.just({"new": 1}))
    if type(value) is list:
        return [_edited(child, data) for child in value]
    return data.draw(st.just(value) | scalars)


def test_more_changes_than_are_named_end_in_the_same_mark() -> None:
    for size in (63, 64, 65, 66, 200):
        before, after = [0] * size, [1] * size
        assert changes.changed_pointers(before, after) == changes._changed_pointers(before, after)
        wide: tuple[Any, Any] = ({"k": before, "gone": 1}, {"k": after})
        assert changes.changed_pointers(*wide) == changes._changed_pointers(*wide)


def test_cycles_are_refused_with_the_twins_words() -> None:
    cycle: list[Any] = []
    cycle.append({"again": cycle})
    assert _counted(cycle, MAX_DEPTH) == _checked(cycle, MAX_DEPTH)


def _nested(depth: int, innermost: Any) -> Any:
    value: Any = innermost
    for _ in range(depth):
        value = [value]
    return value


def test_a_depth_of_100000_is_refused_and_compared_like_the_twin() -> None:
    one, other = _nested(100_000, 1), _nested(100_000, 2)
    assert _counted(one, MAX_DEPTH) == _checked(one, MAX_DEPTH)
    assert changes.changed_pointers(one, other) == ("/0" * 100_000,)


def test_a_value_that_stands_in_many_places_counts_in_each() -> None:
    value: Any = [1]
    for _ in range(40):
        value = [value, value]
    with pytest.raises(PolicyDenied, match="more than 1000000 values"):
        isolation.isolate(value, MAX_DEPTH)


def test_a_value_that_another_thread_changes_is_counted_or_refused_and_nothing_breaks() -> None:
    value: dict[str, Any] = {str(number): [number] for number in range(200)}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            value[f"x{number % 50}"] = {"y": number}
            value.pop(f"x{(number * 7) % 50}", None)

    thread = threading.Thread(target=change)
    thread.start()
    native = core()
    try:
        for _ in range(3000):
            if native is not None:
                assert native.count_values(value, MAX_DEPTH, 10_000) >= 400
                native.differences(value, {}, 10)
    finally:
        done.set()
        thread.join()
