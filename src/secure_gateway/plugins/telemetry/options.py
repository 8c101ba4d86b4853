"""Read the configuration of a built-in telemetry provider into its struct: all that is wrong at once, no value ever shown."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from secure_gateway.errors import ConfigError, Problem

T = TypeVar("T", bound=msgspec.Struct)


def read_options(kind: type[T], config: Mapping[str, Any]) -> T:
    """Return ``config`` as a ``kind``, whose fields all have defaults.

    Raises ``ConfigError`` with paths under ``$.config``: the config manager knows where that stands.
    """
    types = get_type_hints(kind, include_extras=True)
    problems = []
    values: dict[str, Any] = {}
    for key, value in config.items():
        if key not in types:
            near = difflib.get_close_matches(str(key), types, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else ""
            problems.append(Problem(f"$.config.{key}", "an unknown key", f"one of {', '.join(types)}", hint))
            continue
        try:
            values[key] = msgspec.convert(value, types[key])
        except msgspec.ValidationError as error:
            expected, _, place = str(error).removeprefix("Expected ").partition(" - at `$")
            path = f"$.config.{key}{place.rstrip('`')}"
            problems.append(Problem(path, f"a value of type {type(value).__name__}", expected.partition(", got")[0]))
    if problems:
        raise ConfigError(problems)
    return kind(**values)


def read_path(key: str, text: str) -> Path:
    """Return an absolute path; ``~`` is the user's home. Raises ``ConfigError`` for a relative one: relative to what?"""
    path = Path(os.path.expanduser(text)) if "\0" not in text else Path()  # noqa: PTH111 - Path.expanduser raises where there is no home
    if path.is_absolute():
        return path
    raise ConfigError(Problem(f"$.config.{key}", "a path that is not absolute", "one that begins with / or ~/"))
