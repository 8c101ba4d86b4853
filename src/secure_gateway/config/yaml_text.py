"""Strict YAML that remembers where everything stood: the part of it that means the same to every reader.

Plain values mean what PyYAML's safe loader makes of them, as in the files that people bring. Refused are aliases and merge keys
(a small file could stand for a huge value), tags, duplicate keys, keys that are no text, several documents and numbers that look like times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from secure_gateway.config.paths import Step, json_path
from secure_gateway.config.positions import Document, Place
from secure_gateway.errors import ConfigError, Problem

MAX_NODES: Final = 50_000
MAX_DEPTH: Final = 64

_TAG: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset({"yes", "true", "on"})
_QUOTE: Final = "Put it into quotes."


class YamlReader:
    """Reads YAML files into values with their places."""

    def __init__(self) -> None:
        import yaml  # noqa: PLC0415

        # The parser in C where it was built, else the one in Python: both give the same events.
        self._loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._parse: Callable[..., Iterable[Any]] = yaml.parse
        self._resolver = yaml.resolver.Resolver()
        self._scalar = yaml.nodes.ScalarNode
        self._error: type[Exception] = yaml.YAMLError

    def read(self, data: bytes, file: str) -> Document:
        """Return what ``data`` says. Raises ``ConfigError`` with its line for the first thing that ends the reading, or all duplicate keys."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(Problem("$", "bytes that are no UTF-8", "YAML in UTF-8", "", file, line)) from None
        builder = _Builder(file, self._plain)
        try:
            for event in self._parse(text, Loader=self._loader):
                builder.take(event)
        except self._error as error:
            mark = getattr(error, "problem_mark", None)
            found = f"no YAML ({getattr(error, 'problem', None) or 'a character that YAML does not allow'})"
            line = mark.line + 1 if mark else 0
            raise ConfigError(Problem("$", found, "YAML", "", file, line)) from None
        return builder.finish()

    def _plain(self, text: str) -> str:
        """Return the tag that a plain scalar gets by its looks."""
        return str(self._resolver.resolve(self._scalar, text, (True, False))).removeprefix(_TAG)


class _Frame:
    """A mapping or sequence that is being filled. ``key`` is the one whose value comes next."""

    __slots__ = ("container", "key", "last", "line", "place")

    def __init__(self, container: Any, place: Place) -> None:
        self.container = container
        self.place = place
        self.key: str | None = None
        self.last: Step = 0
        self.line = place.line

    @property
    def wants_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is None


class _Builder:
    """Makes the value of a stream of events."""

    def __init__(self, file: str, plain: Callable[[str], str]) -> None:
        self._file = file
        self._plain = plain
        self._frames: list[_Frame] = []
        self._roots: list[tuple[Any, Place]] = []
        self._problems: list[Problem] = []
        self._nodes = 0

    def take(self, event: Any) -> None:
        """Take the next event. Raises ``ConfigError``."""
        line = event.start_mark.line + 1
        match type(event).__name__:
            case "ScalarEvent":
                self._count(line)
                self._scalar(event, line)
            case "MappingStartEvent" | "SequenceStartEvent" as kind:
                self._count(line)
                self._open(event, {} if kind.startswith("M") else [], line)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._frames.pop()
            case "AliasEvent":
                raise self._fault(line, "an alias", "the value itself", "Write it out where the alias stands.")
            case "DocumentStartEvent" if self._roots:
                raise self._fault(line, "a second document", "one document in the file")
            case _:
                pass

    def finish(self) -> Document:
        """Return the whole. Raises ``ConfigError`` for what had been noted, or for an empty file."""
        if self._problems:
            raise ConfigError(self._problems)
        if not self._roots:
            raise self._fault(1, "an empty file", "a mapping")
        return Document(*self._roots[0])

    def _open(self, event: Any, container: Any, line: int) -> None:
        if event.tag is not None:
            raise self._fault(line, "a tag", "values without tags")
        if self._frames and self._frames[-1].wants_key:
            hint = 'A template belongs into quotes: "{{ env.NAME }}".'
            raise self._fault(line, "a mapping or list as a key", "a text as key", hint)
        if len(self._frames) >= MAX_DEPTH:
            raise self._fault(line, f"more than {MAX_DEPTH} levels", f"at most {MAX_DEPTH}")
        self._frames.append(_Frame(container, self._put(container, line)))

    def _scalar(self, event: Any, line: int) -> None:
        plain, quoted = event.implicit
        if event.tag is not None or not (plain or quoted):
            raise self._fault(line, "a tag", "values without tags")
        kind = self._plain(event.value) if plain else "str"
        frame = self._frames[-1] if self._frames else None
        if frame is None or not frame.wants_key:
            self._put(self._value(kind, event.value, line), line)
            return
        if kind != "str":
            found = "a merge key" if kind == "merge" else f"a key that YAML reads as {kind}"
            raise self._fault(line, found, "a text as key", "" if kind == "merge" else _QUOTE)
        if event.value in frame.container:
            path = json_path((*self._steps(), event.value))
            self._problems.append(Problem(path, "a key a second time", "each key once", "", self._file, line))
        frame.key, frame.line = event.value, line

    def _put(self, value: Any, line: int) -> Place:
        place = Place(line)
        if not self._frames:
            self._roots.append((value, place))
            return place
        frame = self._frames[-1]
        if isinstance(frame.container, list):
            frame.last = len(frame.container)
            frame.place.inside[frame.last] = place
            frame.container.append(value)
        elif frame.key is not None:
            place.line = frame.line
            frame.last = frame.key
            frame.place.inside[frame.key] = place
            frame.container[frame.key] = value
            frame.key = None
        return place

    def _value(self, kind: str, text: str, line: int) -> Any:
        match kind:
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() in _TRUE
            case "int" | "float" if ":" not in text:
                try:
                    return self._number(kind, text.replace("_", ""))
                except (ValueError, OverflowError):
                    raise self._fault(line, "a number that has no value", "a finite number", _QUOTE) from None
            case _:
                raise self._fault(line, f"a value that YAML reads as {kind}", "a text, a number, true or false", _QUOTE)

    def _number(self, kind: str, text: str) -> int | float:
        if kind == "float":
            number = float(text)
            if not math.isfinite(number):
                raise ValueError
            return number
        sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
        octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xb"
        return int(sign + digits, 8 if octal else 0)

    def _count(self, line: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._fault(line, f"more than {MAX_NODES} values", f"at most {MAX_NODES}")

    def _steps(self) -> tuple[Step, ...]:
        return tuple(frame.last for frame in self._frames[:-1])

    def _fault(self, line: int, found: str, expected: str, hint: str = "") -> ConfigError:
        return ConfigError(Problem(json_path(self._steps()), found, expected, hint, self._file, line))
