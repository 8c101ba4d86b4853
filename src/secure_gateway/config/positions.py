"""Strict JSON that remembers where everything stood.

Stricter than ``json.loads``: one encoding, no duplicate keys, no NaN, no lone surrogates, bounded depth and numbers, so
that no two readers understand a file differently. Every character is read once.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from secure_gateway.config.paths import Step, Steps, printable

MAX_DEPTH = 64
_MAX_NUMBER = 100

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"')
_CONTROL = re.compile(r"[\x00-\x1f]")
_SCALAR = re.compile(r"[-+.\w]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_NEWLINE = re.compile(r"\n|\r\n?")
_ESCAPE_FAULT = re.compile(r'\\(?!["\\/bfnrt]|u[0-9A-Fa-f]{4})')
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NOT_FINITE = frozenset({"NaN", "Infinity", "+Infinity", "-Infinity"})
_MEANT = {
    "True": "true",
    "False": "false",
    "None": "null",
    "undefined": "null",
    "nil": "null",
    "yes": "true",
    "no": "false",
}
_QUOTES = "'`\u2018\u2019\u201c\u201d"
_WIDE_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class JsonFault:
    """One thing wrong with the text itself. ``line`` and ``column`` count from 1; values are never quoted."""

    steps: Steps
    line: int
    column: int
    found: str
    expected: str
    hint: str = ""


class JsonSyntaxError(ValueError):
    """The text is no JSON beyond ``fault``; ``earlier`` are the faults that had been read past before it."""

    def __init__(self, fault: JsonFault, earlier: Sequence[JsonFault] = ()) -> None:
        self.fault = fault
        self.earlier = tuple(earlier)
        super().__init__(f"line {fault.line}, column {fault.column}: found {fault.found}; expected {fault.expected}")


@dataclass(slots=True)
class Place:
    """Where one value stands: the line of its key (of the value itself in a list), and the places inside it."""

    line: int
    inside: dict[Step, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text: its value, the place of everything in it, and the faults that did not end the reading."""

    value: Any = field(repr=False)
    root: Place = field(repr=False)
    faults: tuple[JsonFault, ...] = ()

    def line_of(self, steps: Sequence[Step]) -> int:
        """Return the line of the value at ``steps``, or of the nearest thing around it that exists."""
        place = self.root
        for step in steps:
            inner = place.inside.get(step)
            if inner is None:
                break
            place = inner
        return place.line


def parse(data: bytes, *, max_depth: int = MAX_DEPTH) -> Document:
    """Read UTF-8 JSON of at most ``max_depth`` levels.

    Raises:
        JsonSyntaxError: where the reading had to stop.
    """
    return _Reader(_decode(data), max_depth).read()


def _decode(data: bytes) -> str:
    expected = "JSON in UTF-8 without a byte order mark"
    wide = data.startswith(_WIDE_BOMS) or (len(data) > 1 and (data[0] == 0 or data[1] == 0))
    if wide:
        raise JsonSyntaxError(JsonFault((), 1, 1, "UTF-16 or UTF-32 text", expected, "Save the file as UTF-8."))
    if data.startswith(codecs.BOM_UTF8):
        found, hint = "a byte order mark", 'Save the file as "UTF-8", not as "UTF-8 with BOM".'
        raise JsonSyntaxError(JsonFault((), 1, 1, found, expected, hint))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = _line_and_column(_line_starts(before), len(before), before)
        fault = JsonFault((), line, column, f"the byte 0x{data[error.start]:02x}, which is no UTF-8", expected)
        raise JsonSyntaxError(fault) from None


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in _NEWLINE.finditer(text))]


def _line_and_column(starts: list[int], position: int, text: str) -> tuple[int, int]:
    offset = min(position, len(text))
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


class _Reader:
    """One pass over one text. Keeps the path to where it is, so that each fault can name it."""

    def __init__(self, text: str, max_depth: int) -> None:
        self._text = text
        self._starts = _line_starts(text)
        self._max_depth = max_depth
        self._at = 0
        self._steps: list[Step] = []
        self._faults: list[JsonFault] = []

    def read(self) -> Document:
        self._skip_space()
        if self._at == len(self._text):
            self._stop(0, "an empty file", "a JSON object", "`secure-gateway init` writes one to start from.")
        root = Place(self._line(self._at))
        value = self._value(root)
        self._skip_space()
        if self._at < len(self._text):
            self._stop_at_next("the end of the file", "One file holds one JSON value.")
        return Document(value, root, tuple(self._faults))

    # -- values -----------------------------------------------------------------------------------------------------

    def _value(self, place: Place) -> Any:
        match self._text[self._at : self._at + 1]:
            case "{":
                return self._nested(self._object, place)
            case "[":
                return self._nested(self._list, place)
            case '"':
                return self._string()
            case _:
                return self._scalar()

    def _nested(self, read: Callable[[Place], Any], place: Place) -> Any:
        if self._max_depth == 0:
            self._stop(self._at, "one more level of nesting", "a file that is nested less deeply")
        self._max_depth -= 1
        value = read(place)
        self._max_depth += 1
        return value

    def _object(self, place: Place) -> dict[str, Any]:
        members: dict[str, Any] = {}
        more = self._enter("}")
        while more:
            start = self._at
            if self._text[start : start + 1] != '"':
                self._stop_at_next("a key in double quotes")
            key = self._string()
            line = self._line(start)
            if key in members:
                self._note_duplicate(start, key, place)
            self._skip_space()
            if self._text[self._at : self._at + 1] != ":":
                self._stop_at_next("':' after the key")
            self._at += 1
            self._skip_space()
            self._steps.append(key)
            inner = Place(line)
            value = self._value(inner)
            self._steps.pop()
            # The first of two equal keys stays: the second has been reported and must not hide mistakes in the first.
            if key not in members:
                members[key] = value
                place.inside[key] = inner
            more = self._go_on("}")
        return members

    def _list(self, place: Place) -> list[Any]:
        items: list[Any] = []
        more = self._enter("]")
        while more:
            inner = Place(self._line(self._at))
            self._steps.append(len(items))
            value = self._value(inner)
            self._steps.pop()
            place.inside[len(items)] = inner
            items.append(value)
            more = self._go_on("]")
        return items

    def _enter(self, end: str) -> bool:
        """Step past the opening bracket; say whether anything stands before the closing one."""
        self._at += 1
        self._skip_space()
        if self._text[self._at : self._at + 1] == end:
            self._at += 1
            return False
        return True

    def _go_on(self, end: str) -> bool:
        """Step past the comma or the closing bracket after an entry; say whether another entry follows."""
        last_line = self._line(self._at - 1)
        self._skip_space()
        char = self._text[self._at : self._at + 1]
        if char == end:
            self._at += 1
            return False
        if char != ",":
            missing = char not in ("", "}", "]") and self._line(self._at) > last_line
            self._stop_at_next(
                f"',' or '{end}'", f"Is a comma missing at the end of line {last_line}?" if missing else ""
            )
        comma = self._at
        self._at += 1
        self._skip_space()
        if self._text[self._at : self._at + 1] in ("}", "]"):
            self._stop(
                comma, f"a comma before '{self._text[self._at]}'", "another entry or no comma", "Remove the comma."
            )
        return True

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            self._stop_in_string()
        literal = match.group()
        if "\\" not in literal:
            self._at = match.end()
            return literal[1:-1]
        wrong = _ESCAPE_FAULT.search(literal.replace("\\\\", "  "))
        if wrong is not None:
            hint = 'A backslash itself is written "\\\\".'
            self._stop(
                self._at + wrong.start(), "a backslash that begins no JSON escape", "an escape such as \\n", hint
            )
        text: str = json.loads(literal)
        if _SURROGATE.search(text):
            self._stop(self._at, "half of a surrogate pair", "whole Unicode characters")
        self._at = match.end()
        return text

    def _scalar(self) -> Any:
        match = _SCALAR.match(self._text, self._at)
        if match is None:
            self._stop_at_next("a value")
        word = match.group()
        if word in _LITERALS:
            self._at = match.end()
            return _LITERALS[word]
        if word in _NOT_FINITE:
            self._note(self._at, word, "a finite number", "JSON has no such number.")
            self._at = match.end()
            return None
        if (number := _NUMBER.fullmatch(word)) is None:
            self._stop_at_word(word)
        value = self._number(word, whole=number.group(1) is None and number.group(2) is None)
        self._at = match.end()
        return value

    def _number(self, word: str, *, whole: bool) -> int | float | None:
        if len(word) > _MAX_NUMBER:
            self._note(self._at, f"a number of {len(word)} characters", f"at most {_MAX_NUMBER}")
            return None
        if whole:
            return int(word)
        value = float(word)
        if math.isinf(value):
            self._note(self._at, "a number that is too large", "a number within double precision")
            return None
        return value

    # -- places and faults ------------------------------------------------------------------------------------------

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _line(self, position: int) -> int:
        return bisect_right(self._starts, position)

    def _fault(self, position: int, found: str, expected: str, hint: str) -> JsonFault:
        line, column = _line_and_column(self._starts, position, self._text)
        return JsonFault(tuple(self._steps), line, column, found, expected, hint)

    def _note(self, position: int, found: str, expected: str, hint: str = "") -> None:
        self._faults.append(self._fault(position, found, expected, hint))

    def _note_duplicate(self, start: int, key: str, place: Place) -> None:
        first = place.inside[key].line
        self._steps.append(key)
        self._note(start, f"a second key of this name (the first is in line {first})", "each key once")
        self._steps.pop()

    def _stop(self, position: int, found: str, expected: str, hint: str = "") -> NoReturn:
        raise JsonSyntaxError(self._fault(position, found, expected, hint), self._faults)

    def _stop_at_next(self, expected: str, hint: str = "") -> NoReturn:
        """Stop at a character that cannot stand here."""
        char = self._text[self._at : self._at + 1]
        if char == "":
            self._stop(self._at, "the end of the file", expected, "Is a closing bracket missing, or the file cut off?")
        if char == "#" or self._text.startswith(("//", "/*"), self._at):
            self._stop(self._at, "a comment", expected, "JSON has no comments.")
        if char in _QUOTES:
            self._stop(
                self._at, f"the quotation mark {char}", expected, 'Strings stand in straight double quotes: "…".'
            )
        if char == "\ufeff":
            self._stop(self._at, "a byte order mark", expected)
        word = _SCALAR.match(self._text, self._at)
        found = "a word or number" if word else f"the character '{printable(char)}'"
        self._stop(self._at, found, expected, hint)

    def _stop_at_word(self, word: str) -> NoReturn:
        """Stop at something unquoted. It is named only if harmless: it could be a pasted secret."""
        if word in _MEANT:
            self._stop(self._at, word, "a JSON value", f"Did you mean {_MEANT[word]}?")
        if word[0].isdigit() or word[0] in "+-.":
            self._stop(self._at, "something like a number that JSON does not know", "a number such as 5, -1 or 0.5")
        self._stop(self._at, "an unquoted word", "a JSON value", 'Strings stand in double quotes: "…".')

    def _stop_in_string(self) -> NoReturn:
        control = _CONTROL.search(self._text, self._at)
        if control is not None and control.group() not in "\r\n":
            self._stop(control.start(), "a control character in a string", "it escaped, as \\t or \\u0000")
        self._stop(
            self._at, "a string that is not closed in its line", "a closing '\"'", "A line break in a string is \\n."
        )
