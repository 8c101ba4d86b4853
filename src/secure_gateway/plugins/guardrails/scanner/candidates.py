"""What says which detectors are worth running: all candidate patterns in a few ``re2.Set``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import re2

from secure_gateway.plugins.guardrails.scanner.finding import ScannerError

_MAX_MEM = 64 << 20
_CANARY = b"\x00\x01canary\x02\x00"
_WARM_UP = (
    b'{"query":"the quick brown fox 2024-01-15T10:30:45Z v1.2.3 https://docs.example/a/b?c=d 550e8400-e29b-41d4",'
    b'"path":"/usr/lib/x86","ids":[1,23,456,7890,1700000000],"note":"a_b-c (see #4) @home; x=y, 50% off!"}'
    + bytes(range(1, 128))
)


def options(*, case_sensitive: bool = True) -> re2.Options:
    """Return RE2 options in which a broken pattern raises and says nothing on standard error."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.case_sensitive = case_sensitive
    return chosen


class CandidateSet:
    """Candidate patterns compiled into one automaton, which is warm when the constructor returns.

    Patterns are UTF-8, as fast here as Latin-1 and right about the case of Cyrillic letters. A canary ends every scanned
    text: RE2 answers an exhausted memory budget with "no match", and then the canary is missing too.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile; raises ValueError for a pattern RE2 does not take."""
        chosen = options()
        chosen.max_mem = _MAX_MEM
        self._set = re2.Set.SearchSet(chosen)
        for pattern in patterns:
            try:
                self._set.Add(pattern)
            except re2.error as exc:
                msg = f"candidate pattern {pattern!r} is not RE2 syntax"
                raise ValueError(msg) from exc
        self._canary = self._set.Add(_CANARY)
        self._clean = [self._canary]
        try:
            self._set.Compile()
        except re2.error as exc:
            msg = f"{len(patterns)} candidate patterns do not fit into {_MAX_MEM} bytes; use fewer or shorter ones"
            raise ValueError(msg) from exc
        self.fired(_WARM_UP)

    def fired(self, data: bytes) -> list[int]:
        """Return the indices of the patterns that match somewhere in ``data``, in order: what is found in one order adds up to one sum.

        Raises:
            ScannerError: The engine gave up; nobody knows what ``data`` holds.
        """
        found: list[int] | None = self._set.Match(data + _CANARY)
        if found == self._clean:
            return []
        if found is None or self._canary not in found:
            msg = f"the pattern engine gave up on a text of {len(data)} bytes; expected its canary; refuse the content"
            raise ScannerError(msg)
        found.remove(self._canary)
        found.sort()
        return found


_SMALLEST = 64
# What keeps in mind how much of a text, from the longest on, and how many such patterns one automaton takes.
_KINDS = (
    (re.compile(r"\[\^[^\]]*\][*+]"), 25),  # gaps: what stood before, to the end of the line
    (re.compile(r"\{(?:[6-9]|\d\d)"), 200),  # counts: how many of their characters
    (re.compile(r"[*+]"), 200),  # repetitions: where the word began
    (re.compile(""), 200),
)


class CandidateSets:
    """Candidate patterns in several automata.

    What patterns have seen of a text multiplies in one automaton: hundreds of patterns make a new state for nearly each byte of a new text, at some 20
    microseconds. So patterns stand with those that keep as much as they do.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile as ``CandidateSet`` does."""
        parts = _parted(patterns) if len(patterns) >= _SMALLEST else [list(range(len(patterns)))]
        self._parts = [(CandidateSet([patterns[place] for place in part]), part) for part in parts]

    def fired(self, data: bytes) -> list[int]:
        """Return the indices of the patterns that match somewhere in ``data``, in order; raises as ``CandidateSet`` does."""
        return sorted(part[index] for candidates, part in self._parts for index in candidates.fired(data))


def _parted(patterns: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of the patterns that go together."""
    left = list(range(len(patterns)))
    for kind, most in _KINDS:
        places = [place for place in left if kind.search(patterns[place])]
        left = [place for place in left if not kind.search(patterns[place])]
        parts = -(-len(places) // most)
        ends = [len(places) * number // parts for number in range(parts + 1)] if parts else []
        yield from (places[begin:end] for begin, end in pairwise(ends))
