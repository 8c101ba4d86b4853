"""The rules of numbers, addresses and values: each says of any text of ASCII characters what its twin says."""

from __future__ import annotations

from fuzz.verdicts import compare, compare_measures

_LONGEST = 200
_ASCII = bytes(code & 0x7F for code in range(256))


def check(data: bytes) -> None:
    """Ask every rule about the text in ``data``; raise where the core and Python differ."""
    text = data[:_LONGEST].translate(_ASCII).decode("ascii")
    compare(text)
    compare_measures(text)
