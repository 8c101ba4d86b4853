"""Patterns in the syntax of RE2, each with a text that it may match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import re2
from hypothesis import strategies as st

ASCII: Final = "abkKsSxYZ019 .-_:/@=+,;#<>\"'\\\n\t\x00~"
BEYOND: Final = "éßÄñюЮЖжαΩŉǅ中日ښڿ٣߿\u200b\u0301\u2028\U0001f600\U00010428\U0010fffd\u0378\u1c89\U00010d40"
_LETTERS: Final = st.sampled_from(ASCII + "aaakkkkss111") | st.sampled_from(BEYOND)
_WORDS: Final = (
    "key",
    "ask",
    "SSN",
    "pass",
    "sk-",
    "AKIA",
    "http://",
    "ignore",
    "игнор",
    "ünï",
    "中文",
    "ښښ",
    "00",
    "1234567",
    "-",
    "x@y",
)
_SHORTHANDS: Final = {
    "d": "07",
    "w": "aZ_5",
    "s": " \n\t",
    "D": "a é",
    "W": " -é",
    "S": "a-é",
    "pL": "aЖ中",
    "pN": "5٣",
    "PL": "5 -",
    "p{Lu}": "AЖ",
    "p{Greek}": "αΩ",
    "PN": "aé",
}
_POSIX: Final = {
    "alpha": "aZ",
    "digit": "05",
    "^alpha": "5é",
    "punct": "-.",
    "word": "a_",
    "xdigit": "aF9",
    "space": " \n",
    "upper": "AZ",
}
_ESCAPES: Final = {
    r"\n": "\n",
    r"\t": "\t",
    r"\r": "\r",
    r"\f": "\f",
    r"\v": "\v",
    r"\a": "\a",
    r"\x41": "A",
    r"\x{e9}": "é",
    r"\x{1F600}": "\U0001f600",
    # No repetitions and no name of a class, though they look like it.
    "{02}": "{02}",
    "{,3}": "{,3}",
    "{ 1}": "{ 1}",
    "{a": "{a",
    "[[:a]": ":",
}
_PLACES: Final = ("^", "$", r"\A", r"\z", r"\b", r"\B", "(?m:^)", "(?m:$)")
_GROUPS: Final = ("({})", "(?:{})", "(?i:{})", "(?s:{})", "(?-i:{})", "(?U:{})", "(?is-m:{})")
_REPEATS: Final = (
    "?",
    "*",
    "+",
    "{0}",
    "{1}",
    "{2}",
    "{3}",
    "{7}",
    "{0,2}",
    "{1,3}",
    "{2,}",
    "{4,6}",
    "{20,}",
    "{16,40}",
    "{50}",
    "{48}",
)


class Expression(NamedTuple):
    """A pattern, and a text that was made after it; flags and places may keep them from matching."""

    source: str
    text: str


def expressions(max_leaves: int = 10) -> st.SearchStrategy[Expression]:
    """Generate patterns that RE2 takes, from single letters to alternations of repeated groups."""
    whole = st.recursive(
        _words() | _letters() | _classes() | _shorthands() | _written() | _places(), _combined, max_leaves=max_leaves
    )
    flags = st.sampled_from(("", "", "", "(?i)", "(?i)", "(?s)", "(?m)", "(?is)", "(?U)"))
    return st.builds(lambda flag, each: Expression(flag + each.source, each.text), flags, whole).filter(_is_taken)


def around(expression: Expression, alphabet: str = ASCII + BEYOND) -> st.SearchStrategy[str]:
    """Generate texts around that of ``expression``: with a little more, a little less, in other letters, many times over."""
    scraps = st.text(st.sampled_from(alphabet), max_size=6) | st.text(
        st.sampled_from(alphabet), min_size=40, max_size=90
    )
    changes: tuple[Callable[[str], str], ...] = (
        str,
        str,
        str.upper,
        str.lower,
        lambda text: text[:-1],
        lambda text: text[1:],
        lambda text: text * 3,
        lambda text: f"{text[:-1]} {text}",
    )
    return st.builds(
        lambda before, change, after: before + change(expression.text) + after, scraps, st.sampled_from(changes), scraps
    )


def _is_taken(expression: Expression) -> bool:
    chosen = re2.Options()
    chosen.log_errors = False
    try:
        re2.compile(expression.source, chosen)
    except re2.error:
        return False
    return True


def _combined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return _sequences(inner) | _repeated(inner) | _alternatives(inner) | _grouped(inner)


def _sequences(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.lists(inner, min_size=2, max_size=5).map(
        lambda parts: Expression("".join(each.source for each in parts), "".join(each.text for each in parts))
    )


def _alternatives(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    branches = st.lists(inner | st.just(Expression("", "")), min_size=2, max_size=5)
    return st.builds(
        lambda each, chosen: Expression(f"(?:{'|'.join(one.source for one in each)})", each[chosen % len(each)].text),
        branches,
        st.integers(0, 4),
    )


def _grouped(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.builds(
        lambda each, group: Expression(group.format(each.source), each.text), inner, st.sampled_from(_GROUPS)
    )


def _repeated(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def build(each: Expression, times: str, lazy: str, count: int) -> Expression:
        return Expression(f"(?:{each.source}){times}{lazy}", each.text * count)

    counts = st.sampled_from((0, 1, 1, 2, 2, 3, 5, 7, 16, 20, 48, 50))
    return st.builds(build, inner, st.sampled_from(_REPEATS), st.sampled_from(("", "", "?")), counts)


def _words() -> st.SearchStrategy[Expression]:
    return st.sampled_from(_WORDS).map(lambda word: Expression(re2.escape(word), word))


def _letters() -> st.SearchStrategy[Expression]:
    return _LETTERS.filter(_can_be_written).map(lambda char: Expression(_escaped(char), char)) | st.builds(
        Expression, st.just("."), _LETTERS
    )


def _shorthands() -> st.SearchStrategy[Expression]:
    pairs = [Expression(f"\\{name}", char) for name, chars in _SHORTHANDS.items() for char in chars]
    return st.sampled_from(pairs)


def _written() -> st.SearchStrategy[Expression]:
    """Characters by their escapes."""
    return st.sampled_from([Expression(source, text) for source, text in _ESCAPES.items()])


def _places() -> st.SearchStrategy[Expression]:
    return st.sampled_from([Expression(place, "") for place in _PLACES])


def _classes() -> st.SearchStrategy[Expression]:
    singles = _LETTERS.filter(_can_be_written).map(lambda char: (_escaped(char), char))
    ranges = (
        st.tuples(singles, singles)
        .map(lambda pair: tuple(sorted(pair, key=lambda one: one[1])))
        .map(lambda pair: (f"{pair[0][0]}-{pair[1][0]}", pair[1][1]))
    )
    written = st.sampled_from([each for each in _ESCAPES.items() if each[0].startswith("\\")])
    shorthands = st.sampled_from([(f"\\{name}", chars[0]) for name, chars in _SHORTHANDS.items()])
    posix = st.sampled_from([(f"[:{name}:]", chars[0]) for name, chars in _POSIX.items()])
    bare = st.sampled_from(
        [(char, char) for char in "&~|.*+?(){}$ !@#%=<>,:;/_"]
    )  # signs that mean themselves in a class
    items = st.lists(singles | written | ranges | shorthands | posix | bare, min_size=1, max_size=5)

    def build(members: list[tuple[str, str]], negated: bool, first: str, chosen: int, other: str) -> Expression:
        source = "".join(each for each, _ in members)
        text = other if negated else members[chosen % len(members)][1]
        return Expression(f"[{'^' * negated}{first}{source}]", text)

    return st.builds(build, items, st.booleans(), st.sampled_from(("", "", "", "]")), st.integers(0, 4), _LETTERS)


def _can_be_written(char: str) -> bool:
    """Whether a pattern may hold it: patterns are well-formed text."""
    return not "\ud800" <= char <= "\udfff"


def _escaped(char: str) -> str:
    return (
        f"\\{char}"
        if char.isascii() and char.isprintable() and not char.isalnum() and char != "_"
        else char
        if char.isprintable()
        else f"\\x{{{ord(char):X}}}"
    )
