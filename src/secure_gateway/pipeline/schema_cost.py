"""How long a check against a JSON Schema can take, before anything is checked: a hostile server could declare one that takes for ever.

A few lines of ``$ref`` that double at every step unfold to millions of rules, and a definition that refers to itself twice for the same
value is followed twice as often with every level of nesting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

import msgspec

MOST_RULES: Final = 10_000
"""Schemas that a schema may hold once its references are followed, each once where it leads back to itself."""

_SAME: Final = frozenset({"not", "if", "then", "else"})
_SAME_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf"})
_SAME_MAPS: Final = frozenset({"dependentSchemas", "dependencies"})
_MEMBERS: Final = frozenset({"additionalProperties", "unevaluatedProperties", "propertyNames"})
_ITEMS: Final = frozenset({"items", "additionalItems", "unevaluatedItems", "contains", "prefixItems"})
_REFUSED: Final = ("$dynamicRef", "$recursiveRef")
_ANY_MEMBER: Final = ""
_ANY_ITEM: Final = 0

Place = str | int | None
"""Which part of a value a schema is about: a member by name, any member, any item, or (None) the value itself."""


class SchemaCostError(Exception):
    """A schema that cannot be used without a limit to what it costs. The message says why, without quoting it."""


class SchemaCost(msgspec.Struct, frozen=True):
    """``branching``: how many times as much one more level of nesting in the arguments may cost; 1 where nothing multiplies."""

    rules: int
    branching: int


class _Frame:
    """One reference that is being followed, and where below it references lead back up."""

    __slots__ = ("back", "target")

    def __init__(self, target: object) -> None:
        self.target = target
        self.back: Counter[Place] = Counter()


def schema_cost(schema: Any) -> SchemaCost:
    """Return what checks against ``schema`` cost. Raises ``SchemaCostError``."""
    return _Unfolding(schema).cost()


class _Unfolding:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._rules = 0
        self._branching = 1
        # For each reference on the way here: the frame, and the first step down into the value since then.
        self._path: list[tuple[_Frame, Place]] = []

    def cost(self) -> SchemaCost:
        self._follow(self._root)
        return SchemaCost(self._rules, self._branching)

    def _follow(self, target: Any) -> None:
        for frame, step in self._path:
            if frame.target is target:
                if step is None:
                    raise SchemaCostError("a definition refers to itself without an end")
                for passed, first in self._path:
                    passed.back[first] += 1
                return
        frame = _Frame(target)
        self._path.append((frame, None))
        self._visit(target)
        self._path.pop()
        self._branching = max(self._branching, _most_for_one_value(frame.back))

    def _visit(self, schema: Any) -> None:
        self._rules += 1
        if self._rules > MOST_RULES:
            raise SchemaCostError(f"it unfolds to more than {MOST_RULES} rules")
        if type(schema) is not dict:
            return
        if any(keyword in schema for keyword in _REFUSED) or (schema is not self._root and _is_document(schema)):
            raise SchemaCostError("it uses $dynamicRef, $recursiveRef or an inner $id")
        if "$ref" in schema:
            self._follow(_resolved(self._root, schema["$ref"]))
        for place, inner in _parts(schema):
            if place is None:
                self._visit(inner)
            else:
                before = self._path
                self._path = [(frame, place if first is None else first) for frame, first in before]
                self._visit(inner)
                self._path = before


def _is_document(schema: dict[str, Any]) -> bool:
    """Tell whether references in ``schema`` start from it instead of from the root; ``id`` is how draft 4 spells that."""
    return "$id" in schema or type(schema.get("id")) is str


def _parts(schema: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Yield the schemas in ``schema`` and what of the value each is about."""
    for keyword, value in schema.items():
        if keyword in _SAME:
            yield None, value
        elif keyword in _SAME_LISTS and type(value) is list:
            yield from ((None, inner) for inner in value)
        elif keyword in _SAME_MAPS and type(value) is dict:
            yield from ((None, inner) for inner in value.values())
        elif keyword == "properties" and type(value) is dict:
            yield from ((name or " ", inner) for name, inner in value.items())
        elif keyword == "patternProperties" and type(value) is dict:
            yield from ((_ANY_MEMBER, inner) for inner in value.values())
        elif keyword in _MEMBERS:
            yield _ANY_MEMBER, value
        elif keyword in _ITEMS:
            yield from ((_ANY_ITEM, inner) for inner in (value if type(value) is list else [value]))


def _most_for_one_value(back: Counter[Place]) -> int:
    named = max((count for place, count in back.items() if type(place) is str and place != _ANY_MEMBER), default=0)
    return max(named + back[_ANY_MEMBER], back[_ANY_ITEM])


def _resolved(root: Any, reference: Any) -> Any:
    """Return what a reference within the document leads to (RFC 6901, section 6). Raises ``SchemaCostError`` for any other."""
    if type(reference) is not str or not (reference == "#" or reference.startswith("#/")):
        raise SchemaCostError("it refers to something else than a place in itself (#/…)")
    found = root
    for step in reference.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if type(found) is dict and name in found:
            found = found[name]
        elif type(found) is list and name.isascii() and name.isdecimal() and int(name[:9]) < len(found):
            found = found[int(name[:9])]
        else:
            raise SchemaCostError("it refers to a place that it does not have")
    return found
