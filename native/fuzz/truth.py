"""What RE2 finds, which is what the gate is held against."""

from __future__ import annotations

from collections.abc import Iterable

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options


class Truth:
    """Patterns in one set of RE2: what matches, and nothing else. (A ``CandidateSet`` also sees the canary that it adds to a text.)

    Raises ``re2.error`` where one of them is no pattern.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        chosen = options()
        chosen.max_mem = 256 << 20
        self._set = re2.Set.SearchSet(chosen)
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def fired(self, data: bytes) -> list[int]:
        """Return the places of the patterns that match, in order."""
        return sorted(self._set.Match(data) or ())
