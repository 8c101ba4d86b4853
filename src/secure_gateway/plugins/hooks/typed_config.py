"""A plugin's configuration as a typed struct: every mistake is named with its place, an unknown key with the nearest known one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.plugin import PluginConfig

_SAID: Final = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$(.*)`)?")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_OTHER_TYPE: Final = re.compile(r"Expected `(.*)`, got `(.*)`")
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of such structs. A ``__post_init__`` may raise ``Misfit`` for what types cannot say."""


class Misfit(ValueError):  # noqa: N818 - it is no fault of ours, and becomes a Problem
    """One value that cannot be used: ``key`` below the struct, what was found, what is expected, perhaps a hint. Quotes no secret."""

    def __init__(self, key: str, found: str, expected: str, hint: str = "") -> None:
        self.problem = Problem(key, found, expected, hint)
        super().__init__(f"{key}: found {found}")


SettingsT = TypeVar("SettingsT", bound=Settings)


def read_settings(config: PluginConfig, kind: type[SettingsT]) -> SettingsT:
    """Return ``config.config`` as ``kind``. Raises ``ConfigError`` at ``$.config…``."""
    try:
        return msgspec.convert(config.config, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_problem(error, kind)) from None


def _problem(error: msgspec.ValidationError, kind: type[Settings]) -> Problem:
    read = _SAID.fullmatch(str(error))
    said, path = (read[1], read[2] or "") if read is not None else (str(error), "")
    where = f"$.config{path}"
    if isinstance(error.__cause__, Misfit):
        inner = error.__cause__.problem
        return Problem(f"{where}.{inner.path}", inner.found, inner.expected, inner.hint)
    known = [field.encode_name for field in _fields_at(kind, path)]
    if unknown := _UNKNOWN.fullmatch(said):
        near = difflib.get_close_matches(unknown[1], known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else ""
        return Problem(f"{where}.{unknown[1]}", "an unknown key", f"one of {', '.join(known)}", hint)
    if missing := _MISSING.fullmatch(said):
        return Problem(f"{where}.{missing[1]}", "nothing", "a value: the plugin cannot do without it")
    if other := _OTHER_TYPE.fullmatch(said):
        return Problem(where, f"{other[2]}", f"{other[1]}")
    if said.startswith("Invalid enum value"):  # its own message would quote what could be a secret in the wrong place
        words = [str(value) for each in _types_at(kind, path) for value in getattr(each, "values", ())]
        return Problem(where, "another word", f"one of {', '.join(sorted(words))}" if words else "a known word")
    return Problem(where, "a value that does not fit", said.removeprefix("Expected ").replace("`", ""))


def _fields_at(kind: type[Settings], path: str) -> tuple[inspect.Field, ...]:
    return next((each.fields for each in _types_at(kind, path) if isinstance(each, inspect.StructType)), ())


def _types_at(kind: type[Settings], path: str) -> list[inspect.Type]:
    """Return the types that a value at ``path`` may have; the members of a union one by one."""
    found = [*_members(inspect.type_info(kind))]
    for name, _index in _STEP.findall(path):
        found = [inner for each in found for below in _below(each, name) for inner in _members(below)]
    return found


def _members(found: Any) -> Iterator[inspect.Type]:
    if isinstance(found, inspect.Metadata):
        yield from _members(found.type)
    elif isinstance(found, inspect.UnionType):
        for each in found.types:
            yield from _members(each)
    else:
        yield found


def _below(found: inspect.Type, name: str) -> Iterator[inspect.Type]:
    if isinstance(found, inspect.StructType):
        yield from (field.type for field in found.fields if field.encode_name == name)
    elif isinstance(found, inspect.ListType | inspect.VarTupleType):
        yield found.item_type
    elif isinstance(found, inspect.DictType):
        yield found.value_type
