"""What says which detectors are worth running: all candidate patterns in a few ``re2.Set``."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


_GAP = re.compile(r"\[\^[^\]]*\][*+]")
_SMALLEST = 64
_PARTS = 3


class CandidateSets:
    """Candidate patterns in several automata.

    What patterns have seen of a text multiplies in one automaton: hundreds of patterns make a new state for nearly each byte of a new text, at some 20
    microseconds. Those with gaps, which keep what they have seen longest, stand apart from the others.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile as ``CandidateSet`` does."""
        if len(patterns) < _SMALLEST:
            parts = [list(range(len(patterns)))]
        else:
            with_gaps = [bool(_GAP.search(pattern)) for pattern in patterns]
            kinds = ([place for place, has_gap in enumerate(with_gaps) if has_gap is kind] for kind in (True, False))
            parts = [part for kind in kinds for part in _parted(kind) if part]
        self._parts = [(CandidateSet([patterns[place] for place in part]), part) for part in parts]

    def fired(self, data: bytes) -> list[int]:
        """Return the indices of the patterns that match somewhere in ``data``, in order; raises as ``CandidateSet`` does."""
        return sorted(part[index] for candidates, part in self._parts for index in candidates.fired(data))


def _parted(places: list[int]) -> list[list[int]]:
    ends = [len(places) * number // _PARTS for number in range(_PARTS + 1)]
    return [places[begin:end] for begin, end in pairwise(ends)]
