from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.proxy.sse import Event, EventSplitter, message_event
from secure_gateway.proxy.wire import WireError

_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=12).map(str.encode)
_FIELDS = st.sampled_from([b"data: ", b"data:", b"id: ", b"event: ", b": ", b"retry: ", b""])
_EVENTS = st.lists(st.lists(st.tuples(_FIELDS, _LINE).map(b"".join), min_size=1, max_size=4), max_size=5)


@given(_EVENTS, st.sampled_from([b"\n", b"\r\n"]), st.lists(st.integers(1, 30), max_size=20))
def test_events_are_the_same_however_the_stream_is_cut(events: list[list[bytes]], end: bytes, cuts: list[int]) -> None:
    stream = b"".join(b"".join(line + end for line in lines) + end for lines in events)
    if stream.startswith(b"\xef\xbb\xbf"):
        return
    splitter, found = EventSplitter(10_000), []
    for cut in [*cuts, len(stream)]:
        found += splitter.feed(stream[:cut])
        stream = stream[cut:]
    whole = EventSplitter(10_000).feed(b"".join(b"".join(line + b"\n" for line in lines) + b"\n" for lines in events))
    assert [event.raw for event in found] == [event.raw for event in whole]
    assert [event.data for event in found] == [
        b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")) for lines in events
    ]


def test_lone_carriage_returns_end_lines_too() -> None:
    assert [event.data for event in EventSplitter(100).feed(b"data: a\rdata: b\r\rdata: c\r\r.")] == [b"a\nb", b"c"]


def test_a_byte_order_mark_is_no_part_of_the_first_field() -> None:
    assert EventSplitter(100).feed(b"\xef\xbb\xbfdata: a\n\n")[0].data == b"a"


def _feed(splitter: EventSplitter, parts: list[bytes]) -> None:
    for part in parts:
        splitter.feed(part)


def test_an_endless_event_is_refused() -> None:
    with pytest.raises(WireError):
        _feed(EventSplitter(1000), [b"data: " + b"x" * 100 + b"\n"] * 1000)


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(WireError):
        _feed(EventSplitter(1000), [b"x" * 100] * 1000)


@given(_EVENTS.filter(bool), st.binary(max_size=50))
def test_new_data_keeps_everything_else_and_never_becomes_two_events(events: list[list[bytes]], data: bytes) -> None:
    splitter = EventSplitter(10_000)
    (event,) = splitter.feed(b"".join(line + b"\n" for line in events[0]) + b"\n") or [Event(b"", b"")]
    (changed,) = EventSplitter(10_000).feed(event.with_data(data))
    assert changed.data == data.replace(b"\r", b" ").replace(b"\n", b" ")
    assert changed.has_cursor == event.has_cursor


def test_a_message_with_line_breaks_is_one_event() -> None:
    (event,) = EventSplitter(1000).feed(message_event(b'{\r\n"a": 1\n}'))
    assert event.data == b'{  "a": 1 }'


@given(_EVENTS)
def test_what_passes_is_data_cursors_retry_times_the_one_name_and_empty_comments(events: list[list[bytes]]) -> None:
    for event in EventSplitter(10_000).feed(
        b"".join(b"".join(line + b"\n" for line in lines) + b"\n" for lines in events)
    ):
        for line in event.raw.split(b"\r\n"):
            name, _, value = line.partition(b":")
            said = value.removeprefix(b" ")
            assert (
                name in (b"data", b"id")
                or (name, said) in ((b"", b""), (b"event", b"message"), (b"event", b""))
                or (name == b"retry" and said.isdigit())
            )


def test_lines_that_may_pass_stay_as_they_came() -> None:
    raw = b"id:7\r\nretry: 10\r\nevent: message\r\ndata: {}\r\n\r\n"
    assert EventSplitter(100).feed(raw)[0].raw == raw
