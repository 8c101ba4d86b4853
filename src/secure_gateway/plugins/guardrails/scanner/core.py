"""The scanner: one pass over the serialised value, and exact checks only where a candidate fired."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import count, islice
from typing import Any, NamedTuple

from secure_gateway.native import Seen
from secure_gateway.plugins.guardrails.scanner.armed import ArmedDetector, Hit, MatchedRegion, in_lines
from secure_gateway.plugins.guardrails.scanner.candidates import CandidateSets
from secure_gateway.plugins.guardrails.scanner.finding import (
    Detector,
    Finding,
    Limits,
    ScanLimitExceeded,
)
from secure_gateway.plugins.guardrails.scanner.folding import FoldedText, Folder, fold_pattern
from secure_gateway.plugins.guardrails.scanner.gate import BARE_NAMES, Views, native_gate
from secure_gateway.plugins.guardrails.scanner.layers import LAYERS
from secure_gateway.plugins.guardrails.scanner.serialise import behind, in_their_fields, serialise
from secure_gateway.plugins.guardrails.scanner.signals import added_up
from secure_gateway.plugins.guardrails.scanner.walk import Leaf, Pointers, leaves

_MAX_LAYERS = 3
_BATCH = 32
_FEW = 32  # patterns that are searched one by one sooner than all candidates together


class Suspect(NamedTuple):
    """A string behind the name of its field, how many characters of that are not its own, what writes its pointer once something was found in it, and
    what is seen in it where that is known.
    """

    full: str
    skip: int
    pointer: Callable[[], str]
    views: Views | None = None


class Scanner:
    """Compiles detectors once and then scans texts and nested values; holds no state between scans, safe in threads.

    ``threshold`` is the score that the injection signals in one string must reach together to be reported.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        limits: Limits | None = None,
        threshold: float = 0.5,
        proven: Container[str] = (),
    ) -> None:
        """Compile and warm up; raises ValueError for an empty table, a doubled id or a pattern RE2 does not take.

        ``proven``: ids of detectors whose patterns are known to compile; theirs are compiled when they are first needed.
        """
        ids = [detector.id for detector in detectors]
        if not ids or len(set(ids)) != len(ids):
            msg = f"found {len(ids)} detectors with {len(set(ids))} different ids; expected at least one, each id once"
            raise ValueError(msg)
        self.detectors = tuple(detectors)
        self.limits = limits or Limits()
        self._threshold = threshold
        by_candidate: dict[str, list[ArmedDetector]] = {}
        for detector in self.detectors:
            by_candidate.setdefault(fold_pattern(detector.candidate), []).append(ArmedDetector(detector))
        self._armed = list(by_candidate.values())
        unproven = [armed for group in self._armed for armed in group if armed.detector.id not in proven]
        for armed in unproven:
            _ = armed.pattern, armed.context
        categories = {detector.category for detector in self.detectors}
        self._layers = [layer for layer in LAYERS if not layer.only or layer.only in categories]
        patterns = (*by_candidate, *(layer.candidate for layer in self._layers))
        self._flat = [armed for group in self._armed for armed in group]
        behind = [tuple(armed.described() for armed in group) for group in self._armed]
        self._gate = native_gate(
            (*zip(by_candidate, behind, strict=True), *((layer.candidate, ()) for layer in self._layers))
        )
        known = self._gate.known if self._gate is not None else ()
        numbers = count()  # the core counts detectors in the order of their groups
        self._left = [[armed for armed in group if next(numbers) not in known] for group in self._armed]
        if self._gate is not None and unproven:  # the core takes patterns that RE2 refuses, and the twin would
            CandidateSets([fold_pattern(armed.detector.candidate) for armed in unproven])
        self._candidates = self._gate or CandidateSets(patterns)
        self._folder = Folder()

    def scan_text(self, text: str) -> list[Finding]:
        """Return what is found in one text.

        Raises:
            ScanLimitExceeded: The text is longer, or holds more findings, than the limits allow.
            ScannerError: The engine gave up. In either case the caller denies.
        """
        if len(text) > self.limits.max_chars:
            msg = f"found a text of {len(text)} characters; at most {self.limits.max_chars} are scanned"
            raise ScanLimitExceeded(msg)
        return self._found(text)

    def scan(self, value: object) -> list[Finding]:
        """Return what is found in the keys and values of a nested value; its errors are those of ``scan_text``."""
        return self.scan_text(value) if type(value) is str else self._found(value)

    def _found(self, value: object) -> list[Finding]:
        found: list[Finding] = []
        way = 0
        for suspect in self._suspects(value):
            if here := self._pointed(suspect):
                found += here
                way += len(here[0].pointer)
                self._refuse_beyond(len(found), way)
        return found

    def _is_injection(self, layer: int, text: str) -> bool:
        """Say whether a text decoded from inside another, at ``layer``, holds instructions to the model."""
        if layer >= _MAX_LAYERS:
            return False
        return any(hit[3].category == "injection" for hit in self._examine(text, 0, layer + 1))

    @cached_property
    def _layers_in_lines(self) -> list[Any]:
        return [in_lines(layer.candidate) for layer in self._layers]

    def _views(self, data: bytes) -> tuple[bytes, ...]:
        """Return a text as it is and, where that is another, folded."""
        if data.isascii():
            return (data,)
        folded = self._folder.fold(data.decode("utf-8", "surrogatepass"), data)
        return (data,) if folded is None else (data, folded.data)

    def _fired(self, data: bytes) -> list[Any]:
        """Return patterns one of which matches in each string with something to find, of a value that was serialised as ``data``.

        They are for strings joined by line feeds. What fires in a string fires in ``data`` too, where all candidates are asked at once.
        """
        patterns: dict[str, Any] = {}
        for view in self._views(data):
            for index in self._candidates.fired(view):
                if index < len(self._armed):
                    may_match = [armed for armed in self._armed[index] if armed.may_match(view)]
                    patterns.update((armed.detector.id, armed.in_lines) for armed in may_match)
                else:
                    patterns[f"layer {index}"] = self._layers_in_lines[index - len(self._armed)]
        return list(patterns.values())

    def _matching(self, patterns: list[Any], lines: bytes) -> list[Any]:
        views = self._views(lines)
        return [pattern for pattern in patterns if any(pattern.search(view) for view in views)]

    def _refuse_beyond(self, findings: int, way: int) -> None:
        # Pointers are charged too: under deep long keys they would outgrow the payload a thousandfold.
        if findings > self.limits.max_findings or way > self.limits.max_chars:
            raise _too_many(self.limits)

    def _suspects(self, value: object) -> Iterable[Suspect]:
        """Return the strings in which a candidate may fire, with what is seen in them where that is known."""
        if self._gate is not None:
            suspects = self._gate.suspects(value, self.limits)
            if suspects is not None:
                pointers = Pointers()
                return (
                    Suspect(full, skip, partial(pointers.pointer, way, is_key=is_key), views)
                    for way, is_key, full, skip, views in suspects
                )
        if type(value) is str:
            return (Suspect(value, 0, str),)
        patterns = self._fired(serialise(value, self.limits))
        if 0 < len(patterns) <= _FEW and (lines := in_their_fields(value, self.limits)) is not None:
            patterns = self._matching(patterns, lines.encode("utf-8", "surrogatepass"))
        return self._suspicious_batches(value, patterns) if patterns else ()

    def _suspicious_batches(self, value: object, patterns: list[Any]) -> Iterator[Suspect]:
        """Yield the strings of the batches in which a pattern matches: a search per string costs more than the search."""
        walk = leaves(value, self.limits)
        while batch := list(islice(walk, _BATCH)):
            suspects = [suspect_of(leaf) for leaf in batch]
            text = "\n".join(suspect.full for suspect in suspects).encode("utf-8", "surrogatepass")
            if self._matching(patterns, text) if len(patterns) <= _FEW else self._fired(text):
                yield from suspects

    def _pointed(self, suspect: Suspect) -> list[Finding]:
        hits = self._examine(suspect.full, suspect.skip, views=suspect.views)
        if not hits:
            return []
        pointer = suspect.pointer()
        return [Finding(d.type, d.category, pointer, start, end, sure, d.id) for start, end, sure, d in hits]

    def _examine(self, full: str, skip: int, layer: int = 0, views: Views | None = None) -> list[Hit]:
        """Run the exact checks on ``full``, as it is and folded; places count from ``skip``, and nothing before it is a hit.

        ``views``: what is known to be worth a look; all that fires where it is None.
        """
        hits = self._hits(full, layer, views)
        if not hits:
            return hits
        inside = [(max(0, start - skip), end - skip, sure, d) for start, end, sure, d in hits if end > skip]
        return _without_covered(self._weighed(inside))

    def _hits(self, full: str, layer: int, views: Views | None = None) -> list[Hit]:
        """Return what stands in ``full`` as it is, folded and decoded, by places in characters."""
        data = full.encode("utf-8", "surrogatepass")
        if views is None and self._gate is not None:
            views = self._gate.seen_in(full, self.limits)
        seen = (self._candidates.fired(data), None) if views is None else views[0]
        hits = list(_in_characters(self._exact(data, seen, layer), data, None))
        hits += self._hidden(full, seen[0], layer)
        if data.isascii() or (views is not None and not views[1][0]):
            return hits
        folded = self._folder.fold(full, data)
        if folded is not None:
            seen = (self._candidates.fired(folded.data), None) if views is None else views[1]
            hits += _in_characters(self._exact(folded.data, seen, layer), folded.data, folded)
            hits += _in_original(self._hidden(folded.text, seen[0], layer), folded)
        return hits

    def _hidden(self, text: str, fired: list[int], layer: int) -> list[Hit]:
        """Return what the layers that fired hide. A puzzle is not looked for inside another: work stays in step with the text."""
        hits: list[Hit] = []
        for index in fired:
            if index < len(self._armed) or layer >= _MAX_LAYERS:
                continue
            hiding = self._layers[index - len(self._armed)]
            for view in hiding.undo(text):
                for start, end, sure, d in self._hits(view.text, _MAX_LAYERS if hiding.only else layer + 1):
                    if not hiding.only or d.category == hiding.only:
                        hits.append((*view.original_span(start, end), sure, d))
        return hits

    def _exact(self, data: bytes, seen: Seen, layer: int) -> list[Hit]:
        fired, matches = seen
        inside = partial(self._is_injection, layer)
        groups = self._armed if matches is None else self._left
        hits = [(start, end, sure, self._flat[number].detector) for number, start, end, sure in matches or ()]
        for index in fired:
            if index >= len(self._armed):
                continue
            for armed in groups[index]:
                for match in armed.pattern.finditer(data):
                    region = MatchedRegion(armed, data, _group_span(match, armed.pattern.groups), inside)
                    if not armed.detector.needs_context or region.has_context:
                        hits += region.judged()
                if len(hits) > 2 * self.limits.max_findings:  # both views of a text may see each
                    raise _too_many(self.limits)
        return hits

    def _weighed(self, hits: list[Hit]) -> list[Hit]:
        """Let injection signals that stand near each other add up; what is weak even so is dropped."""
        signals = [hit for hit in hits if hit[3].category == "injection"]
        if not signals:
            return hits
        others = [hit for hit in hits if hit[3].category != "injection"]
        return others + [
            (s, e, max(sure, score), d) for (s, e, sure, d), score in added_up(signals) if score >= self._threshold
        ]


def suspect_of(leaf: Leaf) -> Suspect:
    """Return a string of which nothing is known yet."""
    above = _name_above(leaf) if leaf.field.lower() in BARE_NAMES else ""
    full = behind(leaf.field, above) + leaf.text
    return Suspect(full, len(full) - len(leaf.text), leaf.found)


def _name_above(leaf: Leaf) -> str:
    """Return the name of the member that holds the one of ``leaf``; "" where there is none."""
    place = leaf.place
    while place is not None and place.key is None:
        place = place.parent
    place = place.parent if place is not None else None
    while place is not None and place.key is None:
        place = place.parent
    return place.key or "" if place is not None else ""


def _group_span(match: Any, groups: int) -> tuple[int, int]:
    """Return the span of the first group that took part, else of the match."""
    for group in range(1, groups + 1):
        if match.start(group) >= 0:
            return match.span(group)  # type: ignore[no-any-return]
    return match.span()  # type: ignore[no-any-return]


def _in_characters(hits: list[Hit], data: bytes, folded: FoldedText | None) -> Iterable[Hit]:
    """Turn byte places into characters, of the original text where ``data`` is a folded one."""
    is_plain = data.isascii()
    if not hits or (is_plain and folded is None):
        return hits
    places = sorted({place for hit in hits for place in hit[:2]})
    index = {place: place for place in places}
    last = count = 0
    for place in () if is_plain else places:
        count += len(data[last:place].decode("utf-8", "surrogatepass"))
        index[place] = count
        last = place
    if folded is None:
        return [(index[start], index[end], sure, d) for start, end, sure, d in hits]
    original = folded.original_index
    return [(original(index[s]), original(index[e] - 1) + 1, sure, d) for s, e, sure, d in hits]


def _in_original(hits: list[Hit], folded: FoldedText) -> list[Hit]:
    original = folded.original_index
    return [(original(start), original(end - 1) + 1, sure, d) for start, end, sure, d in hits]


def _without_covered(hits: list[Hit]) -> list[Hit]:
    """Drop what lies inside a finding of its category that is at least as sure: the same thing, seen twice."""
    kept: list[Hit] = []
    outer: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda hit: (hit[0], -hit[1], -hit[2], hit[3].id)):
        cover = outer.get(hit[3].category)
        if cover is not None and hit[1] <= cover[1] and hit[2] <= cover[2]:
            continue
        if cover is None or hit[1] >= cover[1]:
            outer[hit[3].category] = hit
        kept.append(hit)
    return kept


def _too_many(limits: Limits) -> ScanLimitExceeded:
    return ScanLimitExceeded(
        f"found more than {limits.max_findings} findings, or too long ways to them; the content is refused"
    )
