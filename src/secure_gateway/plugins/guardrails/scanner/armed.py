"""A detector that is ready to run, and what it sees of a text that its pattern matched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import re2

from secure_gateway.native import DescribedDetector
from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.columns import column_name
from secure_gateway.plugins.guardrails.scanner.finding import Detector, whole
from secure_gateway.plugins.guardrails.scanner.folding import fold_pattern
from secure_gateway.plugins.guardrails.scanner.gate import BARE_NAMES
from secure_gateway.plugins.guardrails.scanner.known import known
from secure_gateway.plugins.guardrails.scanner.serialise import CONTEXT_BEFORE

_CONTEXT_AFTER = 24
_CONTEXT_BONUS = 0.15
_SUREST = 0.99
# What redaction wrote is no context for what it left.
_MARK = re2.compile(rb"\[[A-Z_]+(?::[0-9a-f]+)?\]|<[A-Z_]+_[0-9]+>")
_HUMP = re2.compile(rb"([a-z]{2})([A-Z])")
_GLUED = "(?:s|no|nr|num|number|nummer|code|id)?"  # what a name in one word ends with
# The name right before a value, where one is written as programs write it: "name": value, name=value, <name>value.
_LABEL = re2.compile(rb"(?:\"([^\"\n]+)\"\s?:\s?|(?:^|[^\pL\pN_.$-])([\pL\pN_.$-]+)=|<([\pL\pN_:-]+)>)[\"']?$")
_LOOKS_AROUND = re.compile(r'[\^$"]|\\[AzSWDP]')  # an anchor, or what crosses the quotation mark that ends a string
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_NOT_IN_LINES = re.compile(r"\\[QZ]|\(\?[a-zA-Z]*-[a-zA-Z]*m")  # literal text, and what takes the meaning of lines back
_ENDS = {r"\A": "^", r"\z": "$"}


Hit = tuple[int, int, float, Detector]
"""Where something was found in a text, how surely, and by which detector."""


class ArmedDetector:
    """A detector with its patterns, which are compiled when they are first needed. Raises ValueError for one that RE2 does not take."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.check = detector.check or whole
        # Words may reach from a field's name into its text, and the two stand together only once the value was walked.
        self.is_local = detector.category == "pii" and _LOOKS_AROUND.search(detector.exact) is None

    @cached_property
    def pattern(self) -> Any:
        """The exact pattern."""
        return self._compiled(fold_pattern(self.detector.exact))

    @cached_property
    def in_lines(self) -> Any:
        """The exact pattern for many strings at once: see ``in_lines``."""
        return in_lines(fold_pattern(self.detector.exact))

    @cached_property
    def context(self) -> Any | None:
        """The pattern of the context words; None where there are none."""
        words = self._words()
        return self._compiled(words) if words else None

    def described(self) -> DescribedDetector:
        """Return it as the core takes it."""
        detector = self.detector
        check, rule = known(detector.check)
        confidences = (detector.confidence, _raised(detector.confidence) if detector.context else detector.confidence)
        return fold_pattern(detector.exact), self._words(), detector.needs_context, confidences, check, rule

    def _words(self) -> str:
        words = "|".join(fold_pattern(word) for word in self.detector.context)
        return f"(?i)(?:^|[^a-z])(?:{words}){_GLUED}(?:[^a-z]|$)" if words else ""

    def _compiled(self, pattern: str) -> Any:
        try:
            return re2.compile(pattern, options())
        except re2.error as exc:
            msg = f"detector {self.detector.id}: found a pattern that RE2 does not take: {_reason(exc)}"
            raise ValueError(msg) from exc

    def may_match(self, data: bytes) -> bool:
        """Say whether a walk through what was serialised as ``data`` can meet a match, a candidate having fired."""
        return not self.is_local or self.pattern.search(data) is not None


class MatchedRegion:
    """The bytes that an exact pattern matched; decodes what it is asked for."""

    __slots__ = ("_armed", "_data", "_end", "_inside", "_near", "_start", "value")

    def __init__(self, armed: ArmedDetector, data: bytes, span: tuple[int, int], inside: Callable[[str], bool]) -> None:
        """``inside`` says whether a text decoded from this one holds instructions to the model."""
        self._armed = armed
        self._data = data
        self._start, self._end = span
        self._inside = inside
        self.value = data[self._start : self._end].decode("utf-8", "surrogatepass")
        self._near: bool | None = None

    @property
    def has_context(self) -> bool:
        if self._near is None:
            context = self._armed.context
            self._near = context is not None and (
                context.search(self._label() or self._window()) is not None
                or context.search(column_name(self._data, self._start)) is not None
            )
        return self._near

    @property
    def confidence(self) -> float:
        own = self._armed.detector.confidence
        return _raised(own) if self.has_context else own

    def before(self, count: int) -> str:
        text = self._data[max(0, self._start - 4 * count) : self._start].decode("utf-8", "ignore")
        return text[-count:]

    def after(self, count: int) -> str:
        return self._data[self._end : self._end + 4 * count].decode("utf-8", "ignore")[:count]

    def is_injection(self, text: str) -> bool:
        return self._inside(text)

    def judged(self) -> Iterator[Hit]:
        """Yield what the detector's check accepts, by places in the bytes."""
        is_plain = self.value.isascii()
        for start, end, confidence in self._armed.check(self):
            if is_plain:
                yield self._start + start, self._start + end, confidence, self._armed.detector
                continue
            begin = self._start + len(self.value[:start].encode("utf-8", "surrogatepass"))
            inside = self.value[start:end].encode("utf-8", "surrogatepass")
            yield begin, begin + len(inside), confidence, self._armed.detector

    def _label(self) -> bytes:
        """Return the name that a program gave to the value; what stands further away then speaks of something else."""
        match = _LABEL.search(self._data[max(0, self._start - CONTEXT_BEFORE) : self._start])
        if match is None:
            return b""
        label: bytes = match.group(1) or match.group(2) or match.group(3)
        name = label.decode("utf-8", "ignore").lower()
        bare = name in BARE_NAMES and name != "id"  # in a flat record that is the record's own
        return b"" if bare else _HUMP.sub(rb"\1 \2", label) + b":"

    def _window(self) -> bytes:
        before = self._data[max(0, self._start - CONTEXT_BEFORE) : self._start]
        # What comes before may stand on another line; the next line speaks of something else.
        after = self._data[self._end : self._end + _CONTEXT_AFTER].partition(b"\n")[0]
        window = _HUMP.sub(rb"\1 \2", before) + b"\n" + after
        return _MARK.sub(b"[]", window) if b"[" in window or b"<" in window else window  # type: ignore[no-any-return]


def in_lines(pattern: str) -> Any:
    """Compile a pattern so that it matches strings joined by line feeds wherever it matches in one of them, and perhaps elsewhere."""
    if _NOT_IN_LINES.search(pattern):
        return re2.compile("", options())
    return re2.compile(f"(?m){_ESCAPE.sub(_at_lines, pattern)}", options())


def _at_lines(escape: re.Match[str]) -> str:
    return _ENDS.get(escape[0], escape[0])


def _raised(confidence: float) -> float:
    return min(_SUREST, round(confidence + _CONTEXT_BONUS, 2))


def _reason(exc: Exception) -> str:
    raw = exc.args[0] if exc.args else ""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
