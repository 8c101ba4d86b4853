"""Pointers are written by the ways to strings as the walk over all of them writes them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.native import Way
from secure_gateway.plugins.guardrails.scanner.finding import Limits
from secure_gateway.plugins.guardrails.scanner.walk import Pointers, leaves, text_of

_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=4)
_KEYS = st.text(max_size=3) | st.sampled_from(["value", "a/b", "~1", "x" * 200])
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)


def _ways(value: Any, way: Way) -> list[tuple[Way, bool, str]]:
    if isinstance(value, dict):
        keys = [([*way, (index, key)], True, key) for index, key in enumerate(value)]
        inner = (_ways(child, [*way, (index, key)]) for index, (key, child) in enumerate(value.items()))
        return keys + [found for each in inner for found in each]
    if isinstance(value, list):
        return [found for index, child in enumerate(value) for found in _ways(child, [*way, (index, None)])]
    return [(way, False, text_of(value))]


@given(_VALUES, st.randoms(use_true_random=False))
def test_the_pointer_of_each_string_in_which_something_was_found_is_that_of_the_walk(value: Any, draw: Any) -> None:
    pointers = Pointers()
    strings = [(way, is_key) for way, is_key, text in _ways(value, []) if text]
    walk = list(leaves(value, Limits()))
    assert len(strings) == len(walk)
    for (way, is_key), leaf in zip(strings, walk, strict=True):
        if draw.random() < 0.5:
            assert pointers.pointer(way, is_key=is_key) == leaf.found()


def test_a_key_in_which_something_was_found_is_masked_in_the_pointers_below_it() -> None:
    pointers = Pointers()
    assert pointers.pointer([(0, "someone@example.com")], is_key=True) == "/~key0"
    assert pointers.pointer([(0, "someone@example.com"), (0, "note")], is_key=False) == "/~at0/note"
    assert pointers.pointer([(1, "someone@example.com"), (0, "note")], is_key=False) == "/someone@example.com/note"
