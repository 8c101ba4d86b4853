"""Check an audit file: is this every line that was written, in order, unchanged?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from secure_gateway.plugins.telemetry.audit_file import rotated
from secure_gateway.plugins.telemetry.chain import (
    DECISION,
    GENESIS,
    TORN,
    BrokenLineError,
    Link,
    SealedLine,
    digest,
    unseal,
)

_LONGEST_LINE: Final = 64 * 1024 * 1024
_NOTHING: Final = "nothing to verify"
_NO_FILE: Final = "no such file, nor an older part of it, so there is nothing to verify"


class BadLine(msgspec.Struct, frozen=True, kw_only=True):
    """The first line that does not belong. ``line`` counts from 1; 0: the file as a whole."""

    file: str
    line: int
    problem: str


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What checking found. ``torn``: lines that a stopped process left unfinished and its successor has sworn to.

    ``first_seq`` above 1: older parts are not there. ``anchor``: the line that the state store has noted as the last one, None where nothing
    was compared with it; lines after it may have been cut off all the same.
    """

    decisions: int = 0
    lines: int = 0
    torn: int = 0
    first_seq: int = 0
    last: Link = GENESIS
    bad: BadLine | None = None
    anchor: Link | None = None

    @property
    def ok(self) -> bool:
        """Whether there was something to check and nothing wrong with it."""
        return self.bad is None and self.lines > 0


class _Raw(msgspec.Struct, frozen=True):
    file: Path
    number: int
    content: bytes

    def bad(self, problem: str) -> BadLine:
        return BadLine(file=str(self.file), line=self.number, problem=problem)


def verify_audit(path: Path, key: bytes, anchor: Link | None = None) -> AuditReport:
    """Check the audit at ``path`` with its rotated parts. Raises ``OSError``.

    ``key`` is ``audit_key(master_key)``; ``anchor`` the line that somebody else has noted as the last one.
    """
    files = [*rotated(path), *([path] if path.exists() else [])]
    check = _Check(key, anchor)
    for raw in _lines(files):
        bad = check.look(raw)
        if bad is not None:
            return check.report(bad)
    problem = check.missing() or ("" if check.lines else _NOTHING if files else _NO_FILE)
    return check.report(check.at_end() or (BadLine(file=str(path), line=0, problem=problem) if problem else None))


class _Check:
    def __init__(self, key: bytes, anchor: Link | None) -> None:
        self._key = key
        self._anchor = anchor
        self._link: Link | None = None
        self._suspect: tuple[_Raw, str] | None = None
        self.lines = self.decisions = self.torn = self.first_seq = 0

    def look(self, raw: _Raw) -> BadLine | None:
        try:
            line = unseal(self._key, raw.content)
        except BrokenLineError as error:
            if self._suspect is not None:
                return self._suspect[0].bad(self._suspect[1])
            self._suspect = (raw, str(error))  # all right if the next line swears to it
            return None
        problem = self._order(line) or self._oath(line)
        if problem is not None:
            return raw.bad(problem) if self._suspect is None else self._suspect[0].bad(self._suspect[1])
        self._suspect = None
        self._link = line.link
        self.lines += 1
        self.decisions += line.event == DECISION
        self.first_seq = self.first_seq or line.seq
        if not raw.content.endswith(b"\n"):
            return raw.bad(
                "it has no line break: the process was stopped while writing; the next start says so in the file"
            )
        return None

    def at_end(self) -> BadLine | None:
        if self._suspect is None:
            return None
        raw, problem = self._suspect
        if not raw.content.endswith(b"\n"):
            problem = "it ends in the middle: the process was stopped while writing; the next start says so in the file"
        return raw.bad(problem)

    def missing(self) -> str:
        """Say that the chain ends before the line that was noted, an empty text where it does not."""
        last = 0 if self._link is None else self._link.seq
        if self._anchor is None or last >= self._anchor.seq:
            return ""
        return f"it ends at number {last}, and the state store has noted number {self._anchor.seq}: the newest lines were cut off"

    def report(self, bad: BadLine | None) -> AuditReport:
        return AuditReport(
            decisions=self.decisions,
            lines=self.lines,
            torn=self.torn,
            first_seq=self.first_seq,
            last=self._link or GENESIS,
            bad=bad,
            anchor=self._anchor,
        )

    def _order(self, line: SealedLine) -> str | None:
        if self._anchor is not None and line.seq == self._anchor.seq and line.mac != self._anchor.mac:
            return f"it is not the number {line.seq} that the state store has noted: lines were cut off and others written in their place"
        if self._link is None:
            return None if line.seq > 1 or line.follows(GENESIS) else "it is numbered 1 and names a line before it"
        if not line.follows(self._link):
            return f"it is number {line.seq} and does not follow number {self._link.seq}: lines were taken out, put in or moved"
        return None

    def _oath(self, line: SealedLine) -> str | None:
        """Check that a torn line is sworn to by the line after it, and that nothing else is."""
        if self._suspect is None:
            return "it speaks of a torn line that is not there" if line.event == TORN else None
        content = self._suspect[0].content.removesuffix(b"\n")
        sworn = line.event == TORN and line.bytes == len(content) and line.digest == digest(self._key, content)
        if not sworn:
            return self._suspect[1]
        self.torn += 1
        return None


def _lines(files: list[Path]) -> Iterator[_Raw]:
    for path in files:
        with path.open("rb") as file:
            number = 0
            while content := file.readline(_LONGEST_LINE):
                number += 1
                yield _Raw(path, number, content)
