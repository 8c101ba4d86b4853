"""Count how often four neighbouring symbols stand in texts: ``count_windows.py KIND=FOLDER:SUFFIX:SHARE … > native/src/gate/windows.txt``.

Each source gives its share (of 1.0) of the counts, whatever its size; the table says how often a window is seen in a megabyte, and leaves out
those that are seen less often than ``LEAST`` times. Symbols are those of ``native/src/gate/symbols.rs``, written as digits of base 64.
"""

from __future__ import annotations

import string
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

LEAST = 20
MEGABYTE = 1 << 20
MOST = 24 * MEGABYTE
DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
LONGEST = 256 * 1024
BEYOND_ASCII = 0x80
DIGIT = 26


def symbols() -> bytes:
    """Return the symbol of each byte."""
    table = bytearray([63] * 256)
    sign = 27
    for byte in range(256):
        char = chr(byte)
        if char in string.ascii_letters:
            table[byte] = ord(char.lower()) - ord("a")
        elif char in string.digits:
            table[byte] = DIGIT
        elif char in "\n\t\x1b":
            table[byte] = {"\n": 60, "\t": 61, "\x1b": 62}[char]
        elif " " <= char <= "~":
            table[byte] = sign
            sign += 1
        elif byte >= BEYOND_ASCII and byte & 0x3F != DIGIT:
            table[byte] = byte & 0x3F
    return bytes(table)


def texts(folder: Path, suffix: str) -> Iterator[bytes]:
    """Yield the files below ``folder`` with this suffix, each text once, the long ones cut."""
    seen = set()
    for path in sorted(folder.rglob(f"*{suffix}")):
        if path.is_file():
            text = path.read_bytes()[:LONGEST]
            if text not in seen:
                seen.add(text)
                yield text


def counted(folder: Path, suffix: str) -> Counter[bytes]:
    """Return how often each window stands in these files, in a megabyte of them."""
    table = symbols()
    counts: Counter[bytes] = Counter()
    total = 0
    for text in texts(folder, suffix):
        spelt = text.translate(table)
        counts.update(spelt[at : at + 4] for at in range(len(spelt) - 3))
        total += len(spelt)
        if total > MOST:
            break
    return Counter({window: count * MEGABYTE // max(total, 1) for window, count in counts.items()})


def main(sources: list[str]) -> None:
    """Count and print."""
    counts: Counter[bytes] = Counter()
    for source in sources:
        folder, suffix, share = source.rsplit(":", 2)
        for window, count in counted(Path(folder), suffix).items():
            counts[window] += round(count * float(share))
    for window, count in sorted(counts.items()):
        if count >= LEAST:
            sys.stdout.write(f"{''.join(DIGITS[symbol] for symbol in window)} {count}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
