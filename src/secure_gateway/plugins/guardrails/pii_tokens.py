"""What a token looks like, whether a value holds one, and how values take the place of tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from secure_gateway.plugins.guardrails.scanner import ScannerError

TOKEN: Final = re.compile(r"<([A-Z][A-Z0-9_]*)_([1-9][0-9]{0,7})>")
_SPECIAL: Final = re.compile(r'["\\\x00-\x1f]')

LookUp = Callable[[str, int], str | None]
"""Returns what stands in place of the token of a type and a number; None: the token stays."""
Places = Callable[[str], Callable[[int], bool]]
"""Returns, for a text, what says of a place in it whether a token there may become a value; it is asked in the order of places."""


def tokens_in(value: Any) -> Iterator[tuple[str, int]]:
    """Yield type and number of every token in the keys and texts of a JSON value. Depth costs nothing."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "<" in item:
                yield from ((kind, int(number)) for kind, number in TOKEN.findall(item))
        elif isinstance(item, dict):
            waiting += item
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item


def with_values(value: Any, look_up: LookUp, places: Places | None = None) -> Any:
    """Return a copy of ``value`` in which tokens have become what ``look_up`` says. Raises ``ScannerError`` where it is too deep.

    ``places``: for each text, says at which places a token may become a value; by default at all.
    """
    try:
        return _mapped(value, lambda text: _filled(text, look_up, places))
    except RecursionError:
        raise ScannerError("content is too deep for its tokens to be restored; it is refused") from None


def _filled(text: str, look_up: LookUp, places: Places | None) -> str:
    if TOKEN.search(text) is None:
        return text
    # Within JSON that stands in a text, a quotation mark of a value would end the string around it.
    fit = _in_json if not isinstance(loaded(text), str) else str

    may = None if places is None else places(text)

    def write(match: re.Match[str]) -> str:
        if may is not None and not may(match.start()):
            return match.group()
        kind, number = match.groups()
        found = look_up(kind, int(number))
        return match.group() if found is None else fit(found)

    return TOKEN.sub(write, text)


def _in_json(value: str) -> str:
    """Return ``value`` as it may stand in a string of JSON; what was taken out of one stands there as it was."""
    if _SPECIAL.search(value) is None:
        return value
    try:
        json.loads(f'"{value}"')
    except ValueError:
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return value


def loaded(content: str) -> Any:
    """Return what the JSON of an object or array stands for, so that nothing put into it can break it; else the text."""
    if content[:1] in {"{", "["}:
        try:
            return json.loads(content, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            return content
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a copy of JSON with every key and text changed; a key that would become another member's stays."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        changed: dict[str, Any] = {}
        for key, item in value.items():
            name = change(key)
            changed[key if name in changed or (name != key and name in value) else name] = _mapped(item, change)
        return changed
    return value
