"""Python values out of bytes, as a fuzzer wants them: every input is a value, and a small change of the bytes is a small change of the value."""

from __future__ import annotations

from typing import Any

_MOST_VALUES = 4_000
_LETTERS = ("", "a", "id", "tok\u00e9n", "\ud800", "\U0001f600", "x" * 40, "/~", "0", "\x00")
_HUGE = 10**5000
_FLOATS = (0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"))


class Text(str):
    """A string with answers of its own."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("a subclass of str was asked whether it is equal")

    __hash__ = str.__hash__


class Object(dict[Any, Any]):
    """A dict with answers of its own."""

    def __iter__(self) -> Any:
        raise RuntimeError("a subclass of dict was walked")

    def items(self) -> Any:
        raise RuntimeError("a subclass of dict was walked")


class Values:
    """Reads values off ``data``, one after the other; behind its end everything is None. Containers that were read can stand in later ones again."""

    def __init__(self, data: bytes, *, cycles: bool) -> None:
        self._data = data
        self._at = 0
        self._count = 0
        self._closed: list[Any] = []
        self.cycles = cycles

    def byte(self) -> int:
        """Return the next byte, and 0 behind the end."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def text(self) -> str:
        """Return a string: one of a few awkward ones, or the bytes that follow, read as Latin-1 or UTF-8."""
        kind = self.byte()
        if kind < 128:
            return _LETTERS[kind % len(_LETTERS)]
        raw = self._data[self._at : self._at + kind % 64]
        self._at += len(raw)
        return raw.decode("latin-1") if kind % 2 else raw.decode("utf-8", "surrogateescape")

    def value(self) -> Any:
        """Return a value of whatever kind. Containers are filled from a stack: nothing recurses."""
        top: list[Any] = []
        open_now: list[tuple[Any, int]] = [(top, 1)]
        while open_now:
            container, left = open_now.pop()
            if not left or self._count > _MOST_VALUES:
                self._closed.append(container)
                continue
            open_now.append((container, left - 1))
            child, size = self._child(open_now)
            if type(container) is list:
                container.append(child)
            else:
                dict.__setitem__(container, self._key(), child)
            if size:
                open_now.append((child, size))
        self._closed.pop()
        return top[0] if top else None

    def _key(self) -> Any:
        return 7 if self.byte() == 255 else self.text()

    def _child(self, open_now: list[tuple[Any, int]]) -> tuple[Any, int]:
        """Return a value, and how many more are to be put into it."""
        self._count += 1
        kind = self.byte()
        if kind < 48:
            return [], kind % 6
        if kind < 112:
            return {}, kind % 6
        if kind < 144:
            return self.text(), 0
        if kind < 160:
            return int.from_bytes(bytes([self.byte(), self.byte()]), "big", signed=True) << (kind % 4 * 40), 0
        if kind < 176:
            return _FLOATS[kind % len(_FLOATS)], 0
        if kind < 192:
            return (None, True, False)[kind % 3], 0
        if kind < 208 and self._closed:
            return self._closed[self.byte() % len(self._closed)], 0
        if kind < 216 and self.cycles:
            return open_now[self.byte() % len(open_now)][0], 0
        if kind < 224:
            return self._nested(self.byte() * 5), 0
        return self._foreign(kind), 0

    def _nested(self, depth: int) -> Any:
        value: Any = self.text()
        for _ in range(depth):
            value = [value]
        return value

    def _foreign(self, kind: int) -> Any:
        foreign = (Text("t"), Object(a=1), (1, [2]), {1}, b"b", object, _HUGE, None)
        return foreign[kind % len(foreign)]
