"""Which implementation of the hot loops runs here, and why: the Rust core, or its Python twin that gives the same answers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol

_LOGGER = logging.getLogger(__name__)

WANTED = "0.1.0"
"""The version of the core that this release was tested with; another one is not used."""

VARIABLE = "SECURE_GATEWAY_SCANNER"

Implementation = Literal["rust", "python"]


DescribedDetector = tuple[str, str, bool, tuple[float, float], str, str]
"""A detector as the core takes it: its exact pattern, that of its context words ("" for none), whether it needs these, its confidence without and
with them, and the names of the check and the rule that a match has to satisfy ("" for a check that only Python knows)."""
Match = tuple[int, int, int, float]
"""What the core found: the place of the detector among all, from which byte to which, and how surely."""
Seen = tuple[list[int], list[Match] | None]
"""The places of the candidates that fire in a text, and what is found by that, but for checks that only Python knows; None where the core cannot tell."""
Way = list[tuple[int, str | None]]
"""The way to a value: its place in each dict or list from the outermost on, and the key that stands there, if any."""
Suspect = tuple[Way, bool, str, int, tuple[Seen, Seen] | None]
"""The way to a string, whether it is a key, itself behind the name of its field, how many characters of that are not its own, and what is seen in it as
it is and folded, where the core can tell."""


class CandidateGate(Protocol):
    """Detectors, ready to be asked about texts and nested values."""

    def known(self) -> list[int]:
        """Return the places of the detectors, among all, whose checks the core knows."""

    def fired(self, data: bytes) -> list[int]:
        """Return the indices of the candidates that match in ``data``, in order."""

    def suspects(self, value: Any, max_chars: int, max_nodes: int, max_depth: int, most: int) -> list[Suspect] | None:
        """Return the strings of ``value`` in which something is found or has to be looked at, each behind the name of its field.

        Of a text with more than ``most`` matches only the candidates are told. None where it declines: more than the limits allow, or a type that
        JSON does not have.
        """


class Core(Protocol):
    """What the core offers. ``count_values`` answers -1 where its twin would raise: the twin is then asked to say what is wrong."""

    @property
    def CandidateGate(  # noqa: N802 - a class of the extension
        self,
    ) -> Callable[[list[tuple[str, list[DescribedDetector]]], Callable[[str], list[str]], list[str]], CandidateGate]:
        """Make a gate of candidates, each an RE2 pattern with the detectors behind it, of what folds the characters of a text, and of the names of
        fields that say nothing of their own.

        Raises ``ValueError`` for a pattern that cannot be taken.
        """

    def count_values(self, value: Any, max_depth: int, most: int) -> int:
        """Return how many values ``value`` holds at any depth; -1 for what is no JSON value, too deep or too large."""

    def differences(self, before: Any, after: Any, most: int) -> list[tuple[Any, ...]] | None:
        """Return the places that differ, each as the keys and indices that lead there, and ``...`` at its end where keys came or went.

        None where it declines: values nested deeper than it goes.
        """


_GET_CORE = "Install secure-gateway[native], or unset the variable."

_installed: Core | None = None
_missing = ""
try:
    import secure_gateway_native
except ImportError as exc:  # not there, or built for another machine
    _missing = str(exc)
else:
    _installed = secure_gateway_native


class ChoiceError(ValueError):
    """``SECURE_GATEWAY_SCANNER`` asks for what cannot be had. Says what was ``found`` and ``expected``, and in ``hint`` the way out."""

    def __init__(self, found: str, expected: str, hint: str) -> None:
        self.found = found
        self.expected = expected
        self.hint = hint
        super().__init__(f"{VARIABLE}: found {found}; expected {expected}. {hint}")


class Choice(NamedTuple):
    """The implementation in use; ``core`` is None for Python."""

    implementation: Implementation
    reason: str
    core: Core | None


def choose(environ: Mapping[str, str]) -> Choice:
    """Return what is to be used under ``environ``.

    Raises ``ChoiceError`` for a value of ``SECURE_GATEWAY_SCANNER`` other than ``rust``, ``python`` and nothing, and for ``rust`` where it cannot be had.
    """
    wanted = environ.get(VARIABLE, "")
    if wanted not in {"", "rust", "python"}:
        raise ChoiceError(repr(wanted), "rust or python", "Unset the variable, and the faster one that is there runs.")
    found = getattr(_installed, "__version__", None)
    if wanted == "python":
        return Choice("python", f"{VARIABLE}=python", None)
    if _installed is None:
        choice = Choice("python", f"secure-gateway-native is not installed ({_missing})", None)
    elif found != WANTED:
        choice = Choice("python", f"secure-gateway-native is {found}; this release works with {WANTED}", None)
    else:
        choice = Choice("rust", f"secure-gateway-native {found}", _installed)
    if wanted == "rust" and choice.core is None:
        raise ChoiceError(f"'rust', and {choice.reason}", "a core that is there", _GET_CORE)
    return choice


@cache
def chosen() -> Choice:
    """Return the choice of this process: taken and logged once, when a gateway starts, since nothing that it depends on changes while it runs.

    Raises ``ChoiceError`` as ``choose`` does, each time anew.
    """
    choice = choose(os.environ)
    _LOGGER.info("scanner: %s (%s)", choice.implementation, choice.reason)
    return choice


def core() -> Core | None:
    """Return the Rust core, or None where the Python twin is in use."""
    return chosen().core


def implementation() -> Implementation:
    """Return ``"rust"`` or ``"python"``."""
    return chosen().implementation
