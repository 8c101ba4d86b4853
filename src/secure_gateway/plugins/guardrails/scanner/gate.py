"""The candidates as the Rust core looks for them: one walk over the value itself, no serialising, no copy of what is clean."""

from __future__ import annotations

from functools import cached_property, lru_cache

from secure_gateway.native import CandidateGate, DescribedDetector, Seen, Suspect, core
from secure_gateway.plugins.guardrails.scanner.candidates import CandidateSets
from secure_gateway.plugins.guardrails.scanner.finding import Limits
from secure_gateway.plugins.guardrails.scanner.folding import fold_char

# Names that say nothing of their own: the member above them says what they hold.
BARE_NAMES = frozenset(
    "number no num nr value id code text raw digits data content doc document details $value #text".split()
)
Views = tuple[Seen, Seen]
"""What is seen in a text as it is, and folded."""

_FOLDED_LETTERS = ("\u017f".encode(), "\u212a".encode())  # the long s and the Kelvin sign
_KEPT = 16  # sets of patterns: a gateway has one for each provider and policy


class NativeGate:
    """Says in which strings a candidate fires, as ``CandidateSet`` does for one text."""

    def __init__(self, gate: CandidateGate, candidates: tuple[str, ...]) -> None:
        self._gate = gate
        self._patterns = candidates
        self.known = frozenset(gate.known())
        """The places of the detectors that the core finds by itself; Python asks the others."""

    @cached_property
    def _twin(self) -> CandidateSets:
        return CandidateSets(self._patterns)

    def fired(self, data: bytes) -> list[int]:
        """Return the indices of the patterns that match somewhere in ``data``, in order."""
        return self._gate.fired(data) if data.isascii() or _is_for_the_core(data) else self._twin.fired(data)

    def suspects(self, value: object, limits: Limits) -> list[Suspect] | None:
        """Return the strings in which something is found or may be.

        None where the core declines: content beyond the limits or of types that it does not know, of which the twin says what is wrong.
        """
        most = 2 * limits.max_findings  # both views of a text may see each
        return self._gate.suspects(value, limits.max_chars, limits.max_nodes, limits.max_depth, most)

    def seen_in(self, text: str, limits: Limits) -> Views | None:
        """Return what ``suspects`` says of one text."""
        suspects = self.suspects(text, limits)
        if suspects is None:
            return None
        return suspects[0][4] if suspects else (([], []), ([], []))


@lru_cache(_KEPT)
def native_gate(detectors: tuple[tuple[str, tuple[DescribedDetector, ...]], ...]) -> NativeGate | None:
    """Return the gate for ``detectors``, shared by all who ask for the same ones; None where the Python twin is in use.

    Each is a candidate and the detectors behind it; one without these is a candidate that is worth a look wherever it fires.
    None also where the core does not take one of them: RE2 then does, or says what is wrong with it.
    """
    native = core()
    if native is None:
        return None
    wanted = [(candidate, list(behind)) for candidate, behind in detectors]
    try:
        gate = native.CandidateGate(wanted, _folded, sorted(BARE_NAMES))
    except ValueError:
        return None
    return NativeGate(gate, tuple(candidate for candidate, _ in detectors))


def _is_for_the_core(data: bytes) -> bool:
    """Say whether the core sees in a text beyond ASCII what RE2 sees: to it a lone surrogate is no character, and these letters are not s and k."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not any(letter in data for letter in _FOLDED_LETTERS)


def _folded(text: str) -> list[str]:
    return [fold_char(char) for char in text]
