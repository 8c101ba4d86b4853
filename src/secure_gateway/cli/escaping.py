"""Text that others wrote, made safe for a terminal: no escape sequences, no reversed direction, no invisible letters."""

from __future__ import annotations


def safe(text: object) -> str:
    """Return ``text`` in one line, with every character that does not print spelt out."""
    return _escaped(str(text), "")


def safe_block(text: str) -> str:
    """Return ``text`` with its line breaks and tabs kept, and every other character that does not print spelt out."""
    return _escaped(text, "\n\t")


def _escaped(text: str, kept: str) -> str:
    # What isprintable() refuses: control characters, format characters (bidirectional marks, zero width), lone surrogates, unassigned.
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in kept else char.encode("unicode_escape").decode("ascii") for char in text
    )
