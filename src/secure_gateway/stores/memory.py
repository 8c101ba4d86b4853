"""State that ends with the process: for tests, trials, and gateways that keep nothing."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final

from secure_gateway.errors import StoreError
from secure_gateway.stores.base import StateStore, Unsubscribe, check_expiry
from secure_gateway.stores.rates import Admission, Claim, Count, admit
from secure_gateway.stores.subscribers import Subscribers

_MOST_COUNTS: Final = 200_000
"""Keys with a count of their own at the same time; who brings another is refused, for what is forgotten would be allowed again."""
_SWEEP_SECONDS: Final = 1.0

_Entry = tuple[bytes, float | None]


class MemoryStore(StateStore):
    """A store in this process only. ``clock``: seconds since the epoch."""

    may_forget = True

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._tables: dict[str, dict[str, _Entry]] = {}
        self._journals: dict[str, deque[tuple[str, bytes]]] = {}
        self._generations: dict[str, int] = {}
        self._next_expiry: dict[str, float] = {}
        self._counts: dict[tuple[str, str], tuple[Count, float]] = {}
        self._swept = -math.inf
        self._subscribers = Subscribers()
        self._closed = False

    def get(self, table: str, key: str) -> bytes | None:
        with self._lock:
            living = self._living(table)
            if key in living:
                return living[key][0]
            return next((value for name, value in reversed(self._journals.get(table, ())) if name == key), None)

    def put(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> None:
        check_expiry(expires_at)
        with self._lock:
            self._write(table, key, value, expires_at)
        self._subscribers.notify(table)

    def create(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> bool:
        check_expiry(expires_at)
        with self._lock:
            if key in self._living(table):
                return False
            self._write(table, key, value, expires_at)
        self._subscribers.notify(table)
        return True

    def delete(self, table: str, key: str) -> bool:
        with self._lock:
            if self._living(table).pop(key, None) is None:
                return False
            self._count(table)
        self._subscribers.notify(table)
        return True

    def scan(self, table: str, prefix: str = "") -> list[tuple[str, bytes]]:
        with self._lock:
            return sorted((key, value) for key, (value, _) in self._living(table).items() if key.startswith(prefix))

    def append(self, table: str, entries: list[tuple[str, bytes]], *, keep: int) -> None:
        with self._lock:
            self._check_open()
            journal = self._journals.get(table)
            if journal is None or journal.maxlen != keep:
                journal = self._journals[table] = deque(journal or (), maxlen=max(keep, 0))
            journal.extend((key, bytes(value)) for key, value in entries)

    def recent(self, table: str, limit: int) -> list[tuple[str, bytes]]:
        with self._lock:
            self._check_open()
            newest_first = reversed(self._journals.get(table, ()))
            return [entry for entry, _ in zip(newest_first, range(max(limit, 0)), strict=False)]

    def generation(self, table: str) -> int:
        self._check_open()
        return self._generations.get(table, 0)

    def admit(self, table: str, claims: Sequence[Claim]) -> Admission:
        with self._lock:
            self._check_open()
            now = self._clock()
            self._sweep(now)

            def known(key: str) -> Count | None:
                found = self._counts.get((table, key))
                return None if found is None else found[0]

            admission, counts = admit(claims, known, now)
            new = sum((table, claim.key) not in self._counts for claim in claims)
            if counts and len(self._counts) + new > _MOST_COUNTS:
                raise StoreError(
                    f"more than {_MOST_COUNTS} counts are kept in memory; keep them in a store of their own"
                )
            for (key, rate), count in zip(claims, counts, strict=False):
                self._counts[table, key] = count, rate.lifetime
            return admission

    def subscribe(self, table: str, changed: Callable[[], None]) -> Unsubscribe:
        return self._subscribers.add(table, changed)

    def close(self) -> None:
        self._closed = True

    def _living(self, table: str) -> dict[str, _Entry]:
        """Return the table without what has expired; whoever calls this holds the lock."""
        self._check_open()
        entries = self._tables.setdefault(table, {})
        now = self._clock()
        if self._next_expiry.get(table, math.inf) <= now:
            for key in [
                key for key, (_, expires_at) in entries.items() if expires_at is not None and expires_at <= now
            ]:
                del entries[key]
            self._next_expiry[table] = min((at for _, at in entries.values() if at is not None), default=math.inf)
        return entries

    def _write(self, table: str, key: str, value: bytes, expires_at: float | None) -> None:
        self._living(table)[key] = (bytes(value), expires_at)
        if expires_at is not None:
            self._next_expiry[table] = min(expires_at, self._next_expiry.get(table, math.inf))
        self._count(table)

    def _count(self, table: str) -> None:
        self._generations[table] = self._generations.get(table, 0) + 1

    def _sweep(self, now: float) -> None:
        """Now and then, forget the counts that say nothing any more."""
        if 0 <= now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        # When something was counted last, a count says in its first or in its last place, the larger of the two.
        self._counts = {
            key: (count, lifetime) for key, (count, lifetime) in self._counts.items() if now < max(count) + lifetime
        }

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the store in memory is closed; whoever closed it has to open another")
