"""The framing of MCP on stdio: one message a line (MCP, transports, stdio)."""

from __future__ import annotations

from typing import Final

_NEWLINE: Final = b"\n"


class LineSplitter:
    """Cuts a stream of bytes into lines, without I/O. A line longer than ``longest`` bytes comes out as None, and costs no memory."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._size = 0
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that ``data`` completes, without their newline; empty lines are left out."""
        if _NEWLINE not in data:
            self._keep(data)
            return []
        first, *rest = data.split(_NEWLINE)
        last = rest.pop() if rest else b""
        self._keep(first)
        lines: list[bytes | None] = [self._take(), *(line if len(line) <= self._longest else None for line in rest)]
        self._keep(last)
        return [line for line in lines if line is None or line.strip()]

    def rest(self) -> bytes | None:
        """Return what came after the last newline; an end of stream may stand for one."""
        return self._take()

    def _keep(self, data: bytes) -> None:
        if not data or self._overlong:
            return
        self._size += len(data)
        if self._size > self._longest:
            self._overlong = True
            self._parts.clear()
        else:
            self._parts.append(data)

    def _take(self) -> bytes | None:
        line = None if self._overlong else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._overlong = False
        return line


def as_line(raw: bytes) -> bytes:
    """Return ``raw`` as one line. In valid JSON a line break is white space, for within a string it is escaped."""
    if _NEWLINE in raw or b"\r" in raw:
        raw = raw.replace(b"\r", b" ").replace(_NEWLINE, b" ")
    return raw + _NEWLINE
