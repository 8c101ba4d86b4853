"""What counts as found, and what as a false alarm.

A positive line is recalled where each of its labels overlaps a finding of a fitting kind. A finding is right where it overlaps any label of
its line. A false alarm is a negative line with a finding. For ``injection`` and ``code_injection`` a line is judged as a whole, since a refusal is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tests.corpora.lines import Line

WHOLE: Final = frozenset({"injection", "code_injection"})


class Span(NamedTuple):
    """One finding or label; ``place`` is the pointer of a string, "" for a text."""

    kind: str
    place: str
    start: int
    end: int


@dataclass(frozen=True)
class Judged:
    """One line, what had to be found in it, and what one system found."""

    line: Line
    labels: Sequence[Span]
    found: Sequence[Span]

    @property
    def recalled(self) -> bool:
        """Whether every label was found."""
        if self.line.task in WHOLE:
            return bool(self.found)
        return all(
            any(_overlap(span, label) and _fits(self.line.task, span, label) for span in self.found)
            for label in self.labels
        )

    @property
    def false(self) -> list[Span]:
        """The findings that overlap no label."""
        if self.line.task in WHOLE and self.labels:
            return []
        return [span for span in self.found if not any(_overlap(span, label) for label in self.labels)]


# Kinds of personal data that are told apart; whatever names none of them is an identity number.
_CLASSES: Final = {
    "EMAIL": "email",
    "MAIL": "email",
    "PHONE": "phone",
    "TELEPHONE": "phone",
    "MAC": "network",
    "IP": "network",
    "IPV4": "network",
    "IPV6": "network",
    "DATE": "date",
    "DOB": "date",
    "BIRTH": "date",
    "IBAN": "money",
    "BIC": "money",
    "SWIFT": "money",
    "CARD": "money",
    "BANK": "money",
    "CRYPTO": "money",
    "BITCOIN": "money",
    "ETHEREUM": "money",
    "WALLET": "money",
}


def kind_class(kind: str) -> str:
    """Return the class of a type of personal data, whoever named it."""
    words = kind.upper().replace("-", "_").split("_")
    return next((_CLASSES[word] for word in words if word in _CLASSES), "identity")


def _fits(task: str, span: Span, label: Span) -> bool:
    return task != "pii" or kind_class(span.kind) == kind_class(label.kind)


def _overlap(one: Span, other: Span) -> bool:
    return one.place == other.place and one.start < other.end and other.start < one.end


def row(task: str, system: str, judged: Iterable[Judged]) -> dict[str, Any]:
    """Return the line of the table for one system."""
    lines = list(judged)
    positives = [one for one in lines if one.labels]
    negatives = [one for one in lines if not one.labels]
    findings = _findings(lines) if task not in WHOLE else sum(1 for one in lines if one.found)
    false = sum(len(one.false) for one in lines) if task not in WHOLE else sum(1 for one in negatives if one.found)
    return {
        "task": task,
        "system": system,
        "recall": _share(sum(one.recalled for one in positives), len(positives)),
        "precision": _share(findings - false, findings),
        "false_alarm_rate": _share(sum(bool(one.found) for one in negatives), len(negatives)),
        "lines": len(lines),
    }


def _findings(lines: Iterable[Judged]) -> int:
    return sum(len(one.found) for one in lines)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
