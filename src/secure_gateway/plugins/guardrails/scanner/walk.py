"""The strings of a nested value, in order and without recursion, each with the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from secure_gateway.native import Way
from secure_gateway.plugins.guardrails.scanner.finding import Limits, ScanLimitExceeded, ScannerError

KEY_MARK = "~key"  # the key itself
MEMBER_MARK = "~at"  # a step through a key that is not shown
_LONG_KEY = 128
_MAX_BITS = 4096  # str() of a longer int is quadratic, and CPython refuses it
_PAIRS = {"value": ("key", "name"), "Value": ("Key", "Name")}  # how lists of variables, headers and tags are written
_PRINTED = (UUID, datetime, date, time, Decimal)


class Place:
    """A member of a dict or an item of a list. Pointers are written only for what is found."""

    __slots__ = ("index", "key", "masked", "parent")

    def __init__(self, parent: Place | None, key: str | None, index: int, *, masked: bool) -> None:
        self.parent = parent
        self.key = key
        self.index = index
        self.masked = masked

    def segment(self) -> str:
        """Return this step of the pointer."""
        if self.key is None:
            return str(self.index)
        return f"{MEMBER_MARK}{self.index}" if self.masked else self.key.replace("~", "~0").replace("/", "~1")


class Leaf(NamedTuple):
    """One string (or number as text): ``field`` is the nearest dict key above it (or what names it, see ``label_of``), "" for a key itself."""

    text: str
    field: str
    place: Place | None
    is_key: bool

    def found(self) -> str:
        """Return the pointer of this string, in which something was found: no pointer written from now on shows it if it is a key."""
        if self.is_key and self.place is not None:
            self.place.masked = True
        return self.pointer()

    def pointer(self) -> str:
        """Return the JSON pointer of this string, or of this key's mark."""
        if self.place is None:
            return ""
        last = f"{KEY_MARK}{self.place.index}" if self.is_key else self.place.segment()
        segments = [last]
        place = self.place.parent
        while place is not None:
            segments.append(place.segment())
            place = place.parent
        segments.append("")
        return "/".join(reversed(segments))


def decode_bytes(raw: bytes) -> tuple[str, str]:
    """Return bytes as text and the codec that takes the text back: UTF-8 where it is, else Latin-1."""
    try:
        return raw.decode(), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def text_of(node: object) -> str:
    """Return a scalar as the text that is scanned; None and booleans hold nothing.

    Raises:
        ScannerError: A type that cannot be inspected.
    """
    if type(node) is str:
        return node
    if isinstance(node, Enum):
        node = node.value
    if isinstance(node, str):
        return str(node) if type(node) is not str else node
    if node is None or isinstance(node, bool):
        return ""
    if isinstance(node, int):
        if node.bit_length() > _MAX_BITS:
            msg = f"found an integer of {node.bit_length()} bits; at most {_MAX_BITS} can be inspected"
            raise ScanLimitExceeded(msg)
        return int.__repr__(node)
    if isinstance(node, float):
        return float.__repr__(node)
    if isinstance(node, bytes | bytearray | memoryview):
        return decode_bytes(bytes(node))[0]
    if isinstance(node, _PRINTED):
        return str(node)
    msg = f"found a value of type {type(node).__name__}; expected JSON values or bytes; convert it before it is scanned"
    raise ScannerError(msg)


def leaves(value: object, limits: Limits) -> Iterator[Leaf]:
    """Yield every dict key and every scalar of ``value`` that holds text, keys before the values of their dict.

    Raises:
        ScanLimitExceeded: More characters, nodes or levels than ``limits`` allow (a cycle ends here too).
        ScannerError: A type that cannot be inspected.
    """
    stack: list[tuple[Any, str, Place | None, int]] = [(value, "", None, 0)]
    chars, nodes = 0, 1
    while stack:
        node, field, place, depth = stack.pop()
        if isinstance(node, dict | list | tuple):
            nodes += len(node)
            if depth >= limits.max_depth or nodes > limits.max_nodes:
                raise _exceeded(limits)
            if isinstance(node, dict):
                children, keys = _members(node, place, depth + 1)
                chars += sum(len(leaf.text) for leaf in keys)
                yield from keys
            else:
                children = [
                    (item, field, Place(place, None, index, masked=False), depth + 1) for index, item in enumerate(node)
                ]
            children.reverse()
            stack += children
        elif text := text_of(node):
            chars += len(text)
            if chars > limits.max_chars:
                raise _exceeded(limits)
            yield Leaf(text, field, place, is_key=False)
    if chars > limits.max_chars:
        raise _exceeded(limits)


class Pointers:
    """Writes the pointers of strings by the ways to them, as ``Leaf.pointer`` does.

    Ask for a dict's keys before the values behind them: what is found in a key masks it in the pointers of these.
    """

    def __init__(self) -> None:
        self._masked: set[tuple[int, ...]] = set()

    def pointer(self, way: Way, *, is_key: bool) -> str:
        """Return the pointer of the string at the end of ``way``, in which something was found."""
        if is_key:
            self._masked.add(tuple(index for index, _ in way))
        segments = [""]
        for depth, (index, key) in enumerate(way, start=1):
            if key is None:
                segments.append(str(index))
            elif len(key) > _LONG_KEY or (self._masked and tuple(step for step, _ in way[:depth]) in self._masked):
                segments.append(f"{MEMBER_MARK}{index}")
            else:
                segments.append(key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key)
        if is_key:
            segments[-1] = f"{KEY_MARK}{way[-1][0]}"
        return "/".join(segments)


def _members(
    node: dict[Any, Any], parent: Place | None, depth: int
) -> tuple[list[tuple[Any, str, Place | None, int]], list[Leaf]]:
    children: list[tuple[Any, str, Place | None, int]] = []
    keys: list[Leaf] = []
    for index, (key, child) in enumerate(node.items()):
        name = text_of(key)
        place = Place(parent, name, index, masked=_is_masked(key, name))
        if name:
            keys.append(Leaf(name, "", place, is_key=True))
        children.append((child, label_of(node, name), place, depth))
    return children, keys


def _is_masked(key: object, name: str) -> bool:
    return type(key) is not str or len(name) > _LONG_KEY


def label_of(node: dict[Any, Any], name: str) -> str:
    """Return what names the value at ``name``: in ``{"key": "API_KEY", "value": …}`` its sibling does."""
    if name not in _PAIRS:
        return name
    for sibling in _PAIRS[name]:
        label = node.get(sibling)
        if type(label) is str and 0 < len(label) <= _LONG_KEY:
            return label
    return name


def _exceeded(limits: Limits) -> ScanLimitExceeded:
    return ScanLimitExceeded(
        f"content is larger than a scan may take ({limits.max_chars} characters, {limits.max_nodes} nodes, "
        f"{limits.max_depth} levels); it is refused unread"
    )
