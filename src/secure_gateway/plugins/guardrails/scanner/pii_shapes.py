"""What the tables of personal data are built from: candidates made of cue words, and checks of whole numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector, Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.validators import is_latin

# What may stand between a cue and the mark that ends it: the context of a detector allows the same.
_GLUED = "(?i:s|no|nr|num|number|nummer|code|id)?(?:[^a-z]|$)"
_QUANTIFIERS = "*+?{"
_SEPARATORS = " -./_"
_SEPARATED = str.maketrans("", "", _SEPARATORS)
_CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
_DIGEST = "0123456789abcdefABCDEF-"
_SMALL_DIGEST = frozenset("0123456789abcdef")
_CODE_LONGEST, _DIGEST_SHORTEST = 40, 20
_WORDS_LONGEST = 32
_BUSINESS = re.compile(
    r"(?i)(?:\b(?:order|invoice|ticket|item|article|version|build|release|commit|request|tracking|booking|page|room|rechnung|bestellung|auftrag|vorgang|artikel|facture|commande|factura|pedido"
    r"|fattura|ordine)s?(?: (?:id|no|nr|num|number|nummer|n[°º]|num[eé]ro|n[uú]mero))?[.:]?\s[#-]?(?:[A-Z]{2,4}-)?|(?:订单|發票|发票|单号|运单)号?[::]?)$"
)
_PLAIN = 0.7
_SURE = 0.85


def compact(text: str) -> str:
    """Return a number as its issuer stores it: in capitals, without separators."""
    return text.translate(_SEPARATED).upper()


def cued(words: Iterable[str]) -> str:
    """Return a candidate that fires where one of ``words`` stands by itself or as a hump of a name in camel case.

    Bounds are those of a context: ``sin`` is in every other sentence, and so is what ``supportable`` or ``misaddressed`` end with.
    """
    known = tuple(words)
    humps = "|".join(map(_hump, known))
    return f"(?:(?:^|[^A-Za-z])(?i:{'|'.join(known)})|[a-z](?:{humps})){_GLUED}"


def _hump(word: str) -> str:
    """Return ``word`` as it stands behind a small letter, with a capital; a pattern that begins otherwise stays as it is."""
    if not (word[0].isascii() and word[0].isalpha()) or word[1:2] in _QUANTIFIERS or word.find("|") > word.find(")"):
        return f"(?i:{word})"
    return f"{word[0].upper()}(?i:{word[1:]})" if word[1:] else word.upper()


def stands_alone(region: Region) -> bool:
    """Say whether a number is no part of a longer word, a longer row of digits, a decimal fraction or a code such as a UUID."""
    before, after = region.before(2), region.after(2)
    joined = after[:1] == "-" and is_latin(after[1:])
    if is_latin(before[-1:] + after[:1]) or joined or goes_on_code(region) or _in_clock(before, after):
        return False
    separators = set(region.value) & set(_SEPARATORS) - {" ", "_"} | {"."}
    goes_on = (before[-1:] in separators and before[:1].isdigit()) or (after[:1] in separators and after[1:].isdigit())
    return not goes_on


def _in_clock(before: str, after: str) -> bool:
    return (before[-1:] == ":" and before[:1].isdigit()) or (after[:1] == ":" and after[1:].isdigit())


def goes_on_code(region: Region) -> bool:
    """Say whether a number goes on what a hyphen joins to it and what holds a digit; a word, as in ``tel-5550123``, says what it is."""
    before = region.before(_CODE_LONGEST)
    return before.endswith("-") and any(map(str.isdigit, before[len(before.rstrip(_CODE)) :]))


def is_of_business(region: Region) -> bool:
    """Say whether the words right in front of a number say that it is one of an order, a version or the like, whatever else is spoken of."""
    return _BUSINESS.search(region.before(_WORDS_LONGEST)) is not None


def is_in_digest(region: Region, start: int, end: int) -> bool:
    """Say whether the part from ``start`` to ``end`` stands inside hexadecimal digits, in groups or not, of which some are letters: a digest or UUID."""
    before = (region.before(_CODE_LONGEST) + region.value[max(0, start - _CODE_LONGEST) : start])[-_CODE_LONGEST:]
    after = (region.value[end : end + _CODE_LONGEST] + region.after(_CODE_LONGEST))[:_CODE_LONGEST]
    front = before[len(before.rstrip(_DIGEST)) :]
    rest = after[: len(after) - len(after.lstrip(_DIGEST))]
    beside = before[: len(before) - len(front)][-1:] + after[len(rest) :][:1]
    mixed = any(map(str.isalpha, front + rest)) and any(map(str.isdigit, front + rest))
    return mixed and not is_latin(beside) and len(front) + end - start + len(rest) >= _DIGEST_SHORTEST


def number_by(rule: Callable[[str], bool] | None = None) -> Check:
    """Make a check that accepts a number that stands alone and whose compact form satisfies ``rule``."""
    return partial(lone_number, rule)


def lone_number(rule: Callable[[str], bool] | None, region: Region) -> Iterable[Span]:
    """Accept a number that stands alone and whose compact form satisfies ``rule``, if there is one."""
    if not stands_alone(region) or _is_short_digest(region):
        return ()
    separators = {char for char in region.value if char in _SEPARATORS}
    if len(separators) > 3 or (rule is not None and not rule(compact(region.value))):
        return ()
    return whole(region)


def _is_short_digest(region: Region) -> bool:
    """Say whether a number with letters that no cue speaks of may as well be the beginning of a digest: hexadecimal, in small letters."""
    value = region.value
    return not value.isdigit() and all(char in _SMALL_DIGEST for char in value) and not region.has_context


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
