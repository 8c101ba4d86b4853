"""Taking findings out of a value: strategies that say what to write instead, and the copy that writes it."""

from __future__ import annotations

import copy
import hashlib
import hmac
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from secure_gateway.plugins.guardrails.scanner.finding import Finding, ScannerError
from secure_gateway.plugins.guardrails.scanner.validators import digits_of
from secure_gateway.plugins.guardrails.scanner.walk import KEY_MARK, MEMBER_MARK, decode_bytes, text_of

Replacement = Callable[[Finding, str], str]
"""Given a finding (its span covers all that overlapped) and its text, returns what to write instead."""

_SHORTEST_KEY = 16
_DIGEST_LENGTH = 8
_LAST = 4
_ROUNDS = 8
_PLAIN = (dict, list)


def redact_type(finding: Finding, text: str) -> str:  # noqa: ARG001 - a Replacement takes both
    """Write the type: ``[EMAIL]``."""
    return f"[{finding.type}]"


def remove(finding: Finding, text: str) -> str:  # noqa: ARG001 - one signature for all strategies
    """Write nothing."""
    return ""


def partial(finding: Finding, text: str) -> str:
    """Keep what people need to recognise their own: the last four digits, an e-mail's first letter and domain.

    Whatever else there is, a secret above all, is redacted whole.
    """
    match finding.type:
        case "EMAIL" if "@" in text.strip("@"):
            local, _, domain = text.rpartition("@")
            return f"{local[:1]}***@{domain}"
        case "CARD" | "PHONE" | "SSN" | "ITIN" if len(digits_of(text)) > 2 * _LAST:
            return _masked(text, str.isdigit)
        case "IBAN" if len(text) > 2 * _LAST:
            return _masked(text, str.isalnum)
        case _:
            return redact_type(finding, text)


def keyed_hash(key: bytes) -> Replacement:
    """Make a strategy that writes ``[EMAIL:ab12cd34]``: the same text, the same mark, and no way back without ``key``.

    Raises:
        ValueError: A key that can be guessed.
    """
    if len(key) < _SHORTEST_KEY:
        msg = f"found a pseudonym key of {len(key)} bytes; expected at least {_SHORTEST_KEY}"
        raise ValueError(msg)

    def replace(finding: Finding, text: str) -> str:
        message = f"{finding.type}\0{text}".encode("utf-8", "surrogatepass")
        return f"[{finding.type}:{hmac.new(key, message, hashlib.sha256).hexdigest()[:_DIGEST_LENGTH]}]"

    return replace


def redact_all(
    value: Any, find: Callable[[Any], Sequence[Finding]], replacement: Replacement, findings: Sequence[Finding] = ()
) -> Any:
    """Return ``value`` redacted until ``find`` finds nothing that redacting would still change.

    What hides behind a finding shows when that is gone: of two card numbers in one run of digits only one may be found at first. ``findings``:
    those of the first look, if it was taken already.

    Raises:
        ScannerError: It did not come to an end; whoever redacts must deny.
    """
    findings = findings or find(value)
    for _ in range(_ROUNDS):
        if not findings:
            return value
        changed, _pointers = redact(value, findings, replacement)
        if changed == value:
            return value
        value, findings = changed, find(changed)
    if not findings:
        return value
    raise ScannerError(f"found more to redact after {_ROUNDS} rounds; expected an end")


def redact(value: Any, findings: Sequence[Finding], replacement: Replacement) -> tuple[Any, list[str]]:
    """Return ``value`` with every finding replaced, and the pointers of the strings that changed.

    Only containers on the way to a finding are copied; without findings the same object comes back. Of overlapping
    findings the longest names the type (then the surest), and all that they cover is replaced. Numbers become strings.
    Keys that become equal get a number each, so that no member is lost.

    Raises:
        ScannerError: A finding does not fit ``value``; whoever redacts must deny, since something stayed in place.
    """
    if not findings:
        return value, []
    editor = _Editor(value)
    for finding in findings:
        editor.note(finding)
    return editor.finish(replacement)


class _Target:
    """One string to be edited, with what was found in it. Two scanners may have written the way to it differently."""

    __slots__ = ("findings", "is_key", "parent", "step")

    def __init__(self, parent: Any, step: Any, *, is_key: bool) -> None:
        self.parent = parent
        self.step = step
        self.is_key = is_key
        self.findings: list[Finding] = []

    def pointer(self) -> str:
        """Return the pointer that shows the fewest keys."""
        return max((finding.pointer for finding in self.findings), key=lambda pointer: pointer.count(MEMBER_MARK))


class _Editor:
    """One copy-on-write edit of a nested value. Containers on the way are copied, keys are renamed last."""

    def __init__(self, root: Any) -> None:
        self._root = [root]  # a list, so that the root has a parent that it can be written to
        self._own: dict[int, Any] = {id(self._root): self._root}
        self._keys: dict[int, list[Any]] = {}
        self._tuples: list[tuple[Any, Any, type]] = []
        self._targets: dict[tuple[int, Any, bool], _Target] = {}

    def note(self, finding: Finding) -> None:
        """Follow the finding's pointer, copying containers on the way, and remember what to edit there."""
        parent: Any = self._root
        step: Any = 0
        is_key = False
        for segment in finding.pointer.split("/")[1:]:
            if is_key:
                raise _misfit(finding)
            parent = self._copied(parent, step)
            step, is_key = self._step(parent, segment, finding)
        place = (id(parent), step, is_key)
        target = self._targets.get(place)
        if target is None:
            target = self._targets[place] = _Target(parent, step, is_key=is_key)
        target.findings.append(finding)

    def finish(self, replacement: Replacement) -> tuple[Any, list[str]]:
        """Write all replacements and return the new value and the pointers of what changed."""
        changed: list[str] = []
        renames: dict[int, dict[Any, str]] = {}
        for target in self._targets.values():
            old = target.step if target.is_key else target.parent[target.step]
            new = _rewritten(old, target.findings, replacement)
            if target.is_key:
                renames.setdefault(id(target.parent), {})[target.step] = new
            else:
                target.parent[target.step] = new
            changed.append(target.pointer())
        for parent, step, kind in reversed(self._tuples):  # the inner ones first
            items = parent[step]
            parent[step] = kind._make(items) if hasattr(kind, "_make") else tuple(items)
        for number, names in renames.items():
            _rename(self._own[number], names)
        return self._root[0], changed

    def _copied(self, parent: Any, step: Any) -> Any:
        node = parent[step]
        if id(node) in self._own:
            return node
        if isinstance(node, tuple):
            own: Any = list(node)
            self._tuples.append((parent, step, type(node)))
        else:
            own = node.copy() if type(node) in _PLAIN else copy.copy(node)
        parent[step] = self._own[id(own)] = own
        return own

    def _step(self, node: Any, segment: str, finding: Finding) -> tuple[Any, bool]:
        """Return the key or index that ``segment`` stands for, and whether it stands for the key itself."""
        if isinstance(node, list):
            if segment.isascii() and segment.isdigit() and int(segment) < len(node):
                return int(segment), False
        elif isinstance(node, dict):
            if segment.startswith("~"):  # no name begins so in a pointer: its own tilde is written ~0
                for mark, is_key in ((KEY_MARK, True), (MEMBER_MARK, False)):
                    place = segment.removeprefix(mark)
                    if place != segment:
                        return self._nth_key(node, place, finding), is_key
            key = segment.replace("~1", "/").replace("~0", "~")
            if key in node:
                return key, False
        raise _misfit(finding)

    def _nth_key(self, node: dict[Any, Any], place: str, finding: Finding) -> Any:
        keys = self._keys.get(id(node))
        if keys is None:
            keys = self._keys[id(node)] = list(node)
        if not (place.isascii() and place.isdigit() and int(place) < len(keys)):
            raise _misfit(finding)
        return keys[int(place)]


def _rewritten(old: Any, findings: list[Finding], replacement: Replacement) -> Any:
    if isinstance(old, dict | list | tuple):
        raise _misfit(findings[0])
    if isinstance(old, bytes | bytearray | memoryview):
        text, codec = decode_bytes(bytes(old))
        return _replaced(text, findings, replacement).encode(codec, "replace")
    return _replaced(text_of(old), findings, replacement)


def _replaced(text: str, findings: list[Finding], replacement: Replacement) -> str:
    """Return ``text`` with each group of overlapping findings replaced as one."""
    parts: list[str] = []
    written = 0
    for finding in _merged(findings):
        if not 0 <= finding.start < finding.end <= len(text):
            raise _misfit(finding)
        parts += (text[written : finding.start], replacement(finding, text[finding.start : finding.end]))
        written = finding.end
    parts.append(text[written:])
    return "".join(parts)


def _merged(findings: list[Finding]) -> list[Finding]:
    groups: list[tuple[int, int, Finding]] = []
    end = -1
    for finding in sorted(findings, key=attrgetter("start")):
        if finding.start < end:
            start, end, winner = groups[-1]
            end = max(end, finding.end)
            groups[-1] = (start, end, max(winner, finding, key=_rank))
        else:
            end = finding.end
            groups.append((finding.start, end, finding))
    return [
        winner if winner.start == start and winner.end == end else msgspec.structs.replace(winner, start=start, end=end)
        for start, end, winner in groups
    ]


def _rank(finding: Finding) -> tuple[int, float]:
    return finding.end - finding.start, finding.confidence


def _rename(node: dict[Any, Any], names: dict[Any, str]) -> None:
    """Rename keys in place and in order; of names that collide, the later ones get a number."""
    items = list(node.items())
    taken = {key for key in node if key not in names}
    counts: dict[str, int] = {}
    node.clear()
    for key, child in items:
        name = names.get(key, key)
        if key in names:
            while name in taken:
                counts[names[key]] = counts.get(names[key], 1) + 1
                name = f"{names[key]}#{counts[names[key]]}"
            taken.add(name)
        node[name] = child


def _masked(text: str, is_covered: Callable[[str], bool]) -> str:
    """Cover all but the last four characters that count; separators stay."""
    left = sum(map(is_covered, text)) - _LAST
    parts: list[str] = []
    for char in text:
        if is_covered(char):
            parts.append("*" if left > 0 else char)
            left -= 1
        else:
            parts.append(char)
    return "".join(parts)


def _misfit(finding: Finding) -> ScannerError:
    return ScannerError(
        f"a finding of {finding.detector} does not fit the value it is to be redacted from; "
        "expected the very value that was scanned; refuse the content"
    )
