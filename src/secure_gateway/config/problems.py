"""From what the parser and the models object to, to sentences for people: path, line, found, expected, hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from secure_gateway.config.faults import FAULT, did_you_mean, one_of
from secure_gateway.config.paths import Steps, json_path, printable
from secure_gateway.config.positions import Document, JsonFault
from secure_gateway.config.sensitive import is_sensitive_key
from secure_gateway.errors import Problem

_SHOWN = 40
_ABSENT = object()
# Stands last in the place of an error about a key itself.
_KEY = "[key]"
# Shown are words, as they stand for the names of things. Addresses and whatever looks random are not.
_HARMLESS = re.compile(r"[A-Za-z0-9 _.:*/\\-]*")

_Context = Mapping[str, Any]
_EXPECTED: dict[str, Callable[[_Context], str]] = {
    "missing": lambda _: "a value, as this key is required",
    "string_type": lambda _: "a string",
    "bool_type": lambda _: "true or false",
    "int_type": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "tuple_type": lambda _: "a list",
    "dict_type": lambda _: "an object",
    "model_type": lambda _: "an object",
    "literal_error": lambda context: one_of(_alternatives(context)),
    "greater_than": lambda context: f"a number above {context['gt']:g}",
    "greater_than_equal": lambda context: f"a number of at least {context['ge']}",
    "less_than_equal": lambda context: f"a number of at most {context['le']}",
    "string_too_short": lambda _: "a string that is not empty",
    "string_too_long": lambda context: f"at most {context['max_length']} characters",
}
_FORMS = {
    "tuple_type": "Put it into brackets: […].",
    "dict_type": "Write {…}; docs/configuration.md says with which keys.",
    "model_type": "Write {…}; docs/configuration.md says with which keys.",
}


def syntax_problem(fault: JsonFault, file: str) -> Problem:
    """Place a fault of the text itself; it names its column, because a line can hold a whole file."""
    found = f"{fault.found} (column {fault.column})"
    return Problem(json_path(fault.steps), found, fault.expected, fault.hint, file, fault.line)


def validation_problems(error: ValidationError, document: Document, file: str) -> Iterator[Problem]:
    """Place and word each error that the models report about ``document``."""
    for each in error.errors(include_url=False):
        steps: Steps = each["loc"]
        context: _Context = each.get("ctx", {})
        value = value_at(document.value, steps)
        if value is _ABSENT and steps[-1:] == (_KEY,):
            steps, value = steps[:-1], steps[-2]
        found, expected, hint = _words(each["type"], context, value, shown=not any(map(is_sensitive_key, steps)))
        yield Problem(json_path(steps), found, expected, hint, file, document.line_of(steps))


def value_at(value: Any, steps: Steps) -> Any:
    """Return what stands at ``steps``, or a marker that :func:`describe` calls nothing."""
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def describe(value: Any, *, shown: bool = True) -> str:
    """Say what ``value`` is; show it only if ``shown`` and it is short and harmless."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false" if not shown else "true" if value else "false"
        case int() | float():
            return f"the number {value}" if shown and len(str(value)) <= _SHOWN else "a number"
        case "":
            return "an empty string"
        case str():
            harmless = shown and len(value) <= _SHOWN and _HARMLESS.fullmatch(value) and "://" not in value
            return f'the string "{printable(value)}"' if harmless else "a string"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case dict():
            return "an object"
        case _:
            return "nothing"


def _words(kind: str, context: _Context, value: Any, *, shown: bool) -> tuple[str, str, str]:
    if kind == FAULT:
        return context["found"] or describe(value, shown=shown), context["expected"], context["hint"]
    found = describe(value, shown=shown)
    if kind not in _EXPECTED:
        return found, "a value of another form", "See docs/configuration.md."
    near = kind == "literal_error" and isinstance(value, str)
    hint = did_you_mean(value, _alternatives(context)) if near else _FORMS.get(kind, "")
    return found, _EXPECTED[kind](context), hint


def _alternatives(context: _Context) -> list[str]:
    return re.findall(r"'([^']*)'", context["expected"])
