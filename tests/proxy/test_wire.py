from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import ErrorCode
from secure_gateway.proxy.wire import Kind, Message, WireError, WireLimits, changed, decode, keep_items, rewrite

LIMITS = WireLimits(max_bytes=100_000, max_depth=20)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=12
)
_OBJECTS = st.dictionaries(_TEXT, _VALUES, max_size=5)
_IDS = st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
_METHODS = st.from_regex(r"[a-z]{1,10}/[a-zA-Z]{1,10}", fullmatch=True)
_MESSAGES = st.one_of(
    st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": _IDS, "method": _METHODS}, optional={"params": _OBJECTS}),
    st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "method": _METHODS}, optional={"params": _OBJECTS}),
    st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": _IDS, "result": _OBJECTS}),
    st.fixed_dictionaries(
        {
            "jsonrpc": st.just("2.0"),
            "error": st.fixed_dictionaries(
                {"code": st.integers(-40000, 40000), "message": _TEXT}, optional={"data": _VALUES}
            ),
        },
        optional={"id": _IDS | st.none()},
    ),
)
_SPELLINGS: list[dict[str, Any]] = [
    {},
    {"separators": (",", ":")},
    {"indent": 2},
    {"ensure_ascii": False},
    {"ensure_ascii": False, "separators": (",", ":")},
]


@given(_MESSAGES, st.sampled_from(_SPELLINGS))
def test_every_valid_message_is_read_as_json_loads_reads_it_however_it_is_spelt(
    value: dict[str, Any], spelling: dict[str, Any]
) -> None:
    raw = json.dumps(value, **spelling).encode()
    message = decode(raw, LIMITS)
    assert message.value == json.loads(raw) == value
    assert message.raw is raw
    assert message.id == value.get("id")
    assert message.kind is (
        (Kind.REQUEST if "id" in value else Kind.NOTIFICATION)
        if "method" in value
        else Kind.RESPONSE
        if "result" in value
        else Kind.ERROR
    )


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_comes_in_it_is_a_message_or_a_wire_error(raw: bytes) -> None:
    try:
        message = decode(raw, LIMITS)
    except WireError:
        return
    assert message.value == json.loads(raw)


@given(_OBJECTS, _OBJECTS, st.sampled_from(_SPELLINGS))
def test_rewriting_says_the_new_value_exactly(
    old: dict[str, Any], new: dict[str, Any], spelling: dict[str, Any]
) -> None:
    raw = json.dumps(old, **spelling).encode()
    written = rewrite(raw, old, new)
    assert json.loads(written) == new
    assert rewrite(raw, old, old) is raw


@given(_OBJECTS, _TEXT, _VALUES, st.sampled_from(_SPELLINGS))
def test_rewriting_one_member_leaves_the_spelling_of_the_others(
    old: dict[str, Any], key: str, value: Any, spelling: dict[str, Any]
) -> None:
    raw = (
        json.dumps({**old, "kept": 0}, **spelling)
        .replace('"kept": 0', '"kept": 1.50e0')
        .replace('"kept":0', '"kept":1.50e0')
        .encode()
    )
    before = json.loads(raw)
    if key == "kept":
        return
    after = {**before, key: value}
    assert json.loads(rewrite(raw, before, after)) == after
    assert b"1.50e0" in rewrite(raw, before, after)


def _refused(raw: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        decode(raw, LIMITS)
    return caught.value


def _with_params(params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"a","params":' + params + b"}"


@pytest.mark.parametrize(
    "params",
    [
        b'{"a":1,"a":1}',
        b'{"x":[{"a":1,"\\u0061":2}]}',
        b'{"n":18446744073709551616}',
        b'{"n":-9223372036854775809}',
        b'{"n":0.' + b"1" * 60 + b"}",
        b'{"n":1' + b"0" * 60 + b".0}",
        b'{"n":1e999}',
        b'{"n":NaN}',
        b'{"n":-Infinity}',
        b'{"n":01}',
        b'{"s":"\\ud800"}',
        b'{"s":"\xed\xa0\x80"}',
        b'{"s":"\xc0\xaf"}',
        b'{"s":"\x00"}',
        b'{"s":"a\nb"}',
        b"{'s':1}",
        b'{"s":1,}',
        b'{"s":1}/**/',
        b"[]",
        b'"x"',
        b"[" * 60 + b"]" * 60,
        b'{"a":' * 60 + b"1" + b"}" * 60,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)
def test_what_readers_disagree_about_is_refused(params: bytes) -> None:
    _refused(_with_params(params))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b"\xef\xbb\xbf" + _with_params(b"{}"),
        b'{"jsonrpc":"2.0"}',
        b'{"id":1,"method":"a"}',
        b'{"jsonrpc":2.0,"id":1,"method":"a"}',
        b'{"jsonrpc":"2.0","id":null,"method":"a"}',
        b'{"jsonrpc":"2.0","id":1.0,"method":"a"}',
        b'{"jsonrpc":"2.0","id":true,"method":"a"}',
        b'{"jsonrpc":"2.0","id":[1],"method":"a"}',
        b'{"jsonrpc":"2.0","id":"' + b"x" * 600 + b'","method":"a"}',
        b'{"jsonrpc":"2.0","id":1,"method":""}',
        b'{"jsonrpc":"2.0","id":1,"method":"a\\u001b[2J"}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'{"jsonrpc":"2.0","id":1,"method":"a","result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}',
        b'{"jsonrpc":"2.0","id":1,"result":[]}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"m"}}',
        b'{"jsonrpc":"2.0","id":1,"error":"m"}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"params":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"a","METHOD":"b"}',
        _with_params(b"{}") + _with_params(b"{}"),
    ],
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    _refused(raw)


def test_the_id_of_a_refused_message_is_known_only_where_it_stands_once() -> None:
    assert _refused(b'{"jsonrpc":"2.0","id":5,"method":"a","params":{"id":1,"x":1,"x":2}}').message_id == 5
    assert _refused(b'{"jsonrpc":"2.0","id":5,"\\u0069d":6,"method":"a"}').message_id is None
    answer = _refused(b'{"jsonrpc":"2.0","id":5,"result":{"x":1,"x":2}}')
    assert (answer.message_id, answer.is_answer) == (5, True)


def test_a_message_above_the_size_limit_is_refused_unread() -> None:
    assert _refused(b"x" * 100_001).code is ErrorCode.TOO_LARGE


def test_the_largest_depth_that_is_allowed_passes() -> None:
    decode(_with_params(b'{"arguments":' + b"[" * 20 + b"]" * 20 + b"}"), LIMITS)


def test_a_list_item_that_stays_keeps_its_spelling() -> None:
    raw = b'{"jsonrpc":"2.0", "id":1,"result":{ "tools":[{"name":"a"},{"name":"b","n":1.50}], "z":1e2}}'
    kept = keep_items(decode(raw, LIMITS), "tools", [1])
    assert kept.raw == b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"b","n":1.50}],"z":1e2}}'
    assert kept.value == json.loads(kept.raw)


def test_a_changed_id_is_the_messages_id() -> None:
    message = changed(decode(_with_params(b'{"n":1.50}'), LIMITS), id="x")
    assert (message.key, message.raw) == ("x", b'{"jsonrpc":"2.0","id":"x","method":"a","params":{"n":1.50}}')


def test_the_repr_of_a_message_shows_no_payload() -> None:
    assert "hunter2" not in repr(decode(_with_params(b'{"password":"hunter2"}'), LIMITS))


def test_messages_cannot_be_changed() -> None:
    message: Message = decode(_with_params(b"{}"), LIMITS)
    with pytest.raises(AttributeError):
        message.raw = b""  # type: ignore[misc]
    assert msgspec.structs.asdict(message)["id"] == 1
