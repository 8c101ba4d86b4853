"""Patterns for values that were decoded already: any text, in linear time."""

from __future__ import annotations

from typing import Any

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options


class TextPattern:
    """An RE2 pattern for text that may hold lone surrogates, which the engine does not take: it sees a question mark instead."""

    __slots__ = ("_compiled",)

    def __init__(self, pattern: str) -> None:
        self._compiled = re2.compile(pattern, options())

    def search(self, text: str) -> Any:
        """Return the first match, with places in characters, or None."""
        return self._compiled.search(_writable(text))

    def match(self, text: str) -> Any:
        """Return the match at the beginning, or None."""
        return self._compiled.match(_writable(text))

    def findall(self, text: str) -> list[str]:
        """Return all matches."""
        return self._compiled.findall(_writable(text))  # type: ignore[no-any-return]

    def split(self, text: str) -> list[str]:
        """Return what stands between the matches."""
        return self._compiled.split(_writable(text))  # type: ignore[no-any-return]

    def sub(self, replacement: str, text: str) -> str:
        """Return ``text`` with ``replacement`` for each match."""
        return self._compiled.sub(replacement, _writable(text))  # type: ignore[no-any-return]


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
