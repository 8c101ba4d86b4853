"""Draws a text that a pattern matches, so that each row of a table of formats can be tried without its sample standing anywhere."""

from __future__ import annotations

import random
import re
import string
from re import _constants, _parser  # type: ignore[attr-defined]  # the standard parser has no public name
from typing import Any

_PRINTABLE = string.ascii_letters + string.digits
_CATEGORIES = {
    _constants.CATEGORY_DIGIT: string.digits,
    _constants.CATEGORY_WORD: _PRINTABLE,
    _constants.CATEGORY_NOT_WORD: " -;",
    _constants.CATEGORY_SPACE: " ",
    _constants.CATEGORY_NOT_SPACE: _PRINTABLE,
}

_LEFT_OUT = {(_constants.LITERAL, ord(" ")), (_constants.CATEGORY, _constants.CATEGORY_SPACE)}


def draw_match(pattern: str, rng: random.Random) -> str:
    """Return a text that ``pattern`` matches as a whole; ``*`` and ``+`` repeat up to eight times."""
    return "".join(_node(op, argument, rng) for op, argument in _parser.parse(pattern))


def drawable(pattern: str) -> str:
    """Return a folded pattern of RE2 as the standard parser reads it, which knows no classes of Unicode letters."""
    flags = "".join(sorted(set("".join(re.findall(r"\(\?([is]+)\)", pattern)))))
    pattern = re.sub(r"\(\?[is]+\)", "", pattern)
    pattern = re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda found: re.escape(chr(int(found[1], 16))), pattern)
    pattern = pattern.replace(r"\pL", "w").replace(r"\pN", "5").replace(r"\pM", "w").replace(r"\z", r"\Z")
    return f"(?{flags}){pattern}" if flags else pattern


def _node(op: Any, argument: Any, rng: random.Random) -> str:
    if op is _constants.LITERAL:
        return chr(argument)
    if op is _constants.NOT_LITERAL:
        return rng.choice(sorted(set(_PRINTABLE) - {chr(argument)}))
    if op is _constants.ANY:
        return rng.choice(_PRINTABLE)
    if op is _constants.AT:
        return ""
    if op is _constants.IN:
        return rng.choice(sorted(_members(argument)))
    if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        return _repeated(argument, rng)
    if op is _constants.SUBPATTERN:
        return "".join(_node(o, a, rng) for o, a in argument[3])
    if op is _constants.BRANCH:
        return "".join(_node(o, a, rng) for o, a in rng.choice(argument[1]))
    raise NotImplementedError(f"no way to draw {op}")


def _repeated(argument: Any, rng: random.Random) -> str:
    least, most, inner = argument
    count = rng.randint(least, min(int(most), least + 8))
    drawn = "".join(_node(op, argument, rng) for _ in range(count) for op, argument in inner)
    if len(inner) == 1 and _takes_blanks(*inner[0]) and int(most) > 1 and rng.random() < 0.75:
        # What stands between two words: most often it begins and ends with a blank, as the ``\b`` beside it asks for.
        return " " if len(drawn) < 2 else f" {drawn[1:-1]} "
    return drawn


def _takes_blanks(op: Any, argument: Any) -> bool:
    if op is _constants.IN:
        return argument[0][0] is _constants.NEGATE and not _LEFT_OUT.intersection(argument)
    return op is _constants.ANY or (op is _constants.NOT_LITERAL and argument != ord(" "))


def _members(items: Any) -> set[str]:
    found: set[str] = set()
    negated = False
    for op, argument in items:
        if op is _constants.NEGATE:
            negated = True
        elif op is _constants.LITERAL:
            found.add(chr(argument))
        elif op is _constants.RANGE:
            found |= {chr(code) for code in range(argument[0], argument[1] + 1)}
        else:
            found |= set(_CATEGORIES[argument])
    return (set(_PRINTABLE) - found or set(" ;") - found) if negated else found
