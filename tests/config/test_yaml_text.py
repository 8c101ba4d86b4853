"""The strict YAML reader means what PyYAML's safe loader means, or refuses."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway import ConfigError
from secure_gateway.config.yaml_text import MAX_DEPTH, YamlReader

READER = YamlReader()
SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_was_written_is_read_back(value: Any) -> None:
    # Without aliases: the writer makes them of equal parts.
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda _self, _value: True})
    text = yaml.dump(value, Dumper=dumper)
    assert READER.read(text.encode(), "x.yaml").value == value


@given(st.text(alphabet="ab:-[]{},#&*!|>'\"%@`? \n\t01._ex~<=", max_size=40))
def test_a_text_means_what_the_safe_loader_makes_of_it_or_is_refused(text: str) -> None:
    try:
        value = READER.read(text.encode(), "x.yaml").value
    except ConfigError:
        return
    assert value == yaml.load(text, Loader=SAFE)  # noqa: S506 - a safe loader, in C where there is one


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        READER.read(data, "x.yaml")


def test_every_value_has_the_line_of_its_key() -> None:
    document = READER.read(b"a: 1\nb:\n  - x\n  - c:\n      d: 2\n", "x.yaml")
    assert document.value == {"a": 1, "b": ["x", {"c": {"d": 2}}]}
    assert [document.line_of(steps) for steps in (("a",), ("b",), ("b", 0), ("b", 1, "c"), ("b", 1, "c", "d"))] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_a_file_may_be_as_deep_as_a_configuration_and_no_deeper() -> None:
    READER.read(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "x.yaml")
    with pytest.raises(ConfigError, match="levels"):
        READER.read(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "x.yaml")


def test_a_million_opened_brackets_end_at_the_limit() -> None:
    with pytest.raises(ConfigError, match="levels"):
        READER.read(b"[" * 1_000_000, "x.yaml")
