"""Single strings are found by the ways to them as the walk over all of them yields them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner.finding import Limits, ScannerError
from secure_gateway.plugins.guardrails.scanner.walk import Leaf, Ways, leaves

_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=4)
_KEYS = st.text(max_size=3) | st.sampled_from(["value", "key", "name", "x" * 200])
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)


def _ways(value: Any, way: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], bool]]:
    if isinstance(value, dict):
        keys = [((*way, index), True) for index in range(len(value))]
        return keys + [found for index, child in enumerate(value.values()) for found in _ways(child, (*way, index))]
    if isinstance(value, list):
        return [found for index, child in enumerate(value) for found in _ways(child, (*way, index))]
    return [(way, False)]


def _shown(leaf: Leaf) -> tuple[str, str, bool, str]:
    return leaf.text, leaf.field, leaf.is_key, leaf.pointer()


@given(_VALUES)
def test_each_way_leads_to_the_string_that_the_walk_yields(value: Any) -> None:
    ways = Ways(value)
    found = [ways.leaf(list(way), is_key=is_key) for way, is_key in _ways(value)]
    assert [_shown(leaf) for leaf in found if leaf.text] == [_shown(leaf) for leaf in leaves(value, Limits())]


def test_a_key_that_is_masked_is_masked_in_the_pointers_below_it() -> None:
    ways = Ways({"someone@example.com": {"note": "hello"}})
    key = ways.leaf([0], is_key=True)
    assert key.place is not None
    key.place.masked = True
    assert ways.leaf([0, 0], is_key=False).pointer() == "/~at0/note"


@pytest.mark.parametrize(("value", "way"), [({}, [0]), ([1], [1]), ({"a": 5}, [0, 0]), ("text", [2])])
def test_a_way_that_leads_nowhere_any_more_is_an_error_that_says_why(value: Any, way: list[int]) -> None:
    with pytest.raises(ScannerError, match="another thread changed while it was scanned"):
        Ways(value).leaf(way, is_key=False)
