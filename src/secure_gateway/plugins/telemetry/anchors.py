"""The anchor of an audit: the number and the mac of its last line, noted in the state store, so that lines cut off at its end are missed."""

from __future__ import annotations

import logging
import platform
from pathlib import Path
from typing import Final

import msgspec

from secure_gateway.errors import StoreError
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.chain import Link
from secure_gateway.stores.base import StateStore

logger = logging.getLogger(__name__)

TABLE: Final = "audit_anchors"
_LINES: Final = 1000
_SECONDS: Final = 60.0


class Anchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a chain stood at ``time`` (seconds since the epoch)."""

    seq: int
    mac: str
    time: float

    @property
    def link(self) -> Link:
        """The line that was the last one."""
        return Link(self.seq, self.mac)


_decode = msgspec.json.Decoder(Anchor).decode


class Anchors:
    """Notes how far the audit at ``path`` has come: every 1000 lines or 60 seconds, and when it is told to. Never further back.

    A chain that begins anew leaves the anchor where it is: whoever took the former one away has to say so (``forget``).
    """

    def __init__(self, services: ProviderServices, path: Path) -> None:
        self._store = services.store
        self._clock = services.clock
        self._key = _key(path)
        self._path = path
        self._noted = 0
        self._due = 0.0
        self._is_held = False

    def begin(self, found: Anchor | None, link: Link) -> None:
        """Take note that a process has begun to write at ``link``; ``found`` was noted before it did."""
        self._is_held = found is not None and found.seq >= link.seq
        if found is not None and self._is_held:
            logger.error(
                "%s goes on at number %d, and had come to number %d: its newest lines were cut off, or it was moved away. Until "
                "`secure-gateway audit forget` says that this is right, `secure-gateway audit verify` reports it",
                self._path,
                link.seq,
                found.seq,
            )
        self.note(link, at_once=True)

    def note(self, link: Link, *, at_once: bool = False) -> None:
        """Put the anchor at ``link`` where it is time to. A store that does not answer is logged: the line itself is kept."""
        now = self._clock()
        if self._is_held or not (at_once or link.seq - self._noted >= _LINES or now >= self._due):
            return
        self._noted, self._due = link.seq, now + _SECONDS
        try:
            standing = read_anchor(self._store, self._path)
            if standing is None or standing.seq < link.seq:
                self._store.put(TABLE, self._key, msgspec.json.encode(Anchor(link.seq, link.mac, now)))
        except StoreError as error:
            logger.warning("the state store could not note how far %s has come: %s", self._path, error)


def read_anchor(store: StateStore, path: Path) -> Anchor | None:
    """Return what is noted of the audit at ``path``, None for nothing. Raises ``StoreError``."""
    value = store.get(TABLE, _key(path))
    if value is None:
        return None
    try:
        return _decode(value)
    except msgspec.MsgspecError:
        raise StoreError(f"what the state store has noted of {path} is damaged") from None


def forget_anchor(store: StateStore, path: Path) -> bool:
    """Forget what is noted of the audit at ``path``; tell whether anything was. Raises ``StoreError``."""
    return store.delete(TABLE, _key(path))


def _key(path: Path) -> str:
    # A store may be shared by machines, on each of which the file is another one.
    return f"{platform.node()}:{path.absolute()}"
