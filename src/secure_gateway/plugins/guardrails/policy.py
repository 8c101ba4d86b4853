"""What the policies of all levels say: to which provider, about which kind of violation, and which of their keys nobody took.

Levels, the later over the earlier: ``$.guardrails``, its ``tools`` entry for the tool, ``$.servers.NAME.guardrails``, its ``tools`` entry.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from secure_gateway.config.paths import json_path
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.conditions import Matcher, compile_matcher
from secure_gateway.plugins.guardrails.rulings import RESERVED, Exemption, Rule, Rules, read_exemptions, read_rules
from secure_gateway.plugins.guardrails.watched_config import Glance

SIDES: Final = ("input", "output")
TOOLS: Final = "tools"
GLOBAL: Final = "$.guardrails"
_WILD: Final = frozenset("*?[")


class Level(NamedTuple):
    """What one place of the configuration says: ``input`` and ``output``."""

    where: str
    policy: Mapping[str, Any]


class ToolEntry(NamedTuple):
    """What a level says of some tools."""

    glob: str
    matches: Matcher
    level: Level


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
    """What holds for one tool of one server, or for all that no ``tools`` entry names.

    ``{"input": {"threshold": 0.4, "pii": {"strategy": "hash"}}}``: what stands under a provider's name is that provider's own, ``violations`` and
    ``exceptions`` are ours, everything else is shown to all.
    """

    def __init__(self, levels: Sequence[Level], labels: Iterable[str]) -> None:
        """Raises ``ConfigError`` with everything that is wrong."""
        named = set(labels)
        self._layers: list[tuple[str, str, Layer]] = []
        self._rules: dict[str, list[Mapping[str, Rule]]] = {side: [] for side in SIDES}
        self._exemptions: dict[str, list[Exemption]] = {side: [] for side in SIDES}
        problems: list[Problem] = []
        for level in levels:
            for side in SIDES:
                self._read(level, side, named, problems)
        if problems:
            raise ConfigError(problems)

    def _read(self, level: Level, side: str, named: set[str], problems: list[Problem]) -> None:
        values, where = level.policy.get(side) or {}, f"{level.where}.{side}"
        if not isinstance(values, Mapping):
            problems.append(Problem(where, type(values).__name__, "an object"))
            return
        self._rules[side].append(read_rules(values.get("violations", {}), f"{where}.violations", problems))
        self._exemptions[side] += read_exemptions(values.get("exceptions", ()), f"{where}.exceptions", problems)
        apart = {key: value for key, value in values.items() if key in named and isinstance(value, Mapping)}
        shared = {key: value for key, value in values.items() if key not in apart and key not in RESERVED}
        self._layers.append((side, "", Layer(where, shared)))
        self._layers += [(side, key, Layer(json_path((key,), where), each)) for key, each in apart.items()]

    def layers(self, side: str, label: str) -> tuple[Layer, ...]:
        """Return what the provider ``label`` is shown on ``side``; of a key that stands twice the last counts."""
        return tuple(layer for its, owner, layer in self._layers if its == side and owner in ("", label))

    def rules(self, side: str, label: str) -> Rules:
        """Return what is done about violations that ``label`` finds on ``side``."""
        exemptions = [each for each in self._exemptions[side] if each.guardrail in ("", label)]
        return Rules(self._rules[side], exemptions)

    def exemptions(self, side: str) -> tuple[Exemption, ...]:
        """Return every exception on ``side``."""
        return tuple(self._exemptions[side])

    def leftovers(self) -> list[Problem]:
        """Return a problem for each key that nobody took."""
        return [problem for _, _, layer in self._layers for problem in layer.leftovers()]


class PolicyBook(NamedTuple):
    """Everything that is said about calls of one server. ``usual``: of those that no ``tools`` entry names."""

    usual: tuple[Level, ...]
    common_tools: tuple[ToolEntry, ...]
    tools: tuple[ToolEntry, ...]

    @property
    def is_by_tool(self) -> bool:
        """Whether any tool is named."""
        return bool(self.common_tools or self.tools)

    def choice(self, tool: str) -> tuple[int, int]:
        """Return which entries hold for ``tool``: of each list an exact name, else the first glob that matches; -1 for none."""
        return _first(self.common_tools, tool), _first(self.tools, tool)

    def choices(self) -> list[tuple[int, int]]:
        """Return everything that ``choice`` can return."""
        # A tool that is named meets one entry of the other list at most: only globs can meet in every way.
        named = [entry.glob for entry in (*self.common_tools, *self.tools) if not is_glob(entry.glob)]
        globs = [
            [-1, *(i for i, entry in enumerate(its) if is_glob(entry.glob))] for its in (self.common_tools, self.tools)
        ]
        pairs = [(common, own) for common in globs[0] for own in globs[1]]
        return list(dict.fromkeys((*pairs, *map(self.choice, named))))

    def levels(self, choice: tuple[int, int]) -> tuple[Level, ...]:
        """Return the levels that hold for a choice, the most general first."""
        common, own = choice
        first, *rest = self.usual
        return (
            first,
            *((self.common_tools[common].level,) if common >= 0 else ()),
            *rest,
            *((self.tools[own].level,) if own >= 0 else ()),
        )


def read_book(everywhere: Mapping[str, Any], server: str, policy: Mapping[str, Any]) -> PolicyBook:
    """Read what is said of all servers and of ``server``. Raises ``ConfigError``."""
    problems: list[Problem] = []
    common, where = Level(GLOBAL, everywhere), json_path(("servers", server, "guardrails"))
    own = Level(where, policy)
    book = PolicyBook(
        (common, own) if server else (common,), _tool_entries(common, problems), _tool_entries(own, problems)
    )
    for level in (common, own, *(entry.level for entry in (*book.common_tools, *book.tools))):
        known = SIDES if level not in (common, own) else (*SIDES, TOOLS)
        problems += [
            Problem(json_path((key,), level.where), "an unknown key", " or ".join(known))
            for key in level.policy
            if key not in known
        ]
    if problems:
        raise ConfigError(problems)
    return book


def _tool_entries(level: Level, problems: list[Problem]) -> tuple[ToolEntry, ...]:
    named, where = level.policy.get(TOOLS) or {}, f"{level.where}.{TOOLS}"
    if not isinstance(named, Mapping):
        problems.append(Problem(where, type(named).__name__, "an object with an entry for each tool or glob"))
        return ()
    entries: list[ToolEntry] = []
    for glob, policy in named.items():
        place = json_path((glob,), where)
        if isinstance(policy, Mapping):
            entries.append(ToolEntry(glob, compile_matcher([glob], place), Level(place, policy)))
        else:
            problems.append(Problem(place, type(policy).__name__, "an object with input or output"))
    return tuple(entries)


def is_glob(name: str) -> bool:
    """Tell whether a ``tools`` key stands for more than the one tool of that name."""
    return name.startswith("re:") or bool(_WILD & set(name))


def _first(entries: Sequence[ToolEntry], tool: str) -> int:
    for index, entry in enumerate(entries):
        if entry.glob == tool:
            return index
    return next((index for index, entry in enumerate(entries) if entry.matches(tool)), -1)


def leftover_keys(where: str, untaken: Iterable[str], asked: Iterable[str]) -> list[Problem]:
    """Return a problem for each of a provider's own keys that neither its constructor nor its guards took."""
    return [_nobody_takes(where, key, asked) for key in sorted(untaken)]


def _nobody_takes(where: str, key: str, asked: Iterable[str]) -> Problem:
    near = difflib.get_close_matches(key, sorted(asked), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Take it out, or correct its name."
    return Problem(json_path((key,), where), "a key that no provider takes", "a key that one reads", hint)
