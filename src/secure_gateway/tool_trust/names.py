"""Names of tools that a reader, or a model, could take for another one."""

from __future__ import annotations

import unicodedata
from typing import Final

from secure_gateway.plugins.guardrails.scanner.folding import fold

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})
_SEPARATORS: Final = str.maketrans("", "", "_-.:/ ")
# Letters and digits that are one shape in most type faces; both sides are folded, so that which of them stands for all is no matter.
_SHAPES: Final = str.maketrans("1i|05", "lllos")


def skeleton(name: str) -> str:
    """Return what ``name`` looks like: names of the same skeleton are easily taken for each other."""
    return fold(name).casefold().translate(_SEPARATORS).translate(_SHAPES).replace("rn", "m")


def disguise(name: str) -> str:
    """Return why ``name`` cannot be read for what it is, or an empty text."""
    if name.isascii() and name.isprintable():
        return ""
    composed = unicodedata.normalize("NFC", name)
    if any(unicodedata.category(char) in _UNSEEN for char in composed):
        return "its name holds characters that cannot be seen"
    # A name in another script is nobody's double; one that reads as a Latin word although it is spelt in another script may be.
    foreign = any(not char.isascii() and not unicodedata.name(char, "").startswith("LATIN ") for char in composed)
    return "its name is spelt with letters that look like Latin ones" if foreign and fold(name).isascii() else ""
