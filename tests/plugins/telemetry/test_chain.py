"""One line of the audit, and text made safe for a line."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.telemetry.chain import GENESIS, BrokenLineError, Link, digest, seal, unseal
from secure_gateway.plugins.telemetry.lines import LONGEST, clipped, encode

KEY = b"k" * 32
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=40)  # lone surrogates too
FACTS = st.dictionaries(
    TEXTS.filter(lambda key: key not in ("seq", "prev", "event", "bytes", "digest", "mac")),
    st.recursive(
        TEXTS | st.integers(-(2**70), 2**70) | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3)
    ),
    max_size=5,
)


@given(facts=FACTS, seq=st.integers(0, 2**50))
def test_what_is_sealed_can_be_unsealed_and_is_one_line_of_printable_ascii(facts: dict[str, Any], seq: int) -> None:
    line, link = seal(KEY, Link(seq, "a" * 64), "decision", facts)
    assert unseal(KEY, line).link == link
    assert unseal(KEY, line).follows(Link(seq, "a" * 64))
    assert line.endswith(b"\n")
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    assert json.loads(line)["event"] == "decision"


@given(data=st.data())
def test_no_byte_of_a_line_can_be_changed(data: st.DataObject) -> None:
    line, _ = seal(KEY, GENESIS, "decision", {"name": "read_file"})
    at = data.draw(st.integers(0, len(line) - 2))
    changed = bytearray(line)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[at]))
    with pytest.raises(BrokenLineError):
        unseal(KEY, bytes(changed))


@given(st.binary(max_size=300))
def test_bytes_that_nobody_sealed_are_never_a_line(content: bytes) -> None:
    with pytest.raises(BrokenLineError):
        unseal(KEY, content)


def test_another_key_seals_nothing_that_ours_unseals() -> None:
    line, _ = seal(b"x" * 32, GENESIS, "decision", {})
    with pytest.raises(BrokenLineError, match="another master key"):
        unseal(KEY, line)


def test_a_right_mac_over_something_else_is_no_line_either() -> None:
    body = b"[1]"
    line = body[:-1] + b',"mac":"' + digest(KEY, body[:-1] + b"}").encode() + b'"}'
    with pytest.raises(BrokenLineError, match="no line of an audit"):
        unseal(KEY, line)


@given(TEXTS)
def test_encoded_text_is_strict_json_in_ascii_without_control_characters(text: str) -> None:
    line = encode({"t": text, text: 2**70})
    assert all(0x20 <= byte < 0x7F for byte in line)
    readable = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert orjson.loads(encode({"t": text})) == {"t": readable}
    assert readable in json.loads(line)


def test_long_texts_are_cut_and_the_cut_is_seen() -> None:
    assert clipped("x" * LONGEST) == "x" * LONGEST
    cut = clipped("x" * 10_000_000)
    assert len(cut) == LONGEST
    assert cut.endswith("…")
