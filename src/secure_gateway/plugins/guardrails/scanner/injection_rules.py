"""How a signal of injection is written down. Patterns meet folded text; several rules may share one candidate, which is then searched once."""

from __future__ import annotations

import re

from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector, whole
from secure_gateway.plugins.guardrails.scanner.injection_meaning import unless_quoted

OWASP = "OWASP LLM01 Prompt Injection"
MCP = "MCP specification, security best practices; published tool-poisoning reports"
SMUGGLING = "Unicode TR36 and TR39"

SENTENCE = r"(?:[^.!?\n]{0,60}?(?:[.!?]\w[^.!?\n]{0,60}?){0,2}?)"
"""A gap that ends with its sentence; the points of ``report.txt`` and ``.env`` end none. Of an order the words stand in one sentence, of a report in several."""

_SPACE = re.compile(r" ([?*+]?)")
_COUNTED = re.compile(r"\{(0|1),\d+\}\??")


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
