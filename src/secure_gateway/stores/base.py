"""The one interface behind which state lives. Small on purpose: a store that can do this can hold keys, sessions and records."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from secure_gateway.stores.rates import Admission, Claim

Unsubscribe = Callable[[], None]


class StateStore(ABC):
    """Named tables of bytes under text keys. Methods may block: never call them on the request path.

    What ``append`` wrote is a journal beside the entries of ``put`` and ``create``: ``get`` finds its newest entry of a key where there is
    no other, ``recent`` lists it, ``scan`` and ``delete`` do not touch it.

    All raise ``StoreError`` when the store cannot be reached or is damaged; whoever needed the answer then refuses. Safe to use from
    several threads and, where the back-end allows, several processes.
    """

    is_shared: ClassVar[bool] = False
    """Whether gateways on several machines can have the same one."""
    may_forget: ClassVar[bool] = False
    """Whether a restart of what holds it may find it empty, although nobody has deleted anything."""

    @abstractmethod
    def get(self, table: str, key: str) -> bytes | None:
        """Return the value, or None where there is none or it has expired."""

    @abstractmethod
    def put(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> None:
        """Write the value; it is there for every process when this returns. ``expires_at``: seconds since the epoch."""

    @abstractmethod
    def create(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> bool:
        """Write the value unless the key exists; tell whether it was written. Atomic across processes."""

    @abstractmethod
    def delete(self, table: str, key: str) -> bool:
        """Remove the key; tell whether it was there."""

    @abstractmethod
    def scan(self, table: str, prefix: str = "") -> list[tuple[str, bytes]]:
        """Return all living entries whose key starts with ``prefix``, in key order."""

    @abstractmethod
    def append(self, table: str, entries: list[tuple[str, bytes]], *, keep: int) -> None:
        """Write ``entries`` in one go and keep only the newest ``keep`` of the table."""

    @abstractmethod
    def recent(self, table: str, limit: int) -> list[tuple[str, bytes]]:
        """Return the newest entries that ``append`` wrote, newest first."""

    @abstractmethod
    def generation(self, table: str) -> int:
        """Return a number that changes whenever any process has changed the table with put, create or delete. Cheap."""

    @abstractmethod
    def admit(self, table: str, claims: Sequence[Claim]) -> Admission:
        """Judge ``claims`` together and count them if all may pass; atomic across processes. Counts are no entries: ``get`` and ``scan`` see none."""

    @abstractmethod
    def subscribe(self, table: str, changed: Callable[[], None]) -> Unsubscribe:
        """Call ``changed`` (on the writing thread, after the write) for each change made through this object."""

    @abstractmethod
    def close(self) -> None:
        """Release the back-end. Idempotent."""


def check_expiry(expires_at: float | None) -> None:
    """Refuse a time that is none: a database would take NaN for "never". Raises ``ValueError``."""
    if expires_at is not None and not math.isfinite(expires_at):
        raise ValueError(f"expires_at is {expires_at}; expected seconds since the epoch, or None")
