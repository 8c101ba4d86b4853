"""Plain words, found wherever they stand, by the quickest way there is for few of them and for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Finding, Limits, ScanLimitExceeded
from secure_gateway.plugins.guardrails.scanner.folding import FoldedText, Folder, fold
from secure_gateway.plugins.guardrails.scanner.serialise import serialise
from secure_gateway.plugins.guardrails.scanner.walk import leaves

_FEW = 16  # from here on one automaton beats a substring search per word


class KeywordMatcher:
    """Finds fixed words in texts and nested values; case and word borders count only if asked for.

    Words and texts are folded before they are compared (see ``folding``): accents, width and invisible characters never
    count. Nothing but substring searches and one RE2 automaton runs, so the time is linear in the text.
    """

    def __init__(
        self,
        words: Sequence[str],
        case_sensitive: bool = False,  # noqa: FBT001, FBT002 - names and order are the interface
        whole_words: bool = False,  # noqa: FBT001, FBT002 - a key of the configuration
        *,
        limits: Limits | None = None,
    ) -> None:
        """Prepare; raises ValueError where there is no word, or one with nothing visible in it."""
        self._plain: Callable[[str], str] = str if case_sensitive else str.lower
        self._words = tuple(dict.fromkeys(self._plain(fold(word)) for word in words))
        if not self._words or not all(word.strip() for word in self._words):
            msg = f"found {len(words)} keywords, blank ones among them; expected at least one, none of them blank"
            raise ValueError(msg if words else "found no keywords; expected at least one")
        self._ids = {word: f"keyword.{index}" for index, word in enumerate(self._words)}
        self._whole = whole_words
        self._limits = limits or Limits()
        self._folder = Folder()
        many = "|".join(map(re2.escape, self._words)) if len(self._words) > _FEW else None
        self._any = re2.compile(many, options()) if many else None

    def scan_text(self, text: str) -> list[Finding]:
        """Return every word found; raises ScanLimitExceeded beyond the limits, and then the caller denies."""
        if len(text) > self._limits.max_chars:
            msg = f"found a text of {len(text)} characters; at most {self._limits.max_chars} are scanned"
            raise ScanLimitExceeded(msg)
        if text.isascii() and not self._occurs(self._plain(text)):
            return []
        return [Finding("KEYWORD", "keyword", "", start, end, 1.0, name) for start, end, name in self._limited(text)]

    def scan(self, value: object) -> list[Finding]:
        """Return every word found in the keys and values of a nested value; its errors are those of ``Scanner.scan``."""
        if type(value) is str:
            return self.scan_text(value)
        data = serialise(value, self._limits)
        folded = None if data.isascii() else self._folder.fold(data.decode("utf-8", "surrogatepass"), data)
        if not self._occurs(self._plain(folded.text if folded else data.decode("utf-8", "surrogatepass"))):
            return []
        found: list[Finding] = []
        way = 0
        for leaf in leaves(value, self._limits):
            hits = self._limited(leaf.text)
            if hits and leaf.is_key and leaf.place is not None:
                leaf.place.masked = True
            pointer = leaf.pointer() if hits else ""
            way += len(pointer)
            found += [Finding("KEYWORD", "keyword", pointer, start, end, 1.0, name) for start, end, name in hits]
            if len(found) > self._limits.max_findings or way > self._limits.max_chars:
                raise self._too_many()
        return found

    def _occurs(self, plain: str) -> bool:
        if self._any is not None:
            return self._any.search(plain.encode("utf-8", "surrogatepass")) is not None
        for word in self._words:  # noqa: SIM110 - any() costs a generator, half the time of the whole scan
            if word in plain:
                return True
        return False

    def _limited(self, text: str) -> list[tuple[int, int, str]]:
        hits: list[tuple[int, int, str]] = []
        for hit in self._hits(text):
            hits.append(hit)
            if len(hits) > self._limits.max_findings:
                raise self._too_many()
        return sorted(hits)

    def _hits(self, text: str) -> Iterator[tuple[int, int, str]]:
        folded = None if text.isascii() else self._folder.fold(text, text.encode("utf-8", "surrogatepass"))
        plain = self._plain(folded.text if folded else text)
        for word in self._words:
            start = plain.find(word)
            while start >= 0:
                end = start + len(word)
                if not self._whole or _stands_alone(plain, start, end):
                    yield *_original(folded, start, end), self._ids[word]
                start = plain.find(word, end)

    def _too_many(self) -> ScanLimitExceeded:
        return ScanLimitExceeded(f"found more than {self._limits.max_findings} keywords; the content is refused")


def _original(folded: FoldedText | None, start: int, end: int) -> tuple[int, int]:
    if folded is None:
        return start, end
    return folded.original_index(start), folded.original_index(end - 1) + 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (_is_word(text[start - 1 : start]) or _is_word(text[end : end + 1]))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
