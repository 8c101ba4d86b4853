"""Server-sent events (WHATWG HTML, server-sent events), as MCP uses them: one message an event, cursors and retry times kept as they are.

What no policy could judge is taken out as an event is read: comments become empty ones, which keep a connection open as well, and fields
that the standard does not know are left out, as are the names of events other than ``message``.
"""

from __future__ import annotations

from typing import Final

import msgspec

from secure_gateway.errors import ErrorCode
from secure_gateway.proxy.wire import WireError

_FRAMING: Final = 64 * 1024
"""Bytes that an event may take beside its data."""
_KEPT: Final = frozenset({b"", b"data", b"id"})
"""Fields that pass whatever they say; the empty name is that of comments."""
_MESSAGES: Final = frozenset({b"", b"message"})
"""Names under which an event is dispatched as ``message``."""


class Event(msgspec.Struct, frozen=True):
    """One event. ``raw``: the lines that may pass, as they came, up to and with the empty line; ``data``: what they carry.

    ``is_message``: it has no other name than ``message``, which is all that MCP sends.
    """

    raw: bytes
    data: bytes
    has_cursor: bool = False
    is_message: bool = True

    def with_data(self, data: bytes) -> bytes:
        """Return the event with other data; its id, its retry time and its comments stay."""
        kept = [line for line in self.raw.splitlines() if line and not _is_field(line, b"data")]
        return b"".join(line + b"\r\n" for line in [*kept, b"data: " + _one_line(data)]) + b"\r\n"


def message_event(raw: bytes) -> bytes:
    """Return the event that carries one message."""
    return b"event: message\r\ndata: " + _one_line(raw) + b"\r\n\r\n"


class EventSplitter:
    """Cuts a byte stream into events, without I/O. Raises ``WireError`` for an event longer than ``longest`` and what frames it."""

    def __init__(self, longest: int) -> None:
        self._longest = longest + _FRAMING
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._size = 0
        self._searched = 0
        self._at_start = True

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that ``data`` completes."""
        buffer = self._buffer
        buffer += data
        if self._at_start and len(buffer) >= len(b"\xef\xbb\xbf"):
            self._at_start = False
            if buffer.startswith(b"\xef\xbb\xbf"):
                del buffer[:3]
        events: list[Event] = []
        start = 0
        while (end := _line_end(buffer, max(start, self._searched))) is not None:
            line, start = bytes(buffer[start : end[0]]), end[1]
            self._searched = start
            self._size += len(line)
            if line:
                self._lines.append(line)
            elif self._lines:
                events.append(_event(self._lines))
                self._lines = []
                self._size = 0
        del buffer[:start]
        # The last byte may be the first half of a line end.
        self._searched = max(0, len(buffer) - 1)
        if self._size + len(buffer) > self._longest:
            raise WireError(f"an event of more than {self._longest} bytes", code=ErrorCode.TOO_LARGE)
        return events


def _line_end(buffer: bytearray, start: int) -> tuple[int, int] | None:
    """Return where the line ends and where the next one begins. A carriage return at the very end may still become CRLF."""
    feed, carriage = buffer.find(b"\n", start), buffer.find(b"\r", start)
    if carriage < 0 or (0 <= feed < carriage):
        return (feed, feed + 1) if feed >= 0 else None
    if carriage + 1 == len(buffer):
        return None
    return carriage, carriage + (2 if buffer[carriage + 1 : carriage + 2] == b"\n" else 1)


def _event(lines: list[bytes]) -> Event:
    is_message = all(_value(line) in _MESSAGES for line in lines if _is_field(line, b"event"))
    lines = [b":" if line.startswith(b":") else line for line in lines if _may_pass(line, is_message=is_message)]
    data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    data += [b"" for line in lines if line == b"data"]
    has_cursor = any(_is_field(line, b"id") for line in lines)
    return Event(b"".join(line + b"\r\n" for line in lines) + b"\r\n", b"\n".join(data), has_cursor, is_message)


def _may_pass(line: bytes, *, is_message: bool) -> bool:
    name = line.partition(b":")[0]
    if name == b"retry":
        return _value(line).isdigit()
    return name in _KEPT or (name == b"event" and is_message)


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].removeprefix(b" ")


def _is_field(line: bytes, name: bytes) -> bool:
    return line.startswith(name + b":") or line == name


def _one_line(raw: bytes) -> bytes:
    return raw.replace(b"\r", b" ").replace(b"\n", b" ")
