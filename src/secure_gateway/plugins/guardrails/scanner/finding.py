"""What a detector is and what it reports. Values only: nothing here scans."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal, Protocol

import msgspec

from secure_gateway.errors import ErrorCode, GatewayError

Category = Literal["pii", "secrets", "injection", "keyword"]

Span = tuple[int, int, float]
"""Start and end in characters of a region's value, and the confidence of what lies between."""


class ScannerError(GatewayError):
    """A scan that could not be completed. Nobody knows what the content holds, so the caller denies."""

    code = ErrorCode.PLUGIN_ERROR


class ScanLimitExceeded(ScannerError):  # noqa: N818 - says what happened; callers catch ScannerError
    """Content beyond a stated limit: it is refused, never scanned in part."""

    code = ErrorCode.TOO_LARGE


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one scan may take. ``max_chars`` counts keys, strings and numbers as text; none may be below 1."""

    max_chars: int = 8_000_000
    max_nodes: int = 250_000
    max_depth: int = 1_000
    max_findings: int = 20_000

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                msg = f"scanner limit {name}: found {getattr(self, name)}; expected at least 1"
                raise ValueError(msg)


class Finding(msgspec.Struct, frozen=True):
    """One thing found: what, where and how surely. It never holds the text itself, so it may be logged.

    ``pointer`` is the JSON pointer of the string ("" for plain text), ``start`` and ``end`` count its characters.
    A dict's key is at its parent's pointer plus ``/~keyN``, N being its place in the dict: no member's pointer can look
    like that, since RFC 6901 escapes ``~``. A step through a key that holds a finding, is over-long or no string is written
    ``~atN``, so that a pointer leaks nothing.
    """

    type: str
    category: Category
    pointer: str
    start: int
    end: int
    confidence: float
    detector: str


class Region(Protocol):
    """The text that an exact pattern matched, with what stands around it."""

    @property
    def value(self) -> str:
        """The matched text (its first group, where the pattern has one)."""

    @property
    def confidence(self) -> float:
        """The detector's own confidence, raised where its context words stand nearby."""

    @property
    def has_context(self) -> bool:
        """Whether one of the detector's context words stands nearby."""

    def before(self, count: int) -> str:
        """Return up to ``count`` characters before the value."""

    def after(self, count: int) -> str:
        """Return up to ``count`` characters after the value."""

    def is_injection(self, text: str) -> bool:
        """Scan a decoded layer with the injection detectors."""


Check = Callable[[Region], Iterable[Span]]


class Detector(msgspec.Struct, frozen=True, kw_only=True):
    """One detector as data.

    ``candidate`` is a short RE2 pattern that must match wherever ``exact`` can, with nothing assumed about what stands
    before the text: it is searched in serialised JSON. ``exact`` is an RE2 pattern whose first participating group, or
    whole match, is handed to ``check``. Both are written in plain spelling; non-ASCII letters are folded as the scanned text is.
    ``source`` names the specification that the format comes from.
    """

    id: str
    type: str
    category: Category
    candidate: str
    exact: str
    confidence: float
    source: str
    check: Check | None = None
    context: tuple[str, ...] = ()
    needs_context: bool = False


def whole(region: Region) -> Iterable[Span]:
    """Accept the region as it is."""
    return ((0, len(region.value), region.confidence),)


def where(predicate: Callable[[str], bool]) -> Check:
    """Make a check that accepts a whole region when its value satisfies ``predicate``."""
    return partial(satisfying, predicate)


def satisfying(predicate: Callable[[str], bool], region: Region) -> Iterable[Span]:
    """Accept the region as it is when its value satisfies ``predicate``."""
    return whole(region) if predicate(region.value) else ()
