"""What a server's policy says to which provider, and which of its keys nobody took."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from secure_gateway.config.paths import json_path
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.guardrails.watched_config import Glance

SIDES: Final = ("input", "output")


class Layer:
    """Keys that stand at one place of the configuration, and those of them that no provider has taken so far."""

    __slots__ = ("_asked", "_untaken", "values", "where")

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self.where = where
        self.values = values
        self._untaken = set(values)
        self._asked: set[str] = set()

    def note(self, glance: Glance) -> None:
        """Note what a provider took when it was shown these keys."""
        self._untaken -= glance.taken
        self._asked |= glance.asked

    def leftovers(self) -> list[Problem]:
        """Return a problem for each key that nobody took."""
        return [_nobody_takes(self.where, key, self._asked) for key in sorted(self._untaken)]


class Policy:
    """One server's policy. ``{"input": {"threshold": 0.4, "pii": {"strategy": "hash"}}}``: what stands under a provider's name
    is that provider's own, everything else is shown to all.
    """

    def __init__(self, shared: Mapping[str, Layer], own: Mapping[tuple[str, str], Layer]) -> None:
        self._shared = shared
        self._own = own

    def layers(self, side: str, label: str) -> tuple[Layer, ...]:
        """Return what the provider ``label`` is shown on ``side``; of a key that stands twice the last counts."""
        own = self._own.get((side, label))
        return (self._shared[side],) if own is None else (self._shared[side], own)

    def leftovers(self) -> list[Problem]:
        """Return a problem for each key that nobody took."""
        return [problem for layer in (*self._shared.values(), *self._own.values()) for problem in layer.leftovers()]


def read_policy(server: str, policy: Mapping[str, Any], labels: Iterable[str]) -> Policy:
    """Read the ``guardrails`` of a server for the providers ``labels``. Raises ``ConfigError``."""
    where = json_path(("servers", server, "guardrails"))
    problems = [
        Problem(json_path((key,), where), "an unknown key", "input or output") for key in policy if key not in SIDES
    ]
    named = set(labels)
    shared: dict[str, Layer] = {}
    own: dict[tuple[str, str], Layer] = {}
    for side in SIDES:
        values = policy.get(side) or {}
        if not isinstance(values, Mapping):
            problems.append(Problem(f"{where}.{side}", type(values).__name__, "an object"))
            continue
        apart = {key: value for key, value in values.items() if key in named and isinstance(value, Mapping)}
        shared[side] = Layer(f"{where}.{side}", {key: value for key, value in values.items() if key not in apart})
        own |= {(side, label): Layer(json_path((label,), f"{where}.{side}"), values) for label, values in apart.items()}
    if problems:
        raise ConfigError(problems)
    return Policy(shared, own)


def leftover_keys(where: str, untaken: Iterable[str], asked: Iterable[str]) -> list[Problem]:
    """Return a problem for each of a provider's own keys that neither its constructor nor its guards took."""
    return [_nobody_takes(where, key, asked) for key in sorted(untaken)]


def _nobody_takes(where: str, key: str, asked: Iterable[str]) -> Problem:
    near = difflib.get_close_matches(key, sorted(asked), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Take it out, or correct its name."
    return Problem(json_path((key,), where), "a key that no provider takes", "a key that one reads", hint)
