"""One server of the configuration, before it stands in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import click
from pydantic import ValidationError

from secure_gateway.config.models import SERVER_NAME
from secure_gateway.config.positions import parse
from secure_gateway.config.problems import validation_problems
from secure_gateway.config.server_models import ServerConfig


def problem_with(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with a server's entry, in words, or an empty text."""
    try:
        ServerConfig.model_validate(dict(entry))
    except ValidationError as error:
        document = parse(json.dumps(entry).encode())
        return "; ".join(
            f"{problem.path.removeprefix('$').lstrip('.') or 'the server'}: found {problem.found}; expected {problem.expected}"
            + (f". {problem.hint}" if problem.hint else "")
            for problem in validation_problems(error, document, "")
        )
    return ""


def problem_with_name(name: str) -> str:
    """Return why a server cannot be called ``name``, or an empty text."""
    if re.fullmatch(SERVER_NAME, name):
        return ""
    return f"found the name {name!r}; expected letters, digits, '_', '-' and '.', at most 64, not beginning with '.'"


def variables_of(entry: Mapping[str, Any]) -> list[str]:
    """Return the variables to which ``env`` and ``headers`` refer."""
    values = [value for place in ("env", "headers") for value in entry.get(place, {}).values()]
    return sorted({value.removeprefix("env://") for value in values if value.startswith("env://")})


def named_values(given: Iterable[str], option: str) -> dict[str, str]:
    """Read ``NAME=VALUE`` options. Raises ``UsageError`` that does not repeat the value."""
    values: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE.")
        if name in values:
            raise click.UsageError(f"{option} names {name!r} twice.")
        values[name] = value
    return values
