"""The harness for native functions and their Python twins sees every difference, and only differences."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given

from secure_gateway.testing.hostile import DEEP, AskedError, cyclic, hostile_payloads, hostile_scalars, nested
from secure_gateway.testing.strategies import containers, payloads, scalars, texts
from secure_gateway.testing.twins import Raised, Returned, Twins, TwinsDifferError, changed_meanwhile, identical


def _length(value: Any) -> int:
    return len(value)


def _panics(value: Any) -> None:
    class PanicException(BaseException):
        """As PyO3's: no ``Exception``."""

    raise PanicException("out of range")


@pytest.mark.parametrize(
    "pair", [(1, True), (1, 1.0), (0.0, -0.0), ("a", "b"), ([1], (1,)), ({"a": 1}, {"a": 2}), ([], [1])]
)
def test_answers_of_other_values_or_types_differ(pair: tuple[Any, Any]) -> None:
    one, other = pair
    with pytest.raises(TwinsDifferError, match="the native function returned"):
        Twins(lambda: one, lambda: other).check()
    with pytest.raises(TwinsDifferError):
        Twins(lambda: [{"k": one}], lambda: [{"k": other}]).check()


def test_the_order_of_keys_counts() -> None:
    assert not identical({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_not_a_number_is_itself() -> None:
    assert identical([float("nan")], [float("nan")])
    assert not identical(float("nan"), 1.0)


def test_values_of_any_depth_and_cyclic_ones_are_compared() -> None:
    assert identical(nested(DEEP), nested(DEEP))
    assert not identical(nested(DEEP, 1), nested(DEEP, 2))
    assert identical(cyclic(), cyclic())


@given(payloads(hostile=False))
def test_a_copy_is_identical(value: Any) -> None:
    assert identical(value, copy.deepcopy(value))


def test_equal_errors_agree_and_others_do_not() -> None:
    assert Twins(_length, len).check(1) == Raised(TypeError, "object of type 'int' has no len()")
    with pytest.raises(TwinsDifferError, match=re.escape("its twin            raised ValueError")):
        Twins(_length, lambda _: int("x")).check(1)
    with pytest.raises(TwinsDifferError, match="native function returned 2"):
        Twins(_length, lambda _: int("x")).check("ab")


def test_a_panic_that_leaves_is_a_difference_even_where_both_do_it() -> None:
    with pytest.raises(TwinsDifferError, match="a panic left the native function"):
        Twins(_panics, _panics).check(1)


@pytest.mark.parametrize("who", ["native function", "twin"])
def test_changing_an_argument_is_a_difference(who: str) -> None:
    def clear(value: dict[str, list[int]]) -> int:
        value["k"].clear()
        return 1

    functions = [clear, lambda _: 1] if who == "native function" else [lambda _: 1, clear]
    with pytest.raises(TwinsDifferError, match=f"the {who} changed its arguments"):
        Twins(*functions).check({"k": [1, 2]})


def test_a_sameness_of_ones_own_decides() -> None:
    Twins(sorted, lambda value: tuple(sorted(value)), same=lambda one, other: tuple(one) == other).check([2, 1])


def test_a_difference_can_be_shown_whatever_the_value_is() -> None:
    for payload in hostile_payloads():
        with pytest.raises(TwinsDifferError) as caught:
            Twins(lambda _: 1, lambda _: 2).check(payload.build())
        assert len(str(caught.value)) < 1000


def test_an_interruption_is_not_an_answer() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Twins(interrupted, interrupted).check()


@pytest.mark.parametrize("value", [{"a": [1, 2], "b": 1}, [1, {"a": 1}], {}, []], ids=repr)
def test_what_is_changed_meanwhile_changes_and_is_as_before_afterwards(value: Any) -> None:
    before, sizes = copy.deepcopy(value), set[int]()
    with changed_meanwhile(value):
        while len(sizes) < 2:
            sizes.add(len(value))
    assert identical(value, before)


def test_only_dicts_and_lists_are_changed_meanwhile() -> None:
    with pytest.raises(TypeError, match="found a str; a dict or a list"), changed_meanwhile("text"):
        pass


def test_a_panic_while_the_value_changes_is_a_difference() -> None:
    Twins(_length, len).survives({"a": 1})
    with pytest.raises(TwinsDifferError, match="a panic left"):
        Twins(_panics, _length).survives({"a": 1})


def test_every_hostile_payload_has_a_name_of_its_own_and_is_made_anew() -> None:
    payloads = hostile_payloads()
    assert len({payload.name for payload in payloads}) == len(payloads)
    for payload in payloads:
        one = payload.build()
        assert type(one) is dict or type(one) is list
        assert one is not payload.build()


def test_values_that_answer_for_themselves_fail_who_asks_them() -> None:
    sly = [value for value in hostile_scalars() if type(value).__name__.startswith("Sly")]
    assert [isinstance(value, kind) for value, kind in zip(sly, (str, dict, list), strict=True)] == [True] * 3
    for value in sly:
        for ask in (len, iter, lambda value: value == 1, lambda value: value[0], lambda value: 1 in value):
            with pytest.raises(AskedError):
                ask(value)


@given(containers(), texts(), scalars())
def test_generated_containers_are_such_and_texts_are_exact(container: Any, text: Any, scalar: Any) -> None:
    assert type(container) in {dict, list}
    assert type(text) is str
    assert not isinstance(scalar, dict | list)


def test_an_outcome_says_what_it_is() -> None:
    assert str(Returned("x")) == "returned 'x'"
    assert str(Raised(ValueError, "bad")) == "raised ValueError: bad"
