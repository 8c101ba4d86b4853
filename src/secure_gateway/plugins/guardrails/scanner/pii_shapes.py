"""What the tables of personal data are built from: candidates made of cue words, and checks of whole numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector, Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.validators import is_latin

_SHORT = 4
_LETTERS = re.compile(r"[A-Za-z]{1,4}")
_SEPARATORS = " -./_"
_SEPARATED = str.maketrans("", "", _SEPARATORS)
_PLAIN = 0.7
_SURE = 0.85


def compact(text: str) -> str:
    """Return a number as its issuer stores it: in capitals, without separators."""
    return text.translate(_SEPARATED).upper()


def cued(words: Iterable[str]) -> str:
    """Return a candidate that fires where one of ``words`` stands, also as a part of a longer name.

    A short word of Latin letters must stand by itself or begin a hump of a name in camel case: ``sin`` is in every other sentence.
    """
    long: list[str] = []
    short: list[str] = []
    for word in words:
        (short if _LETTERS.fullmatch(word) else long).append(word)
    parts = [f"(?i:{'|'.join(long)})"] if long else []
    if short:
        humps = "|".join(word.capitalize() for word in short)
        parts.append(f"(?:^|[^A-Za-z])(?i:{'|'.join(short)})[^a-z]|[a-z](?:{humps})[^a-z]")
    return "|".join(parts)


def stands_alone(region: Region) -> bool:
    """Say whether a number is no part of a longer word, a longer row of digits or a decimal fraction."""
    before, after = region.before(2), region.after(2)
    if is_latin(before[-1:] + after[:1]):
        return False
    separators = set(region.value) & set(_SEPARATORS) - {" ", "_"} | {"."}
    goes_on = (before[-1:] in separators and before[:1].isdigit()) or (after[:1] in separators and after[1:].isdigit())
    return not goes_on


def number_by(rule: Callable[[str], bool] | None = None) -> Check:
    """Make a check that accepts a number that stands alone and whose compact form satisfies ``rule``."""
    return partial(_number, rule)


def _number(rule: Callable[[str], bool] | None, region: Region) -> Iterable[Span]:
    if not stands_alone(region):
        return ()
    separators = {char for char in region.value if char in _SEPARATORS}
    if len(separators) > 3 or (rule is not None and not rule(compact(region.value))):
        return ()
    return whole(region)


def identity(
    name: str,
    exact: str,
    rule: Callable[[str], bool] | None,
    *,
    source: str,
    cues: tuple[str, ...],
    candidate: str | None = None,
    kind: str | None = None,
) -> Detector:
    """Return the detector of one issuer's number.

    With a ``candidate`` of its own it needs no cue, otherwise one must stand near; "" is for a form that is rarer than its cues.
    """
    return Detector(
        id=f"pii.{name}",
        type=kind or name.upper(),
        category="pii",
        candidate=candidate or (cued(cues) if candidate is None else exact),
        exact=exact,
        confidence=_SURE if candidate else _PLAIN,
        source=source,
        check=number_by(rule),
        context=cues,
        needs_context=not candidate,
    )


def separated_number(rule: Callable[[str], bool], region: Region) -> Iterable[Span]:
    """Accept a number by ``rule`` unless it goes on beyond the same separators: then it is part of a longer row."""
    separators = {char for char in region.value if not char.isdigit()}
    before, after = region.before(2), region.after(2)
    goes_on = (before[-1:] in separators and before[:1].isdigit()) or (after[:1] in separators and after[1:].isdigit())
    if goes_on or is_latin(before[-1:]) or is_latin(after[:1]) or not rule(region.value):
        return ()
    return whole(region)
