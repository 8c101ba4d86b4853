"""The Rust code answers as its twin does."""

from __future__ import annotations

import os
from typing import Any

import accelerated_runs
import pytest
from accelerated_runs import longest_run, twin
from accelerated_runs.plugin import LongRunsPlugin
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway import PolicyDenied
from secure_gateway.plugins.framework import PluginConfig
from secure_gateway.testing.gateways import gateway_for
from secure_gateway.testing.hostile import hostile_scalars, tiny_strings
from secure_gateway.testing.strategies import texts
from secure_gateway.testing.twins import Twins

RUNS = Twins(longest_run, twin.longest_run)


def test_the_implementation_is_the_one_that_is_expected() -> None:
    assert os.environ.get("EXPECTED", accelerated_runs.IMPLEMENTATION) == accelerated_runs.IMPLEMENTATION


@given(texts() | st.text("aé\ud800", max_size=40))
def test_generated_texts(text: str) -> None:
    RUNS.check(text)


@pytest.mark.parametrize(
    "value", [*hostile_scalars(), "", "a" * 1000, "é" * 70, None], ids=lambda value: type(value).__name__
)
def test_hostile_values_get_the_same_answers_and_errors(value: Any) -> None:
    RUNS.check(value)


def test_many_tiny_strings() -> None:
    for text in tiny_strings(5000):
        RUNS.check(text)


async def test_the_plugin_refuses_padding_anywhere() -> None:
    gateway = gateway_for([LongRunsPlugin(PluginConfig(name="runs", config={"most": 5}))])
    assert await gateway.call("say", {"text": "hello"}, lambda args: args["text"]) == "hello"
    for arguments in ({"text": ["é" * 6]}, {"k" * 6: 1}):
        with pytest.raises(PolicyDenied):
            await gateway.call("say", arguments, lambda _: "never")
