from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.proxy.lines import LineSplitter, as_line

LONGEST = 20


@given(
    st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=8),
    st.lists(st.integers(1, 40), max_size=30),
)
def test_lines_are_the_same_however_the_stream_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    stream, splitter, found = b"".join(line + b"\n" for line in lines), LineSplitter(LONGEST), []
    for cut in [*cuts, len(stream)]:
        found += splitter.feed(stream[:cut])
        stream = stream[cut:]
    found += splitter.feed(stream)
    assert found == [line if len(line) <= LONGEST else None for line in lines if line.strip() or len(line) > LONGEST]
    assert splitter.rest() == b""


def test_an_endless_line_costs_no_memory() -> None:
    splitter = LineSplitter(LONGEST)
    for _ in range(100):
        assert splitter.feed(b"x" * 1000) == []
        assert sum(map(len, splitter._parts)) <= LONGEST
    assert splitter.feed(b"x\nnext\n") == [None, b"next"]


def test_a_last_line_without_its_newline_is_not_lost() -> None:
    splitter = LineSplitter(LONGEST)
    assert splitter.feed(b"a\nb") == [b"a"]
    assert splitter.rest() == b"b"


@given(st.binary())
def test_a_message_never_becomes_two_lines_for_any_reader(raw: bytes) -> None:
    line = as_line(raw)
    assert line.splitlines() in ([raw], [line[:-1]], [])
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert b"\r" not in line
