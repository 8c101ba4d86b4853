"""``ToolTrust``: says of each tool that a server lists whether it is what was pinned, and no other server's double."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from secure_gateway.errors import ConfigError
from secure_gateway.tool_trust.definitions import LONGEST_NAME, Fingerprint, changed_fields, fingerprint
from secure_gateway.tool_trust.lock import Lock, LockFile, Pin
from secure_gateway.tool_trust.names import disguise, skeleton

MOST_PINS: Final = 2_000
"""Pins of one server: as many tools as the gateway remembers of one."""
_ACCEPT: Final = "`secure-gateway tools diff` shows it, `secure-gateway tools pin` accepts it"
_MOST_NAMED: Final = 5
_log = logging.getLogger(__name__)


class TrustRules(msgspec.Struct, frozen=True, kw_only=True):
    """What ``servers.NAME.tools`` says. ``pin``: compare with nothing, with what was seen first, or with what somebody pinned only."""

    pin: Literal["off", "first_use", "locked"] = "first_use"
    look_alikes: Literal["off", "warn", "refuse"] = "refuse"


class TrustVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """``dropped``: (tool, reason) for each that may not be used. ``news``: those of them that were not refused before; ``noted``: what else is to be recorded."""

    dropped: list[tuple[str, str]]
    news: list[tuple[str, str]]
    noted: list[str]


class _Draft(msgspec.Struct):
    dropped: dict[str, str] = msgspec.field(default_factory=dict)
    warned: dict[str, str] = msgspec.field(default_factory=dict)
    new: dict[str, Fingerprint] = msgspec.field(default_factory=dict)


class ToolTrust:
    """Pins definitions and refuses what has changed. ``offers``: whether the configuration lets a server offer a tool at all."""

    def __init__(
        self,
        file: LockFile,
        rules: Mapping[str, TrustRules],
        offers: Callable[[str, str], bool] = lambda _server, _tool: True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file = file
        self._rules = dict(rules)
        self._offers = offers
        self._clock = clock
        self._around = set(rules)
        self._unpinned: dict[str, set[str]] = {}
        self._told: dict[tuple[str, str], str] = {}
        self._index: tuple[Lock | None, dict[str, list[tuple[str, str]]]] = (None, {})

    def needs_list(self, server: str) -> bool:
        """Tell whether a tool of ``server`` may be called only after it was listed: where nothing is trusted on sight, or something is pinned.

        Else whoever leaves the list out would call a tool whose definition has changed.
        """
        match self._rule(server).pin:
            case "off":
                return False
            case "locked":
                return True
            case "first_use":
                try:
                    lock = self._file.peek()
                except ConfigError:
                    return True
                return lock is None or bool(lock.servers.get(server))

    async def judge(self, server: str, tools: Sequence[Mapping[str, Any]]) -> TrustVerdict:
        """Judge the tools as ``server`` listed them, and pin those that are seen first. Where that cannot be done, none may be used."""
        return await asyncio.to_thread(self._judge, server, tools)

    def _judge(self, server: str, tools: Sequence[Mapping[str, Any]]) -> TrustVerdict:
        self._around.add(server)
        draft = _Draft()
        prints = dict(_prints(tools, draft.dropped))
        try:
            self._file.restore()
            known = bool(self._file.read().servers.get(server))
            self._compare(self._file.read(), server, prints, draft)
            if draft.new and self._rule(server).pin != "off":
                draft = self._file.update(lambda lock: self._pin_new(lock, server, prints, draft.dropped))
        except ConfigError as error:
            problem = error.problems[0]
            reason = f"the pinned definitions cannot be used: {self._file.path.name}: found {problem.found}"
            draft = _Draft(dropped=dict.fromkeys(prints, reason))
            known = False
        return self._verdict(server, draft, known=known)

    def _pin_new(
        self, lock: Lock, server: str, prints: Mapping[str, Fingerprint], dropped: Mapping[str, str]
    ) -> _Draft:
        """Compare again with what the file holds by now, and pin what is new even so."""
        draft = _Draft(dropped={name: reason for name, reason in dropped.items() if name not in prints})
        self._compare(lock, server, prints, draft)
        if draft.new:
            pins = lock.servers.setdefault(server, {})
            moment = self._clock().isoformat(timespec="seconds")
            pins |= {name: Pin(now.digest, now.fields, moment) for name, now in draft.new.items()}
        return draft

    def _compare(self, lock: Lock, server: str, prints: Mapping[str, Fingerprint], draft: _Draft) -> None:
        rule = self._rule(server)
        pins = {} if rule.pin == "off" else lock.servers.get(server, {})
        draft.new, room = {}, MOST_PINS - len(pins)
        for name, now in prints.items():
            pin = pins.get(name)
            if pin is not None:
                if pin.digest != now.digest:
                    fields = ", ".join(changed_fields(pin.fields, now.fields)) or "nothing that can be named"
                    draft.dropped[name] = f"its definition has changed since it was pinned ({fields}); {_ACCEPT}"
            elif (double := self._double(lock, server, name)) and rule.look_alikes == "refuse":
                draft.dropped[name] = f"{double}; {_ACCEPT}"
            elif rule.pin == "locked":
                draft.dropped[name] = f"it is not pinned; {_ACCEPT}"
            elif len(draft.new) >= room:
                draft.dropped[name] = f"its server lists more than {MOST_PINS} tools, more than are pinned"
            else:
                draft.new[name] = now
                if double:
                    draft.warned[name] = double

    def _double(self, lock: Lock, server: str, name: str) -> str:
        """Return for what other tool ``name`` could be taken, or an empty text."""
        if self._rule(server).look_alikes == "off" or not self._offers(server, name):
            return ""
        if reason := disguise(name):
            return reason
        for other, theirs in self._alike(lock).get(skeleton(name), ()):
            if other != server and other in self._around and self._offers(other, theirs):
                likeness = "the same name as" if theirs == name else "a name that looks like"
                return f"it has {likeness} a tool of server {other!r}, for which it could be taken"
        return ""

    def _alike(self, lock: Lock) -> dict[str, list[tuple[str, str]]]:
        """Return (server, tool) by what the name looks like."""
        held, index = self._index
        if held is not lock:
            index = {}
            for server, pins in lock.servers.items():
                for name in pins:
                    index.setdefault(skeleton(name), []).append((server, name))
            self._index = (lock, index)
        loose = [(server, name) for server, names in self._unpinned.copy().items() for name in names]
        if not loose:
            return index
        merged = {look: list(found) for look, found in index.items()}
        for server, name in loose:
            merged.setdefault(skeleton(name), []).append((server, name))
        return merged

    def _verdict(self, server: str, draft: _Draft, *, known: bool) -> TrustVerdict:
        noted: list[str] = []
        if draft.new and self._rule(server).pin == "off":
            self._unpinned.setdefault(server, set()).update(list(draft.new)[:MOST_PINS])
        elif draft.new and known:
            said = f"server {server!r} offers tools that it did not offer before, and they were pinned: {_named(draft.new)}"
            _log.warning("%s", said)
            noted.append(said)
        elif draft.new:
            said = f"the tools of server {server!r} were seen for the first time and pinned: {_named(draft.new)}"
            _log.info("%s", said)
            noted.append(said)
        for name, reason in draft.warned.items():
            _log.warning("tool %r of server %r passes although %s", name, server, reason)
            noted.append(f"{name!r} passes although {reason}")
        news = [(name, reason) for name, reason in draft.dropped.items() if self._told.get((server, name)) != reason]
        for name, reason in news:
            _log.warning("tool %r of server %r is not offered: %s", name[:LONGEST_NAME], server, reason)
        self._remember(server, draft.dropped)
        return TrustVerdict(dropped=list(draft.dropped.items()), news=news, noted=noted)

    def _remember(self, server: str, dropped: Mapping[str, str]) -> None:
        for key in [key for key in self._told if key[0] == server and key[1] not in dropped]:
            del self._told[key]
        for name, reason in list(dropped.items())[:MOST_PINS]:
            self._told[server, name] = reason

    def _rule(self, server: str) -> TrustRules:
        return self._rules.get(server) or TrustRules()


def _prints(tools: Sequence[Mapping[str, Any]], dropped: dict[str, str]) -> Iterator[tuple[str, Fingerprint]]:
    for tool in tools:
        name = tool["name"]
        if len(name) > LONGEST_NAME:
            dropped[name] = f"its name has {len(name)} characters, more than {LONGEST_NAME}"
            continue
        try:
            yield name, fingerprint(tool)
        except (ValueError, TypeError, RecursionError) as error:
            dropped[name] = f"its definition cannot be pinned ({type(error).__name__})"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return ", ".join(repr(name) for name in listed[:_MOST_NAMED]) + more
