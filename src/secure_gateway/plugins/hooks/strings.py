"""Patterns and texts of the hook plugins that rewrite content: every string of a JSON value, in time linear in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.plugins.framework.conditions import compile_pattern
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.guardrails.scanner import compile_user_pattern

_MOST_RULES: Final = 1_000
_LONGEST: Final = 8_000_000
_MOST_PLACES: Final = 10_000
"""Places that one pattern replaces in one text. RE2's binding takes some 10 microseconds for each, during which nothing else runs."""

_CONTENT: Final = {point.payload: point.content for point in HOOK_POINTS.values()}


class Rule(msgspec.Struct, frozen=True):
    """A compiled pattern and what is written in place of what it matches. ``plain``: the pattern is a text, and so is the replacement."""

    pattern: Any
    replacement: str
    plain: str | None = None

    def apply(self, text: str) -> str:
        """Return ``text`` rewritten. Raises ``AnswerError`` where it grows beyond what a payload may hold, or a pattern matches too often."""
        if self.plain is None:
            rewritten, places = self.pattern.subn(self.replacement, text, _MOST_PLACES + 1)
            if places > _MOST_PLACES:
                raise AnswerError(f"a pattern of its matches more than {_MOST_PLACES} places of one text")
            _limit(len(rewritten))
            return str(rewritten)
        # A plain replacement is done at once with what would take seconds by patterns.
        _limit(len(text) + text.count(self.plain) * (len(self.replacement) - len(self.plain)))
        return text.replace(self.plain, self.replacement)


def _limit(length: int) -> None:
    if length > _LONGEST:  # "a" becomes "aa", thirty rules long
        raise AnswerError(f"its replacements make a text of more than {_LONGEST} characters")


def read_rules(
    entries: Any, where: str, keys: tuple[str, str], *, default: str | None = None, ignore_case: bool = False
) -> tuple[Rule, ...]:
    """Return the rules of a list such as ``[{"search": "a", "replace": "b"}]``, whose two keys are ``keys``.

    ``default`` is the replacement of an entry that names none. Raises ``ConfigError`` with everything that is wrong.
    """
    if not isinstance(entries, list) or len(entries) > _MOST_RULES:
        expected = f"a list of at most {_MOST_RULES} objects with {keys[0]!r} and {keys[1]!r}"
        raise ConfigError(Problem(where, "another value", expected))
    rules: list[Rule] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        try:
            rules.append(_read_rule(entry, f"{where}[{index}]", keys, default, ignore_case=ignore_case))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tuple(rules)


def _read_rule(entry: Any, where: str, keys: tuple[str, str], default: str | None, *, ignore_case: bool) -> Rule:
    pattern_key, replacement_key = keys
    if not isinstance(entry, Mapping) or not set(entry) <= set(keys):
        raise ConfigError(
            Problem(where, "something else", f"an object with {pattern_key!r} and {replacement_key!r} alone")
        )
    pattern, replacement = entry.get(pattern_key), entry.get(replacement_key, default)
    for key, value in ((pattern_key, pattern), (replacement_key, replacement)):
        if not isinstance(value, str):
            raise ConfigError(Problem(f"{where}.{key}", "no text" if value is not None else "nothing", "a text"))
    return compile_rule(str(pattern), str(replacement), where, pattern_key, ignore_case=ignore_case)


def compile_rule(pattern: str, replacement: str, where: str, key: str, *, ignore_case: bool = False) -> Rule:
    """Return one rule. Raises ``ConfigError`` for a pattern that is none, or whose replacement names a group that it lacks."""
    try:
        compiled = compile_user_pattern(pattern)
        if ignore_case:
            compiled = compile_user_pattern(f"(?i:{pattern})")
    except ValueError as error:
        hint = "Patterns run in linear time, so look-around and back-references are refused."
        raise ConfigError(
            Problem(f"{where}.{key}", str(error).removeprefix("found "), "an RE2 pattern", hint)
        ) from None
    try:
        # What a replacement lacks would otherwise show at the first request that the pattern matches.
        compile_pattern("()" * compiled.groups).sub(replacement, "")
    except (IndexError, KeyError, ValueError):
        found, expected = (
            "a replacement with a bad escape or group",
            f"\\1 to \\{compiled.groups} at most, and no single backslash",
        )
        raise ConfigError(Problem(where, found, expected)) from None
    is_plain = pattern == re.escape(pattern) and not ignore_case and "\\" not in replacement
    return Rule(compiled, replacement, pattern if is_plain else None)


def rewrite_content(payload: PluginPayload, rewrite: Callable[[str], str]) -> bool:
    """Rewrite every string value in the content fields of ``payload``, a plugin's own copy, in place; say whether one changed."""
    changed = False
    for field in next(_CONTENT[kind] for kind in type(payload).__mro__ if kind in _CONTENT):
        holder = [getattr(payload, field)]
        if rewrite_strings(holder, rewrite):
            setattr(payload, field, holder[0])
            changed = True
    return changed


def rewrite_strings(root: list[Any], rewrite: Callable[[str], str]) -> bool:
    """Rewrite every string value below ``root`` in place, at any depth; keys stay. Say whether one changed."""
    changed = False
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(child, str):
                new = rewrite(child)
                if new != child:
                    node[key] = new
                    changed = True
            elif isinstance(child, dict | list):
                pending.append(child)
    return changed


def apply_all(rules: Sequence[Rule]) -> Callable[[str], str]:
    """Return a function that applies ``rules`` one after the other: a later one sees what an earlier one wrote."""

    def rewrite(text: str) -> str:
        for rule in rules:
            text = rule.apply(text)
        return text

    return rewrite
