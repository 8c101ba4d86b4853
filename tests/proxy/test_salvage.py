from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.proxy.salvage import Claim, read_claim

_IDS = st.integers(-(10**15), 10**15) | st.text(max_size=40)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "result", "x"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("raw", "claim"),
    [
        (b'{"id":5,"result":{"id":7,"x":NaN}}', Claim(True, 5)),
        (b' { "result" : [{"id":9}] , "id" : "a\\"b" , "x" : [', Claim(True, 'a"b')),
        (b'{"id":5,"result":"cut off', Claim(True, 5)),
        (b'{"id":5,"result":' + b"[" * 10_000, Claim(True, 5)),
        (b'{"error":{"code":NaN}}', Claim(True, None)),
        (b'{"id":1,"id":2,"result":{}}', Claim(True, None)),
        (b'{"id":{"id":3},"result":{}}', Claim(True, None)),
        (b'{"id":1.5,"result":{}}', Claim(True, None)),
        (b'{"id":true,"result":{}}', Claim(True, None)),
        (b'{"id":1,"method":"x","result":NaN}', Claim(False, 1)),
        (b'{"id":1}', Claim(False, 1)),
        (b'log {"id":1,"result":2}', Claim(False, None)),
        (b'[{"id":1,"result":2}]', Claim(False, None)),
        (b'{"x":"\\"\\"' + b'\\"' * 10_000, Claim(False, None)),
        (b"", Claim(False, None)),
    ],
)
def test_only_members_of_the_outermost_object_are_a_claim(raw: bytes, claim: Claim) -> None:
    assert read_claim(raw) == claim


@given(_IDS, _VALUES)
def test_what_json_would_read_is_what_is_claimed(key: int | str, value: Any) -> None:
    raw = json.dumps({"x": value, "id": key, "result": value}).encode()
    assert len(raw) > 4096 or read_claim(raw) == Claim(True, key)


@given(st.binary(max_size=300))
def test_no_bytes_upset_it(raw: bytes) -> None:
    assert not read_claim(b"x" + raw).is_answer
    read_claim(raw)
    read_claim(b'{"id":' + raw)
