"""What a policy does about each kind of violation, in place of what the guard that found it would do.

``"violations": {"pii": "modify", "toxicity": [{"from": 0.9, "action": "block"}, {"from": 0.5, "action": "warn"}], "*": "block"}``
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from secure_gateway.errors import Problem
from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailViolation, ViolationType

RESERVED: Final = frozenset({"violations", "exceptions"})
ANY: Final = "*"
EXCEPTED: Final = "excepted"
"""The key of a step's metadata under which violations that an exception let pass are counted."""

_TYPES: Final = frozenset(kind.value for kind in ViolationType)
_ACTIONS: Final = {action.value: action for action in GuardrailAction}
_FIELDS: Final = frozenset({"violation", "guardrail", "until", "reason"})
_STRENGTH: Final = {
    GuardrailAction.ALLOW: 0,
    GuardrailAction.WARN: 1,
    GuardrailAction.MODIFY: 2,
    GuardrailAction.BLOCK: 3,
}
_DAY: Final = dt.timedelta(days=1)


class Step(NamedTuple):
    """From which severity on, what is done."""

    threshold: float
    action: GuardrailAction


class Rule(NamedTuple):
    """What is done about one kind of violation: the first step that is reached counts; below all of them it is none."""

    where: str
    steps: tuple[Step, ...]

    def action(self, severity: float) -> GuardrailAction:
        """Return what is done. What is no number is as severe as can be."""
        for step in self.steps:
            if not severity < step.threshold:
                return step.action
        return GuardrailAction.ALLOW

    def __str__(self) -> str:
        return ", ".join(
            step.action.value if step.threshold == 0 else f"{step.action.value} from {step.threshold:g}"
            for step in self.steps
        )


class Exemption(NamedTuple):
    """Violations that may pass until a day, for a reason. ``until``: seconds since the epoch, None where no day is given."""

    where: str
    violation: str
    guardrail: str
    until: float | None
    reason: str

    def fault(self, now: float) -> str:
        """Return why it is not in force, or an empty text."""
        if not self.reason:
            return "it has no reason"
        if self.until is None:
            return "it has no date until which it holds"
        return "" if now < self.until else "it has expired"

    @property
    def day(self) -> str:
        """The last day on which it holds."""
        return "" if self.until is None else str((dt.datetime.fromtimestamp(self.until, dt.UTC) - _DAY).date())


class Rules:
    """What all levels together say about what one guard finds on one side."""

    def __init__(self, levels: Sequence[Mapping[str, Rule]], exemptions: Iterable[Exemption]) -> None:
        """``levels``: by type of violation or ``*``, the most general first. The last that speaks of a type counts, by its name before ``*``."""
        self.exemptions = tuple(exemptions)
        self.by_type: dict[ViolationType, Rule] = {}
        for kind in ViolationType:
            for level in levels:
                rule = level.get(kind.value) or level.get(ANY)
                if rule is not None:
                    self.by_type[kind] = rule

    def __bool__(self) -> bool:
        return bool(self.by_type or self.exemptions)

    def modifies(self, kinds: Iterable[ViolationType]) -> bool:
        """Tell whether what is found of ``kinds`` may have to be taken out."""
        return any(
            step.action is GuardrailAction.MODIFY
            for kind in kinds
            if kind in self.by_type
            for step in self.by_type[kind].steps
        )


class Settled(NamedTuple):
    """What is to be done about an answer, and what the record is to say of it."""

    action: GuardrailAction
    marks: dict[str, Any]


class Ruling:
    """Rules at work: turns the action that a guard wants into the one that the policy wants."""

    def __init__(self, rules: Rules, clock: Callable[[], float]) -> None:
        """``clock``: seconds since the epoch."""
        self._rules = rules
        self._clock = clock

    def settle(self, action: GuardrailAction, violations: Sequence[GuardrailViolation], *, changed: bool) -> Settled:
        """Return the strongest of what is done about each violation; one without a rule stays with the guard's own ``action``.

        ``changed``: whether the guard gave back the content without what it found. Where it did not, what should be modified is blocked.
        """
        if not violations:
            return Settled(action, {})
        now, excepted = self._clock(), 0
        wanted = GuardrailAction.ALLOW
        for violation in violations:
            if self._is_excepted(violation.violation_type, now):
                excepted += 1
                continue
            rule = self._rules.by_type.get(violation.violation_type)
            done = action if rule is None else rule.action(violation.severity)
            wanted = max(wanted, done, key=_STRENGTH.__getitem__)
        if wanted is GuardrailAction.MODIFY and not changed:
            wanted = GuardrailAction.BLOCK
        return Settled(wanted, {EXCEPTED: excepted} if excepted else {})

    def _is_excepted(self, kind: ViolationType, now: float) -> bool:
        return any(each.violation == kind.value and not each.fault(now) for each in self._rules.exemptions)


def read_rules(value: Any, where: str, problems: list[Problem]) -> dict[str, Rule]:
    """Read ``violations``; what is wrong goes into ``problems``."""
    if not isinstance(value, Mapping):
        problems.append(Problem(where, type(value).__name__, 'an object such as {"pii": "modify"}'))
        return {}
    rules: dict[str, Rule] = {}
    for kind, said in value.items():
        place = f"{where}.{kind}" if kind != ANY else f"{where}['*']"
        if kind != ANY and kind not in _TYPES:
            problems.append(_unknown(place, str(kind), _TYPES, "a type of violation"))
            continue
        steps = [_step(each, place, problems) for each in (said if isinstance(said, list | tuple) else [said])]
        if not steps:
            problems.append(Problem(place, "an empty list", "at least one action"))
        good = [step for step in steps if step is not None]
        rules[str(kind)] = Rule(place, tuple(sorted(good, key=lambda step: -step.threshold)))
    return rules


def _step(said: Any, place: str, problems: list[Problem]) -> Step | None:
    threshold: Any = 0.0
    if isinstance(said, Mapping):
        extra = sorted(map(str, said.keys() - {"from", "action"}))
        problems += [Problem(f"{place}.{key}", "an unknown key", "action or from") for key in extra]
        said, threshold = said.get("action"), said.get("from", 0.0)
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not is_number or not 0 <= threshold <= 1:
        problems.append(Problem(f"{place}.from", "something else", "a number from 0 to 1"))
        return None
    if not isinstance(said, str) or said not in _ACTIONS:
        problems.append(_unknown(place, said, _ACTIONS, "an action"))
        return None
    return Step(float(threshold), _ACTIONS[said])


def read_exemptions(value: Any, where: str, problems: list[Problem]) -> list[Exemption]:
    """Read ``exceptions``; what is wrong goes into ``problems``. One without a date or a reason is read, and never in force."""
    if not isinstance(value, list | tuple):
        problems.append(Problem(where, type(value).__name__, "a list of exceptions"))
        return []
    return [each for index, said in enumerate(value) if (each := _exemption(said, f"{where}[{index}]", problems))]


def _exemption(said: Any, place: str, problems: list[Problem]) -> Exemption | None:
    if not isinstance(said, Mapping):
        problems.append(
            Problem(place, type(said).__name__, 'an object such as {"violation": "pii", "until": "…", "reason": "…"}')
        )
        return None
    before = len(problems)
    problems += [_unknown(f"{place}.{key}", key, _FIELDS, "a key") for key in sorted(map(str, said.keys() - _FIELDS))]
    texts = {key: said.get(key, "") for key in _FIELDS}
    problems += [
        Problem(f"{place}.{key}", type(text).__name__, "a text")
        for key, text in texts.items()
        if not isinstance(text, str)
    ]
    if len(problems) == before and texts["violation"] not in _TYPES:
        problems.append(_unknown(f"{place}.violation", texts["violation"], _TYPES, "a type of violation"))
    if len(problems) > before:
        return None
    until = _end_of_day(texts["until"], f"{place}.until", problems) if texts["until"] else None
    return Exemption(place, texts["violation"], texts["guardrail"], until, texts["reason"].strip())


def _end_of_day(text: str, place: str, problems: list[Problem]) -> float | None:
    try:
        day = dt.date.fromisoformat(text)
        return (dt.datetime.combine(day, dt.time(), dt.UTC) + _DAY).timestamp()
    except (ValueError, OverflowError):
        problems.append(
            Problem(place, "something else", "a date such as 2030-12-31; the exception holds on that day too, in UTC")
        )
        return None


def _unknown(place: str, found: Any, known: Iterable[str], what: str) -> Problem:
    near = difflib.get_close_matches(found, sorted(known), n=1) if isinstance(found, str) else []
    hint = f"Did you mean {near[0]!r}?" if near else ""
    return Problem(place, f"no {what.partition(' ')[2]} that is known", f"{what}: {', '.join(sorted(known))}", hint)
