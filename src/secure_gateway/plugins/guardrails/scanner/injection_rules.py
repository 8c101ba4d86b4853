"""How a signal of injection is written down. Patterns meet folded text; several rules may share one candidate, which is then searched once."""

from __future__ import annotations

import re

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector, Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.folding import without_surrogates

OWASP = "OWASP LLM01 Prompt Injection"
MCP = "MCP specification, security best practices; published tool-poisoning reports"
SMUGGLING = "Unicode TR36 and TR39"

_OPEN, _CLOSE = "'\"`\u2018\u201c\u201e\u00ab\u2039\u300c\u300e", "'\"`\u2019\u201d\u00bb\u203a\u300d\u300f"
_AFTER_MATCH = 32
_BEFORE_MATCH = 120
_TALKS_ABOUT = re2.compile(
    r"(?i)\b(?:attack\w*|inject\w*|jailbreak\w*|phras\w*|strings?|patterns?|payloads?|such as|like|e\.g|for example|for instance|examples?|may write|might|says?|said"
    r"|words?|detect\w*|block\w*|filter\w*|catch\w*|match\w*|quot\w*|called|beispiel|exemple|ejemplo|esempio|exemplo)\b[^.!?]*$",
    options(),
)


_SPACE = re.compile(r" ([?*+]?)")
_COUNTED = re.compile(r"\{(0|1),\d+\}\??")


def unless_quoted(region: Region) -> tuple[Span, ...]:
    """Accept what is not itself talked about: nothing but the match between quotation marks, after words that say so."""
    before = region.before(_BEFORE_MATCH)
    lead = before.rstrip()
    inside = region.value[:1] in _OPEN or lead[-1:] in _OPEN
    if inside and any(char in _CLOSE for char in region.after(_AFTER_MATCH).partition("\n")[0]):
        told = region.after(_AFTER_MATCH)
        end = min(place for place, char in enumerate(told) if char in _CLOSE)
        if len(told[:end].split()) <= 1 and _TALKS_ABOUT.search(without_surrogates(lead[:-1])) is not None:
            return ()
    return ((0, len(region.value), region.confidence),)


def _any_space(pattern: str) -> str:
    """Let a space of a pattern stand for any white space: one word a line is still a sentence."""
    return _SPACE.sub(lambda found: rf"\s{found[1]}" if found[1] else r"\s+", pattern)


def looser(pattern: str) -> str:
    """Return what matches wherever ``pattern`` does. Its gaps are unbounded: an automaton pays for each place of a counted one."""
    return _COUNTED.sub(lambda found: "*" if found[1] == "0" else "+", pattern)


def rule(
    name: str, weight: float, candidate: str, exact: str, *, source: str = OWASP, kind: str = "PROMPT_INJECTION",
    check: Check | None = unless_quoted,
) -> Detector:  # fmt: skip
    """Return the detector ``injection.name``; letters match in either case. Without a candidate of its own it has its pattern, with gaps unbounded."""
    return Detector(
        id=f"injection.{name}", type=kind, category="injection", confidence=weight, source=source,
        candidate=_any_space(f"(?i){candidate or looser(exact)}"), exact=_any_space(f"(?i){exact}"), check=check or whole,
    )  # fmt: skip


def hidden(
    name: str, weight: float, candidate: str, exact: str, *, source: str = SMUGGLING, check: Check | None = None
) -> Detector:
    """Return the detector of a way to hide text; its pattern is taken as it is."""
    return Detector(
        id=f"injection.{name}", type="HIDDEN_TEXT", category="injection", confidence=weight, source=source,
        candidate=candidate, exact=exact, check=check,
    )  # fmt: skip
