from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import RequestError
from secure_gateway.proxy.mirrored import _decoded, check_mirrors, encode_value, is_modern, mirrors
from secure_gateway.proxy.wire import Message, WireError, WireLimits, changed, decode

VERSION = "2026-07-28"


def _call(name: str = "tool", **arguments: Any) -> Message:
    meta = {"io.modelcontextprotocol/protocolVersion": VERSION}
    value = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments, "_meta": meta},
    }
    return decode(json.dumps(value).encode(), WireLimits())


def _with(message: Message, **arguments: Any) -> Message:
    return changed(message, params={**(message.params or {}), "arguments": arguments})


@given(st.text())
def test_every_text_comes_back_from_its_header(text: str) -> None:
    value = encode_value(text)
    assert _decoded(value) == text
    assert all(0x20 <= byte <= 0x7E for byte in value)
    assert value == value.strip()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, b"true"),
        (False, b"false"),
        (42, b"42"),
        ("plain", b"plain"),
        ("", b""),
        ("=?base64?x?=", b"=?base64?PT9iYXNlNjQ/eD89?="),
    ],
)
def test_values_are_written_as_the_specification_says(value: Any, expected: bytes) -> None:
    assert encode_value(value) == expected


@pytest.mark.parametrize(
    "value", [b"=?base64?SGVsbG8?=", b"=?base64?SGVs!!!bG8=?=", b"=?base64?/w==?=", b"=?base64?SGVsbG9=?="]
)
def test_a_value_that_is_badly_encoded_says_nothing(value: bytes) -> None:
    assert _decoded(value) is None


@pytest.mark.parametrize(
    ("version", "modern"), [(None, False), ("2025-11-25", False), (VERSION, True), ("v999", True), ("", True)]
)
def test_the_header_alone_tells_the_era(version: str | None, modern: bool) -> None:
    assert is_modern(version) is modern


def test_two_headers_of_one_name_are_refused_even_if_one_is_right() -> None:
    with pytest.raises(WireError):
        check_mirrors(_call(), [(b"mcp-name", b"tool"), (b"mcp-name", b"other")], VERSION, required=False)


def test_a_request_without_what_its_era_requires_is_left_to_the_server() -> None:
    message = decode(b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tool"}}', WireLimits())
    check_mirrors(message, [(b"mcp-name", b"other")], VERSION, required=True)


def test_untouched_headers_stay_as_they_came() -> None:
    came = [
        (b"mcp-method", b"tools/call"),
        (b"mcp-name", b"tool"),
        (b"mcp-param-city", b"=?base64?w6k=?="),
        (b"other", b"x"),
    ]
    message = _call(city="é")
    assert mirrors(message, message, came) == came[:3]


def test_a_renamed_target_is_renamed_in_its_header() -> None:
    message = _call()
    renamed = changed(message, params={**(message.params or {}), "name": "tööl"})
    assert mirrors(message, renamed, [(b"mcp-name", b"tool")]) == [(b"mcp-name", encode_value("tööl"))]


def test_a_removed_argument_takes_its_header_along() -> None:
    message = _call(city="Bern", n=1)
    assert mirrors(message, _with(message, n=1), [(b"mcp-param-city", b"Bern"), (b"mcp-param-n", b"1")]) == [
        (b"mcp-param-n", b"1")
    ]


def test_a_header_that_repeats_nothing_left_does_not_outlive_a_change() -> None:
    message = _call(n=42, city="Bern")
    assert mirrors(message, _with(message, n=0, city="Bern"), [(b"mcp-param-n", b"42.0")]) == []


def test_which_of_two_equal_values_a_header_repeats_is_not_guessed() -> None:
    message = _call(a="same", b="same")
    assert mirrors(message, _with(message, a="***", b="***"), [(b"mcp-param-a", b"same")]) == [(b"mcp-param-a", b"***")]
    with pytest.raises(RequestError):
        mirrors(message, _with(message, a="***", b="same"), [(b"mcp-param-a", b"same")])
