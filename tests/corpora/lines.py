"""What a corpus is made of: lines that carry labelled values, how they are laid out, written and set aside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TASKS: Final = ("pii", "secrets", "injection", "code_injection")
_HELD_EVERY: Final = 10


@dataclass(frozen=True)
class Hit:
    """A value that must be found. ``number``: it stands in JSON as a number. ``core``: the part that counts, where that is not all."""

    type: str
    text: str
    number: bool = False
    core: str = ""


Part = str | Hit


@dataclass(frozen=True)
class Parts:
    """A text in pieces, some of them hits. As a key of an object it must be hashable, hence the tuple."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Label:
    """Where a value stands: in the string (or number) at ``pointer``, or in the key that ends it."""

    type: str
    start: int
    end: int
    pointer: str = ""
    in_key: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a corpus: a text or a nested value, and all that must be found in it (nothing: a negative)."""

    task: str
    group: str
    value: Any
    labels: tuple[Label, ...] = field(default=())

    @property
    def content(self) -> str:
        """The text as it is, or the JSON of a nested value."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)

    @property
    def id(self) -> str:
        """A name that changes with the content only."""
        whole = f"{self.group}\0{self.content}"
        return f"{self.task}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}"

    @property
    def held(self) -> bool:
        """Whether the line is set aside: a tenth of all is, chosen by its content, and what is worded as no open line is."""
        return self.group.endswith("/unseen") or int(self.id[-8:], 16) % _HELD_EVERY == 0

    def to_json(self) -> str:
        """Return the line as it stands in the file."""
        labels = []
        for label in self.labels:
            entry: dict[str, Any] = {"type": label.type, "start": label.start, "end": label.end}
            if not isinstance(self.value, str):
                entry["pointer"] = label.pointer
            if label.in_key:
                entry["in_key"] = True
            labels.append(entry)
        row = {
            "id": self.id,
            "task": self.task,
            "text" if isinstance(self.value, str) else "payload": self.value,
            "labels": labels,
            "group": self.group,
            "split": "held" if self.held else "open",
        }
        return json.dumps(row, ensure_ascii=False)


def parts(*pieces: Part) -> Parts:
    """Return a text made of ``pieces``."""
    return Parts(tuple(pieces))


def fill(template: str, hit: Part, **words: str) -> Parts:
    """Return ``template`` with ``hit`` for ``{v}`` and ``words`` for their names; other braces stay."""
    for name, word in words.items():
        template = template.replace("{" + name + "}", word)
    before, found, after = template.partition("{v}")
    if not found:
        raise ValueError(f"the template has no place for the value: {template!r}")
    return parts(before, hit, after)


def laid_out(task: str, group: str, content: Any) -> Line:
    """Return the line of ``content``: a str, ``Parts``, or nested lists and dicts of them (``Parts`` also as keys)."""
    labels: list[Label] = []
    value = _lay(content, "", labels)
    return Line(task, group, value, tuple(labels))


def _lay(content: Any, pointer: str, labels: list[Label]) -> Any:
    if isinstance(content, Hit):
        return _lay(parts(content), pointer, labels)
    if isinstance(content, Parts):
        return _text(content, pointer, labels, in_key=False)
    if isinstance(content, dict):
        made = {}
        for key, value in content.items():
            found: list[Label] = []
            name = _text(key, "", found, in_key=True) if isinstance(key, Parts) else key
            inner = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
            labels.extend(Label(each.type, each.start, each.end, inner, in_key=True) for each in found)
            made[name] = _lay(value, inner, labels)
        return made
    if isinstance(content, list):
        return [_lay(value, f"{pointer}/{index}", labels) for index, value in enumerate(content)]
    return content


def _text(content: Parts, pointer: str, labels: list[Label], *, in_key: bool) -> Any:
    text = ""
    for part in content.parts:
        if isinstance(part, Hit):
            start = len(text) + (part.text.index(part.core) if part.core else 0)
            labels.append(Label(part.type, start, start + len(part.core or part.text), pointer, in_key))
            if part.number and len(content.parts) == 1:
                return int(part.text)
            text += part.text
        else:
            text += part
    return text


def rendered(line: Line) -> tuple[str, list[Label]]:
    """Return the line as one text, JSON where it is nested, and its labels by their places in that text."""
    if isinstance(line.value, str):
        return line.value, list(line.labels)
    places: dict[tuple[str, bool], int] = {}
    written = "".join(_written(line.value, "", places, [0]))
    moved = []
    for label in line.labels:
        value = str(_at(line.value, label))
        offset = places[label.pointer, label.in_key]
        start = offset + _escaped(value[: label.start])
        moved.append(Label(label.type, start, start + _escaped(value[label.start : label.end])))
    return written, moved


def labelled_text(line: Line, label: Label) -> str:
    """Return what ``label`` covers."""
    return str(_at(line.value, label))[label.start : label.end]


def _at(value: Any, label: Label) -> Any:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in label.pointer.split("/")[1:]]
    for step in steps[:-1] if label.in_key else steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return steps[-1] if label.in_key else value


def _escaped(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False)) - 2


def _written(value: Any, pointer: str, places: dict[tuple[str, bool], int], at: list[int]) -> Iterator[str]:
    def out(text: str) -> str:
        at[0] += len(text)
        return text

    if isinstance(value, dict):
        yield out("{")
        for number, (key, inner) in enumerate(value.items()):
            yield out(", " if number else "")
            path = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            places[path, True] = at[0] + 1
            yield out(json.dumps(key, ensure_ascii=False) + ": ")
            yield from _written(inner, path, places, at)
        yield out("}")
    elif isinstance(value, list):
        yield out("[")
        for number, inner in enumerate(value):
            yield out(", " if number else "")
            yield from _written(inner, f"{pointer}/{number}", places, at)
        yield out("]")
    else:
        places[pointer, False] = at[0] + isinstance(value, str)
        yield out(json.dumps(value, ensure_ascii=False))


def unique(lines: Sequence[Line]) -> list[Line]:
    """Return ``lines`` without those whose content came before."""
    seen: set[str] = set()
    kept = []
    for line in lines:
        if line.content not in seen:
            seen.add(line.content)
            kept.append(line)
    return kept
