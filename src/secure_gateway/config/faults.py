"""How the configuration models say what is wrong: in words for people, and never with a value from the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

FAULT = "config_fault"
TEMPLATE = "found {found}; expected {expected}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake that a section finds by itself, at ``steps`` below it.

    ``found`` must hold no value from the file; if it is empty, the value is described as far as it is harmless.
    """

    steps: tuple[str | int, ...]
    found: str
    expected: str
    hint: str = ""


def fault(found: str, expected: str, hint: str = "") -> PydanticCustomError:
    """Return the error that a field validator raises to speak in its own words; see :class:`Fault`."""
    return PydanticCustomError(FAULT, TEMPLATE, {"found": found, "expected": expected, "hint": hint})


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """Return a sentence that offers the nearest of ``allowed``, or nothing."""
    by_lower = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(found.lower()[:64], by_lower, n=1, cutoff=0.6)
    return f'Did you mean "{by_lower[near[0]]}"?' if near else ""


def one_of(names: Iterable[str]) -> str:
    """Return ``names`` as people list alternatives."""
    *most, last = [f'"{name}"' for name in names]
    return f"{', '.join(most)} or {last}" if most else last
