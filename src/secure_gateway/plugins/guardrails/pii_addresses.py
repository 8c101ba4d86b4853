"""Which tokens stand within an address: what is put there is sent to whoever the address belongs to, as soon as something loads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from secure_gateway.plugins.guardrails.pii_tokens import TOKEN

_START: Final = re.compile(r"(?i)(?:\b[a-z][a-z0-9+.-]{0,30}:)?[\\/]{2}|\b(?:https?|ftp|wss?):")
_BARE: Final = re.compile(r"[^\s\"'<>`]*")
_CLOSING: Final = {'"': '"', "'": "'", "`": "`", "<": ">"}
_AFTER: Final = ".,;:!?)]"


class Address(NamedTuple):
    """From where to where, in its text."""

    start: int
    end: int


def addresses_in(text: str) -> Iterator[Address]:
    """Yield the addresses in ``text`` in which tokens stand, in order. One that begins behind a quotation mark goes on to the next: spaces
    and line feeds do not end it for a browser. Takes time linear in ``text``.
    """
    if "<" not in text:
        return
    places = [match.start() for match in TOKEN.finditer(text)]
    if not places:
        return
    plain = TOKEN.sub(lambda match: "x" * len(match[0]), text)
    covered = 0
    waiting = iter(places)
    place: int | None = next(waiting)
    for match in _START.finditer(plain):
        if match.start() < covered:
            continue
        covered = _end(plain, match)
        while place is not None and place < match.start():
            place = next(waiting, None)
        if place is None:
            return
        if place < covered:
            yield Address(match.start(), covered)


def _end(plain: str, match: re.Match[str]) -> int:
    closing = _CLOSING.get(plain[match.start() - 1]) if match.start() else None
    if closing is not None:
        end = plain.find(closing, match.end())
        return len(plain) if end < 0 else end
    bare = _BARE.match(plain, match.end())
    return match.end() if bare is None else bare.end()


def written(text: str, address: Address) -> str:
    """Return an address without what ends a sentence behind it."""
    return text[address.start : address.end].rstrip(_AFTER)


def addresses_of(value: Any) -> frozenset[str]:
    """Return the addresses with tokens in all texts of a JSON value."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.update(written(item, address) for address in addresses_in(item))
        elif isinstance(item, dict):
            waiting += item
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item
    return frozenset(found)


def outside_addresses(known: frozenset[str]) -> Callable[[str], Callable[[int], bool]]:
    """Return what says of a text which places in it lie outside of addresses, but for those that are ``known``."""

    def places_of(text: str) -> Callable[[int], bool]:
        taken = [address for address in addresses_in(text) if written(text, address) not in known]
        if not taken:
            return _anywhere
        waiting = iter(taken)
        current: list[Address] = [next(waiting)]

        def is_outside(place: int) -> bool:
            # Asked in order, as places stand in the text.
            while current and current[0].end <= place:
                current[:] = [following] if (following := next(waiting, None)) is not None else []
            return not current or place < current[0].start

        return is_outside

    return places_of


def _anywhere(_place: int) -> bool:
    return True
