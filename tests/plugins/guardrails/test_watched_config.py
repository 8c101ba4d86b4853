"""A watched configuration is a dict like any other, and notices who looks."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.watched_config import WatchedConfig, watch

ALL = {"a", "b"}


@pytest.mark.parametrize(
    "read",
    [
        dict,
        list,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        pickle.dumps,
        lambda c: {**c},
        lambda c: str.format("", **c),
        lambda c: c | {},
        lambda c: {} | c,
        {}.update,
        lambda c: c.copy(),
        lambda c: list(c.keys()),
        lambda c: list(c.values()),
        lambda c: list(c.items()),
    ],
)
def test_whatever_goes_over_all_of_it_reads_all_of_it(read: Callable[[Any], Any]) -> None:
    config = WatchedConfig({"a": 1, "b": 2})
    read(config)
    assert config.read == ALL


@pytest.mark.parametrize("look", [len, bool, repr, lambda c: c == {}, lambda c: isinstance(c, dict)])
def test_what_takes_no_value_reads_nothing(look: Callable[[Any], Any]) -> None:
    config = WatchedConfig({"a": 1, "b": 2})
    look(config)
    assert config.read == set()


def test_matching_on_a_key_reads_it() -> None:
    config = WatchedConfig({"a": 1, "b": 2})
    match config:
        case {"a": 1}:
            pass
        case _:
            pytest.fail("it is a mapping")
    assert config.read == {"a"}


def test_its_repr_shows_no_value() -> None:
    assert repr(WatchedConfig({"api_key": "hunter2"})) == "WatchedConfig(['api_key'])"


def test_what_was_kept_counts_as_taken_and_what_was_dropped_does_not() -> None:
    kept: list[Any] = []
    assert watch(kept.append, {"a": 1}).taken == {"a"}
    assert watch(lambda config: [config].clear(), {"a": 1}).taken == set()


def test_names_asked_for_are_remembered_even_where_there_is_nothing() -> None:
    assert watch(lambda config: config.get("c"), {"a": 1}).asked == {"c"}


def test_a_provider_cannot_change_the_configuration_of_the_next() -> None:
    values = {"list": [1]}
    watch(lambda config: config["list"].append(2), values)
    assert values == {"list": [1]}


@given(st.dictionaries(st.text(max_size=5), st.integers()))
def test_it_equals_and_copies_like_the_dict_it_was_made_of(values: dict[str, int]) -> None:
    config = WatchedConfig(values)
    assert config == values
    assert {**config} == values
    assert pickle.loads(pickle.dumps(config)) == values  # noqa: S301 - our own bytes
    assert type(copy.deepcopy(config)) is dict
