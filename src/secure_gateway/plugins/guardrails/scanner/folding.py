"""The form in which disguised text is judged: one spelling per letter, nothing invisible, with a way back.

Each character folds by itself, so that a place in the folded text always belongs to one character of the original.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

_ASCII = bytes(range(128))
_ASCII_TABLE: dict[int, int] = {code: code for code in range(128)}
_CACHE_SIZE = 65_536
_FEW = 32
_LONGEST_EXPANSION = 4  # ligatures and units; U+FDFA becomes 18 characters, which would only serve to blow up a scan
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})
_INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"  # Hangul fillers and blank Braille: letters that show nothing
_HANGUL = ("\uac00", "\ud7a3")

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_LOOKALIKES = str.maketrans(
    # Cyrillic and Greek letters drawn as Latin ones (Unicode TR39, the commonest), small capitals, and punctuation.
    "авекмнорстухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅԌαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıȷøłđØŁĐᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ"
    "‐‑‒–—―−﹣⁃‘’‚‛“”„‟′″。⁄∕∶",  # noqa: RUF001 - look-alikes are the point
    "abekmhopctyxijshdqwABEKMHOPCTYXIJSGaeiKvoptuxABEZHIKMNOPTYXagijoldOLDabcdefghijklmnoprtuvwyz"
    "---------''''\"\"\"\"'\".//:",
)


def fold_char(char: str) -> str:
    """Return what one character stands for: NFKD without marks, invisible characters gone, look-alikes and digits in ASCII."""
    if char.isascii() or _HANGUL[0] <= char <= _HANGUL[1]:
        return char
    if char in _INVISIBLE_LETTERS or unicodedata.category(char) in _INVISIBLE:
        return ""
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    decomposed = unicodedata.normalize("NFKD", char)
    if len(decomposed) > _LONGEST_EXPANSION:
        return char
    kept = "".join(part for part in decomposed if unicodedata.category(part) not in _INVISIBLE)
    folded = kept.translate(_LOOKALIKES)
    if unicodedata.category(char) in {"Zs", "Zl", "Zp"}:
        return " "
    return folded


def fold(text: str) -> str:
    """Fold a short text; ASCII stays as it is."""
    return text if text.isascii() else "".join(map(fold_char, text))


def without_surrogates(text: str) -> str:
    """Return ``text`` with a question mark for each lone surrogate, which UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def fold_pattern(pattern: str) -> str:
    """Fold the letters of a pattern as the texts it will meet; never makes a new metacharacter."""
    return _BEYOND_ASCII.sub(lambda found: new if (new := fold_char(found[0])).isalnum() else found[0], pattern)


class FoldedText:
    """A folded text and the way back to the places of the original."""

    __slots__ = ("_folded_at", "_lengths", "_original", "_original_at", "_replacements", "data", "text")

    def __init__(self, original: str, text: str, replacements: dict[str, str]) -> None:
        self.text = text
        self.data = text.encode("utf-8", "surrogatepass")
        self._original = original
        self._replacements = replacements
        self._folded_at: list[int] | None = None
        self._original_at: list[int] = []
        self._lengths: list[int] = []

    def original_index(self, index: int) -> int:
        """Return the place in the original of the folded character at ``index``."""
        if self._folded_at is None:
            self._folded_at = self._index()
        at = bisect_right(self._folded_at, index) - 1
        if at < 0:
            return index
        inside = index - self._folded_at[at]
        width = self._lengths[at]
        return self._original_at[at] if inside < width else self._original_at[at] + 1 + inside - width

    def _index(self) -> list[int]:
        """Note only the characters that changed the length: there are few, and between them places run in step."""
        uneven = {char: len(new) for char, new in self._replacements.items() if len(new) != 1}
        self._original_at = [place for place, char in enumerate(self._original) if char in uneven] if uneven else []
        self._lengths = [uneven[self._original[place]] for place in self._original_at]
        folded_at, shift = [], 0
        for place, length in zip(self._original_at, self._lengths, strict=True):
            folded_at.append(place + shift)
            shift += length - 1
        return folded_at


class Folder:
    """Folds texts, remembering what each character became. One per scanner; safe to share between threads."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def fold(self, text: str, data: bytes) -> FoldedText | None:
        """Return ``text`` folded, or None where folding changes nothing. ``data`` is the same text in UTF-8."""
        distinct = set(data.translate(None, _ASCII).decode("utf-8", "surrogatepass"))
        replacements = {char: new for char in distinct if (new := self._folded(char)) != char}
        if not replacements:
            return None
        if len(replacements) <= _FEW:
            folded = text
            for char, new in replacements.items():
                folded = folded.replace(char, new)
        else:
            table: dict[int, int | str] = {**_ASCII_TABLE, **{ord(char): self._folded(char) for char in distinct}}
            folded = text.translate(table)
        return FoldedText(text, folded, replacements)

    def _folded(self, char: str) -> str:
        new = self._known.get(char)
        if new is None:
            new = fold_char(char)
            if len(self._known) < _CACHE_SIZE:
                self._known[char] = new
        return new
