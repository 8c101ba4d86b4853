"""What a text says once it is decoded: each layer turns a text into another and knows the way back to the places of the first.

Decoding (percent, entities, escapes, base64, hex) is what programs do and concerns every detector; spelling (digits for letters, letters apart,
rot13, backwards) is what people do to get past a reader, and concerns instructions only.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options

_READABLE: Final = 0.85  # line feeds and a broken character at the end are no reason to look away
_SHORTEST: Final = 12
_PRINTABLE: Final = bytes([9, 10, 13, *range(32, 127)])
_STRINGS: Final = re2.compile(rb"[\x20-\x7e\r\n\t]{16,}", options())

CODED: Final = r"%[0-9A-Fa-f]{2}|&(?:#[0-9xX]|[a-z]{2,6};)|\\(?:[nrt\"/]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|[A-Za-z0-9+/]{28}|[A-Za-z0-9+/_-]{40}"  # the last by halves: a UUID has 36 characters, and stands everywhere
# Python's own engine where each match is handled: RE2's binding takes microseconds for one. None of these goes back over what it read, and without groups
# the engine sees that each escape begins with one of three signs.
_ESCAPES: Final = r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*|&(?:#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6})|[a-zA-Z]{2,8});?|\\(?:[nrt\"/]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})"
_ESCAPED: Final = re.compile(_ESCAPES)
_CODED: Final = re.compile(
    _ESCAPES + r"|(?:[A-Za-z0-9+/_-]{60,}\\?\r?\n)+[A-Za-z0-9+/_-]{2,}={0,2}|[A-Za-z0-9+/_-]{28,}={0,2}"
)
# Whether there are runs at all is asked in linear time: ``re`` begins anew at each letter of each word.
_RUN: Final = re2.compile(rb"[A-Za-z0-9+/_-]{28}", options())
_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "/": "/"}


class Piece(NamedTuple):
    """What replaces the characters from ``start`` to ``end``."""

    start: int
    end: int
    text: str


class DecodedText:
    """A text with some pieces replaced, and the way back."""

    __slots__ = ("_at", "_pieces", "text")

    def __init__(self, original: str, pieces: list[Piece]) -> None:
        parts: list[str] = []
        self._pieces = pieces
        self._at: list[int] = []
        last = length = 0
        for piece in pieces:
            parts += (original[last : piece.start], piece.text)
            length += piece.start - last
            self._at.append(length)
            length += len(piece.text)
            last = piece.end
        parts.append(original[last:])
        self.text = "".join(parts)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that holds what stands from ``start`` to ``end``: pieces count whole."""
        return self._place(start, at_end=False), self._place(end - 1, at_end=True)

    def _place(self, index: int, *, at_end: bool) -> int:
        number = bisect_right(self._at, index) - 1
        if number < 0:
            return index + at_end
        piece = self._pieces[number]
        inside = index - self._at[number]
        if inside < len(piece.text):
            return piece.end if at_end else piece.start
        return piece.end + inside - len(piece.text) + at_end


class TurnedText:
    """A text as long as the original, in the same order or from its end to its beginning."""

    __slots__ = ("_backwards", "text")

    def __init__(self, text: str, *, backwards: bool = False) -> None:
        self.text = text
        self._backwards = backwards

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original."""
        return (len(self.text) - end, len(self.text) - start) if self._backwards else (start, end)


View = DecodedText | TurnedText


class Layer(NamedTuple):
    """A way to hide text: the pattern that makes a look worth while, and what undoes it. ``only``: the category that it concerns, "" for all."""

    candidate: str
    undo: Callable[[str], Iterator[View]]
    only: str = ""


def decoded(text: str) -> Iterator[View]:
    """Undo what programs decode, all of one level at once."""
    coded = _CODED if _RUN.search(text.encode("utf-8", "surrogatepass")) else _ESCAPED
    pieces = [Piece(*match.span(), new) for match in coded.finditer(text) if (new := _decode(match)) is not None]
    if pieces:
        yield DecodedText(text, pieces)


def _decode(match: re.Match[str]) -> str | None:
    coded = match[0]
    match coded[0]:
        case "%":
            return unquote_to_bytes(coded).decode("utf-8", "replace")
        case "&":
            plain = html.unescape(coded)
            return plain if plain != coded else None
        case "\\":
            return _escaped(coded)
        case _:
            return _readable_run(coded.encode())


def _escaped(escape: str) -> str:
    return _SIMPLE[escape[1]] if escape[1] in _SIMPLE else chr(int(escape.lstrip("\\ux"), 16))


def _readable_run(run: bytes) -> str | None:
    """Return what a run of base64, hex or base32 says, or None where it is no text."""
    lines = run.replace(b"\\", b"").split()
    texts = (b"".join(lines), *([b"".join(lines[:-1])] if len(lines) > 1 else []))  # the last line may be the next word
    for raw in chain.from_iterable(_bytes_of(text.rstrip(b"=")) for text in texts):
        text = raw.replace(b"\0", b"")  # UTF-16
        if len(text) >= _SHORTEST and _is_readable(text):
            return f" {text.decode('utf-8', 'replace')} "
        if strings := b"\n".join(_STRINGS.findall(text)):
            return f" {strings.decode()} "
    return None


def _bytes_of(run: bytes) -> Iterator[bytes]:
    if not run.strip(b"0123456789abcdefABCDEF"):
        yield binascii.unhexlify(run[: len(run) & ~1])
        return
    if not run.strip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        yield base64.b32decode(run[: len(run) & ~7])
    standard = run.translate(bytes.maketrans(b"-_", b"+/"))
    for shift in range(4):  # the run may begin with letters that are not part of it
        part = standard[shift:]
        part = part[: len(part) - 1] if len(part) % 4 == 1 else part
        yield binascii.a2b_base64(part + b"=" * (-len(part) % 4))


def _is_readable(raw: bytes) -> bool:
    if len(raw.translate(None, _PRINTABLE)) <= (1 - _READABLE) * len(raw):
        return True
    text = raw.decode("utf-8", "ignore")
    if len(text.encode()) < _READABLE * len(raw):
        return False
    return sum(map(str.isprintable, text)) > _READABLE * len(text)


_LEET: Final = {
    "a": "a4@",
    "b": "b8",
    "e": "e3",
    "g": "g9",
    "i": "i1!|",
    "l": "l1|",
    "o": "o0",
    "s": "s5$",
    "t": "t7",
    "z": "z2",
}
_TELLING: Final = (
    "ignore disregard forget override bypass instruction direction directive guideline prompt rules orders command constraint previous system reveal password pretend assistant restriction contents conversation"
).split()
_LEET_TOKEN: Final = re.compile(r"[A-Za-z0-9@$!|]+")
_SIGNS: Final = "0345789@$2"
_PLAIN: Final = "oeastbgasz"
_SPELLINGS: Final = tuple(str.maketrans(f"{_SIGNS}1!|", f"{_PLAIN}{one}") for one in ("iii", "lil"))


def _spelt(word: str) -> str:
    """Return the pattern of ``word`` with at least one sign in place of a letter: the first such sign stands at each place in turn."""
    places = [place for place, char in enumerate(word) if char in _LEET]
    any_form = [f"[{_LEET[char]}]" if char in _LEET else char for char in word]
    return "|".join(f"{word[:place]}[{_LEET[word[place]][1:]}]{''.join(any_form[place + 1 :])}" for place in places)


def spelt_plainly(text: str) -> Iterator[View]:
    """Read digits and signs inside words as the letters that they look like."""
    found = [match for match in _LEET_TOKEN.finditer(text) if not match[0].isalpha()]
    for table in _SPELLINGS:
        yield DecodedText(text, [Piece(*match.span(), match[0].translate(table)) for match in found])


_APART: Final = re.compile(
    "|".join(rf"\b[A-Za-z0-9](?:{sign}[A-Za-z0-9]\b)+" for sign in (r"\-", r"\.", r"\*", r"\|", "/", "~", ",", " ")),
    re.ASCII,
)
_APART_SIGNS: Final = (r"\-", r"\.", r"\*", r"\|", "/", "~", ",", " ")


def joined(text: str) -> Iterator[View]:
    """Join letters that stand apart."""
    pieces = [Piece(*match.span(), match[0][::2]) for match in _APART.finditer(text)]
    if pieces:
        yield DecodedText(text, pieces)


_SPACES: Final = str.maketrans("+_", "  ")
_CODE_NAME: Final = re.compile(
    r"\b(?:def|func|function|fn|class|import)\s\w+|\b\w+(?=\(|\s?=\s?[^=]|:\s?(?:bool|str|int|Optional)\b)|\btest_\w+"
)


def unplussed(text: str) -> Iterator[View]:
    """Read the signs that stand for spaces as spaces, but for the names of functions and variables."""
    pieces: list[str] = []
    last = 0
    for name in _CODE_NAME.finditer(text):
        pieces += (text[last : name.start()].translate(_SPACES), name[0])
        last = name.end()
    yield TurnedText("".join((*pieces, text[last:].translate(_SPACES))))


def rotated(text: str) -> Iterator[View]:
    """Read rot13."""
    yield TurnedText(codecs.encode(text, "rot13"))


def reversed_text(text: str) -> Iterator[View]:
    """Read from the end."""
    yield TurnedText(text[::-1], backwards=True)


_INLINE: Final = re.compile(
    r"</?(?:a|b|big|code|del|em|font|i|ins|mark|s|small|span|strong|sub|sup|tt|u|wbr)\b[^<>]{0,200}>", re.IGNORECASE
)
_BETWEEN: Final = re.compile(r"/\*+/|(?<=[A-Za-z])(?:\. ?|\*|\||~|/)(?=[A-Za-z])")


def without_marks(text: str) -> Iterator[View]:
    """Read what a page shows: no tags inside a line, and no signs in place of spaces."""
    pieces = [Piece(*match.span(), "") for match in _INLINE.finditer(text)]
    if pieces:
        yield DecodedText(text, pieces)
    apart = _BETWEEN.sub(lambda found: " " * len(found[0]), text)
    if apart != text:
        yield TurnedText(apart)


_MIXED: Final = tuple(word for word in _TELLING if len(word) >= 6)
_IN_ORDER: Final = {
    (len(word), word[0], word[-1], *sorted(word[1:-1])): word
    for word in (*_MIXED, "instructions", "guidelines", "rules", "prompts", "disregard")
}
_WORD: Final = re.compile(r"[A-Za-z]{5,14}")


def _swapped(word: str) -> Iterator[str]:
    """Yield ``word`` with two letters next to each other exchanged, the first and the last left in place."""
    for at in range(1, len(word) - 2):
        if word[at] != word[at + 1]:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def unscrambled(text: str) -> Iterator[View]:
    """Read words whose inner letters are in disorder, as people do."""
    pieces = []
    for match in _WORD.finditer(text):
        word = match[0].lower()
        plain = _IN_ORDER.get((len(word), word[0], word[-1], *sorted(word[1:-1])))
        if plain is not None and plain != word:
            pieces.append(Piece(*match.span(), plain))
    if pieces:
        yield DecodedText(text, pieces)


_ROT13: Final = "|".join(codecs.encode(word, "rot13") for word in _TELLING)
_REVERSED: Final = "|".join(word[::-1] for word in _TELLING if word not in {"rules", "orders", "system"})
_INSTRUCTS: Final = "injection"

LAYERS: Final = (
    Layer(CODED, decoded),
    Layer(f"(?i){'|'.join(map(_spelt, _TELLING))}", spelt_plainly, _INSTRUCTS),
    Layer("|".join(rf"\b(?:[A-Za-z]{sign}){{4}}[A-Za-z]\b" for sign in _APART_SIGNS), joined, _INSTRUCTS),
    Layer(r"(?i)[a-z][+_](?:all|any|every|the|your|previous|prior|above)[+_](?:\w+[+_])*(?:instruct|rules|prompt|guideline|directi|command|orders)", unplussed, _INSTRUCTS),
    Layer(r"(?i)\b(?:ignore|disregard|forget|override|bypass|previous|all|your|reveal|system)(?:/\*|\. ?[a-z]|[*|~/][a-z]|</?[a-z]|<[a-z])", without_marks, _INSTRUCTS),
    Layer(f"(?i)\\b(?:{'|'.join(spelt for word in _MIXED for spelt in _swapped(word))})\\b", unscrambled, _INSTRUCTS),
    Layer(f"(?i)rot-?13|{_ROT13}", rotated, _INSTRUCTS),
    Layer(f"(?i){_REVERSED}", reversed_text, _INSTRUCTS),
)  # fmt: skip
