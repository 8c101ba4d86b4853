"""What travels between the gateway and a plugin's process arrives as it was, and nonsense is refused before it is read."""

from __future__ import annotations

import math
import socket
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.isolated import frames

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_every_json_value_arrives_as_it_was(value: Any) -> None:
    assert not frames.odd_value(value)
    assert repr(frames.unpack(frames.pack(value))) == repr(value)


def test_what_is_no_number_arrives_as_that() -> None:
    assert math.isnan(frames.unpack(frames.pack([math.nan]))[0])


@pytest.mark.parametrize("value", [{1, 2}, (1,), b"x", object(), {1: 2}, [[{"a": {3}}]], type("T", (str,), {})("x")])
def test_what_is_no_json_value_is_named(value: Any) -> None:
    assert frames.odd_value(value)


def test_what_is_nested_without_end_is_named() -> None:
    value: list[Any] = []
    value.append(value)
    assert frames.odd_value(value) == "container nested too deeply"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    for decode in (frames.unpack, frames.FROM_CHILD.decode):
        try:
            decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError, TypeError):
            continue


@pytest.mark.parametrize("length", [frames.MAX_FRAME + 1, 2**32 - 1])
def test_a_frame_that_is_too_long_is_refused_before_it_is_read(length: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">I", length))
        with pytest.raises(frames.FrameError):
            frames.read(ours)


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5abc"])
def test_half_a_frame_is_an_end(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(sent)
        assert frames.read(ours) is None
