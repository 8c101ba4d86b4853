"""Decide whether a plugin runs for a request: conditions, compiled once, judged on the payload as it is at that moment.

An entry is an exact name, a glob (``*``, ``?``, ``[…]``) or ``re:`` and a pattern; patterns run in linear time. A ``user_patterns`` entry counts as
glob and as pattern and matches if either does. Where an attribute is missing the plugin runs: a guard is never skipped
because something is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import re2

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import GlobalContext
from secure_gateway.plugins.framework.plugin import PluginCondition

Condition = Callable[[str, GlobalContext], bool]
"""Takes the target's present name and the request's facts; True means that the plugin runs."""

Matcher = Callable[[str], bool]


class TargetCondition(msgspec.Struct, frozen=True):
    """A condition on the target's name alone, whose answers for one name need not be asked for twice."""

    matches: Matcher

    def __call__(self, target: str, _facts: GlobalContext) -> bool:
        """Judge as any ``Condition`` does."""
        return self.matches(target)


_FAMILY_FIELD: Final = {"tool": "tools", "prompt": "prompts", "resource": "resources"}
_WHOLE_LIST: Final = "tool_list"
_REMEMBERED: Final = 4096
LONGEST_REMEMBERED: Final = 256
"""Characters of a name whose answer is remembered: names come from callers, who could fill the memory with long ones."""


def compile_matcher(entries: Sequence[str], where: str = "$", *, also_patterns: bool = False) -> Matcher:
    """Return a function that tells whether a name matches one of ``entries``.

    ``also_patterns``: entries without ``re:`` are tried as regular expressions too. Answers are remembered. Raises ``ConfigError`` for a
    pattern that cannot run in linear time.
    """
    exact = {entry for entry in entries if not entry.startswith("re:")}
    patterns = [compile_pattern(entry[3:], where) for entry in entries if entry.startswith("re:")]
    patterns += [_glob(entry) for entry in entries if not entry.startswith("re:") and any(c in entry for c in "*?[")]
    if also_patterns:
        patterns += [p for entry in entries if not entry.startswith("re:") for p in _pattern_or_nothing(entry)]
    if not patterns:
        return exact.__contains__
    known: dict[str, bool] = {}

    def matches(name: str) -> bool:
        answer = known.get(name)
        if answer is None:
            answer = name in exact or any(pattern.fullmatch(name) for pattern in patterns)
            if len(known) < _REMEMBERED and len(name) <= LONGEST_REMEMBERED:
                known[name] = answer
        return answer

    return matches


def compile_conditions(conditions: Sequence[PluginCondition], hook: str, where: str = "$") -> Condition | None:
    """Return one function for all ``conditions`` (OR), or None where nothing restricts."""
    family = _FAMILY_FIELD.get(hook.split("_", 1)[0], "")
    if hook == _WHOLE_LIST:  # it has no one tool that a name could be compared with, so the plugin runs
        family, conditions = "", [msgspec.structs.replace(condition, tools=()) for condition in conditions]
    compiled = [_compile_one(condition, family, where) for condition in conditions]
    if not compiled or any(not checks for checks in compiled):
        return None
    if len(compiled) == 1 and len(compiled[0]) == 1:
        return compiled[0][0]
    matchers = [[check.matches for check in checks if isinstance(check, TargetCondition)] for checks in compiled]
    if [*map(len, matchers)] == [*map(len, compiled)]:
        return TargetCondition(lambda target: any(all(match(target) for match in needed) for needed in matchers))
    return lambda target, facts: any(all(check(target, facts) for check in checks) for checks in compiled)


def _compile_one(condition: PluginCondition, family: str, where: str) -> list[Condition]:
    checks: list[Condition] = []
    if family and getattr(condition, family):
        checks.append(TargetCondition(compile_matcher(getattr(condition, family), where)))
    elif condition.tools or condition.prompts or condition.resources:
        checks.append(TargetCondition(lambda _target: False))  # meant for another family; must not widen to this one
    attributes = {
        "server_ids": "server_id",
        "tenant_ids": "tenant_id",
        "user_patterns": "user",
        "content_types": "content_type",
    }
    for field, attribute in attributes.items():
        if entries := getattr(condition, field):
            matcher = compile_matcher(entries, where, also_patterns=field == "user_patterns")
            checks.append(_attribute_check(matcher, attribute))
    return checks


def _attribute_check(matcher: Matcher, attribute: str) -> Condition:
    def check(_target: str, facts: GlobalContext) -> bool:
        value = getattr(facts, attribute)
        return not value or matcher(value)

    return check


def compile_pattern(text: str, where: str = "$") -> Any:
    """Return the RE2 pattern for ``text``. Raises ``ConfigError`` when it cannot run in linear time."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise ConfigError(
            Problem(
                where,
                f"the pattern {text!r} ({_reason(error)})",
                "an RE2 pattern: no look-around and no back-references, so that it runs in linear time",
                "Rewrite it, or use a glob such as admin_*.",
            )
        ) from None


def _reason(error: re2.error) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)


def _glob(entry: str) -> Any:
    """Translate a glob; ``fnmatch`` writes look-around and atomic groups, which RE2 rightly does not know."""
    parts: list[str] = []
    position = 0
    while position < len(entry):
        sign = entry[position]
        end = entry.find("]", position + 2) if sign == "[" else -1
        if sign in "*?":
            parts.append(".*" if sign == "*" else ".")
        elif end > 0:
            inside = entry[position + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            parts.append(f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
            position = end
        else:
            parts.append(re2.escape(sign))
        position += 1
    return compile_pattern(f"(?s:{''.join(parts)})")


def _pattern_or_nothing(text: str) -> list[Any]:
    try:
        return [compile_pattern(text)]
    except ConfigError:
        return []  # "*@example.com" is a glob and no regular expression; the glob already counts
